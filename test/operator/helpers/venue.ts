import { readFileSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@nostra/sdk/deployments";
import { createBook, type MatchPlan, type OrderBook } from "@nostra/sdk/matcher";
import {
  createLimitOrder,
  hashOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
  type Address,
  type Hex,
  type LimitOrderInput,
  type OrderJson,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { verifyOrder } from "@nostra/sdk/verify";
import { Wallet } from "ethers";
import { sql } from "kysely";
import { Bus } from "../../../operator/src/bus";
import type { Clock } from "../../../operator/src/clock";
import type { Accepted, Engine, NewOrder } from "../../../operator/src/engine/Engine";
import { OperatorError } from "../../../operator/src/errors";
import { createHttpServer, type HttpConfig, type HttpServer } from "../../../operator/src/http";
import type { HttpOptions } from "../../../operator/src/http";
import type {
  CancelResult,
  Funds,
  Intake,
  SubmitContext,
  SubmitRequest,
} from "../../../operator/src/intake/Intake";
import { Turns } from "../../../operator/src/intake/Turns";
import { silentLog } from "../../../operator/src/log";
import type { Store } from "../../../operator/src/store";
import { BookFeed } from "../../../operator/src/stream/BookFeed";

export const UNIT = 1_000_000n;
export const NOW_MS = 1_800_000_000_000;
export const ADA = new Wallet(`0x${"a1".repeat(32)}`);
export const BOB = new Wallet(`0x${"b2".repeat(32)}`);
export const SECRET = "a secret of the venue, long enough for all";
export const HOST = "venue.test";

export const CONDITION: Hex = `0x${"c1".repeat(32)}`;
export const OTHER_CONDITION: Hex = `0x${"c2".repeat(32)}`;
const TOKENS: Readonly<Record<Hex, readonly [yes: bigint, no: bigint]>> = {
  [CONDITION]: [11n, 22n],
  [OTHER_CONDITION]: [33n, 44n],
};
export const YES = 11n;
export const NO = 22n;

export const DEPLOYMENT: Deployment = {
  network: "test",
  chainId: 31337,
  startBlock: 0,
  contracts: {
    conditionalTokens: "0x1000000000000000000000000000000000000001",
    collateral: "0x1000000000000000000000000000000000000002",
    resolutionOracle: "0x1000000000000000000000000000000000000003",
    marketFactory: "0x1000000000000000000000000000000000000004",
    ctfExchange: "0x1000000000000000000000000000000000000005",
    positionRedeemer: "0x1000000000000000000000000000000000000006",
    matchInspector: "0x1000000000000000000000000000000000000007",
  },
};
export const DOMAIN = orderDomain({
  chainId: DEPLOYMENT.chainId,
  exchange: DEPLOYMENT.contracts.ctfExchange,
});

export class TestClock implements Clock {
  ms = NOW_MS;
  nowMs(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
  pass(ms: number): void {
    this.ms += ms;
  }
}

/**
 * A venue in memory that is honest where HTTP and stream look: it reads and verifies orders, keeps them in the database and
 * in real books, matches nothing, and tells the bus what changed. A match is made by hand.
 */
export class TestVenue implements Engine, Intake {
  readonly bus = new Bus((fault) => {
    throw fault;
  });
  readonly clock = new TestClock();
  readonly books = new Map<Hex, OrderBook>();
  readonly heartbeats: [Address, number][] = [];
  readonly store: Store;
  balance = 1_000n * UNIT;
  /** Thrown by whatever is asked next, until it is taken away. */
  fault: Error | undefined;
  /** What the verification of an order waits for. */
  verified: (request: SubmitRequest) => Promise<void> = async () => undefined;
  #input = 0;

  constructor(store: Store) {
    this.store = store;
    for (const [conditionId, [yes, no]] of Object.entries(TOKENS)) {
      this.books.set(conditionId as Hex, createBook({ yes, no, tick: 10_000n }));
    }
  }

  async addMarkets(): Promise<void> {
    for (const [i, [conditionId, [yes, no]]] of Object.entries(TOKENS).entries()) {
      await this.store.db
        .insertInto("market")
        .values({
          condition_id: conditionId,
          question_id: `0x${`${i + 1}f`.repeat(32)}`,
          yes: yes.toString(),
          no: no.toString(),
          slug: `market-${i}`,
          question: `Will number ${i} be?`,
          description: "",
          category: i === 0 ? "sports" : "other",
          creator: ADA.address.toLowerCase(),
          end_time: BigInt(NOW_MS / 1000 + 3600),
          resolution_time: BigInt(NOW_MS / 1000 + 7200),
          dispute_window: 3600n,
          created_at: BigInt(NOW_MS / 1000 - 100 + i),
          registered: true,
          state: "OPEN",
          outcome: null,
          proposed_at: null,
          disputed_at: null,
          finalized_at: null,
          last_tx: `0x${"00".repeat(32)}`,
        })
        .execute();
    }
  }

  book(conditionId: Hex): OrderBook | undefined {
    if (this.fault !== undefined) throw this.fault;
    return this.books.get(conditionId);
  }

  version(conditionId: Hex): number | undefined {
    return this.books.get(conditionId)?.version;
  }

  async command(): Promise<{ done: boolean }> {
    return { done: false };
  }

  async submit(
    given: SubmitRequest | NewOrder,
    { turns = new Turns() }: SubmitContext = {},
  ): Promise<Accepted> {
    const request = given as SubmitRequest;
    return turns.take(this.verified(request), () => this.#place(request));
  }

  async #place({ order: json, signature }: SubmitRequest): Promise<Accepted> {
    if (this.fault !== undefined) throw this.fault;
    const order = orderFromJson({ order: json, signature });
    if (!verifyOrder(order, DOMAIN).ok) {
      throw new OperatorError("INVALID_SIGNATURE", "the order is not signed by its maker", {
        status: 400,
      });
    }
    const hash = hashOrder(order, DOMAIN);
    const known = await this.store.db
      .selectFrom("orders")
      .selectAll()
      .where("hash", "=", hash)
      .executeTakeFirst();
    if (known !== undefined) {
      const conditionId = known.condition_id as Hex;
      return { hash, conditionId, input: Number(known.input), isNew: false, state: known.state };
    }
    if (order.side === 0 && order.makerAmount > this.balance) {
      const missing = order.makerAmount - this.balance;
      throw new OperatorError("INSUFFICIENT_BALANCE", "the maker has too little", {
        status: 422,
        details: { asset: "0", have: this.balance, need: order.makerAmount, missing },
      });
    }
    const conditionId = (Object.keys(TOKENS) as Hex[]).find((id) =>
      TOKENS[id]!.includes(order.tokenId),
    );
    if (conditionId === undefined) {
      throw new OperatorError("UNKNOWN_TOKEN", "no market has this token", { status: 422 });
    }
    const input = this.#input++;
    const outcome = TOKENS[conditionId]![0] === order.tokenId ? "YES" : "NO";
    await this.#insert(order, hash, conditionId, input, outcome);
    this.#change(conditionId, (book) => void book.add({ hash, order }));
    this.#tellOrder(hash, conditionId, order, "OPEN", order.makerAmount, null);
    return { hash, conditionId, input, isNew: true, state: "OPEN" };
  }

  async cancel(account: Address, hashes: readonly Hex[]): Promise<readonly CancelResult[]> {
    const results: CancelResult[] = [];
    for (const hash of hashes) results.push({ hash, result: await this.#cancelOne(account, hash) });
    return results;
  }

  async cancelAll(account: Address, conditionId?: Hex): Promise<number> {
    let count = 0;
    for (const [id, book] of this.books) {
      if (conditionId !== undefined && id !== conditionId) continue;
      const own = [...book.bids(), ...book.asks()].filter(({ order }) => order.maker === account);
      count += own.length;
      for (const { hash } of own) await this.#cancelOne(account, hash);
    }
    return count;
  }

  heartbeat(account: Address, seconds: number): void {
    this.heartbeats.push([account, seconds]);
  }

  async funds(): Promise<Funds> {
    if (this.fault !== undefined) throw this.fault;
    return { balance: this.balance, allowance: this.balance, reserved: 10n * UNIT };
  }

  /** Matches a taker with whatever the book has, stores the match and tells of it. @returns its id. */
  async match(taker: SignedOrder): Promise<string> {
    const accepted = await this.submit(orderToJson(taker));
    const { conditionId, hash, input } = accepted;
    this.#change(conditionId, (book) => void book.cancel(hash));
    const result = this.books.get(conditionId)!.match({ hash, order: taker });
    if (result.status !== "matched") throw new Error(result.reason);
    const { plan } = result;
    this.#change(conditionId, (book) => void book.apply(plan));
    const id = `${conditionId}:${input}:0`;
    await this.#insertMatch(id, conditionId, input, plan);
    this.tellMatch(id, conditionId, plan, "MATCHED");
    return id;
  }

  tellMatch(matchId: string, conditionId: Hex, plan: MatchPlan, state: "MATCHED" | "MINED"): void {
    this.bus.publish({
      type: "match",
      conditionId,
      matchId,
      state,
      takerHash: plan.takerHash,
      taker: plan.taker.maker,
      takerSide: plan.taker.side === 0 ? "BUY" : "SELL",
      takerOutcome: plan.taker.tokenId === TOKENS[conditionId]![0] ? "YES" : "NO",
      price: Number(plan.makers[0]!.price),
      shares: sharesOf(plan),
      makers: plan.makers.map(({ hash, order, kind, price, making, taking }) => ({
        hash,
        maker: order.maker,
        kind,
        price: Number(price),
        making: making.toString(),
        taking: taking.toString(),
      })),
      ...{ txHash: null, blockNumber: null, reason: null, guiltyHash: null },
      atMs: this.clock.nowMs(),
    });
  }

  async #cancelOne(account: Address, hash: Hex): Promise<CancelResult["result"]> {
    const row = await this.store.db
      .selectFrom("orders")
      .selectAll()
      .where("hash", "=", hash)
      .executeTakeFirst();
    if (row === undefined) return "NOT_FOUND";
    if (row.maker !== account.toLowerCase()) return "NOT_YOURS";
    const conditionId = row.condition_id as Hex;
    const resting = this.books.get(conditionId)!.get(hash);
    if (resting === undefined) return "NOT_OPEN";
    await this.store.db
      .updateTable("orders")
      .set({ state: "CANCELLED", reason: "BY_MAKER" })
      .where("hash", "=", hash)
      .execute();
    this.#change(conditionId, (book) => void book.cancel(hash));
    this.#tellOrder(hash, conditionId, resting.order, "CANCELLED", resting.remaining, "BY_MAKER");
    return "CANCELLED";
  }

  /** Changes a book, and tells which levels are other than before. */
  #change(conditionId: Hex, change: (book: OrderBook) => void): void {
    const book = this.books.get(conditionId)!;
    const levels = (side: "bid" | "ask"): Map<number, string> =>
      new Map([...book.levels(side)].map(({ price, shares }) => [Number(price), `${shares}`]));
    const before = { bid: levels("bid"), ask: levels("ask") };
    const from = book.version;
    change(book);
    const changed = (side: "bid" | "ask"): [number, string][] => {
      const after = levels(side);
      const prices = new Set([...before[side].keys(), ...after.keys()]);
      return [...prices]
        .filter((price) => before[side].get(price) !== after.get(price))
        .map((price) => [price, after.get(price) ?? "0"]);
    };
    this.bus.publish({
      type: "book",
      conditionId,
      from,
      to: book.version,
      bids: changed("bid"),
      asks: changed("ask"),
      atMs: this.clock.nowMs(),
    });
  }

  #tellOrder(
    hash: Hex,
    conditionId: Hex,
    order: { readonly maker: Address },
    state: "OPEN" | "CANCELLED",
    remaining: bigint,
    reason: string | null,
  ): void {
    this.bus.publish({
      type: "order",
      ...{ conditionId, hash, maker: order.maker, state, remaining: `${remaining}`, reason },
      ...{ rests: state === "OPEN", rested: state !== "OPEN" },
      atMs: this.clock.nowMs(),
    });
  }

  async #insert(
    order: SignedOrder,
    hash: Hex,
    conditionId: Hex,
    input: number,
    outcome: "YES" | "NO",
  ): Promise<void> {
    const isBuy = order.side === 0;
    const [give, get] = [order.makerAmount, order.takerAmount];
    await this.store.db
      .insertInto("orders")
      .values({
        hash,
        condition_id: conditionId,
        input: BigInt(input),
        salt: `${order.salt}`,
        maker: order.maker.toLowerCase(),
        signer: order.signer.toLowerCase(),
        taker: order.taker.toLowerCase(),
        token_id: `${order.tokenId}`,
        maker_amount: `${give}`,
        taker_amount: `${get}`,
        expiration: `${order.expiration}`,
        nonce: `${order.nonce}`,
        fee_rate_bps: Number(order.feeRateBps),
        side: order.side,
        signature_type: order.signatureType,
        signature: order.signature,
        kind: "limit",
        time_in_force: "GTC",
        post_only: false,
        self_trade: "skip",
        price: Number(isBuy ? (give * UNIT) / get : (get * UNIT + give - 1n) / give),
        outcome,
        state: "OPEN",
        remaining: `${give}`,
        reason: null,
        accepted_at_ms: BigInt(this.clock.nowMs()),
        updated_at_ms: BigInt(this.clock.nowMs()),
      })
      .execute();
  }

  async #insertMatch(id: string, conditionId: Hex, input: number, plan: MatchPlan): Promise<void> {
    await this.store.db
      .insertInto("match")
      .values({
        id,
        condition_id: conditionId,
        input: BigInt(input),
        taker_hash: plan.takerHash,
        taker_fill_amount: `${plan.takerFillAmount}`,
        making: `${plan.making}`,
        taking: `${plan.taking}`,
        consumed: `${plan.consumed}`,
        price: Number(plan.makers[0]!.price),
        shares: sharesOf(plan),
        state: "MATCHED",
        ...{ settlement_id: null, tx_hash: null, block_number: null, reason: null },
        guilty_hash: null,
        matched_at_ms: BigInt(this.clock.nowMs()),
        updated_at_ms: BigInt(this.clock.nowMs()),
      })
      .execute();
    const hashes = [plan.takerHash, ...plan.makers.map(({ hash }) => hash)];
    await sql`insert into match_account select distinct maker, number, match.id
      from match, orders where match.id = ${id} and hash = any(${hashes}::text[])`.execute(
      this.store.db,
    );
    for (const [index, fill] of plan.makers.entries()) {
      await this.store.db
        .insertInto("match_maker")
        .values({
          ...{ match_id: id, index, order_hash: fill.hash, kind: fill.kind },
          making: `${fill.making}`,
          taking: `${fill.taking}`,
          price: Number(fill.price),
        })
        .execute();
    }
  }
}

function sharesOf(plan: MatchPlan): string {
  return (plan.taker.side === 0 ? plan.taking : plan.making).toString();
}

/** A signed order; the test names what matters to it. */
export function sign(
  terms: Partial<LimitOrderInput> & Pick<LimitOrderInput, "price">,
  wallet: Wallet = ADA,
): Promise<SignedOrder> {
  const input = { tokenId: YES, side: "BUY", size: "10", nonce: 0n, timeInForce: "GTC", ...terms };
  return createLimitOrder(input as LimitOrderInput, fastSigner(wallet.privateKey), DOMAIN);
}

export async function signJson(...terms: Parameters<typeof sign>): Promise<OrderJson> {
  return orderToJson(await sign(...terms));
}

export interface TestHttp extends HttpServer {
  readonly venue: TestVenue;
  readonly feed: BookFeed;
  readonly lines: string[];
  /** Asks by inject; the answer as it was sent. */
  ask(
    method: "GET" | "POST" | "DELETE",
    url: string,
    more?: { body?: unknown; headers?: Record<string, string>; text?: string; address?: string },
  ): Promise<TestAnswer>;
  /** Signs in; the headers of a session. */
  signIn(wallet?: Wallet): Promise<{ authorization: string }>;
}

export interface TestAnswer {
  readonly status: number;
  /** Numbers as numbers. */
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly text: string;
  // What a test expects of it, the test says.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

/** A server over a venue, with markets. Answers are held against their schemas. */
export async function startHttp(
  store: Store,
  config: Partial<HttpConfig> = {},
  options: Partial<HttpOptions> = {},
): Promise<TestHttp> {
  const venue = new TestVenue(store);
  await venue.addMarkets();
  const feed = new BookFeed(venue, venue.bus);
  feed.start(venue.books.keys());
  const lines: string[] = [];
  const note = (...values: unknown[]): void => void lines.push(JSON.stringify(values));
  const http = await createHttpServer({
    ...{ store, engine: venue, intake: venue, bus: venue.bus, feed, deployment: DEPLOYMENT },
    ...{ clock: venue.clock, log: { ...silentLog, error: note, warn: note } },
    chainNow: () => BigInt(Math.floor(venue.clock.nowMs() / 1000)),
    config: {
      secret: SECRET,
      domains: [HOST],
      secureCookies: false,
      checkAnswers: true,
      ...config,
    },
    ...options,
  });
  await http.app.ready();
  const ask: TestHttp["ask"] = async (method, url, { body, headers, text, address } = {}) => {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await http.app.inject({
      method,
      url,
      ...(payload === undefined ? {} : { payload }),
      headers: {
        host: HOST,
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(address === undefined ? {} : { remoteAddress: address }),
    });
    const isJson = String(answer.headers["content-type"]).startsWith("application/json");
    const json: unknown = isJson ? answer.json() : undefined;
    const headersOut = Object.entries(answer.headers).map(([name, value]) => {
      return [name, /^\d+$/.test(String(value)) ? Number(value) : value] as const;
    });
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(headersOut),
      text: answer.body,
      json,
    };
  };
  const signIn = async (wallet: Wallet = ADA): Promise<{ authorization: string }> => {
    const { json } = await ask("GET", "/api/auth/nonce");
    const message = signInMessage(wallet.address, json.nonce, venue.clock.nowMs());
    const signature = await wallet.signMessage(message);
    const answer = await ask("POST", "/api/auth/verify", { body: { message, signature } });
    if (answer.status !== 200) throw new Error(answer.text);
    return { authorization: `Bearer ${answer.json.accessToken}` };
  };
  return { ...http, venue, feed, lines, ask, signIn };
}

export function signInMessage(
  address: string,
  nonce: string,
  nowMs: number,
  { domain = HOST, chainId = DEPLOYMENT.chainId, more = "" } = {},
): string {
  return `${domain} wants you to sign in with your Ethereum account:
${address}

Sign in to Nostra.

URI: https://${domain}
Version: 1
Chain ID: ${chainId}
Nonce: ${nonce}
Issued At: ${new Date(nowMs).toISOString()}${more}`;
}

export const ROOT = path.resolve(__dirname, "../../..");
export const readDoc = (name: string): string =>
  readFileSync(path.join(ROOT, "docs", name), "utf8");
