import type { Kysely } from "kysely";
import type { Clock } from "../clock";
import type { Database } from "../store";
import { RECORD_MS, restMs, type RestLength } from "./PairRests";

/** Why an account rests, and for which match: done twice for one match, it counts once. */
export interface RestCause {
  readonly matchId: string;
  readonly reason: string;
  /** Whether it cost gas. Only then is the next rest longer. */
  readonly isCostly: boolean;
  /** The rest is at least this long. */
  readonly leastMs?: number;
}

/** Accounts whose orders kept matches from settling: they rest for a while. Stored; held by the monotonic clock. */
export class CoolDown {
  readonly #clock: Clock;
  readonly #length: RestLength;
  readonly #until = new Map<string, number>();
  /** Accounts with a record of the last day: costly failures. */
  readonly #costly = new Map<string, number>();

  constructor(clock: Clock, length: RestLength) {
    this.#clock = clock;
    this.#length = length;
  }

  /** Begins, or begins again. */
  async add(db: Kysely<Database>, who: string, cause: RestCause): Promise<void> {
    const account = who.toLowerCase();
    const before = await db
      .selectFrom("account_rest")
      .selectAll()
      .where("account", "=", account)
      .executeTakeFirst();
    if (before?.match_id === cause.matchId && before.reason === cause.reason) {
      this.#hold(account, Number(before.length_ms), before.times);
      return;
    }
    const times = (before?.times ?? 0) + (cause.isCostly ? 1 : 0);
    const lengthMs = Math.max(restMs(this.#length, Math.max(times, 1)), cause.leastMs ?? 0);
    const row = {
      ...{ times, reason: cause.reason, match_id: cause.matchId, length_ms: BigInt(lengthMs) },
      updated_at_ms: BigInt(this.#clock.nowMs()),
    };
    await db
      .insertInto("account_rest")
      .values({ account, ...row })
      .onConflict((conflict) => conflict.column("account").doUpdateSet(row))
      .execute();
    this.#hold(account, lengthMs, times);
  }

  has(who: string): boolean {
    const account = who.toLowerCase();
    const until = this.#until.get(account);
    if (until === undefined) return false;
    if (until > this.#clock.monotonicMs()) return true;
    this.#until.delete(account);
    return false;
  }

  /** True when an order of it made a transaction fail in the last day: its matches stand last. */
  hasRecord(who: string): boolean {
    const account = who.toLowerCase();
    const until = this.#costly.get(account);
    if (until === undefined) return false;
    if (until > this.#clock.monotonicMs()) return true;
    this.#costly.delete(account);
    return false;
  }

  /** What was known before a restart. Rests are never longer than they would be by the present settings. */
  async load(db: Kysely<Database>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const rows = await db
      .selectFrom("account_rest")
      .selectAll()
      .where("updated_at_ms", ">", BigInt(nowMs - RECORD_MS - this.#length.mostMs))
      .execute();
    for (const { account, times, length_ms, updated_at_ms } of rows) {
      const ageMs = Math.max(0, nowMs - Number(updated_at_ms));
      const lengthMs = Math.min(Number(length_ms), restMs(this.#length, Math.max(times, 1)));
      this.#hold(account, lengthMs - ageMs, times, ageMs);
    }
  }

  /** Removes rows whose rest has been over for a day. */
  async prune(db: Kysely<Database>): Promise<void> {
    const before = BigInt(this.#clock.nowMs() - RECORD_MS - this.#length.mostMs);
    await db.deleteFrom("account_rest").where("updated_at_ms", "<", before).execute();
  }

  #hold(account: string, lengthMs: number, times: number, ageMs = 0): void {
    const nowMs = this.#clock.monotonicMs();
    if (times > 0) this.#costly.set(account, nowMs + RECORD_MS - ageMs);
    if (lengthMs <= 0) return;
    this.#until.set(account, Math.max(nowMs + lengthMs, this.#until.get(account) ?? 0));
  }
}
