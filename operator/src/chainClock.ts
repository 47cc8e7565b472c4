import type { Bus } from "./bus";

/**
 * The chain's present second: what the latest block said, and the time since, by a clock that nobody sets. A machine whose clock is
 * wrong kills no order.
 */
export class ChainClock {
  #block: { readonly seconds: bigint; readonly atMs: number };
  readonly #monotonicMs: () => number;

  constructor(seconds: bigint, monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
    this.#block = { seconds, atMs: monotonicMs() };
  }

  /** Goes by the blocks that the indexer takes in. @returns how to stop. */
  follow(bus: Bus): () => void {
    return bus.subscribe((event) => {
      if (event.type === "block" && !event.undone) this.see(BigInt(event.timestamp));
    });
  }

  see(seconds: bigint): void {
    this.#block = { seconds, atMs: this.#monotonicMs() };
  }

  now(): bigint {
    const since = Math.max(0, Math.floor((this.#monotonicMs() - this.#block.atMs) / 1000));
    return this.#block.seconds + BigInt(since);
  }
}
