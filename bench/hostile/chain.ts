/** A chain in a process of its own: contracts, markets, traders, hostile accounts, and a block every two seconds. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
  Wallet,
  keccak256,
  toUtf8Bytes,
} from "ethers";
import hre from "hardhat";
import { answerParent } from "../lib/child";

/** The phrase of Hardhat's own accounts, which its node signs for. */
const PHRASE = "test test test test test test test test test test test junk";
const COLLATERAL = 10n ** 15n;
const SPLIT = 10n ** 13n;
const HONEST_FROM = 5;
const HOSTILE_FROM = 25;
/** Blocks below the head that the node calls final. */
const FINAL_DEPTH = 3;

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

const { provider } = hre.network;

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

/** As go-ethereum answers: a question that names no price is asked at a price of zero. Hardhat asks at the present price. */
function likeGeth(method: string, params: unknown[]): unknown[] {
  if (method !== "eth_call" && method !== "eth_estimateGas") return params;
  const [call, ...rest] = params as [Record<string, unknown>, ...unknown[]];
  const isPriced = "gasPrice" in call || "maxFeePerGas" in call;
  return [isPriced ? call : { ...call, gasPrice: "0x0" }, ...rest];
}

async function answer(method: string, params: unknown[]): Promise<unknown> {
  if (method === "eth_getBlockByNumber" && params[0] === "finalized") {
    const head = Number(await provider.send("eth_blockNumber", []));
    return provider.send(method, [`0x${Math.max(0, head - FINAL_DEPTH).toString(16)}`, params[1]]);
  }
  return provider.send(method, likeGeth(method, params));
}

async function listen(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number;
        method: string;
        params: unknown[];
      };
      answer(asked.method, asked.params)
        .then(
          (result) => ({ result }),
          (thrown: Error & { code?: number; data?: { data?: string } | string | null }) => {
            const data = typeof thrown.data === "object" ? thrown.data?.data : thrown.data;
            return { error: { code: thrown.code ?? -32_000, message: thrown.message, data } };
          },
        )
        .then((body) => {
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...body }));
        });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const tasks = {
  async start(given: { markets: number; honest: number; hostile: number }): Promise<ChainFacts> {
    const [signer] = await hre.ethers.getSigners();
    const admin = signer as never as { address: Address };
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
    const now = BigInt((await hre.ethers.provider.getBlock("latest"))!.timestamp);
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
    const artifact = await hre.artifacts.readArtifact("HostileAccount");
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
    await provider.send("evm_setIntervalMining", [2_000]);
    const node = await listen();
    const operatorKey = operator.privateKey as Hex;
    return { node, deployment, operatorKey, markets, honestKeys, hostileKeys, wallets };
  },
};
export type ChainTasks = typeof tasks;

answerParent(tasks);
