import { interfaces } from "@nostra/sdk/contracts";
import {
  planDeployment,
  type DeployedContractName,
  type Deployment,
  type PlanValue,
} from "@nostra/sdk/deployments";
import { orderDomain, type Address } from "@nostra/sdk/order";
import { Contract, isError, TypedDataEncoder, ZeroAddress } from "ethers";
import { describeTrouble } from "../nodeTrouble";
import type { Rpc } from "../rpc";
import { RpcProvider } from "../RpcProvider";
import { failed, misconfigured, ok, warning, type CheckResult } from "./CheckResult";

/** The chain's latest block may be this old, or this far in the future, before it is worth a word. */
const MAX_BLOCK_AGE_SECONDS = 300;
const MAX_BLOCK_LEAD_SECONDS = 60;

/**
 * Each URL by itself: one on another chain, hidden behind others, would be used on the day they fail.
 * @param rpcOf A node behind one URL, with the patience that a start has for it.
 */
export async function checkEndpoints(
  variable: "RPC_URL" | "SECOND_RPC_URL",
  urls: readonly string[],
  { chainId, rpcOf }: { readonly chainId: number; readonly rpcOf: (url: string) => Rpc },
): Promise<CheckResult[]> {
  return Promise.all(
    urls.map(async (url, index): Promise<CheckResult> => {
      const name = urls.length === 1 ? "the node" : `URL ${index + 1} of ${urls.length}`;
      try {
        const found = BigInt((await rpcOf(url).send("eth_chainId", [])) as string);
        if (found === BigInt(chainId)) return ok(variable, `${name} is on chain ${chainId}`);
        return misconfigured(
          variable,
          `${variable}: ${name} is on chain ${found}, and DEPLOYMENT is on chain ${chainId}; set a node of chain ${chainId}`,
        );
      } catch (thrown) {
        const text = `${variable}: ${name} does not answer: ${describeTrouble(thrown)}`;
        return urls.length > 1
          ? warning(variable, text)
          : failed(variable, `${text}; check the URL and the node`);
      }
    }),
  );
}

/** The contracts are there, and are one system. */
export async function checkContracts(rpc: Rpc, deployment: Deployment): Promise<CheckResult[]> {
  const { contracts, chainId } = deployment;
  const missing: string[] = [];
  for (const [name, address] of Object.entries(contracts)) {
    const code = (await rpc.send("eth_getCode", [address, "latest"])) as string;
    if (code === "0x") missing.push(`${name} ${address}`);
  }
  if (missing.length > 0) {
    return [
      misconfigured(
        "contracts",
        `DEPLOYMENT: chain ${chainId} has no contract at ${missing.join(", ")}; ` +
          `deploy with: npm run nostra -- deploy --network <name>, or set the file of this chain`,
      ),
    ];
  }
  const wrong = await findWrongLinks(rpc, deployment);
  if (wrong.length === 0) return [ok("contracts", "the contracts are there and linked")];
  return [
    misconfigured(
      "contracts",
      `DEPLOYMENT: the contracts do not fit together: ${wrong.join("; ")}; ` +
        "set a missing link with: npm run nostra -- link, or set the file of one deployment",
    ),
  ];
}

async function findWrongLinks(rpc: Rpc, deployment: Deployment): Promise<string[]> {
  const { contracts, chainId } = deployment;
  const nobody = ZeroAddress as Address;
  const plan = planDeployment({ operators: [], resolvers: [], feeReceiver: nobody });
  const valueOf = (value: PlanValue): unknown =>
    typeof value === "object" ? contracts[value.at] : value;
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  const checks: { on: DeployedContractName; method: string; args: unknown[]; expected: string }[] =
    [
      ...[
        ...plan.contracts.flatMap(({ checks }) => checks),
        ...plan.links.map(({ check }) => check),
      ].map(({ on, method, args, result }) => {
        return { on, method, args: args.map(valueOf), expected: String(valueOf(result)) };
      }),
      {
        ...{ on: "ctfExchange", method: "domainSeparator", args: [] },
        expected: TypedDataEncoder.hashDomain({ ...domain }),
      },
    ];
  const provider = new RpcProvider(rpc, chainId);
  try {
    const wrong: string[] = [];
    for (const { on, method, args, expected } of checks) {
      const found = await view(provider, contracts[on], on, method, args);
      if (found.toLowerCase() !== expected.toLowerCase()) {
        wrong.push(`${on}.${method} is ${found}, not ${expected}`);
      }
    }
    return wrong;
  } finally {
    provider.destroy();
  }
}

async function view(
  provider: RpcProvider,
  address: string,
  on: DeployedContractName,
  method: string,
  args: readonly unknown[],
): Promise<string> {
  try {
    return String(
      await new Contract(address, interfaces[on], provider).getFunction(method)(...args),
    );
  } catch (thrown) {
    if (isError(thrown, "BAD_DATA") || isError(thrown, "CALL_EXCEPTION")) return "no answer";
    throw thrown;
  }
}

/** This machine's clock beside the chain's: sessions and signed requests go by the former, orders by the latter. */
export async function checkClock(rpc: Rpc, nowMs: number): Promise<CheckResult> {
  const block = (await rpc.send("eth_getBlockByNumber", ["latest", false])) as {
    timestamp: string;
  };
  const behind = Math.floor(nowMs / 1000) - Number(block.timestamp);
  if (behind > MAX_BLOCK_AGE_SECONDS) {
    const text = `the chain's latest block is ${behind} s older than this machine's clock: the node is behind, or the clock is fast`;
    return warning("clock", text);
  }
  if (behind < -MAX_BLOCK_LEAD_SECONDS) {
    const text = `the chain's latest block is ${-behind} s ahead of this machine's clock: check it with timedatectl`;
    return warning("clock", text);
  }
  return ok("clock", `the chain's latest block is ${behind} s old`);
}
