import type { Rational } from "../units/priceOf.js";
import { PRICE_ONE } from "./priority.js";
import type { Depth, DepthLevel, OrderBook } from "./types.js";

/** Which outcome's price is meant. A bid for YES at p is an ask for NO at 1 - p. */
export type Outcome = "YES" | "NO";

/** The best prices of a book for one outcome, in millionths; null where nobody stands. */
export interface Quote {
  readonly bid: bigint | null;
  readonly ask: bigint | null;
  /** Ask less bid, in millionths. Below zero when orders that may not trade with each other cross. */
  readonly spread: bigint | null;
  /** Halfway between bid and ask, exactly: collateral per share. */
  readonly midpoint: Rational | null;
}

/** Best bid, best ask, spread and midpoint, in terms of one outcome. */
export function quoteOf(book: Pick<OrderBook, "levels">, outcome: Outcome = "YES"): Quote {
  const bid = firstPrice(levelsOf(book, "bid", outcome));
  const ask = firstPrice(levelsOf(book, "ask", outcome));
  if (bid === null || ask === null) return { bid, ask, spread: null, midpoint: null };
  const midpoint = { numerator: bid + ask, denominator: 2n * PRICE_ONE };
  return { bid, ask, spread: ask - bid, midpoint };
}

/** The levels of one side in terms of one outcome, best first. The book must not change meanwhile. */
export function* levelsOf(
  book: Pick<OrderBook, "levels">,
  side: "bid" | "ask",
  outcome: Outcome = "YES",
): Generator<DepthLevel> {
  if (outcome === "YES") {
    yield* book.levels(side);
    return;
  }
  for (const level of book.levels(side === "bid" ? "ask" : "bid")) {
    yield { ...level, price: PRICE_ONE - level.price };
  }
}

/** Both sides in terms of one outcome, at most `most` levels each. */
export function depthOf(
  book: Pick<OrderBook, "levels">,
  outcome: Outcome = "YES",
  most = Infinity,
): Depth {
  const side = (name: "bid" | "ask"): DepthLevel[] => {
    const levels: DepthLevel[] = [];
    for (const level of levelsOf(book, name, outcome)) {
      if (levels.length >= most) break;
      levels.push(level);
    }
    return levels;
  };
  return { bids: side("bid"), asks: side("ask") };
}

function firstPrice(levels: Iterable<DepthLevel>): bigint | null {
  for (const { price } of levels) return price;
  return null;
}
