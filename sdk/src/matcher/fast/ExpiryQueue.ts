import type { Hex } from "../../order/Order.js";

/** When an order of the book dies. */
export interface Expiry {
  readonly expiration: bigint;
  /** Its place in the order of arrival, which decides between orders of one second. */
  readonly sequence: number;
  readonly hash: Hex;
}

/** Orders by expiration, the first to die on top: a binary heap. An order that leaves the book stays in it until its time. */
export class ExpiryQueue {
  #heap: Expiry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(entry: Expiry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The order that dies first. */
  get first(): Expiry | undefined {
    return this.#heap[0];
  }

  /** Takes out the order that dies first; undefined when there is none. */
  pop(): Expiry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0) this.#sink(last!);
    return first;
  }

  /** Keeps only the entries for which `keep` holds. */
  sift(keep: (entry: Expiry) => boolean): void {
    const kept = this.#heap.filter(keep);
    this.#heap = [];
    for (const entry of kept) this.push(entry);
  }

  #sink(entry: Expiry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(left: Expiry, right: Expiry): boolean {
  if (left.expiration !== right.expiration) return left.expiration < right.expiration;
  return left.sequence < right.sequence;
}
