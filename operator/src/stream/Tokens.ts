import type { Clock } from "../clock";
import { takeTokens, type Bucket, type Limit } from "../http/limits/TokenBucket";

/** A bucket of tokens of one connection, and of all of its address: taking needs both. At once, with nothing to wait for. */
export class Tokens {
  readonly #limit: Limit;
  readonly #clock: Clock;
  readonly #parent: Tokens | undefined;
  readonly #bucket: Bucket;

  constructor(limit: Limit, clock: Clock, parent?: Tokens) {
    this.#limit = limit;
    this.#clock = clock;
    this.#parent = parent;
    this.#bucket = { level: limit.count, atMs: clock.monotonicMs() };
  }

  /** @returns false when there are too few. */
  take(cost: number): boolean {
    const isOwn = takeTokens(this.#bucket, this.#limit, cost, this.#clock.monotonicMs()).allowed;
    return isOwn && (this.#parent?.take(cost) ?? true);
  }
}
