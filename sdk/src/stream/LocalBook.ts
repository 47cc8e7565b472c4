import type { Hex } from "../order/Order.js";
import { hashLevels, type Level, type Levels } from "./hashLevels.js";

/** A book as it stood at one number. */
export interface BookSnapshot extends Levels {
  /** The book's number: how many times it was changed. */
  readonly sequence: number;
}

/** What changed between two numbers of a book: all that stands at each price named, "0" for nothing. */
export interface BookDelta extends Levels {
  readonly from: number;
  readonly to: number;
}

/**
 * What came of a change: `applied`; `old`, as the book has it already; `gap`, as something before it is missing, so the book
 * must be got anew.
 */
export type DeltaResult = "applied" | "old" | "gap";

/** A book followed by its changes. It is at one number always: a change is taken whole or not at all. */
export class LocalBook {
  #sequence = 0;
  #bids = new Map<number, string>();
  #asks = new Map<number, string>();
  #levels: Levels | null = null;
  #hash: Hex | null = null;

  /** @param snapshot Where to begin. Default: an empty book with number 0. */
  constructor(snapshot?: BookSnapshot) {
    if (snapshot !== undefined) this.reset(snapshot);
  }

  /** The book's number. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Begins anew. */
  reset({ sequence, bids, asks }: BookSnapshot): void {
    this.#sequence = sequence;
    this.#bids = new Map(bids);
    this.#asks = new Map(asks);
    this.#changed();
  }

  /** Takes a change in, if it is the next. */
  apply({ from, to, bids, asks }: BookDelta): DeltaResult {
    if (to <= this.#sequence) return "old";
    if (from > this.#sequence) return "gap";
    // A change that begins before this number and ends after it is taken: it says all that stands, not what is added.
    for (const [side, levels] of [
      [this.#bids, bids],
      [this.#asks, asks],
    ] as const) {
      for (const [price, shares] of levels) {
        if (shares === "0") side.delete(price);
        else side.set(price, shares);
      }
    }
    this.#sequence = to;
    this.#changed();
    return "applied";
  }

  /** Both sides, best first. Not to be changed. */
  levels(): Levels {
    this.#levels ??= {
      bids: [...this.#bids].sort(([a], [b]) => b - a),
      asks: [...this.#asks].sort(([a], [b]) => a - b),
    };
    return this.#levels;
  }

  /** See hashLevels. */
  hash(): Hex {
    this.#hash ??= hashLevels(this.levels());
    return this.#hash;
  }

  /** The best bid and ask; null where nobody stands. */
  best(): { readonly bid: Level | null; readonly ask: Level | null } {
    const { bids, asks } = this.levels();
    return { bid: bids[0] ?? null, ask: asks[0] ?? null };
  }

  #changed(): void {
    this.#levels = null;
    this.#hash = null;
  }
}
