import type { Clock } from "../../clock";

/** Remembers for a moment what was read, so that a busy client costs the database a query a second and not one a request. */
export class Remembered<Value> {
  readonly #values = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  readonly #clock: Clock;
  readonly #forMs: number;
  readonly #most: number;

  constructor(clock: Clock, forMs: number, most = 10_000) {
    this.#clock = clock;
    this.#forMs = forMs;
    this.#most = most;
  }

  async get(key: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    if (known !== undefined && known.untilMs > this.#clock.monotonicMs()) return known.value;
    const value = await read();
    if (this.#values.size >= this.#most) this.#values.clear();
    this.#values.set(key, { value, untilMs: this.#clock.monotonicMs() + this.#forMs });
    return value;
  }

  forget(key: string): void {
    this.#values.delete(key);
  }
}
