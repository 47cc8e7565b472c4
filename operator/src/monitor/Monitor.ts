import type { Connection } from "@nostra/sdk";
import type { Hex } from "@nostra/sdk/order";
import type { Alarm } from "../alerts";
import { Bus } from "../bus";
import type { Clock } from "../clock";
import { ClockAges } from "../clockAges";
import type { VenueEngine } from "../engine/VenueEngine";
import type { Heartbeats } from "../intake/Heartbeats";
import type { VenueIntake } from "../intake/VenueIntake";
import type { Log } from "../log";
import type { MarketDirectory } from "../markets/MarketDirectory";
import type { MarketTable, Store } from "../store";
import { endingOf } from "./dueMarkets";
import { Finalizer } from "./Finalizer";
import { MarketEnds } from "./MarketEnds";
import { Retention, type RetentionOptions } from "./Retention";

export interface MonitorParams {
  readonly store: Store;
  readonly engine: VenueEngine;
  readonly intake: Pick<VenueIntake, "cancelAll">;
  readonly heartbeats: Heartbeats;
  readonly markets: MarketDirectory;
  /** Where the ends of markets are announced. Default: nowhere. */
  readonly bus?: Pick<Bus, "publish">;
  readonly chainNow: () => bigint;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** Sends what finalizes a due result: an account of its own, never a lane's. Without one, due results only raise an alert. */
  readonly finalizer: Connection | null;
  /** What is kept for how long. */
  readonly retention?: RetentionOptions;
  /** Compares matches with fills, a bounded part at a time. */
  readonly reconciler?: { step(): Promise<unknown> };
  /** Milliseconds between two looks. Default 1,000. */
  readonly everyMs?: number;
}

/** Seconds after which a market that should have moved on raises an alert. */
const STUCK_AFTER = { ended: 48n * 3600n, due: 3600n, disputed: 3n * 86_400n } as const;
/** A match that is not on chain after so long raises an alert: OB-03. */
const SETTLEMENT_LAG_MS = 60_000;

/**
 * What has to happen because time passes, whoever asks: orders expire, switches go off, ended markets close, due results are
 * finalized, old rows are removed, and alerts are raised of what stands still. A look starts every chore that is not under way: one
 * that waits for a node or a lock delays no other. One that fails is logged, and the next look tries it again. The chain's time
 * decides about orders and markets, the monotonic clock about everything else; every change to a book goes through the engine.
 */
export class Monitor {
  readonly #params: MonitorParams;
  readonly #chores: Readonly<Record<string, () => Promise<unknown>>>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #ages: ClockAges;
  readonly #ends: MarketEnds;
  readonly #finalizer: Finalizer | null;
  readonly #retention: Retention;
  #timer: NodeJS.Timeout | null = null;

  constructor(params: MonitorParams) {
    const { store, engine, clock, alarm, log, finalizer, retention, reconciler } = params;
    this.#params = params;
    this.#ages = new ClockAges(clock);
    this.#ends = new MarketEnds({ engine, store, clock, bus: params.bus ?? new Bus() });
    this.#finalizer =
      finalizer === null ? null : new Finalizer({ connection: finalizer, clock, alarm, log });
    this.#retention = new Retention({ store, clock, alarm, log, ...retention });
    this.#chores = {
      expire: () => this.#expire(),
      heartbeats: () => this.#missedHeartbeats(),
      ends: () => this.#endMarkets(),
      markets: () => this.#markets(),
      settlement: () => this.#settlement(),
      retention: () => this.#retention.step(),
      ...(reconciler === undefined ? {} : { reconciliation: () => reconciler.step() }),
    };
  }

  /** Rows removed and sizes of tables, for metrics. */
  get retention(): Retention {
    return this.#retention;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), this.#params.everyMs ?? 1_000);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await Promise.all(this.#running.values());
  }

  /** One look: starts what is not under way, and resolves when all of it is done. A chore never overlaps itself. */
  async look(): Promise<void> {
    this.#ages.look();
    await Promise.all(Object.keys(this.#chores).map((chore) => this.#run(chore)));
  }

  #run(chore: string): Promise<void> {
    const running = this.#running.get(chore);
    if (running !== undefined) return running;
    const started = this.#chores[chore]!()
      .then(
        () => undefined,
        (err: unknown) => {
          this.#params.log.warn({ err, chore }, "a chore of the monitor failed; it is tried again");
        },
      )
      .finally(() => this.#running.delete(chore));
    this.#running.set(chore, started);
    return started;
  }

  async #expire(): Promise<void> {
    const { engine, chainNow } = this.#params;
    const now = chainNow();
    for (const market of engine.markets()) {
      const next = market.nextExpiration();
      if (next === null || next > now) continue;
      const { conditionId } = market.market;
      await engine.command(conditionId, { op: "expire", now });
    }
  }

  async #missedHeartbeats(): Promise<void> {
    const { heartbeats, intake, log } = this.#params;
    for (const account of heartbeats.lost()) {
      // The switch stays on until it has done its work: the engine may take nothing now.
      const orders = await intake.cancelAll(account, undefined, "HEARTBEAT");
      heartbeats.end(account);
      log.info(
        { account, orders },
        "an account sent no heartbeat in time; its orders are cancelled",
      );
    }
  }

  async #endMarkets(): Promise<void> {
    const { markets, chainNow, log } = this.#params;
    const now = chainNow();
    for (const market of markets.all()) {
      if (market.state === "OPEN" && market.end_time > now) continue;
      try {
        await this.#ends.end(market);
      } catch (err) {
        log.warn({ err, conditionId: market.condition_id }, "a market could not be ended yet");
      }
    }
  }

  async #markets(): Promise<void> {
    const { markets, chainNow } = this.#params;
    const now = chainNow();
    for (const market of markets.all()) {
      if (market.state === "OPEN" && market.end_time > now) continue;
      this.#alertIfStuck(market, now);
    }
    for (const market of markets.all()) await this.#finalizeIfDue(market, now);
  }

  async #finalizeIfDue(market: MarketTable, now: bigint): Promise<void> {
    const questionId = market.question_id as Hex;
    const ending = endingOf(market);
    if (ending === null) this.#finalizer?.forget(questionId);
    if (ending === null || ending.dueAt > now) return;
    if (this.#finalizer !== null) {
      await this.#finalizer.finalize(market, ending);
      return;
    }
    const { how } = ending;
    const data = { subject: market.condition_id, questionId, how };
    this.#params.alarm({ type: "resolution_due", severity: "MEDIUM", data });
  }

  #alertIfStuck(market: MarketTable, now: bigint): void {
    const { state, condition_id: subject, question_id: questionId } = market;
    if (state === "FINALIZED" || state === "CANCELLED") return;
    const since = {
      OPEN: market.end_time + STUCK_AFTER.ended,
      PROPOSED: (market.proposed_at ?? now) + market.dispute_window + STUCK_AFTER.due,
      DISPUTED: (market.disputed_at ?? now) + STUCK_AFTER.disputed,
    }[state];
    if (now < since) return;
    const data = { subject, questionId, state, sinceSeconds: since.toString() };
    this.#params.alarm({ type: "stuck_market", severity: "HIGH", data });
  }

  async #settlement(): Promise<void> {
    const { store, alarm } = this.#params;
    const row = await store.db
      .selectFrom("match")
      .select((eb) => [eb.fn.min("matched_at_ms").as("oldest"), eb.fn.countAll().as("count")])
      .where("state", "in", ["MATCHED", "RETRYING"])
      .executeTakeFirst();
    if (row?.oldest === undefined || row.oldest === null) return;
    const lagMs = Math.floor(this.#ages.ageMs(Number(row.oldest)));
    if (lagMs < SETTLEMENT_LAG_MS) return;
    const data = { lagMs, matches: Number(row.count) };
    alarm({ type: "settlement_lag", severity: "HIGH", data });
  }
}
