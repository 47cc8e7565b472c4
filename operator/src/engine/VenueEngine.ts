import type { OrderBook } from "@nostra/sdk/matcher";
import type { Address, Hex } from "@nostra/sdk/order";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import { FencedError, OperatorError } from "../errors";
import type { Log } from "../log";
import {
  advanceLease,
  leasePosition,
  type CommandTable,
  type Lease,
  type OrderState,
  type Store,
} from "../store";
import type { Command } from "./commands";
import { Effects } from "./Effects";
import type { Accepted, Engine, NewOrder } from "./Engine";
import { loadMarkets } from "./loadMarkets";
import { MarketEngine, type MatchingRules, type VenueMarket } from "./MarketEngine";
import { assetOf, recordOf, type OrderRecord } from "./OrderRecord";
import { OrderRecords } from "./OrderRecords";
import { Reservations } from "./Reservations";
import { findStored, storeBatch } from "./storeBatch";

export interface VenueEngineParams {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** The chain's present second: what orders die by. */
  readonly chainNow: () => bigint;
  readonly lease: Lease;
  readonly rules: MatchingRules;
  readonly log: Log;
  readonly keccak256?: (bytes: Uint8Array) => Uint8Array;
  /** The most inputs one commit takes. Default 512. */
  readonly maxBatch?: number;
  /** Inputs that may wait for a commit before more are refused. Default 20,000. */
  readonly maxWaiting?: number;
  /** This process is the writer no more, and has stopped. */
  readonly onFenced?: (fault: FencedError) => void;
  /** What an input took from its arrival to being stored, and from there to its match being stored. */
  readonly measure?: (what: "store" | "match", milliseconds: number) => void;
}

interface Waiting {
  readonly market: OpenMarket;
  readonly receivedAtMs: number;
  input: number;
  readonly ask:
    | {
        readonly kind: "order";
        readonly order: NewOrder;
        record?: OrderRecord;
        readonly resolve: (accepted: Accepted) => void;
      }
    | {
        readonly kind: "command";
        readonly command: Command;
        readonly resolve: (result: { done: boolean }) => void;
      };
  readonly reject: (fault: unknown) => void;
}

interface OpenMarket {
  readonly engine: MarketEngine;
  nextInput: number;
}

const RETRY_MS = [20, 50, 100, 200, 500, 1_000];

/**
 * The one writer of all books. Inputs wait in a queue; one commit at a time stores as many as wait (rule O1), together with what
 * those of the commit before led to; then they are answered, and done.
 *
 * - running: the loop takes what waits. Nothing is told that is not stored.
 * - stalled: the last commit failed. It is tried again as it was until it succeeds, for it may have been stored and only its answer
 *   lost; meanwhile new inputs are refused, and those that wait go on waiting.
 * - stopped: by `stop`, after what waits is stored and done; or fenced, when another process has taken over: what waits is refused.
 */
export class VenueEngine implements Engine {
  readonly reservations = new Reservations();
  readonly #params: VenueEngineParams;
  readonly #markets = new Map<Hex, OpenMarket>();
  /** Orders that are open, or in matches that may fail. */
  readonly #records = new OrderRecords();
  /** Orders that wait to be stored, or are stored and about to be done, by hash. */
  readonly #arriving = new Map<
    Hex,
    { readonly order: NewOrder; readonly accepted: Promise<Accepted> }
  >();
  #queue: Waiting[] = [];
  #effects = new Effects();
  #loop: Promise<void> | null = null;
  #state: "running" | "stalled" | "stopped" = "running";
  #fault: FencedError | null = null;
  /** How many commits there were, over all processes. */
  #commits = 0n;

  private constructor(params: VenueEngineParams) {
    this.#params = params;
  }

  /** Rebuilds every book from the database and does what was stored and not done. */
  static async start(params: VenueEngineParams): Promise<VenueEngine> {
    const engine = new VenueEngine(params);
    engine.#commits = await leasePosition(params.store.db, params.lease);
    const loaded = await loadMarkets(params.store, engine.#shared());
    for (const { engine: market, pending, nextInput } of loaded) {
      engine.#markets.set(market.market.conditionId, { engine: market, nextInput });
      for (const input of pending) {
        if (input.kind === "order") {
          market.arrive(input.record, engine.#effects, input.receivedAtMs);
        } else {
          market.perform(input.command, input.input, engine.#effects, input.receivedAtMs);
        }
      }
      if (pending.length > 0) {
        params.log.info(
          { conditionId: market.market.conditionId, inputs: pending.length },
          "did inputs that were stored and not done",
        );
      }
    }
    if (!engine.#effects.isEmpty) engine.#run();
    await engine.idle();
    return engine;
  }

  #shared() {
    const { rules, keccak256 } = this.#params;
    return {
      rules,
      reservations: this.reservations,
      records: this.#records,
      ...(keccak256 === undefined ? {} : { keccak256 }),
    };
  }

  /** Opens a market for trading; one that is open stays as it is. */
  async openMarket(market: VenueMarket): Promise<void> {
    const { conditionId } = market;
    if (this.#markets.has(conditionId)) return;
    const engine = new MarketEngine({ ...this.#shared(), market });
    this.#markets.set(conditionId, { engine, nextInput: 1 });
    const line = { condition_id: conditionId, n: 0n, input: 0n, line: engine.recorder.opening };
    this.#effects.lines.push(line);
    this.#run();
    await this.idle();
  }

  submit(order: NewOrder): Promise<Accepted> {
    const { hash, conditionId } = order;
    const known = this.known(hash);
    if (known !== undefined) return known;
    const accepted = this.#enqueue<Accepted>(conditionId, (resolve) => {
      return { kind: "order", order, resolve };
    });
    // From here on it counts, whatever else arrives while it is being stored.
    this.reservations.set(hash, order.order.maker, assetOf(order.order), order.order.makerAmount);
    this.#arriving.set(hash, { order, accepted });
    accepted.catch(() => {
      this.#arriving.delete(hash);
      this.#unreserve(order);
    });
    return accepted;
  }

  /** Where an order stands that arrives now, is open, or is in a match that may fail; of others the database knows. */
  known(hash: Hex): Promise<Accepted> | undefined {
    const arriving = this.#arriving.get(hash);
    if (arriving !== undefined) {
      return arriving.accepted.then((accepted) => ({ ...accepted, isNew: false }));
    }
    const record = this.#records.get(hash);
    if (record === undefined) return undefined;
    const { conditionId, input, state } = record;
    return Promise.resolve({ hash, conditionId, input, isNew: false, state });
  }

  command(conditionId: Hex, command: Command): Promise<{ readonly done: boolean }> {
    return this.#enqueue(conditionId, (resolve) => ({ kind: "command", command, resolve }));
  }

  book(conditionId: Hex): OrderBook | undefined {
    return this.#markets.get(conditionId)?.engine.recorder.book;
  }

  version(conditionId: Hex): number | undefined {
    return this.#markets.get(conditionId)?.engine.recorder.version;
  }

  market(conditionId: Hex): MarketEngine | undefined {
    return this.#markets.get(conditionId)?.engine;
  }

  /** The markets open for trading. */
  markets(): readonly MarketEngine[] {
    return [...this.#markets.values()].map(({ engine }) => engine);
  }

  /** An order that is open, or in a match that may fail; others are in the database alone. */
  record(hash: Hex): Readonly<OrderRecord> | undefined {
    return this.#records.get(hash);
  }

  /** The open orders of an account, or of everybody. */
  *openOrders(account?: Address): Generator<Readonly<OrderRecord>> {
    for (const record of this.#records.of(account)) if (record.rests) yield record;
  }

  /** The orders of an account that are taken in and not done: a command given now is done after them. */
  *arrivingOrders(account: Address): Generator<NewOrder> {
    const wanted = account.toLowerCase();
    for (const { order } of this.#arriving.values()) {
      if (order.order.maker.toLowerCase() === wanted) yield order;
    }
  }

  /** An order that is taken in and not done. */
  arrivingOrder(hash: Hex): NewOrder | undefined {
    return this.#arriving.get(hash)?.order;
  }

  /** How many inputs wait to be stored. */
  get waiting(): number {
    return this.#queue.length;
  }

  get state(): "running" | "stalled" | "stopped" {
    return this.#state;
  }

  /** Resolves when nothing waits and everything is stored and told. */
  async idle(): Promise<void> {
    while (this.#loop !== null) await this.#loop;
    if (this.#fault !== null) throw this.#fault;
  }

  /** Takes nothing more, and resolves when what waits is stored and done. */
  async stop(): Promise<void> {
    const wasFenced = this.#fault !== null;
    this.#state = "stopped";
    while (this.#loop !== null) await this.#loop;
    if (!wasFenced && this.#fault !== null) throw this.#fault;
  }

  // ------------------------------------------------------------------------------------------ the queue

  #enqueue<Result>(
    conditionId: Hex,
    ask: (resolve: (result: Result) => void) => Waiting["ask"],
  ): Promise<Result> {
    const market = this.#markets.get(conditionId);
    if (market === undefined) return Promise.reject(unknownMarket(conditionId));
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise<Result>((resolve, reject) => {
      const receivedAtMs = this.#params.clock.nowMs();
      this.#queue.push({ market, receivedAtMs, input: 0, ask: ask(resolve), reject });
      this.#run();
    });
  }

  #refusal(): OperatorError | null {
    if (this.#fault !== null) return this.#fault;
    if (this.#state === "stalled") {
      return notNow("DATABASE_UNAVAILABLE", "the database does not take writes now");
    }
    if (this.#state === "stopped") return notNow("STOPPING", "the venue is stopping");
    if (this.#queue.length >= (this.#params.maxWaiting ?? 20_000)) {
      return notNow("TOO_BUSY", "too many orders wait to be stored");
    }
    return null;
  }

  #run(): void {
    this.#loop ??= this.#work().finally(() => {
      this.#loop = null;
      if (this.#fault === null && (this.#queue.length > 0 || !this.#effects.isEmpty)) this.#run();
    });
  }

  async #work(): Promise<void> {
    // Let what arrives in the same turn share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0 || !this.#effects.isEmpty) {
      const batch = this.#queue.splice(0, this.#params.maxBatch ?? 512);
      const effects = this.#effects;
      this.#effects = new Effects();
      const isNew = await this.#commit(batch, effects);
      if (isNew === null) return;
      for (const event of effects.events) this.#params.bus.publish(event);
      for (const settled of effects.settled) settled();
      await this.#answer(batch, isNew);
      this.#perform(batch, isNew);
    }
  }

  /** Numbers and stores the batch, and what the one before led to. @returns the new orders' hashes; null when fenced. */
  async #commit(batch: readonly Waiting[], effects: Effects): Promise<ReadonlySet<string> | null> {
    const { store, lease, clock, log } = this.#params;
    const now = this.#params.chainNow();
    const commit = ++this.#commits;
    const records: OrderRecord[] = [];
    const commands: CommandTable[] = [];
    for (const waiting of batch) {
      const { ask, market, receivedAtMs } = waiting;
      waiting.input = market.nextInput++;
      if (ask.kind === "order") {
        const place = { input: waiting.input, now, acceptedAtMs: receivedAtMs };
        records.push((ask.record = recordOf(ask.order, place)));
      } else {
        commands.push({
          condition_id: market.engine.market.conditionId,
          input: BigInt(waiting.input),
          body: JSON.stringify(ask.command),
          received_at_ms: BigInt(receivedAtMs),
        });
      }
    }
    for (let tries = 0; ; tries++) {
      try {
        const isNew = await store.transaction(async (transaction) => {
          const before = await advanceLease(transaction, lease, commit);
          // An attempt that seemed to fail was stored after all.
          if (before === commit) return findStored(transaction, records);
          const nowMs = BigInt(clock.nowMs());
          return storeBatch(transaction, { records, commands, effects, nowMs });
        });
        if (this.#state === "stalled") {
          this.#state = "running";
          log.info({ tries }, "the database takes writes again");
        }
        return isNew;
      } catch (fault) {
        if (fault instanceof FencedError) {
          this.#giveUp(fault, batch, effects);
          return null;
        }
        if (this.#state === "running") this.#state = "stalled";
        log.error(
          { err: fault, tries, inputs: batch.length },
          "a commit failed; it is tried again",
        );
        const pause = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #giveUp(fault: FencedError, batch: readonly Waiting[], effects: Effects): void {
    this.#state = "stopped";
    this.#fault = fault;
    for (const { reject } of [...batch, ...this.#queue.splice(0)]) reject(fault);
    for (const abandon of effects.abandoned) abandon(fault);
    this.#params.onFenced?.(fault);
  }

  /** Tells who sent an order that it is stored; or that the venue has had it before, and where it stands. */
  async #answer(batch: readonly Waiting[], isNew: ReadonlySet<string>): Promise<void> {
    const { clock, measure, store } = this.#params;
    const nowMs = clock.nowMs();
    const repeated: Waiting[] = [];
    for (const waiting of batch) {
      const { ask, input, receivedAtMs } = waiting;
      measure?.("store", nowMs - receivedAtMs);
      if (ask.kind !== "order") continue;
      const { hash, conditionId } = ask.order;
      if (isNew.has(hash)) ask.resolve({ hash, conditionId, input, isNew: true, state: "OPEN" });
      else repeated.push(waiting);
    }
    if (repeated.length === 0) return;
    const hashes = repeated.flatMap(({ ask }) => (ask.kind === "order" ? [ask.order.hash] : []));
    try {
      const rows = await store.db
        .selectFrom("orders")
        .select(["hash", "input", "state"])
        .where("hash", "in", hashes)
        .execute();
      const found = new Map(rows.map((row) => [row.hash, row]));
      for (const { ask, reject } of repeated) {
        if (ask.kind !== "order") continue;
        const { hash, conditionId } = ask.order;
        this.#unreserve(ask.order);
        const row = found.get(hash) as { input: bigint; state: OrderState } | undefined;
        if (row === undefined) reject(notNow("TRY_AGAIN", "the order could not be stored"));
        else
          ask.resolve({
            hash,
            conditionId,
            input: Number(row.input),
            isNew: false,
            state: row.state,
          });
      }
    } catch (fault) {
      for (const { ask, reject } of repeated) {
        if (ask.kind === "order") this.#unreserve(ask.order);
        reject(notNow("DATABASE_UNAVAILABLE", "the database does not answer now", fault));
      }
    }
  }

  /** Does the batch; what it leads to is stored by the next commit. */
  #perform(batch: readonly Waiting[], isNew: ReadonlySet<string>): void {
    const effects = this.#effects;
    const atMs = this.#params.clock.nowMs();
    const touched = new Set<MarketEngine>();
    for (const { ask, market, input, receivedAtMs, reject } of batch) {
      const { engine } = market;
      touched.add(engine);
      if (ask.kind === "order") {
        this.#arriving.delete(ask.order.hash);
        if (ask.record !== undefined && isNew.has(ask.order.hash)) {
          engine.arrive(ask.record, effects, atMs);
          effects.settled.push(() => {
            this.#params.measure?.("match", this.#params.clock.nowMs() - receivedAtMs);
          });
        }
      } else {
        const done = engine.perform(ask.command, input, effects, atMs);
        effects.settled.push(() => ask.resolve({ done }));
        effects.abandoned.push(reject);
      }
    }
    for (const engine of touched) {
      const event = engine.takeBookEvent(atMs);
      if (event !== null) effects.events.push(event);
    }
  }

  #unreserve({ hash, order }: NewOrder): void {
    if (this.#records.has(hash)) return;
    this.reservations.set(hash, order.maker, assetOf(order), 0n);
  }
}

function unknownMarket(conditionId: Hex): OperatorError {
  return new OperatorError("UNKNOWN_MARKET", `the venue trades no market ${conditionId}`, {
    status: 404,
    details: { conditionId },
  });
}

function notNow(code: string, message: string, cause?: unknown): OperatorError {
  return new OperatorError(code, message, {
    status: 503,
    retryAfterSeconds: 1,
    ...(cause === undefined ? {} : { cause }),
  });
}
