import { deployContracts } from "@nostra/sdk/testing";
import type { Deployment } from "@nostra/sdk/deployments";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { expect } from "chai";
import { id, MaxUint256, TypedDataEncoder, ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";
import { sql, type KyselyPlugin } from "kysely";
import type { Alert } from "../../../operator/src/alerts";
import { Bus, type VenueEvent } from "../../../operator/src/bus";
import { Indexer, type IndexerOptions } from "../../../operator/src/indexer";
import { silentLog } from "../../../operator/src/log";
import { finalAtDepth, type Rpc } from "../../../operator/src/rpc";
import type { Store } from "../../../operator/src/store";
import { keyOf, ORDER_TYPES, PARTITION, tokens } from "../../helpers/exchange";

/** Blocks with this many on top are final in these tests. */
export const DEPTH = 6n;

export const rpc: Rpc = { send: (method, params) => hre.network.provider.send(method, params) };

/** A transaction to be mined. */
export interface Tx {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

export interface TestOrder {
  readonly fields: Record<string, unknown>;
  readonly hash: string;
  readonly maker: string;
  readonly makerAmount: bigint;
}

export interface OrderTerms {
  readonly maker: HardhatEthersSigner;
  readonly tokenId: bigint;
  readonly isBuy: boolean;
  readonly makerAmount: bigint;
  readonly takerAmount: bigint;
  readonly feeRateBps?: bigint;
  readonly nonce?: bigint;
}

export interface TestMarket {
  readonly questionId: string;
  readonly conditionId: string;
  readonly yes: bigint;
  readonly no: bigint;
  readonly endTime: bigint;
}

export type Chain = Awaited<ReturnType<typeof deployChain>>;

let salt = 0n;

/**
 * Nostra on the test chain, which from then on mines only when told. Blocks hold exactly what they are given, and no two are the
 * same, so that going back and mining again is a reorg.
 */
export async function deployChain() {
  const start = await snapshot();
  const signers = (await hre.ethers.getSigners()) as HardhatEthersSigner[];
  const [admin, operator, resolver, watcher, feeReceiver, ...traders] = signers.slice(0, 11) as [
    ...[HardhatEthersSigner, HardhatEthersSigner, HardhatEthersSigner, HardhatEthersSigner],
    ...HardhatEthersSigner[],
  ];
  const connection = await deployContracts({
    ...{ network: "indexed", admin: admin as never, operator: operator.address as `0x${string}` },
    resolvers: [resolver.address, watcher.address] as `0x${string}`[],
    feeReceiver: feeReceiver!.address as `0x${string}`,
  });
  const { exchange, factory, oracle, redeemer, conditionalTokens: ctf, collateral } = connection;
  const { contracts } = connection.deployment;
  const usdc = await hre.ethers.getContractAt("MockUSDC", contracts.collateral);
  const deployment: Deployment = connection.deployment;
  const domain = {
    ...{ name: "Nostra CTF Exchange", version: "1", chainId: 31337n },
    verifyingContract: contracts.ctfExchange,
  };

  await rpc.send("evm_setAutomine", [false]);
  let now = BigInt((await latest()).timestamp);
  const snapshots = new Map<number, string>();
  await remember();

  async function latest(): Promise<{ number: string; timestamp: string; hash: string }> {
    return (await rpc.send("eth_getBlockByNumber", ["latest", false])) as never;
  }

  async function head(): Promise<number> {
    return Number((await latest()).number);
  }

  async function remember(): Promise<void> {
    snapshots.set(await head(), await snapshot());
  }

  /** Mines one block of these transactions, all of which must succeed. @returns their hashes. */
  async function block(...txs: readonly Tx[]): Promise<string[]> {
    const hashes: string[] = [];
    for (const tx of txs) {
      const sent = { ...tx, gas: "0x2dc6c0", gasPrice: "0x12a05f2000" };
      hashes.push((await rpc.send("eth_sendTransaction", [sent])) as string);
    }
    now += 1n;
    salt += 1n;
    await rpc.send("hardhat_setPrevRandao", [`0x${salt.toString(16).padStart(64, "0")}`]);
    await rpc.send("evm_setNextBlockTimestamp", [Number(now)]);
    await rpc.send("evm_mine", []);
    for (const hash of hashes) {
      const receipt = (await rpc.send("eth_getTransactionReceipt", [hash])) as { status: string };
      expect(receipt?.status, `transaction ${hash}`).to.equal("0x1");
    }
    await remember();
    return hashes;
  }

  async function blocks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await block();
  }

  /** Many empty blocks, none of which can be gone back to. `hardhat_mine` would not chain them by their hashes. */
  async function manyBlocks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await rpc.send("evm_mine", []);
    now = BigInt((await latest()).timestamp);
    await remember();
  }

  /** Takes the newest blocks away. What was in them is gone. */
  async function back(count: number): Promise<void> {
    const to = (await head()) - count;
    const at = snapshots.get(to);
    if (at === undefined) throw new Error(`there is no way back to block ${to}`);
    await rpc.send("evm_revert", [at]);
    for (const height of snapshots.keys()) if (height >= to) snapshots.delete(height);
    const pending = (await rpc.send("eth_pendingTransactions", [])) as { hash: string }[];
    for (const { hash } of pending) await rpc.send("hardhat_dropTransaction", [hash]);
    await rpc.send("evm_setAutomine", [false]);
    await remember();
  }

  let base = 0;

  /** From now on `reset` comes back to this block. */
  async function setBase(): Promise<void> {
    base = await head();
  }

  async function reset(): Promise<void> {
    const over = (await head()) - base;
    if (over > 0) await back(over);
  }

  function skip(seconds: bigint): void {
    now += seconds;
  }

  function call(
    from: HardhatEthersSigner,
    on: { readonly target: unknown; readonly interface: { encodeFunctionData: unknown } },
    method: string,
    args: readonly unknown[],
  ): Tx {
    const { encodeFunctionData } = on.interface as {
      encodeFunctionData(method: string, args: readonly unknown[]): string;
    };
    const data = encodeFunctionData.call(on.interface, method, args);
    return { from: from.address, to: on.target as string, data };
  }

  let questions = 0;

  async function market(question = `Question ${++questions}?`): Promise<TestMarket> {
    const questionId = id(`${question} ${++salt}`);
    const endTime = now + 1000n;
    const args = [questionId, question, "Rules.", "Test", endTime, endTime + 1000n];
    await block(call(admin, factory, "createBinaryMarket", args));
    const { conditionId, token0, token1 } = await factory.getMarket(questionId);
    return { questionId, conditionId, yes: token0, no: token1, endTime };
  }

  /** Gives an account money, every approval, and pairs of these markets; in blocks of its own. */
  async function fund(markets: readonly TestMarket[], pairs: bigint): Promise<void> {
    for (const trader of [...traders]) {
      await block(
        call(admin, usdc, "mint", [trader.address, tokens(1_000_000)]),
        call(trader, collateral, "approve", [ctf.target, MaxUint256]),
        call(trader, collateral, "approve", [exchange.target, MaxUint256]),
        call(trader, ctf, "setApprovalForAll", [exchange.target, true]),
        call(trader, ctf, "setApprovalForAll", [redeemer.target, true]),
        ...(pairs === 0n ? [] : markets.map((one) => split(trader, one, pairs))),
      );
    }
  }

  function split(
    who: HardhatEthersSigner,
    { conditionId }: { conditionId: string },
    n: bigint,
  ): Tx {
    const args = [collateral.target, ZeroHash, conditionId, PARTITION, n];
    return call(who, ctf, "splitPosition", args);
  }

  function merge(who: HardhatEthersSigner, { conditionId }: TestMarket, n: bigint): Tx {
    return call(who, ctf, "mergePositions", [
      ...[collateral.target, ZeroHash, conditionId, PARTITION, n],
    ]);
  }

  function redeem(who: HardhatEthersSigner, { conditionId }: TestMarket): Tx {
    return call(who, ctf, "redeemPositions", [
      ...[collateral.target, ZeroHash, conditionId, PARTITION],
    ]);
  }

  function send(from: HardhatEthersSigner, to: string, tokenId: bigint, n: bigint): Tx {
    return call(from, ctf, "safeTransferFrom", [from.address, to, tokenId, n, "0x"]);
  }

  function order(terms: OrderTerms): TestOrder {
    const { maker, tokenId, isBuy, makerAmount, takerAmount } = terms;
    salt += 1n;
    const fields = {
      ...{ salt, maker: maker.address, signer: maker.address, taker: ZeroAddress, tokenId },
      ...{ makerAmount, takerAmount, expiration: 0n, nonce: terms.nonce ?? 0n },
      ...{ feeRateBps: terms.feeRateBps ?? 0n, side: isBuy ? 0 : 1, signatureType: 0 },
    };
    const hash = TypedDataEncoder.hash(domain, ORDER_TYPES, fields);
    const signature = keyOf(maker).sign(hash).serialized;
    return { fields: { ...fields, signature }, hash, maker: maker.address, makerAmount };
  }

  function match(
    taker: TestOrder,
    makers: readonly TestOrder[],
    fills: readonly bigint[] = makers.map(({ makerAmount }) => makerAmount),
    takerFill: bigint = taker.makerAmount,
  ): Tx {
    const orders = makers.map(({ fields }) => fields);
    return call(operator, exchange, "matchOrders", [taker.fields, orders, takerFill, fills]);
  }

  function cancel(who: HardhatEthersSigner, { fields }: TestOrder): Tx {
    return call(who, exchange, "cancelOrder", [fields]);
  }

  function raiseNonce(who: HardhatEthersSigner): Tx {
    return call(who, exchange, "incrementNonce", []);
  }

  /** Everything as it was before the deployment. */
  async function end(): Promise<void> {
    await rpc.send("evm_revert", [start]);
    await rpc.send("evm_setAutomine", [true]);
  }

  return {
    ...{ deployment, contracts, admin, operator, resolver, watcher, feeReceiver: feeReceiver! },
    ...{ traders, exchange, factory, oracle, redeemer, ctf, collateral },
    ...{ block, blocks, manyBlocks, back, setBase, reset, skip, head, call, market, fund, end },
    ...{ split, merge, redeem, send, order, match, cancel, raiseNonce },
    now: () => now,
  };
}

async function snapshot(): Promise<string> {
  return (await rpc.send("evm_snapshot", [])) as string;
}

/** An indexer with all it told. */
export interface Indexing {
  readonly indexer: Indexer;
  readonly told: VenueEvent[];
  readonly alerts: Alert[];
  readonly clock: { ms: number; nowMs(): number };
}

export function createIndexer(
  store: Store,
  { deployment }: Pick<Chain, "deployment">,
  options: Partial<IndexerOptions> = {},
): Indexing {
  const told: VenueEvent[] = [];
  const alerts: Alert[] = [];
  const clock = { ms: 1_000, nowMs: () => clock.ms, monotonicMs: () => clock.ms };
  const bus = new Bus();
  bus.subscribe((event) => told.push(event));
  const indexer = new Indexer({
    ...{ store, rpc, deployment, finality: finalAtDepth(DEPTH), bus, clock, log: silentLog },
    ...{ alarm: (alert: Alert) => alerts.push(alert), holder: "test", undoDepth: DEPTH },
    ...options,
  });
  return { indexer, told, alerts, clock };
}

/** Calls of a node, some of them answered by a test. `undefined` passes the call on. */
export function answering(
  answer: (method: string, params: unknown[]) => Promise<unknown> | undefined,
  node: Rpc = rpc,
): Rpc {
  return { send: (method, params) => answer(method, params) ?? node.send(method, params) };
}

/** The same database, dying once `count` statements are done: the next one that would be answered is not. */
export function dyingAfter(store: Store, count: number): Store & { readonly died: () => boolean } {
  let left = count;
  let died = false;
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (died || left-- === 0) {
        died = true;
        throw new Error("died");
      }
      return result;
    },
  };
  const db = store.db.withPlugin(plugin);
  return {
    ...store,
    db,
    transaction: (work) => db.transaction().execute(work),
    died: () => died,
  };
}

/** What a plain scan of the chain as it is now leads to: everything at once, nothing ever undone. Empties the database. */
export async function scan(
  fresh: () => Promise<Store>,
  chain: Pick<Chain, "deployment">,
): Promise<Record<string, string[]>> {
  const store = await fresh();
  const { indexer } = createIndexer(store, chain, { finality: async (_, head) => head });
  await indexer.step();
  return dump(store);
}

/** Every row that follows from the chain, as text, sorted. */
export async function dump(
  { db }: Store,
  tables: readonly string[] = [
    ...["chain_log", "market", "fill", "order_on_chain", "account_nonce", "position", "candle"],
  ],
): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of tables) {
    const { rows } = await sql<{
      row: string;
    }>`select t::text as row from ${sql.table(table)} t`.execute(db);
    all[table] = rows.map(({ row }) => row).sort();
  }
  return all;
}
