/** A chain in a process of its own: contracts, markets, traders, hostile accounts, and a block every two seconds. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createBinaryMarket } from "@nostra/sdk/actions";
import { interfaces } from "@nostra/sdk/contracts";
import type { Deployment } from "@nostra/sdk/deployments";
import { findCheapQuestionId } from "@nostra/sdk/ids";
import type { Address, Hex } from "@nostra/sdk/order";
import { deployContracts } from "@nostra/sdk/testing";
import {
  type Contract,
  ContractFactory,
  HDNodeWallet,
  JsonRpcProvider,
  Wallet,
  keccak256,
  toUtf8Bytes,
} from "ethers";
import { freePort } from "./freePort";

/** The phrase of the node's own accounts, which it signs for. */
const PHRASE = "test test test test test test test test test test test junk";
const COLLATERAL = 10n ** 15n;
const SPLIT = 10n ** 13n;
const HONEST_FROM = 5;
const HOSTILE_FROM = 25;
const ROOT = path.join(__dirname, "../..");

/** How a hostile contract wallet behaves: fields of `HostileAccount.arm`. */
export interface WalletKind {
  readonly name: string;
  readonly place: number;
  readonly act: number;
  readonly trigger: number;
  readonly amount: number;
  readonly gasMark?: number;
}

const [SIGNATURE, HOOK] = [0, 1];
const [REFUSE, SPEND, BURN] = [0, 1, 2];
const [ALWAYS, GASPRICE, COINBASE, NUMBER] = [0, 1, 4, 6];

/** Wallets that settle in every question and fail, or burn gas, in a transaction. */
export const WALLETS: readonly WalletKind[] = [
  { name: "refuses when gas is paid", place: SIGNATURE, act: REFUSE, trigger: GASPRICE, amount: 0 },
  {
    name: "burns its signature's gas",
    place: SIGNATURE,
    act: BURN,
    trigger: ALWAYS,
    amount: 20_000,
  },
  {
    name: "spends in its hook when gas is paid",
    place: HOOK,
    act: SPEND,
    trigger: GASPRICE,
    amount: 140_000,
  },
  {
    name: "refuses in every second block",
    place: SIGNATURE,
    act: REFUSE,
    trigger: NUMBER,
    amount: 0,
  },
  {
    name: "refuses by the block's beneficiary",
    place: SIGNATURE,
    act: REFUSE,
    trigger: COINBASE,
    amount: 0,
  },
];

export interface Market {
  readonly conditionId: Hex;
  readonly yes: string;
  readonly no: string;
}

export interface HostileWallet {
  readonly name: string;
  readonly address: Address;
}

export interface ChainFacts {
  readonly node: string;
  readonly deployment: Deployment;
  readonly operatorKey: Hex;
  readonly markets: readonly Market[];
  readonly honestKeys: readonly Hex[];
  readonly hostileKeys: readonly Hex[];
  readonly wallets: readonly HostileWallet[];
}

function keyOf(index: number): Hex {
  return HDNodeWallet.fromPhrase(PHRASE, "", `m/44'/60'/0'/0/${index}`).privateKey as Hex;
}

/** The calls that give an account what it trades with; `from` sends them in its name. */
function fundingCalls({ contracts }: Deployment, account: string, markets: readonly Market[]) {
  const { mockUsdc, collateral, conditionalTokens } = interfaces;
  const most = 2n ** 256n - 1n;
  const approve = (spender: string): string =>
    collateral.encodeFunctionData("approve", [spender, most]);
  return [
    [contracts.collateral, mockUsdc.encodeFunctionData("mint", [account, COLLATERAL])],
    [contracts.collateral, approve(contracts.ctfExchange)],
    [contracts.collateral, approve(contracts.conditionalTokens)],
    [
      contracts.conditionalTokens,
      conditionalTokens.encodeFunctionData("setApprovalForAll", [contracts.ctfExchange, true]),
    ],
    ...markets.map(({ conditionId }) => [
      contracts.conditionalTokens,
      conditionalTokens.encodeFunctionData("splitPosition", [
        ...[contracts.collateral, `0x${"0".repeat(64)}`, conditionId],
        ...[[1n, 2n], SPLIT],
      ]),
    ]),
  ] as [string, string][];
}

/** A running chain. */
export interface Chain {
  readonly facts: ChainFacts;
  stop(): Promise<void>;
}

/** Anvil: a node of its own, which answers a question that names no price at a price of zero, as go-ethereum does. */
async function startNode(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const require = createRequire(__filename);
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      ...[require.resolve("@foundry-rs/anvil/bin.mjs"), "--quiet", "--port", `${port}`],
      ...["--mnemonic", PHRASE, "--accounts", `${HOSTILE_FROM + 50}`, "--gas-limit", "30000000"],
      // Blocks are final after two epochs.
      ...["--slots-in-an-epoch", "1"],
    ],
    { stdio: ["pipe", "ignore", "inherit"] },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`anvil ended with status ${child.exitCode}`);
    const isUp = await rpc(url, "eth_chainId", []).catch(() => undefined);
    if (isUp !== undefined) return { url, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @param given How many markets, honest and hostile accounts it has. */
export async function startChain(given: {
  readonly markets: number;
  readonly honest: number;
  readonly hostile: number;
}): Promise<Chain> {
  const node = await startNode();
  try {
    return { facts: await prepare(node.url, given), stop: node.stop };
  } catch (thrown) {
    await node.stop();
    throw thrown;
  }
}

async function prepare(
  node: string,
  given: { readonly markets: number; readonly honest: number; readonly hostile: number },
): Promise<ChainFacts> {
  const provider = new JsonRpcProvider(node, undefined, { staticNetwork: true, cacheTimeout: -1 });
  provider.pollingInterval = 20;
  const signer = new Wallet(keyOf(0), provider);
  const admin = signer as unknown as { address: Address };
  const operator = new Wallet(keccak256(toUtf8Bytes("the operator of the hostile bench")));
  const connection = await deployContracts({
    network: "hostile",
    admin: signer as never,
    operator: operator.address as Address,
    resolvers: [],
    feeReceiver: admin.address,
  });
  const { deployment } = connection;
  await provider.send("hardhat_setBalance", [operator.address, `0x${(10n ** 22n).toString(16)}`]);
  const now = BigInt((await provider.getBlock("latest"))!.timestamp);
  const markets: Market[] = [];
  for (let i = 0; i < given.markets; i++) {
    const question = `Will number ${i} be?`;
    const { questionId } = findCheapQuestionId(question, {
      oracle: deployment.contracts.resolutionOracle,
    });
    const sent = await createBinaryMarket(connection, {
      ...{ questionId, question, description: "A market of the bench.", category: "bench" },
      ...{ endTimeSeconds: now + 10_000_000n, resolutionTimeSeconds: now + 20_000_000n },
    }).send();
    const { market } = await sent.wait();
    markets.push({
      conditionId: market.conditionId,
      yes: market.yes.toString(),
      no: market.no.toString(),
    });
  }
  const keys = (from: number, count: number): Hex[] =>
    Array.from({ length: count }, (_, i) => keyOf(from + i));
  const honestKeys = keys(HONEST_FROM, given.honest);
  const hostileKeys = keys(HOSTILE_FROM, given.hostile);
  for (const key of [...honestKeys, ...hostileKeys]) {
    const { address } = new Wallet(key);
    for (const [to, data] of fundingCalls(deployment, address, markets)) {
      await provider.send("eth_sendTransaction", [{ from: address, to, data, gas: "0x7a120" }]);
    }
  }
  const artifact = JSON.parse(
    readFileSync(
      path.join(ROOT, "artifacts/contracts/mocks/hostile/HostileAccount.sol/HostileAccount.json"),
      "utf8",
    ),
  ) as { readonly abi: never[]; readonly bytecode: string };
  const wallets: HostileWallet[] = [];
  for (const { name, place, act, trigger, amount, gasMark = 0 } of WALLETS) {
    const factory = new ContractFactory(artifact.abi, artifact.bytecode, signer as never);
    const deployed = (await factory.deploy()) as Contract;
    await deployed.waitForDeployment();
    const address = (await deployed.getAddress()) as Address;
    for (const [to, data] of fundingCalls(deployment, address, markets)) {
      await (await deployed.getFunction("execute")(to, data)).wait();
    }
    const armed = [place, act, trigger, amount, gasMark, `0x${"0".repeat(40)}`];
    await (await deployed.getFunction("arm")(...armed)).wait();
    wallets.push({ name, address });
  }
  await provider.send("evm_setAutomine", [false]);
  await provider.send("evm_setIntervalMining", [2]);
  provider.destroy();
  const operatorKey = operator.privateKey as Hex;
  return { node, deployment, operatorKey, markets, honestKeys, hostileKeys, wallets };
}

/** Asks the node. @throws Error with what the node answered. */
export async function rpc(
  node: string,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  const response = await fetch(node, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as {
    result?: unknown;
    error?: { message: string };
  };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
