import type { Kysely } from "kysely";
import type { Clock } from "../clock";
import type { Database } from "../store";

export const HOUR_MS = 3_600_000;

/** Gas that an attempt burnt for nothing, and whom it is charged to: the guilty account, or all of the match when none is named. */
export interface Charge {
  readonly settlementId: bigint;
  readonly matchId: string;
  readonly accounts: readonly string[];
  readonly gas: bigint;
  readonly reason: string;
  readonly isGuilty: boolean;
}

interface Entry {
  readonly atMs: number;
  readonly gas: bigint;
}

/**
 * What failed attempts cost in the last hour, by account and in all. An account over its budget has one match out at a time, and
 * after one that comes to nothing none for a pause: that bounds what any account can cost, whoever it makes look guilty.
 */
export class GasBudget {
  readonly #clock: Clock;
  readonly #perHour: bigint;
  readonly #pauseMs: number;
  readonly #byAccount = new Map<string, Entry[]>();
  #all: Entry[] = [];

  constructor(clock: Clock, perHour: bigint, pauseMs: number) {
    this.#clock = clock;
    this.#perHour = perHour;
    this.#pauseMs = pauseMs;
  }

  add({ accounts, gas }: Pick<Charge, "accounts" | "gas">, ageMs = 0): void {
    const atMs = this.#clock.monotonicMs() - ageMs;
    this.#all.push({ atMs, gas });
    for (const account of accounts) {
      const entries = this.#byAccount.get(account) ?? [];
      entries.push({ atMs, gas });
      this.#byAccount.set(account, entries);
    }
  }

  /** Gas charged to the account in the last hour. */
  of(account: string): bigint {
    return sum(this.#recent(account));
  }

  /** Gas that failed attempts burnt in the last hour. */
  total(): bigint {
    const since = this.#clock.monotonicMs() - HOUR_MS;
    this.#all = this.#all.filter(({ atMs }) => atMs > since);
    return sum(this.#all);
  }

  isOver(account: string): boolean {
    return this.of(account) >= this.#perHour;
  }

  /** True while an account over its budget is not to have another attempt. */
  isPaused(account: string): boolean {
    const last = this.#recent(account).at(-1);
    return (
      last !== undefined &&
      this.isOver(account) &&
      this.#clock.monotonicMs() - last.atMs < this.#pauseMs
    );
  }

  async load(db: Kysely<Database>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const rows = await db
      .selectFrom("fruitless_charge")
      .selectAll()
      .where("at_ms", ">", BigInt(nowMs - HOUR_MS))
      .orderBy("at_ms")
      .execute();
    const attempts = new Map<string, { accounts: string[]; gas: bigint; ageMs: number }>();
    for (const { settlement_id, match_id, account, gas, at_ms } of rows) {
      const key = `${settlement_id} ${match_id}`;
      const ageMs = Math.max(0, nowMs - Number(at_ms));
      const attempt = attempts.get(key) ?? { accounts: [], gas, ageMs };
      attempt.accounts.push(account);
      attempts.set(key, attempt);
    }
    for (const { ageMs, ...attempt } of attempts.values()) this.add(attempt, ageMs);
  }

  #recent(account: string): readonly Entry[] {
    const entries = this.#byAccount.get(account);
    if (entries === undefined) return [];
    const since = this.#clock.monotonicMs() - HOUR_MS;
    while (entries[0] !== undefined && entries[0].atMs <= since) entries.shift();
    if (entries.length === 0) this.#byAccount.delete(account);
    return entries;
  }
}

function sum(entries: readonly Entry[]): bigint {
  return entries.reduce((total, { gas }) => total + gas, 0n);
}
