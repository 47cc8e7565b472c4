import { Side, type Order } from "../order/Order.js";
import { divideDown, divideUp } from "./rounding.js";
import type { BookSide, Market, MatchKind, RestingOrder } from "./types.js";

/** The price 1, one collateral unit per share unit, in the millionths that ticks are counted in. */
export const PRICE_ONE = 1_000_000n;

/** An exact price of YES: `collateral` units for `shares` units. Never rounded. */
interface YesPrice {
  readonly collateral: bigint;
  readonly shares: bigint;
}

/** Buying YES and selling NO are bids for YES; selling YES and buying NO are asks. */
export function bookSideOf(market: Market, order: Order): BookSide {
  const buys = order.side === Side.BUY;
  const isYes = order.tokenId === market.yes;
  return buys === isYes ? "bid" : "ask";
}

/**
 * The order's price in the book: its limit in YES terms, in millionths, on a tick. Between ticks a bid goes down and an ask
 * up, so an order never stands at a price worse than its maker signed.
 */
export function placedPriceOf(market: Market, order: Order): bigint {
  const { collateral, shares } = yesPriceOf(market, order);
  const divide = bookSideOf(market, order) === "bid" ? divideDown : divideUp;
  return divide(collateral * PRICE_ONE, shares * market.tick) * market.tick;
}

/** True when the order's signed price is on a tick, so that its place is exactly that price. */
export function isOnTick(market: Market, order: Order): boolean {
  const { collateral, shares } = yesPriceOf(market, order);
  return (collateral * PRICE_ONE) % (shares * market.tick) === 0n;
}

/**
 * True when a bid and an ask meet: the bid's signed price is at least the ask's. Decided by the signed amounts, not by the
 * ticks, so that 100 for 167 meets 167 for 100 although neither is on a tick.
 */
export function isCrossing(market: Market, bid: Order, ask: Order): boolean {
  const high = yesPriceOf(market, bid);
  const low = yesPriceOf(market, ask);
  return high.collateral * low.shares >= low.collateral * high.shares;
}

/** How two crossing orders settle. Both kinds of counterparty have one queue: at equal price the earlier is first. */
export function matchKindOf(taker: Order, maker: Order): MatchKind {
  if (taker.tokenId === maker.tokenId) return "COMPLEMENTARY";
  return taker.side === Side.BUY ? "MINT" : "MERGE";
}

/** True when both have the same two tokens. */
export function samePair(left: Market, right: Market): boolean {
  return left.yes === right.yes && left.no === right.no;
}

/** A resting order with its standing, worked out once. */
export interface PlacedOrder {
  readonly resting: RestingOrder;
  readonly bookSide: BookSide;
  readonly price: bigint;
}

/** Sorts orders of one side: the best price for whoever takes them first, and at one price the earliest. */
export function comparePriority(left: PlacedOrder, right: PlacedOrder): number {
  if (left.price !== right.price) {
    const leftIsHigher = left.price > right.price;
    const leftIsBetter = left.bookSide === "bid" ? leftIsHigher : !leftIsHigher;
    return leftIsBetter ? -1 : 1;
  }
  return left.resting.sequence - right.resting.sequence;
}

/** A NO order at price q stands at 1 - q: who buys NO for q sells YES for the rest of the pair. */
function yesPriceOf(market: Market, order: Order): YesPrice {
  const buys = order.side === Side.BUY;
  const shares = buys ? order.takerAmount : order.makerAmount;
  const collateral = buys ? order.makerAmount : order.takerAmount;
  return order.tokenId === market.yes
    ? { collateral, shares }
    : { collateral: shares - collateral, shares };
}
