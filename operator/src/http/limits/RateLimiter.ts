import type { Clock } from "../../clock";
import { takeTokens, type Bucket, type Limit, type Verdict } from "./TokenBucket";

/** Counts what each key does. */
export interface RateLimiter {
  /** Takes `cost` tokens of a key's bucket. */
  take(key: string, limit: Limit, cost?: number): Verdict | Promise<Verdict>;
}

/** Buckets kept at once; beyond it the oldest go, full ones first. A bucket takes about 100 bytes. */
const MOST_BUCKETS = 100_000;

/** The buckets of one process. */
export class MemoryLimiter implements RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Clock;
  readonly #most: number;

  constructor(clock: Clock, most = MOST_BUCKETS) {
    this.#clock = clock;
    this.#most = most;
  }

  take(key: string, limit: Limit, cost = 1): Verdict {
    const nowMs = this.#clock.monotonicMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#most) this.#makeRoom(limit, nowMs);
      bucket = { level: limit.count, atMs: nowMs };
      this.#buckets.set(key, bucket);
    }
    return takeTokens(bucket, limit, cost, nowMs);
  }

  /** Gives `refund` back to a key, then brings what it has left down to `level`: elsewhere it was charged too. */
  settle(key: string, level: number, refund: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.level = Math.min(bucket.level + refund, level);
  }

  /** Drops a tenth: of those untouched for longest, for they are full or nearly so. */
  #makeRoom(limit: Limit, nowMs: number): void {
    for (const [key, { atMs }] of this.#buckets) {
      if (nowMs - atMs >= limit.seconds * 1000) this.#buckets.delete(key);
    }
    const surplus = this.#buckets.size - Math.floor(this.#most * 0.9);
    const oldest = [...this.#buckets].sort(([, a], [, b]) => a.atMs - b.atMs);
    for (const [key] of oldest.slice(0, Math.max(0, surplus))) this.#buckets.delete(key);
  }
}
