import { Side, type Order } from "../../order/Order.js";
import { PRICE_ONE } from "../priority.js";
import type { Market } from "../types.js";
import { ASK, BID, type TickSide } from "./TickBook.js";

/** What the fast book needs to know of an order, in ticks and lots. */
export interface Gauge {
  readonly side: TickSide;
  /** Where it stands: ticks from the best price of its side. */
  readonly rank: number;
  /** Opposite levels up to this rank cross it, whatever their orders' signed prices. */
  readonly sureLimit: number;
  /** No order of a level above this rank crosses it. One more than `sureLimit` when its price is between ticks. */
  readonly lastLimit: number;
  /** What is left of it in lots, when it is even; 0 when it is odd. */
  readonly lots: number;
}

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** How many ticks make the price 1; also the units of shares in a lot. */
export function ticksOf(market: Market): number {
  return Number(PRICE_ONE / market.tick);
}

/**
 * Measures an order. It is even when its price is on a tick and what is left of it is a whole number of lots, at most 2^53;
 * then lots times ticks is what it costs in whole units, and nothing of it ever needs rounding.
 * @param remaining what is left, in units of what the order gives.
 */
export function gauge(market: Market, order: Order, remaining: bigint): Gauge {
  const ticks = ticksOf(market);
  const isBuy = order.side === Side.BUY;
  const isYes = order.tokenId === market.yes;
  const side = isBuy === isYes ? BID : ASK;
  const collateral = isBuy ? order.makerAmount : order.takerAmount;
  const shares = isBuy ? order.takerAmount : order.makerAmount;

  // The price in terms of the order's own token, in ticks, rounded down, and whether that lost something.
  let price: number;
  let isBetween: boolean;
  const scaled = Number(collateral) * ticks;
  if (shares <= MOST_EXACT && scaled <= Number.MAX_SAFE_INTEGER) {
    // Both are exact. Their quotient, rounded to a double, is whole only if it is whole exactly: a fraction differs from the
    // next whole number by at least 1 / shares, which is more than the rounding of a quotient of such numbers.
    const quotient = scaled / Number(shares);
    price = Math.floor(quotient);
    isBetween = price !== quotient;
  } else {
    const product = collateral * BigInt(ticks);
    price = Number(product / shares);
    isBetween = product % shares !== 0n;
  }

  const rank = isBuy ? ticks - price : isBetween ? price + 1 : price;
  const sureLimit = ticks - rank;
  const lastLimit = isBetween ? sureLimit + 1 : sureLimit;
  const lots = isBetween ? 0 : lotsIn(remaining, isBuy ? price : ticks);
  return { side, rank, sureLimit, lastLimit, lots };
}

/** `amount / size` when that is whole and exact in a double; else 0. */
function lotsIn(amount: bigint, size: number): number {
  if (amount <= MOST_EXACT) {
    const lots = Number(amount) / size;
    return Number.isInteger(lots) ? lots : 0;
  }
  const divisor = BigInt(size);
  const lots = amount / divisor;
  return lots <= MOST_EXACT && lots * divisor === amount ? Number(lots) : 0;
}
