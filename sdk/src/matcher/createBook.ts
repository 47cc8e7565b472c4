import { FastBook } from "./fast/FastBook.js";
import { readMarket } from "./readMarket.js";
import { SpecificationBook } from "./specification/SpecificationBook.js";
import type { BookMarket, OrderBook } from "./types.js";

/** Makes an empty book for one market. The tick must divide the price 1, so that p and 1 - p are on ticks together. */
export function createBook(market: BookMarket): OrderBook {
  return new FastBook(readMarket(market));
}

/** Makes an empty book that decides alike and is made to be read: the rules written down, for comparison. Slow. */
export function createSpecificationBook(market: BookMarket): OrderBook {
  return new SpecificationBook(readMarket(market));
}
