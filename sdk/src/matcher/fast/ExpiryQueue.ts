import type { Hex } from "../../order/Order.js";

interface Entry {
  readonly expiration: bigint;
  readonly hash: Hex;
}

/** Orders by expiration, the first to die on top: a binary heap. An order that leaves the book stays in it until its time. */
export class ExpiryQueue {
  #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.expiration <= entry.expiration) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes out one order that is dead at `now`; undefined when there is none. */
  popDead(now: bigint): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || now < first.expiration) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  /** Keeps only the entries for which `keep` holds. */
  sift(keep: (entry: Entry) => boolean): void {
    const kept = this.#heap.filter(keep);
    this.#heap = [];
    for (const entry of kept) this.push(entry);
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.expiration < heap[child]!.expiration) child += 1;
      if (heap[child]!.expiration >= entry.expiration) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
