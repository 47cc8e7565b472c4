import { InputError } from "../errors/InputError.js";
import { checkBigint } from "./checkOrder.js";
import { PRICE_ONE } from "./priority.js";
import type { BookMarket, Market } from "./types.js";

/** Checks a market and sets its tick. */
export function readMarket(market: BookMarket): Market {
  const { yes, no, tick = 1n, minSize, maxSize, offTick } = market;
  checkBigint("market.yes", yes);
  checkBigint("market.no", no);
  checkTick("market.tick", tick);
  if (yes <= 0n) throw new InputError("market.yes", yes, "a token id above zero");
  if (no <= 0n) throw new InputError("market.no", no, "a token id above zero");
  if (yes === no) throw new InputError("market.no", no, "another token than market.yes");
  checkSizeBound("market.minSize", minSize);
  checkSizeBound("market.maxSize", maxSize);
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    throw new InputError("market.maxSize", maxSize, "at least market.minSize");
  }
  if (offTick !== undefined && offTick !== "place" && offTick !== "refuse") {
    throw new InputError("market.offTick", offTick, '"place" or "refuse"');
  }
  return { ...market, tick };
}

/** The tick must divide the price 1, so that p and 1 - p are on ticks together. */
export function checkTick(field: string, tick: bigint): void {
  checkBigint(field, tick);
  if (tick <= 0n || PRICE_ONE % tick !== 0n) {
    throw new InputError(field, tick, `a divisor of ${PRICE_ONE}`);
  }
}

function checkSizeBound(field: string, size: bigint | undefined): void {
  if (size === undefined) return;
  checkBigint(field, size);
  if (size <= 0n) throw new InputError(field, size, "a number of share units above zero");
}
