import { InputError } from "../errors/InputError.js";
import { checkBigint } from "./checkOrder.js";
import { OrderBook } from "./OrderBook.js";
import { PRICE_ONE } from "./priority.js";
import type { BookMarket } from "./types.js";

/** Makes an empty book for one market. The tick must divide the price 1, so that p and 1 - p are on ticks together. */
export function createBook(market: BookMarket): OrderBook {
  const tick = market.tick ?? 1n;
  checkBigint("market.yes", market.yes);
  checkBigint("market.no", market.no);
  checkBigint("market.tick", tick);
  if (market.yes <= 0n) throw new InputError("market.yes", market.yes, "a token id above zero");
  if (market.no <= 0n) throw new InputError("market.no", market.no, "a token id above zero");
  if (market.yes === market.no) {
    throw new InputError("market.no", market.no, "another token than market.yes");
  }
  if (tick <= 0n || PRICE_ONE % tick !== 0n) {
    throw new InputError("market.tick", tick, `a divisor of ${PRICE_ONE}`);
  }
  return new OrderBook({ ...market, tick });
}
