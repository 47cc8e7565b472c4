import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "@nostra/sdk/client";
import { replay } from "@nostra/sdk/matcher";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  orderToJson,
  signOrder,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { expect } from "chai";
import { openStore, type Store } from "../../../operator/src/store";
import { Chance } from "../../helpers/random";
import { createPostgresDatabase } from "./createPostgresDatabase";
import { VenueProcess } from "./venueProcess";
import type { Trader, VenueChain } from "./venueProcessChain";
import { NODE_KEY, VenueNode } from "./venueProcessNode";

type Kind = Store["kind"];

/** What nobody may ever read in an answer or a log. */
const SECRET = "secret-of-the-whole-venue-0123456789abcdef";
const SERVICE_KEY = "service-key-of-the-whole-venue-0123456789";
const WAIT_MS = 40_000;

/** The venue's answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the test asks of it
  readonly json: any;
}

/** An order that was sent, and the last word about it. */
export interface Sent {
  readonly hash: Hex;
  readonly order: SignedOrder;
  readonly trader: Trader;
  readonly answer: Answer;
}

interface Row {
  readonly state: string;
}

let template: string | undefined;

/** A data directory with the tables, made once: making one takes seconds. */
async function dataDirectory(): Promise<string> {
  if (template === undefined) {
    template = path.join(mkdtempSync(path.join(tmpdir(), "nostra-venue-")), "template");
    await (await openStore({ directory: template })).close();
  }
  const fresh = mkdtempSync(path.join(tmpdir(), "nostra-venue-"));
  cpSync(template, path.join(fresh, "data"), { recursive: true });
  return fresh;
}

after(() => {
  if (template !== undefined) rmSync(path.dirname(template), { recursive: true, force: true });
});

/** A chain, a node that may lie, a database, and a venue as a process; and what the traders know of all that. */
export class World {
  readonly chain: VenueChain;
  readonly node: VenueNode;
  readonly kind: Kind;
  /** Where the database is: a directory that holds `data`, or a URL. */
  readonly database: string;
  readonly url: string;
  readonly chance: Chance;
  /** Orders that the venue took, by hash. */
  readonly accepted = new Map<Hex, Sent>();
  readonly refused: Sent[] = [];
  /** Answers that said: not now. */
  readonly putOff: Answer[] = [];
  readonly processes: VenueProcess[] = [];
  /** Every answer's text that told of a failure. */
  #told = "";
  #venue: VenueProcess | null = null;
  /** Signed in once: sign-ins are limited. */
  readonly #clients = new Map<Trader, ReturnType<typeof createClient>>();
  readonly #drop: () => Promise<void>;
  readonly #scratch: string;
  #salt = 0n;

  private constructor(parts: {
    chain: VenueChain;
    node: VenueNode;
    kind: Kind;
    database: string;
    port: number;
    seed: number;
    scratch: string;
    drop: () => Promise<void>;
  }) {
    this.chain = parts.chain;
    this.node = parts.node;
    this.kind = parts.kind;
    this.database = parts.database;
    this.url = `http://127.0.0.1:${parts.port}`;
    this.chance = new Chance(parts.seed);
    this.#scratch = parts.scratch;
    this.#drop = parts.drop;
  }

  static async make(chain: VenueChain, kind: Kind, seed: number): Promise<World> {
    await chain.begin();
    const node = await VenueNode.start(chain);
    const scratch = mkdtempSync(path.join(tmpdir(), "nostra-world-"));
    writeFileSync(path.join(scratch, "deployment.json"), JSON.stringify(chain.deployment));
    const port = await freePort();
    if (kind === "postgres") {
      const { url, drop } = await createPostgresDatabase();
      return new World({ chain, node, kind, database: url, port, seed, scratch, drop });
    }
    const place = await dataDirectory();
    const drop = async (): Promise<void> => rmSync(place, { recursive: true, force: true });
    return new World({ chain, node, kind, database: place, port, seed, scratch, drop });
  }

  // ------------------------------------------------------------------------------------------ processes

  get env(): Record<string, string> {
    return {
      RPC_URL: this.node.url,
      DEPLOYMENT: path.join(this.#scratch, "deployment.json"),
      OPERATOR_PRIVATE_KEY: this.chain.operator.privateKey,
      ...(this.kind === "postgres"
        ? { DATABASE_URL: this.database }
        : { DATA_DIRECTORY: path.join(this.database, "data") }),
      ...{ SECRET, SERVICE_KEY, HOST: "127.0.0.1", PORT: new URL(this.url).port },
      ...{ POLL_MS: "100", FINALITY_DEPTH: "8", INSECURE_COOKIES: "1", LOG_LEVEL: "debug" },
    };
  }

  get venue(): VenueProcess {
    if (this.#venue === null) throw new Error("no venue was started");
    return this.#venue;
  }

  /** Begins a process and does not wait. */
  spawn(
    env: Readonly<Record<string, string>> = {},
    how: ConstructorParameters<typeof VenueProcess>[1] = {},
  ): VenueProcess {
    const made = new VenueProcess({ ...this.env, ...env }, how);
    this.processes.push(made);
    return made;
  }

  async start(...how: Parameters<World["spawn"]>): Promise<void> {
    this.#venue = this.spawn(...how);
    await this.#venue.opened();
  }

  /** Ends the process as people do; it must end well. */
  async stop(): Promise<void> {
    const ended = await this.venue.stop();
    expect(ended, this.venue.output.slice(-2_000)).to.deep.equal({ status: 0, signal: null });
  }

  /** Writes a module that the process can be made to load first. */
  module(name: string, text: string): string {
    const file = path.join(this.#scratch, name);
    writeFileSync(file, text);
    return file;
  }

  async end(): Promise<void> {
    for (const one of this.processes) if (one.isRunning) await one.kill();
    await this.node.stop();
    await this.chain.rest();
    await this.#drop();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  // ------------------------------------------------------------------------------------------ requests

  /** @throws when no answer comes. */
  async ask(method: string, target: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + target, {
      method,
      headers: {
        "nostra-service-key": SERVICE_KEY,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) this.#told += `${text}\n`;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, json };
  }

  get #domain() {
    const { chainId, contracts } = this.chain.deployment;
    return orderDomain({ chainId, exchange: contracts.ctfExchange });
  }

  /** A signed order: at random, but for what is told. */
  async sign(
    trader: Trader,
    terms: {
      readonly side?: "BUY" | "SELL";
      readonly outcome?: "yes" | "no";
      readonly cents?: number;
      readonly size?: number;
      readonly expiration?: bigint;
    } = {},
  ): Promise<{ readonly hash: Hex; readonly order: SignedOrder }> {
    const { chance } = this;
    const { side = chance.pick(["BUY", "SELL"] as const), outcome = chance.pick(["yes", "no"]) } =
      terms;
    const { cents = chance.int(45, 55), size = chance.int(1, 40) } = terms;
    const built = {
      ...buildOrder({
        ...{ tokenId: this.chain.market[outcome as "yes" | "no"], side, nonce: 0n },
        ...{ price: `0.${cents}`, size: `${size}`, maker: trader.address },
      }),
      salt: (this.#salt += 1n),
      expiration: terms.expiration ?? 0n,
    };
    const order = await signOrder(built, fastSigner(trader.wallet.privateKey), this.#domain);
    return { hash: createOrderHasher(this.#domain)(order), order };
  }

  /** Sends an order until the venue has a last word on it. */
  async place(
    trader: Trader,
    terms: Parameters<World["sign"]>[1] = {},
    options: object = {},
  ): Promise<Sent> {
    const { hash, order } = await this.sign(trader, terms);
    const body = { ...orderToJson(order), options };
    const answer = await until(async () => {
      const given = await this.ask("POST", "/api/orders", body).catch(() => undefined);
      if (given === undefined) return undefined;
      if (given.status !== 503 && given.status !== 425) return given;
      this.putOff.push(given);
      return undefined;
    }, "the venue has a word on an order");
    const sent = { hash, order, trader, answer };
    if (answer.status === 200) {
      expect(answer.json.orderHash).to.equal(hash);
      this.accepted.set(hash, sent);
    } else this.refused.push(sent);
    return sent;
  }

  /** So many orders at random, some at once, of the first traders; meanwhile something may be done. */
  async trade(count: number, of = this.chain.traders.slice(0, 4)): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const timeInForce = this.chance.chance(15) ? "FAK" : "GTC";
        const sent = await this.place(this.chance.pick(of), {}, { timeInForce });
        if (sent.answer.status !== 200 && sent.answer.status !== 429) {
          throw new Error(`refused: ${JSON.stringify(sent.answer.json)}`);
        }
        if (this.chance.chance(10)) await this.#cancelOne(of);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
  }

  /** A maker takes one of its orders out, if no fault keeps it from it. */
  async #cancelOne(of: readonly Trader[]): Promise<void> {
    const own = [...this.accepted.values()].filter(({ trader }) => of.includes(trader));
    if (own.length === 0) return;
    const { hash, trader } = this.chance.pick(own);
    const client = createClient({ url: this.url, signer: trader.wallet, retries: 0 });
    await client.cancelSigned([hash]).catch(() => undefined);
  }

  async trades(): Promise<
    readonly { readonly id: string; readonly state: string; guiltyHash: Hex | null }[]
  > {
    const all: never[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, json } = await this.ask("GET", `/api/trades?limit=500${from}`);
      if (status !== 200) throw new Error(`GET /api/trades: ${status} ${JSON.stringify(json)}`);
      all.push(...(json.trades as never[]));
      cursor = json.cursor as string | null;
    }
    return all;
  }

  /** How many matches are in this state. */
  async count(state: string): Promise<number> {
    return (await this.trades()).filter((trade: Row) => trade.state === state).length;
  }

  /** Every match is settled or has failed, and the venue has read all fills. */
  async settled(): Promise<void> {
    await until(async () => {
      const trades = await this.trades().catch(() => undefined);
      if (trades === undefined) return undefined;
      if (trades.some(({ state }) => state !== "CONFIRMED" && state !== "FAILED")) return undefined;
      const there = (await this.chain.fills()).length;
      return (await this.#countFills(there)) === there ? true : undefined;
    }, "every match is settled and read");
    // What the last orders led to is stored a commit after they were answered.
    let last: Hex | null = null;
    await until(async () => {
      const { head } = await this.#readLog();
      const isSame = head === last;
      last = head;
      if (isSame) return true;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return undefined;
    }, "the log is at rest");
  }

  /** How many fills the venue has read, as far as there should be. */
  async #countFills(there: number): Promise<number> {
    const first = await this.ask("GET", "/api/events?event_type=OrderFilled&limit=1");
    if (first.json.total_is_capped !== true) return first.json.total_count as number;
    let count = 0;
    for (let cursor: string | null = ""; cursor !== null && count <= there;) {
      const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await this.ask("GET", `/api/events?event_type=OrderFilled&limit=500${from}`);
      count += (json.events as unknown[]).length;
      cursor = json.cursor as string | null;
    }
    return count;
  }

  // ------------------------------------------------------------------------------------------ the oracle

  /**
   * Once everything has come to rest: the process is asked what it holds, and its tables are held against the chain, against
   * what the traders were told, and against the log of the book. The embedded database has one reader, so there the process is
   * ended first, in good order.
   */
  async check(): Promise<void> {
    await this.settled();
    const { log, head } = await this.#readLog();
    const locked = await this.#readLocked();
    if (this.kind === "pglite") await this.stop();

    const store = await openStore(
      this.kind === "postgres"
        ? { url: this.database, connections: 2 }
        : { directory: path.join(this.database, "data") },
    );
    try {
      await this.#checkTables(store);
      await this.#checkBook(store, log, head, locked);
    } finally {
      await store.close();
    }
    this.checkSecrets();
  }

  async #readLog(): Promise<{ log: string[]; head: Hex }> {
    const { conditionId } = this.chain.market;
    const log: string[] = [];
    let head: Hex = "0x";
    for (let from = 0, count = 1; from < count;) {
      const { json } = await this.ask(
        "GET",
        `/api/markets/${conditionId}/log?limit=500&from=${from}`,
      );
      log.push(...(json.lines as string[]));
      [from, count, head] = [log.length, json.count as number, json.head as Hex];
    }
    return { log, head };
  }

  /** What the venue says is locked, of each trader that placed an order. */
  async #readLocked(): Promise<Map<string, bigint>> {
    const locked = new Map<string, bigint>();
    const { yes, no } = this.chain.market;
    for (const trader of new Set([...this.accepted.values()].map((sent) => sent.trader))) {
      let client = this.#clients.get(trader);
      if (client === undefined) {
        client = createClient({ url: this.url, signer: trader.wallet });
        await client.signIn();
        this.#clients.set(trader, client);
      }
      for (const asset of ["0", `${yes}`, `${no}`]) {
        const balance = await client.balance(asset);
        locked.set(`${trader.address.toLowerCase()} ${asset}`, BigInt(balance.locked));
      }
    }
    return locked;
  }

  async #checkTables({ db }: Store): Promise<void> {
    const orders = await db.selectFrom("orders").selectAll().execute();
    const known = new Map(orders.map((row) => [row.hash, row]));
    for (const hash of this.accepted.keys())
      expect(known.has(hash), `order ${hash} is lost`).to.equal(true);
    const terms = orders.map((row) => ({
      hash: row.hash as Hex,
      makerAmount: BigInt(row.maker_amount),
    }));
    const onChain = await this.chain.read(terms);

    const fills = await db.selectFrom("fill").select(["order_hash", "making"]).execute();
    expect(fills.length, "fills").to.equal(onChain.fills);
    const filled = sums(fills.map((row) => [row.order_hash, row.making]));
    const takers = await db
      .selectFrom("match")
      .select(["taker_hash", "making", "consumed"])
      .where("state", "=", "CONFIRMED")
      .execute();
    const makers = await db
      .selectFrom("match_maker")
      .innerJoin("match", "match.id", "match_id")
      .select(["order_hash", "match_maker.making"])
      .where("state", "=", "CONFIRMED")
      .execute();
    const parts = makers.map((row) => [row.order_hash, row.making] as const);
    const made = sums([...takers.map((row) => [row.taker_hash, row.making] as const), ...parts]);
    const used = sums([...takers.map((row) => [row.taker_hash, row.consumed] as const), ...parts]);
    for (const { hash, makerAmount } of terms) {
      const { making, consumed } = onChain.of.get(hash)!;
      expect(filled.get(hash) ?? 0n, `fill rows of ${hash}`).to.equal(making);
      expect(made.get(hash) ?? 0n, `confirmed matches of ${hash}`).to.equal(making);
      expect(used.get(hash) ?? 0n, `what the chain has taken off ${hash}`).to.equal(consumed);
      const row = known.get(hash)!;
      if (!isOpen(row)) continue;
      expect(BigInt(row.remaining), `remaining of ${hash}`).to.equal(makerAmount - consumed);
    }
    const wrong = await db.selectFrom("discrepancy").selectAll().execute();
    expect(wrong, "discrepancies").to.deep.equal([]);
  }

  async #checkBook(
    { db }: Store,
    log: string[],
    head: Hex,
    locked: ReadonlyMap<string, bigint>,
  ): Promise<void> {
    const result = replay(log, { head });
    if (result.status !== "agrees") {
      throw new Error(`the log does not replay: ${result.fault} at line ${result.line}`);
    }
    const rows = await db
      .selectFrom("orders")
      .selectAll()
      .where("state", "in", ["OPEN", "PARTIALLY_FILLED"])
      .execute();
    expect(result.book.size, "orders in the book").to.equal(rows.length);
    const inBook = new Map(
      [...result.book.bids(), ...result.book.asks()].map((order) => [
        order.hash as string,
        order.remaining,
      ]),
    );
    for (const { hash, remaining } of rows) {
      expect(inBook.get(hash), `order ${hash} in the book`).to.equal(BigInt(remaining));
    }
    const counted = sums(
      rows.map((row) => [`${row.maker} ${row.side === 0 ? "0" : row.token_id}`, row.remaining]),
    );
    for (const [key, amount] of locked) {
      expect(amount, `reserved of ${key}`).to.equal(counted.get(key) ?? 0n);
    }
  }

  /** Nothing that a process wrote or answered has a secret in it. */
  checkSecrets(): void {
    const secrets = [
      ...[SECRET, SERVICE_KEY, NODE_KEY, this.chain.operator.privateKey],
      this.chain.operator.privateKey.slice(2),
      ...(this.kind === "postgres" ? [this.database] : []),
    ];
    const written = this.processes.map(({ output }) => output).join("\n");
    for (const secret of secrets) {
      expect(written.includes(secret), `a log tells ${secret}`).to.equal(false);
      expect(this.#told.includes(secret), `an answer tells ${secret}`).to.equal(false);
    }
    expect(this.#told, "an answer has a stack trace").not.to.match(/\n\s+at |node_modules/);
  }
}

function isOpen({ state }: Row): boolean {
  return state === "OPEN" || state === "PARTIALLY_FILLED";
}

function sums(parts: readonly (readonly [string, string])[]): Map<string, bigint> {
  const all = new Map<string, bigint>();
  for (const [key, amount] of parts) all.set(key, (all.get(key) ?? 0n) + BigInt(amount));
  return all;
}

/** Asks until there is something. @throws after a while, saying what it waited for. */
export async function until<Value>(
  look: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  waitMs = WAIT_MS,
): Promise<Value> {
  const end = performance.now() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== (false as never)) return found;
    if (performance.now() > end) throw new Error(`it did not come about that ${what}`);
    await pause(40);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
