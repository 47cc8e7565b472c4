import type { Clock } from "../../clock";

/** Entries kept at once. */
const MAX_ENTRIES = 10_000;
/** Characters of the longest key that is kept: an id of a token has up to 78, those of sessions and keys a third. */
const MAX_KEY = 80;

/**
 * Remembers for a moment what was read, so that a busy client costs the database a query a second and not one a request. Its memory
 * is bounded: by the number of entries, and by the length of a key. The entries read longest ago go first.
 */
export class Remembered<Value> {
  readonly #values = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  readonly #clock: Clock;
  readonly #forMs: number;
  readonly #most: number;

  constructor(clock: Clock, forMs: number, most = MAX_ENTRIES) {
    this.#clock = clock;
    this.#forMs = forMs;
    this.#most = most;
  }

  async get(key: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    if (known !== undefined && known.untilMs > this.#clock.monotonicMs()) return known.value;
    const value = await read();
    if (key.length > MAX_KEY) return value;
    this.#values.delete(key);
    if (this.#values.size >= this.#most) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(key, { value, untilMs: this.#clock.monotonicMs() + this.#forMs });
    return value;
  }

  forget(key: string): void {
    this.#values.delete(key);
  }
}
