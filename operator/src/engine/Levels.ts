/** The shares that stand at each price of a book's two sides, kept as orders come and go, and which of them changed. */
export class Levels {
  readonly #shares = { bid: new Map<number, bigint>(), ask: new Map<number, bigint>() };
  readonly #changed = { bid: new Set<number>(), ask: new Set<number>() };

  add(side: "bid" | "ask", price: number, shares: bigint): void {
    const sum = (this.#shares[side].get(price) ?? 0n) + shares;
    if (sum === 0n) this.#shares[side].delete(price);
    else this.#shares[side].set(price, sum);
    this.#changed[side].add(price);
  }

  /** All levels of a side, in no order. */
  of(side: "bid" | "ask"): ReadonlyMap<number, bigint> {
    return this.#shares[side];
  }

  /** What stands at the levels that changed since the last time this was asked, best first. */
  takeChanges(): Record<"bids" | "asks", readonly (readonly [number, string])[]> {
    const bids = this.#take("bid").sort(([left], [right]) => right - left);
    const asks = this.#take("ask").sort(([left], [right]) => left - right);
    return { bids, asks };
  }

  #take(side: "bid" | "ask"): (readonly [number, string])[] {
    const changes = [...this.#changed[side]].map((price) => {
      return [price, (this.#shares[side].get(price) ?? 0n).toString()] as const;
    });
    this.#changed[side].clear();
    return changes;
  }
}
