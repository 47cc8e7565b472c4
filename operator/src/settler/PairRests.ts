import type { Kysely } from "kysely";
import type { Clock } from "../clock";
import type { Database } from "../store";
import { accountsOf } from "./readMatches";
import type { Address, StoredMatch } from "./types";

/** Which accounts an account is not to be matched with for the moment. */
export interface RestingPairs {
  partnersOf(account: Address): readonly Address[];
}

/** Rests remembered at once. Beyond it the one that ends first is forgotten. */
const MAX_PAIRS = 20_000;
/** How long after a rest the next one is still twice as long, and fruitless matches are held against an account. */
export const RECORD_MS = 24 * 3_600_000;

export interface RestLength {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** How long the nth rest is: each twice as long as the last. */
export function restMs({ firstMs, mostMs }: RestLength, times: number): number {
  return Math.min(firstMs * 2 ** Math.min(times - 1, 30), mostMs);
}

/**
 * Pairs of accounts whose matches came to nothing with no order to blame: they are not matched with each other for a growing
 * time. Stored, so that a restart forgets none; held by the monotonic clock.
 */
export class PairRests implements RestingPairs {
  readonly #clock: Clock;
  readonly #length: RestLength;
  /** Until when, by account and partner, both ways. */
  readonly #until = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(clock: Clock, length: RestLength) {
    this.#clock = clock;
    this.#length = length;
  }

  partnersOf(account: Address): readonly Address[] {
    const partners = this.#until.get(account.toLowerCase());
    if (partners === undefined) return [];
    const nowMs = this.#clock.monotonicMs();
    const resting: Address[] = [];
    for (const [partner, until] of partners) {
      if (until > nowMs) resting.push(partner as Address);
      else this.#forget(account.toLowerCase(), partner);
    }
    return resting;
  }

  async load(db: Kysely<Database>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const rows = await db
      .selectFrom("pair_rest")
      .selectAll()
      .where("updated_at_ms", ">", BigInt(nowMs - this.#length.mostMs))
      .orderBy("updated_at_ms", "desc")
      .limit(MAX_PAIRS)
      .execute();
    for (const { account, partner, length_ms, updated_at_ms } of rows) {
      const ageMs = Math.max(0, nowMs - Number(updated_at_ms));
      this.#hold(account, partner, Number(length_ms) - ageMs);
    }
  }

  /**
   * Begins a rest for every pair of a match that is given up. Done twice for a match, it counts once.
   * @param isHeldAgainst Whether it is a fruitless match, of which the rule for accounts asks.
   */
  async add(
    db: Kysely<Database>,
    match: StoredMatch,
    pairs: readonly (readonly [string, string])[],
    isHeldAgainst: boolean,
  ): Promise<void> {
    const nowMs = this.#clock.nowMs();
    for (const [one, other] of pairs) {
      const [account, partner] = one < other ? [one, other] : [other, one];
      const before = await db
        .selectFrom("pair_rest")
        .selectAll()
        .where("account", "=", account)
        .where("partner", "=", partner)
        .executeTakeFirst();
      if (before?.match_id !== match.id) {
        const times = (before?.times ?? 0) + 1;
        const row = {
          ...{ fruitless: (before?.fruitless ?? 0) + (isHeldAgainst ? 1 : 0), times },
          ...{ match_id: match.id, length_ms: BigInt(restMs(this.#length, times)) },
          updated_at_ms: BigInt(nowMs),
        };
        await db
          .insertInto("pair_rest")
          .values({ account, partner, ...row })
          .onConflict((conflict) => conflict.columns(["account", "partner"]).doUpdateSet(row))
          .execute();
      }
      this.#hold(account, partner, restMs(this.#length, (before?.times ?? 0) + 1));
    }
  }

  /** Removes rows whose rest has been over for a day. */
  async prune(db: Kysely<Database>): Promise<void> {
    const before = BigInt(this.#clock.nowMs() - RECORD_MS - this.#length.mostMs);
    await db.deleteFrom("pair_rest").where("updated_at_ms", "<", before).execute();
  }

  #hold(account: string, partner: string, lengthMs: number): void {
    if (lengthMs <= 0) return;
    const until = this.#clock.monotonicMs() + lengthMs;
    if (this.#count >= MAX_PAIRS) this.#forgetFirst();
    if (this.#until.get(account)?.has(partner) !== true) this.#count += 1;
    this.#set(account, partner, until);
    this.#set(partner, account, until);
  }

  #set(account: string, partner: string, until: number): void {
    const partners = this.#until.get(account) ?? new Map<string, number>();
    partners.set(partner, Math.max(until, partners.get(partner) ?? 0));
    this.#until.set(account, partners);
  }

  #forgetFirst(): void {
    let first: readonly [string, string, number] | undefined;
    for (const [account, partners] of this.#until) {
      for (const [partner, until] of partners) {
        if (first === undefined || until < first[2]) first = [account, partner, until];
      }
    }
    if (first !== undefined) this.#forget(first[0], first[1]);
  }

  #forget(account: string, partner: string): void {
    for (const [one, other] of [
      [account, partner],
      [partner, account],
    ] as const) {
      const partners = this.#until.get(one);
      partners?.delete(other);
      if (partners?.size === 0) this.#until.delete(one);
    }
    this.#count -= 1;
  }
}

/** The taker's account with each maker's: whoever of them it was, these do not meet again. */
export function pairsOf(match: StoredMatch): readonly (readonly [string, string])[] {
  const taker = match.taker.order.maker.toLowerCase();
  const others = new Set(accountsOf(match));
  others.delete(taker);
  return [...others].map((maker) => [taker, maker] as const);
}
