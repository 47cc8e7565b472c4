import { Side, type Order } from "../order/Order.js";
import { receivedUp } from "../units/fillMath.js";
import { largestExactMaking } from "./fillMaker.js";
import { placedPriceOf, PRICE_ONE } from "./priority.js";
import { greatestCommonDivisor } from "./rounding.js";
import type { Market } from "./types.js";

/**
 * True when what is left of an order is too little to trade at its place: it is less than the least amount whose price there
 * is a whole number of units (so less than a lot), its signed price lets no amount go without rounding, and rounding all of
 * it up in its own favour asks more than its place promises.
 * @param remaining what is left, in units of what the order gives; above zero.
 */
export function isDust(market: Market, order: Order, remaining: bigint): boolean {
  if (largestExactMaking(order, remaining) > 0n) return false;

  const isBuy = order.side === Side.BUY;
  const yesPrice = placedPriceOf(market, order);
  const price = order.tokenId === market.yes ? yesPrice : PRICE_ONE - yesPrice;
  const leastWhole = (isBuy ? price : PRICE_ONE) / greatestCommonDivisor(price, PRICE_ONE);
  if (remaining >= leastWhole) return false;

  const taking = receivedUp(remaining, order.makerAmount, order.takerAmount);
  return isBuy ? remaining * PRICE_ONE < taking * price : remaining * price < taking * PRICE_ONE;
}
