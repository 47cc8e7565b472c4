import type { Kysely } from "kysely";
import type { Database } from "../store";

/** Accounts whose order kept a match from settling: they rest for a while. */
export class CoolDown {
  readonly #lengthMs: number;
  readonly #until = new Map<string, number>();

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Begins, or begins anew. */
  add(account: string, fromMs: number): void {
    const key = account.toLowerCase();
    const until = Math.max(fromMs + this.#lengthMs, this.#until.get(key) ?? 0);
    this.#until.set(key, until);
  }

  has(account: string, nowMs: number): boolean {
    const key = account.toLowerCase();
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > nowMs) return true;
    this.#until.delete(key);
    return false;
  }

  /** Learns from the matches that failed lately: what was known before a restart. */
  async load(db: Kysely<Database>, nowMs: number): Promise<void> {
    const rows = await db
      .selectFrom("match")
      .innerJoin("orders", "orders.hash", "match.guilty_hash")
      .select(["orders.maker", "match.updated_at_ms"])
      .where("match.updated_at_ms", ">", BigInt(nowMs - this.#lengthMs))
      .execute();
    for (const { maker, updated_at_ms } of rows) this.add(maker, Number(updated_at_ms));
  }
}
