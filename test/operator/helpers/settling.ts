import { connect, interfaces, type Connection } from "@nostra/sdk/contracts";
import { createBinaryMarket, type MarketIds } from "@nostra/sdk/actions";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  signOrder,
  type Address,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { deployContracts } from "@nostra/sdk/testing";
import { expect } from "chai";
import { HDNodeWallet, keccak256, toUtf8Bytes, Wallet } from "ethers";
import hre from "hardhat";
import type { Alert } from "../../../operator/src/alerts";
import { Bus, type MatchEvent } from "../../../operator/src/bus";
import type { Command } from "../../../operator/src/engine/commands";
import { silentLog } from "../../../operator/src/log";
import { finalAtDepth, type Rpc } from "../../../operator/src/rpc";
import { Settler, type SettlerOptions, type SettlerParams } from "../../../operator/src/settler";
import { encodeMatch } from "../../../operator/src/settler/encodeMatches";
import { readMatches } from "../../../operator/src/settler/readMatches";
import type { Store } from "../../../operator/src/store";

/** Written by hand: the standard phrase of test chains. */
const PHRASE = "test test test test test test test test test test test junk";
const UNIT = 1_000_000n;
export const GWEI = 1_000_000_000n;
/** Blocks on top that make a block final in these tests. */
export const DEPTH = 3n;

type Side = "BUY" | "SELL";

/** An order and its hash. */
export interface Signed {
  readonly hash: Hex;
  readonly order: SignedOrder;
}

/** An account of the chain that trades. */
export interface Trader {
  readonly address: Address;
  readonly key: string;
}

/** An in-process Hardhat chain and its ethers provider. */
export interface Chain {
  readonly provider: Rpc;
  readonly ethers: Pick<typeof hre.ethers.provider, "getBlock" | "getSigner">;
}

const OWN_CHAIN: Chain = { provider: hre.network.provider, ethers: hre.ethers.provider };

/** Nostra on an in-process Hardhat chain, which mines only when told. */
export class Venue {
  readonly admin: Connection;
  readonly market: MarketIds;
  readonly traders: readonly Trader[];
  readonly operator: Wallet;
  readonly rpc: Rpc;
  readonly chain: Chain;
  #salt = 1n;
  #input = 0n;
  #seconds = 0;

  private constructor(
    admin: Connection,
    market: MarketIds,
    traders: readonly Trader[],
    operator: Wallet,
    chain: Chain,
  ) {
    this.chain = chain;
    this.rpc = chain.provider;
    this.admin = admin;
    this.market = market;
    this.traders = traders;
    this.operator = operator;
  }

  static async deploy(chain: Chain = OWN_CHAIN): Promise<Venue> {
    await chain.provider.send("hardhat_reset", []);
    const signer = await chain.ethers.getSigner(0);
    const operator = new Wallet(keccak256(toUtf8Bytes("the operator of settler tests")));
    const admin = await deployContracts({
      network: "settling",
      admin: signer as never,
      operator: operator.address as Address,
      resolvers: [],
      feeReceiver: (await (signer as { getAddress(): Promise<string> }).getAddress()) as Address,
    });
    const traders = Array.from({ length: 8 }, (_, i) => {
      const { address, privateKey } = HDNodeWallet.fromPhrase(
        PHRASE,
        "",
        `m/44'/60'/0'/0/${i + 5}`,
      );
      return { address: address as Address, key: privateKey };
    });
    const now = BigInt((await chain.ethers.getBlock("latest"))!.timestamp);
    const made = await createBinaryMarket(admin, {
      questionId: keccak256(toUtf8Bytes("settling")) as Hex,
      ...{ question: "Settled?", description: "Once.", category: "Test" },
      ...{ endTimeSeconds: now + 10_000_000n, resolutionTimeSeconds: now + 20_000_000n },
    }).send();
    const { market } = await made.wait();
    const own = connect(admin.deployment, signer as never);
    const venue = new Venue(own, market, traders, operator, chain);
    await venue.rpc.send("hardhat_setBalance", [
      operator.address,
      `0x${(10n ** 20n).toString(16)}`,
    ]);
    for (const trader of traders) await venue.#prepare(trader);
    return venue;
  }

  async #prepare({ address }: Trader): Promise<void> {
    const { contracts } = this.deployment;
    const most = 2n ** 256n - 1n;
    const { mockUsdc, collateral, conditionalTokens } = interfaces;
    const all: [string, string][] = [
      [contracts.collateral, mockUsdc.encodeFunctionData("mint", [address, 10n ** 12n])],
      [
        contracts.collateral,
        collateral.encodeFunctionData("approve", [contracts.ctfExchange, most]),
      ],
      [
        contracts.collateral,
        collateral.encodeFunctionData("approve", [contracts.conditionalTokens, most]),
      ],
      [
        contracts.conditionalTokens,
        conditionalTokens.encodeFunctionData("setApprovalForAll", [contracts.ctfExchange, true]),
      ],
      [
        contracts.conditionalTokens,
        conditionalTokens.encodeFunctionData("splitPosition", [
          ...[contracts.collateral, `0x${"0".repeat(64)}`, this.market.conditionId],
          ...[[1n, 2n], 10n ** 11n],
        ]),
      ],
    ];
    // The last one has money and no shares.
    if (address === this.traders[7]?.address) all.pop();
    for (const [to, data] of all) {
      await this.rpc.send("eth_sendTransaction", [{ from: address, to, data, gas: "0x7a120" }]);
    }
  }

  get deployment(): Connection["deployment"] {
    return this.admin.deployment;
  }

  /** A transaction of a trader, or of another account of the chain; it comes before those of the operator in its block. */
  async act(from: string, to: string, data: string): Promise<Hex> {
    const tip = `0x${(50n * GWEI).toString(16)}`;
    const fees = { maxPriorityFeePerGas: tip, maxFeePerGas: `0x${(1000n * GWEI).toString(16)}` };
    const call = { from, to, data, gas: "0x7a120", ...fees };
    return (await this.rpc.send("eth_sendTransaction", [call])) as Hex;
  }

  async exchange(from: string, method: string, args: readonly unknown[]): Promise<void> {
    const { ctfExchange } = interfaces;
    const data = ctfExchange.encodeFunctionData(method as never, args as never);
    await this.act(from, this.deployment.contracts.ctfExchange, data);
  }

  /** An account without shares. */
  get poor(): Trader {
    return this.traders[7]!;
  }

  async pause(): Promise<void> {
    await this.exchange(await this.#adminAddress(), "pause", []);
  }

  async unpause(): Promise<void> {
    await this.exchange(await this.#adminAddress(), "unpause", []);
  }

  async #adminAddress(): Promise<string> {
    return (await this.chain.ethers.getSigner(0)).address;
  }

  /** Empties the node's pool. */
  async dropAll(): Promise<void> {
    for (const { hash } of await this.pending()) {
      await this.rpc.send("hardhat_dropTransaction", [hash]);
    }
  }

  /** Blocks in which gas costs more than anybody here pays but traders. */
  async mineDear(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i += 1) {
      const fee = `0x${(100n * GWEI).toString(16)}`;
      await this.rpc.send("hardhat_setNextBlockBaseFeePerGas", [fee]);
      await this.mine();
    }
  }

  async mineCheap(): Promise<void> {
    await this.rpc.send("hardhat_setNextBlockBaseFeePerGas", [`0x${GWEI.toString(16)}`]);
    await this.mine();
  }

  /** The operator's key, used by somebody else: for a transfer to itself unless told. */
  async spendNonce(nonce: number, to: string = this.operator.address, data = "0x"): Promise<void> {
    const raw = await this.operator.signTransaction({
      ...{ type: 2, chainId: this.deployment.chainId, nonce, to, data, gasLimit: 2_000_000n },
      ...{ maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 3n * GWEI },
    });
    await this.rpc.send("eth_sendRawTransaction", [raw]);
    await this.mine();
  }

  /** The calldata that settles a match alone. */
  async callOf(store: Store, id: string): Promise<string> {
    const row = await store.db
      .selectFrom("match")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const [match] = await readMatches(store.db, [row]);
    return encodeMatch(match!);
  }

  /** Another account that may settle, with gas. */
  async secondOperator(): Promise<Wallet> {
    const wallet = new Wallet(keccak256(toUtf8Bytes("another operator of settler tests")));
    await this.rpc.send("hardhat_setBalance", [wallet.address, `0x${(10n ** 20n).toString(16)}`]);
    await this.exchange(await this.#adminAddress(), "addOperator", [wallet.address]);
    await this.mine();
    return wallet;
  }

  /** Settles a match from there. */
  async settleElsewhere(data: string): Promise<void> {
    const wallet = await this.secondOperator();
    const raw = await wallet.signTransaction({
      ...{ type: 2, chainId: this.deployment.chainId, nonce: 0, data, gasLimit: 2_000_000n },
      to: this.deployment.contracts.ctfExchange,
      ...{ maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 3n * GWEI },
    });
    await this.rpc.send("eth_sendRawTransaction", [raw]);
    await this.mine();
  }

  /** What buyers paid for or sellers gave, in shares, one for each match on chain, lowest first. */
  async settledShares(): Promise<bigint[]> {
    const { ctfExchange } = interfaces;
    const logs = (await this.rpc.send("eth_getLogs", [
      {
        ...{ address: this.deployment.contracts.ctfExchange, fromBlock: "0x0" },
        topics: [ctfExchange.getEvent("OrdersMatched")?.topicHash],
      },
    ])) as { topics: string[]; data: string }[];
    const given = logs.map((log) => ctfExchange.parseLog(log)?.args["makerFillAmounts"][0]);
    return (given as bigint[]).sort((a, b) => (a < b ? -1 : 1));
  }

  /** True when the chain says that nothing more can be filled of it. */
  async isDone({ hash }: Signed): Promise<boolean> {
    return (await this.admin.exchange.getOrderStatus(hash)).isFilledOrCancelled;
  }

  flaky(): FlakyRpc {
    return new FlakyRpc(this.rpc);
  }

  async takeAllowance(account: string): Promise<void> {
    const { collateral, ctfExchange } = this.deployment.contracts;
    const data = interfaces.collateral.encodeFunctionData("approve", [ctfExchange, 0n]);
    await this.act(account, collateral, data);
  }

  async mine(): Promise<void> {
    this.#seconds += 1;
    // Another second than any block before, so that a block mined anew is another block.
    const head = await this.head();
    const next = Math.max(head.timestamp + 1, this.#seconds + head.timestamp);
    await this.rpc.send("evm_setNextBlockTimestamp", [next]);
    await this.rpc.send("evm_mine", []);
  }

  async head(): Promise<{ number: number; timestamp: number }> {
    const block = (await this.rpc.send("eth_getBlockByNumber", ["latest", false])) as {
      number: string;
      timestamp: string;
    };
    return { number: Number(block.number), timestamp: Number(block.timestamp) };
  }

  async pending(): Promise<readonly { hash: Hex; from: string; maxFeePerGas: string }[]> {
    const block = (await this.rpc.send("eth_getBlockByNumber", ["pending", true])) as {
      transactions: { hash: Hex; from: string; maxFeePerGas: string }[];
    };
    return block.transactions;
  }

  async nonce(): Promise<number> {
    const args = [this.operator.address, "latest"];
    return Number(await this.rpc.send("eth_getTransactionCount", args));
  }

  /** A signed order at 0.50, worth `size` shares. */
  async order(
    trader: Trader,
    side: Side,
    size: bigint,
    overrides: { expiration?: bigint; nonce?: bigint } = {},
  ): Promise<Signed> {
    const { chainId, contracts } = this.deployment;
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    const built = {
      ...buildOrder({
        ...{ tokenId: this.market.yes, side, price: "0.50", nonce: overrides.nonce ?? 0n },
        ...{ size: size.toString(), maker: trader.address },
      }),
      salt: (this.#salt += 1n),
      expiration: overrides.expiration ?? 0n,
    };
    const order = await signOrder(built, fastSigner(trader.key), domain);
    return { hash: createOrderHasher(domain)(order), order };
  }

  /** Writes what the engine would: two orders, as far as they are new, and a match of so many shares of them. */
  async match(
    store: Store,
    maker: Signed,
    taker: Signed,
    shares: bigint,
    index = 0,
  ): Promise<string> {
    const fill = shares * UNIT;
    for (const { hash, order } of [maker, taker]) {
      this.#input += 1n;
      await store.db
        .insertInto("orders")
        .values({
          ...{ hash, condition_id: this.market.conditionId, input: this.#input },
          ...{ salt: order.salt.toString(), maker: order.maker, signer: order.signer },
          ...{ taker: order.taker, token_id: order.tokenId.toString() },
          ...{ maker_amount: order.makerAmount.toString() },
          ...{ taker_amount: order.takerAmount.toString() },
          ...{ expiration: order.expiration.toString(), nonce: order.nonce.toString() },
          ...{ fee_rate_bps: Number(order.feeRateBps), side: order.side },
          ...{ signature_type: order.signatureType, signature: order.signature },
          ...{ kind: "limit", time_in_force: "GTC", post_only: false, self_trade: "skip" },
          ...{ price: 500_000, outcome: "YES", state: "PARTIALLY_FILLED" },
          ...{ remaining: order.makerAmount.toString(), reason: null },
          ...{ accepted_at_ms: 0n, updated_at_ms: 0n },
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    const id = `${this.market.conditionId}:${this.#input}:${index}`;
    const givenBy = ({ order }: { order: SignedOrder }): string =>
      (order.side === 0 ? fill / 2n : fill).toString();
    for (const one of [maker, taker]) {
      const { remaining } = await store.db
        .selectFrom("orders")
        .select("remaining")
        .where("hash", "=", one.hash)
        .executeTakeFirstOrThrow();
      const left = BigInt(remaining) - BigInt(givenBy(one));
      if (left < 0n) throw new Error("matched more than there is");
      await store.db
        .updateTable("orders")
        .set({ remaining: left.toString() })
        .where("hash", "=", one.hash)
        .execute();
    }
    await store.db
      .insertInto("match")
      .values({
        ...{ id, condition_id: this.market.conditionId, input: this.#input },
        ...{ taker_hash: taker.hash, taker_fill_amount: givenBy(taker), making: givenBy(taker) },
        ...{ taking: givenBy(maker), consumed: givenBy(taker), price: 500_000 },
        ...{ shares: fill.toString(), state: "MATCHED", settlement_id: null, tx_hash: null },
        ...{ block_number: null, reason: null, guilty_hash: null },
        ...{ matched_at_ms: 1n, updated_at_ms: 1n },
      })
      .execute();
    await store.db
      .insertInto("match_maker")
      .values({
        ...{ match_id: id, index: 0, order_hash: maker.hash, kind: "COMPLEMENTARY" },
        ...{ making: givenBy(maker), taking: givenBy(taker), price: 500_000 },
      })
      .execute();
    return id;
  }
}

/** A node that fails in the ways that a test asks for. */
export class FlakyRpc implements Rpc {
  isDown = false;
  withoutLogs = false;
  withoutReceipts = false;
  /** Calldata that an estimate refuses, with these bytes. */
  refusal: { readonly data: string; readonly with: string } | undefined;
  readonly #inner: Rpc;
  #next: { method: string; when: "before" | "after" } | undefined;

  constructor(inner: Rpc) {
    this.#inner = inner;
  }

  /** The next call of the method times out, before or after the node has done it. */
  failNext(method: string, when: "before" | "after"): void {
    this.#next = { method, when };
  }

  async send(method: string, params: unknown[]): Promise<unknown> {
    if (this.isDown) throw new Error("the node is away");
    const fails = this.#next?.method === method ? this.#next.when : undefined;
    if (fails !== undefined) this.#next = undefined;
    if (fails === "before") throw new Error("timeout");
    const call = params[0] as { data?: string } | undefined;
    if (method === "eth_estimateGas" && call?.data === this.refusal?.data) {
      throw Object.assign(new Error("execution reverted"), { code: 3, data: this.refusal?.with });
    }
    const result = await this.#inner.send(method, params);
    if (fails === "after") throw new Error("timeout");
    if (method !== "eth_getTransactionReceipt" || result === null) return result;
    if (this.withoutReceipts) return null;
    return this.withoutLogs ? { ...(result as object), logs: [] } : result;
  }
}

/** Does to the rows what the engine's commands promise, and remembers what it was asked. */
export class FakeEngine {
  readonly commands: Command[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async command(_conditionId: Hex, command: Command): Promise<{ done: boolean }> {
    this.commands.push(command);
    if (command.op === "invalidate") return { done: await this.#invalidate(command.hash) };
    if (command.op !== "release") throw new Error(`not asked of the settler: ${command.op}`);
    const { db } = this.#store;
    const match = await db
      .updateTable("match")
      .set({ state: "FAILED" })
      .where("id", "=", command.matchId)
      .where("state", "in", ["MATCHED", "RETRYING"])
      .returningAll()
      .executeTakeFirst();
    if (match === undefined) return { done: false };
    for (const hash of command.guilty) await this.#invalidate(hash);
    const makers = await db
      .selectFrom("match_maker")
      .selectAll()
      .where("match_id", "=", match.id)
      .execute();
    const parts = [
      { hash: match.taker_hash, amount: match.consumed },
      ...makers.map(({ order_hash, making }) => ({ hash: order_hash, amount: making })),
    ];
    for (const { hash, amount } of parts) {
      if (command.guilty.includes(hash as Hex)) continue;
      const row = await db
        .selectFrom("orders")
        .select("remaining")
        .where("hash", "=", hash)
        .executeTakeFirstOrThrow();
      const remaining = (BigInt(row.remaining) + BigInt(amount)).toString();
      await db.updateTable("orders").set({ remaining }).where("hash", "=", hash).execute();
    }
    return { done: true };
  }

  async #invalidate(hash: string): Promise<boolean> {
    const row = await this.#store.db
      .updateTable("orders")
      .set({ state: "INVALIDATED" })
      .where("hash", "=", hash)
      .where("state", "!=", "INVALIDATED")
      .returning("hash")
      .executeTakeFirst();
    return row !== undefined;
  }
}

/** A settler with everything around it that a test wants to look at. */
export interface Rig {
  readonly settler: Settler;
  readonly engine: FakeEngine;
  readonly alerts: Alert[];
  readonly told: MatchEvent[];
}

export const clock = {
  ms: 1_000_000,
  nowMs: (): number => clock.ms,
  monotonicMs: (): number => clock.ms,
};

export function rigOf(
  venue: Venue,
  store: Store,
  overrides: Partial<SettlerParams> & { options?: Partial<SettlerOptions> } = {},
): Rig {
  const engine = new FakeEngine(store);
  const alerts: Alert[] = [];
  const told: MatchEvent[] = [];
  const bus = new Bus();
  bus.subscribe((event) => {
    if (event.type === "match") told.push(event);
  });
  const settler = new Settler({
    ...{ store, rpc: venue.rpc, deployment: venue.deployment, wallet: venue.operator, engine, bus },
    ...{ finality: finalAtDepth(DEPTH), clock, log: silentLog, holder: "test" },
    alarm: (alert) => alerts.push(alert),
    ...overrides,
    options: { bumpAfterBlocks: 2n, pollMs: 5, ...overrides.options },
  });
  return { settler, engine, alerts, told };
}

/** Steps and mines in turn until nothing is left to settle. */
export async function settleAll(
  venue: Venue,
  { settler }: Pick<Rig, "settler">,
  store: Store,
  most = 40,
): Promise<void> {
  for (let round = 0; round < most; round += 1) {
    await settler.step();
    const open = await store.db
      .selectFrom("match")
      .select("id")
      .where("state", "in", ["MATCHED", "MINED", "RETRYING"])
      .execute();
    const sent = await store.db
      .selectFrom("settlement")
      .select("id")
      .where("state", "in", ["SENT", "MINED"])
      .execute();
    if (open.length + sent.length === 0) return;
    await venue.mine();
  }
  throw new Error("not all is settled");
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2_000; i += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("waited in vain");
}

export async function statesOf(store: Store): Promise<string[]> {
  const rows = await store.db.selectFrom("match").select("state").orderBy("number").execute();
  return rows.map(({ state }) => state);
}

/**
 * The one truth: for each order, what the chain's logs say it gave, what confirmed matches say, and what the exchange
 * remembers; and as many settled matches on chain as in the tables.
 */
export async function expectExactlyOnce(venue: Venue, store: Store): Promise<void> {
  const { ctfExchange } = venue.deployment.contracts;
  const topics = ["OrderFilled", "OrdersMatched"].map(
    (name) => interfaces.ctfExchange.getEvent(name as "OrderFilled")?.topicHash,
  );
  const logs = (await venue.rpc.send("eth_getLogs", [
    { address: ctfExchange, fromBlock: "0x0", toBlock: "latest", topics: [topics] },
  ])) as { topics: string[]; data: string }[];
  const onChain = new Map<string, bigint>();
  let matched = 0;
  for (const log of logs) {
    const parsed = interfaces.ctfExchange.parseLog(log);
    if (parsed === null) continue;
    if (parsed.name === "OrdersMatched") matched += 1;
    else {
      const hash = parsed.args["orderHash"] as string;
      onChain.set(hash, (onChain.get(hash) ?? 0n) + (parsed.args["making"] as bigint));
    }
  }
  const inTables = new Map<string, bigint>();
  const add = (hash: string, amount: string): void => {
    inTables.set(hash, (inTables.get(hash) ?? 0n) + BigInt(amount));
  };
  const confirmed = await store.db
    .selectFrom("match")
    .selectAll()
    .where("state", "=", "CONFIRMED")
    .execute();
  for (const row of confirmed) {
    add(row.taker_hash, row.making);
    const makers = await store.db
      .selectFrom("match_maker")
      .selectAll()
      .where("match_id", "=", row.id)
      .execute();
    for (const { order_hash, making } of makers) add(order_hash, making);
  }
  const sorted = (map: Map<string, bigint>): [string, bigint][] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(inTables), "fills in tables and in logs").to.deep.equal(sorted(onChain));
  expect(matched, "matches on chain").to.equal(confirmed.length);

  const orders = await store.db.selectFrom("orders").selectAll().execute();
  const statuses = await venue.admin.exchange.getOrderStatuses(orders.map(({ hash }) => hash));
  for (const [index, { hash, maker_amount }] of orders.entries()) {
    const given = onChain.get(hash) ?? 0n;
    const { isFilledOrCancelled, remaining } = statuses[index]!;
    if (given === 0n || (isFilledOrCancelled && remaining !== 0n)) continue;
    expect(BigInt(maker_amount) - remaining, `what the exchange remembers of ${hash}`).to.equal(
      given,
    );
  }
}
