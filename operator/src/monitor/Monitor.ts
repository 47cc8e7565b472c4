import { finalizeResolution } from "@nostra/sdk/actions";
import type { Connection } from "@nostra/sdk";
import type { Hex } from "@nostra/sdk/order";
import type { Alarm } from "../alerts";
import type { Clock } from "../clock";
import type { VenueEngine } from "../engine/VenueEngine";
import type { Heartbeats } from "../intake/Heartbeats";
import type { VenueIntake } from "../intake/VenueIntake";
import type { Log } from "../log";
import type { MarketDirectory } from "../markets/MarketDirectory";
import type { MarketTable, Store } from "../store";

export interface MonitorParams {
  readonly store: Store;
  readonly engine: VenueEngine;
  readonly intake: Pick<VenueIntake, "cancelAll">;
  readonly heartbeats: Heartbeats;
  readonly markets: MarketDirectory;
  readonly chainNow: () => bigint;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** Sends what finalizes a due result: an account of its own, never a lane's. Without one, due results are only told of. */
  readonly finalizer: Connection | null;
  /** Milliseconds between two looks. Default 1,000. */
  readonly everyMs?: number;
}

/** Seconds after which a market that should have moved on is told of. */
const STUCK_AFTER = { ended: 48n * 3600n, due: 3600n, disputed: 3n * 86_400n } as const;
/** How long followers can ask for what they missed. */
const OUTBOX_MS = 7 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
/** How long a finalization that was sent may stay unseen before it is sent again. */
const RESEND_MS = 60_000;
/** A match that is not on chain after so long is told of: OB-03. */
const SETTLEMENT_LAG_MS = 60_000;

/**
 * What has to happen because time passes, whoever asks: orders expire, switches go off, ended markets close, due results are
 * finalized, and people are told of what stands still. Each look does all of it once; one that fails is logged, and the next one
 * tries again. The chain's time decides, and every change to a book goes through the engine.
 */
export class Monitor {
  readonly #params: MonitorParams;
  /** When the finalization of a question was last sent. */
  readonly #sent = new Map<Hex, number>();
  #prunedAtMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(params: MonitorParams) {
    this.#params = params;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), this.#params.everyMs ?? 1_000);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  /** One look; looks do not overlap. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const chores = {
      expire: () => this.#expire(),
      heartbeats: () => this.#missedHeartbeats(),
      markets: () => this.#markets(),
      settlement: () => this.#settlement(),
      outbox: () => this.#prune(),
    };
    for (const [chore, work] of Object.entries(chores)) {
      try {
        await work();
      } catch (err) {
        this.#params.log.warn({ err, chore }, "a chore of the monitor failed; it is tried again");
      }
    }
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
        "an account was not heard of in time; its orders are cancelled",
      );
    }
  }

  async #markets(): Promise<void> {
    const { markets, chainNow } = this.#params;
    const now = chainNow();
    for (const market of markets.all()) {
      if (market.state === "OPEN" && market.end_time > now) continue;
      await this.#closeBook(market);
      if (market.state === "PROPOSED") await this.#finalizeIfDue(market, now);
      this.#tellIfStuck(market, now);
    }
  }

  async #closeBook({ condition_id }: MarketTable): Promise<void> {
    const { engine } = this.#params;
    const conditionId = condition_id as Hex;
    const book = engine.book(conditionId);
    if (book === undefined || book.size === 0) return;
    await engine.closeBook(conditionId, "MARKET_ENDED");
  }

  async #finalizeIfDue(market: MarketTable, now: bigint): Promise<void> {
    const due = dueAt(market);
    if (due === null || due > now) return;
    const { finalizer, clock, alarm, log } = this.#params;
    const questionId = market.question_id as Hex;
    const subject = market.condition_id;
    if (finalizer === null) {
      alarm({ type: "resolution_due", severity: "MEDIUM", data: { subject, questionId } });
      return;
    }
    const last = this.#sent.get(questionId);
    if (last !== undefined && clock.nowMs() - last < RESEND_MS) return;
    this.#sent.set(questionId, clock.nowMs());
    try {
      const sent = await finalizeResolution(finalizer, { questionId }).send();
      log.info({ questionId, hash: sent.hash }, "finalized a result that was due");
    } catch (err) {
      log.warn({ err, questionId }, "a result that is due could not be finalized");
      alarm({ type: "state_transition_failure", severity: "HIGH", data: { subject, questionId } });
    }
  }

  #tellIfStuck(market: MarketTable, now: bigint): void {
    const since = {
      OPEN: market.end_time + STUCK_AFTER.ended,
      PROPOSED: (dueAt(market) ?? now) + STUCK_AFTER.due,
      DISPUTED: (market.disputed_at ?? now) + STUCK_AFTER.disputed,
    };
    const { state, condition_id: subject, question_id: questionId } = market;
    if (state === "FINALIZED" || state === "CANCELLED" || now < since[state]) return;
    const data = { subject, questionId, state, sinceSeconds: since[state].toString() };
    this.#params.alarm({ type: "stuck_market", severity: "HIGH", data });
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#params;
    const nowMs = clock.nowMs();
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    const oldest = BigInt(nowMs - OUTBOX_MS);
    await store.db.deleteFrom("outbox").where("at_ms", "<", oldest).execute();
    this.#prunedAtMs = nowMs;
  }

  async #settlement(): Promise<void> {
    const { store, clock, alarm } = this.#params;
    const row = await store.db
      .selectFrom("match")
      .select((eb) => [eb.fn.min("matched_at_ms").as("oldest"), eb.fn.countAll().as("count")])
      .where("state", "in", ["MATCHED", "RETRYING"])
      .executeTakeFirst();
    if (row?.oldest === undefined || row.oldest === null) return;
    const lagMs = clock.nowMs() - Number(row.oldest);
    if (lagMs < SETTLEMENT_LAG_MS) return;
    const data = { lagMs, matches: Number(row.count) };
    alarm({ type: "settlement_lag", severity: "HIGH", data });
  }
}

/** From when on a proposed result may be finalized. */
function dueAt({ proposed_at, dispute_window }: MarketTable): bigint | null {
  return proposed_at === null ? null : proposed_at + dispute_window;
}
