import type { OrderBook } from "@nostra/sdk/matcher";
import type { Address, Hex } from "@nostra/sdk/order";
import { CompiledQuery, type Selectable } from "kysely";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import { FencedError, OperatorError } from "../errors";
import type { Log } from "../log";
import { leasePosition, named, type Lease, type OrdersTable, type Store } from "../store";
import { AccountWork } from "./AccountWork";
import type { CancelReason, Command } from "./commands";
import { Effects } from "./Effects";
import type { Accepted, Engine, NewOrder } from "./Engine";
import { loadMarkets } from "./loadMarkets";
import { MarketEngine, type MatchingRules, type VenueMarket } from "./MarketEngine";
import { assetOf, recordOf, type OrderRecord } from "./OrderRecord";
import { OrderRecords } from "./OrderRecords";
import { Reservations } from "./Reservations";
import type { RestingPairs } from "./RestingPairs";
import { storeStatement } from "./storeStatement";

export interface VenueEngineParams {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** The chain's present second: what orders die by. */
  readonly chainNow: () => bigint;
  readonly lease: Lease;
  readonly rules: MatchingRules;
  /** Which accounts are not matched with each other now. Default: none. */
  readonly pairs?: RestingPairs;
  readonly log: Log;
  readonly keccak256?: (bytes: Uint8Array) => Uint8Array;
  /** The most inputs one commit takes. Default 512. */
  readonly maxBatch?: number;
  /** Inputs that may wait for a commit before more are refused. Default 20,000. */
  readonly maxWaiting?: number;
  /** The engine takes nothing any more: another process is the writer (FencedError), or memory cannot be trusted. */
  readonly onGivenUp?: (fault: OperatorError) => void;
  /** What an order took from its arrival to being stored with all that it led to. */
  readonly measure?: (milliseconds: number) => void;
}

/** An input that came, in the order of arrival. */
type Waiting = {
  readonly market: OpenMarket;
  /** By the wall clock, for the order's row; and by the monotonic one, to measure by. */
  readonly receivedAtMs: number;
  readonly arrivedMs: number;
} & (
  | {
      readonly kind: "order";
      readonly order: NewOrder;
      readonly resolve: (accepted: Accepted) => void;
      readonly reject: (fault: unknown) => void;
    }
  | {
      readonly kind: "command";
      readonly command: Command;
      readonly resolve: (result: { readonly done: boolean }) => void;
      readonly reject: (fault: unknown) => void;
    }
);

interface OpenMarket {
  readonly engine: MarketEngine;
  nextInput: number;
}

type StoredOrder = Pick<Selectable<OrdersTable>, "input" | "state">;

/** PostgreSQL's code for it. */
const UNIQUE_VIOLATION = "23505";

const FIND_ORDERS = named(
  "find_orders",
  "select hash, input, state from orders where hash = any($1::text[])",
);

/** How many cancels of one wish may wait at a time. */
const MAX_TAKEN_OUT_AT_ONCE = 256;

const RETRY_MS = [20, 50, 100, 200, 500, 1_000];

/**
 * The one writer of all books. Inputs wait in a queue until the database has said which of their orders it knows; then they are done
 * in memory, in their order; then one commit stores them with all that they led to, and only then is anybody told (rule O1). One
 * commit is in flight at a time. Whatever is done meanwhile goes into the next one.
 *
 * - running: what waits is done and stored.
 * - stalled: the database failed. The commit is tried again as it was until it succeeds, for it may have been stored and only its
 *   answer lost; meanwhile new inputs are refused, and those that wait go on waiting.
 * - stopped: by `stop`, after what waits is done and stored; or given up, when another process has taken over or memory cannot be
 *   trusted any more: then what waits is refused, and a new process goes on from what is stored.
 */
export class VenueEngine implements Engine {
  readonly reservations = new Reservations();
  readonly work: AccountWork;
  readonly #params: VenueEngineParams;
  readonly #markets = new Map<Hex, OpenMarket>();
  /** Orders that are open, or in matches that may fail. */
  readonly #records = new OrderRecords();
  /** Orders that came and are not stored yet, by hash. */
  readonly #arriving = new Map<
    Hex,
    { readonly order: NewOrder; readonly accepted: Promise<Accepted> }
  >();
  #queue: Waiting[] = [];
  /** What was done since the last commit was made up. */
  #effects = new Effects();
  #doing: Promise<void> | null = null;
  #storing: Promise<void> | null = null;
  /** Goes on with doing when a commit has made room. */
  #makeRoom: () => void = () => undefined;
  #state: "running" | "stalled" | "stopped" = "running";
  #fault: OperatorError | null = null;
  /** How many commits there were, over all processes. */
  #commits = 0n;

  private constructor(params: VenueEngineParams) {
    this.#params = params;
    this.work = new AccountWork(() => params.clock.monotonicMs());
  }

  /** Rebuilds every book from the database. */
  static async start(params: VenueEngineParams): Promise<VenueEngine> {
    const engine = new VenueEngine(params);
    engine.#commits = await leasePosition(params.store.db, params.lease);
    const loaded = await loadMarkets(params.store, engine.#shared());
    for (const { engine: market, nextInput } of loaded) {
      engine.#markets.set(market.market.conditionId, { engine: market, nextInput });
    }
    await engine.#retirePrivateOrders();
    return engine;
  }

  /** Orders that name their counterparty are depth that nobody else can take. The venue took them in once: it takes them out. */
  async #retirePrivateOrders(): Promise<void> {
    const found = [...this.openOrders()].filter(({ order }) => BigInt(order.taker) !== 0n);
    if (found.length === 0) return;
    this.#params.log.warn(
      { orders: found.length },
      "orders that name a counterparty are cancelled",
    );
    await this.takeOut(found, "TAKER_NOT_ZERO");
    await this.idle();
  }

  #shared() {
    const { rules, pairs, keccak256 } = this.#params;
    return {
      rules,
      work: this.work,
      ...(pairs === undefined ? {} : { pairs }),
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
    this.#store();
    await this.idle();
  }

  submit(order: NewOrder): Promise<Accepted> {
    const { hash, conditionId } = order;
    const known = this.known(hash);
    if (known !== undefined) return known;
    const accepted = this.#enqueue<Accepted>(conditionId, (asked) => {
      return { ...asked, kind: "order", order };
    });
    // From here on it counts, whatever else arrives while it is being stored.
    this.reservations.set(hash, order.order.maker, assetOf(order.order), order.order.makerAmount);
    this.#arriving.set(hash, { order, accepted });
    this.work.openOrders.hold(hash, order.order.maker, conditionId);
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
    return this.#enqueue(conditionId, (asked) => ({ ...asked, kind: "command", command }));
  }

  /**
   * Cancels orders, a part of them after the other, so that many of one account leave room in the queue for those of others.
   * @returns how many were taken out.
   */
  async takeOut(
    orders: Iterable<Pick<NewOrder, "conditionId" | "hash">>,
    reason: CancelReason,
  ): Promise<number> {
    const all = [...orders];
    let taken = 0;
    for (let i = 0; i < all.length; i += MAX_TAKEN_OUT_AT_ONCE) {
      const asked = all.slice(i, i + MAX_TAKEN_OUT_AT_ONCE).map(({ conditionId, hash }) => {
        return this.command(conditionId, { op: "cancel", hash, reason });
      });
      for (const { done } of await Promise.all(asked)) if (done) taken += 1;
    }
    return taken;
  }

  /** Cancels all that rests in a market, a part after the other. @returns how many orders were taken out. */
  async closeBook(conditionId: Hex, reason: CancelReason): Promise<number> {
    const market = this.market(conditionId);
    let taken = 0;
    for (;;) {
      const some = market?.someResting(MAX_TAKEN_OUT_AT_ONCE) ?? [];
      if (some.length === 0) return taken;
      taken += await this.takeOut(some, reason);
    }
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

  /** The orders of an account that came and are not done: a command given now is done after them. */
  *arrivingOrders(account: Address): Generator<NewOrder> {
    const wanted = account.toLowerCase();
    for (const { order } of this.#arriving.values()) {
      const isDone = this.#records.has(order.hash);
      if (!isDone && order.order.maker.toLowerCase() === wanted) yield order;
    }
  }

  /** An order that came and is not stored. */
  arrivingOrder(hash: Hex): NewOrder | undefined {
    return this.#arriving.get(hash)?.order;
  }

  /** How many inputs wait to be done. */
  get waiting(): number {
    return this.#queue.length;
  }

  get state(): "running" | "stalled" | "stopped" {
    return this.#state;
  }

  /** Resolves when nothing waits and everything is stored and told. */
  async idle(): Promise<void> {
    while (this.#doing !== null || this.#storing !== null) {
      await this.#doing;
      await this.#storing;
    }
    if (this.#fault !== null) throw this.#fault;
  }

  /** Takes nothing more, and resolves when what waits is done and stored. */
  async stop(): Promise<void> {
    const gaveUp = this.#fault !== null;
    this.#state = "stopped";
    await this.idle().catch((fault: unknown) => {
      if (!gaveUp) throw fault;
    });
  }

  // ------------------------------------------------------------------------------------------ coming

  #enqueue<Result>(
    conditionId: Hex,
    make: (
      asked: Pick<Waiting, "market" | "receivedAtMs" | "arrivedMs" | "reject"> & {
        readonly resolve: (result: Result) => void;
      },
    ) => Waiting,
  ): Promise<Result> {
    const market = this.#markets.get(conditionId);
    if (market === undefined) return Promise.reject(unknownMarket(conditionId));
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise<Result>((resolve, reject) => {
      const { clock } = this.#params;
      const [receivedAtMs, arrivedMs] = [clock.nowMs(), clock.monotonicMs()];
      this.#queue.push(make({ market, receivedAtMs, arrivedMs, resolve, reject }));
      this.#do();
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

  // ------------------------------------------------------------------------------------------ doing

  #do(): void {
    this.#doing ??= this.#doWhatWaits().finally(() => {
      this.#doing = null;
      if (this.#queue.length > 0) this.#do();
    });
  }

  async #doWhatWaits(): Promise<void> {
    // Let what arrives in the same turn share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    const most = this.#params.maxBatch ?? 512;
    while (this.#queue.length > 0) {
      const room = most - this.#effects.inputs;
      if (room <= 0) {
        await new Promise<void>((resolve) => (this.#makeRoom = resolve));
        continue;
      }
      const batch = this.#queue.splice(0, room);
      try {
        const stored = await this.#findStored(batch);
        if (this.#fault !== null) throw this.#fault;
        this.#perform(batch, stored);
      } catch (fault) {
        this.#giveUp(brokenBy(fault));
        for (const { reject } of batch) reject(this.#fault);
        return;
      }
      this.#store();
    }
  }

  /** The orders of a batch that the venue has had before, and is done with. */
  async #findStored(batch: readonly Waiting[]): Promise<ReadonlyMap<string, StoredOrder>> {
    const hashes = batch.flatMap((asked) => (asked.kind === "order" ? [asked.order.hash] : []));
    if (hashes.length === 0) return new Map();
    const find = CompiledQuery.raw(FIND_ORDERS, [`{${hashes.join()}}`]);
    const rows = await this.#untilItWorks("a look for orders", batch.length, () =>
      this.#params.store.prepared(find as CompiledQuery<StoredOrder & { hash: string }>),
    );
    return new Map(rows.map((row) => [row.hash, row]));
  }

  /** Does a batch in memory. */
  #perform(batch: readonly Waiting[], stored: ReadonlyMap<string, StoredOrder>): void {
    const effects = this.#effects;
    const { clock, measure } = this.#params;
    const atMs = clock.nowMs();
    const now = this.#params.chainNow();
    const touched = new Set<MarketEngine>();
    const goesOn: Waiting[] = [];
    for (const asked of batch) {
      const { market, receivedAtMs, arrivedMs } = asked;
      const { engine } = market;
      if (asked.kind === "command") {
        const { command } = asked;
        const done = engine.perform(command, market.nextInput++, now, effects, atMs);
        // What is more than one input may do is done by more of them, behind what waits.
        if (command.op === "expire" && engine.hasDead(command.now)) this.#queue.push(asked);
        else effects.settled.push(() => asked.resolve({ done }));
      } else {
        const { hash, conditionId } = asked.order;
        const had = stored.get(hash);
        if (had !== undefined) {
          this.#repeat(asked.order, had, asked.resolve);
          continue;
        }
        const input = market.nextInput++;
        engine.arrive(
          recordOf(asked.order, { input, acceptedAtMs: receivedAtMs }),
          now,
          effects,
          atMs,
        );
        effects.settled.push(() => {
          this.#arriving.delete(hash);
          asked.resolve({ hash, conditionId, input, isNew: true, state: "OPEN" });
          measure?.(clock.monotonicMs() - arrivedMs);
        });
      }
      effects.abandoned.push(asked.reject);
      effects.inputs += 1;
      touched.add(engine);
      for (const stopped of engine.takeStopped()) goesOn.push(this.#goOn(market, stopped, now));
    }
    // Before what waits, or orders behind it would trade first.
    if (goesOn.length > 0) this.#queue.unshift(...goesOn);
    for (const engine of touched) {
      const event = engine.takeBookEvent(atMs);
      if (event !== null) effects.events.push(event);
    }
  }

  #goOn(market: OpenMarket, hash: Hex, now: bigint): Waiting {
    const { clock } = this.#params;
    return {
      ...{ market, receivedAtMs: clock.nowMs(), arrivedMs: clock.monotonicMs(), kind: "command" },
      command: { op: "rematch", hash, now },
      resolve: () => undefined,
      reject: () => undefined,
    };
  }

  /** An order that is over came again: its sender is told where it stands. */
  #repeat(order: NewOrder, { input, state }: StoredOrder, resolve: (told: Accepted) => void): void {
    const { hash, conditionId } = order;
    this.#arriving.delete(hash);
    this.#unreserve(order);
    resolve({ hash, conditionId, input: Number(input), isNew: false, state });
  }

  // ------------------------------------------------------------------------------------------ storing

  #store(): void {
    this.#storing ??= this.#storeWhatIsDone().finally(() => {
      this.#storing = null;
      if (this.#fault === null && !this.#effects.isEmpty) this.#store();
    });
  }

  async #storeWhatIsDone(): Promise<void> {
    while (this.#fault === null && !this.#effects.isEmpty) {
      const effects = this.#effects;
      this.#effects = new Effects();
      this.#makeRoom();
      try {
        await this.#commit(effects);
      } catch (fault) {
        this.#giveUp(fault instanceof FencedError ? fault : brokenBy(fault));
        // None of it was told.
        for (const abandon of effects.abandoned) abandon(this.#fault);
        return;
      }
      for (const event of effects.events) this.#params.bus.publish(event);
      for (const settled of effects.settled) settled();
    }
  }

  async #commit(effects: Effects): Promise<void> {
    const { store, lease } = this.#params;
    const statement = storeStatement(effects, lease, ++this.#commits);
    await this.#untilItWorks("a commit", effects.inputs, async () => {
      const { length } = await store.prepared(statement);
      if (length === 0) throw new FencedError(lease.name);
    });
  }

  /** Asks the database again and again until it answers. @throws FencedError, or what no repeating will mend. */
  async #untilItWorks<Value>(
    what: string,
    inputs: number,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const { log } = this.#params;
    for (let tries = 0; ; tries++) {
      try {
        const value = await ask();
        if (tries > 0) {
          if (this.#state === "stalled") this.#state = "running";
          log.info({ tries }, "the database works again");
        }
        return value;
      } catch (fault) {
        if (fault instanceof FencedError || isContradiction(fault) || this.#fault !== null)
          throw fault;
        if (this.#state === "running") this.#state = "stalled";
        log.error({ err: fault, tries, inputs }, `${what} failed; it is tried again`);
        const pause = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #giveUp(fault: OperatorError): void {
    if (this.#fault !== null) return;
    this.#state = "stopped";
    this.#fault = fault;
    this.#makeRoom();
    const { abandoned } = this.#effects;
    for (const { reject } of this.#queue.splice(0)) reject(fault);
    for (const abandon of abandoned.splice(0)) abandon(fault);
    this.#params.onGivenUp?.(fault);
  }

  #unreserve({ hash, order }: NewOrder): void {
    if (this.#records.has(hash)) return;
    this.reservations.set(hash, order.maker, assetOf(order), 0n);
    this.work.openOrders.release(hash);
  }
}

/** A row that is there already: what is in memory is not what is stored. */
function isContradiction(fault: unknown): boolean {
  return (fault as { readonly code?: unknown } | null)?.code === UNIQUE_VIOLATION;
}

function brokenBy(cause: unknown): OperatorError {
  const message = "the books in memory cannot be trusted any more; what is stored is whole";
  return new OperatorError("ENGINE_BROKEN", message, { status: 503, retryAfterSeconds: 5, cause });
}

function unknownMarket(conditionId: Hex): OperatorError {
  return new OperatorError("UNKNOWN_MARKET", `the venue trades no market ${conditionId}`, {
    status: 404,
    details: { conditionId },
  });
}

function notNow(code: string, message: string): OperatorError {
  return new OperatorError(code, message, { status: 503, retryAfterSeconds: 1 });
}
