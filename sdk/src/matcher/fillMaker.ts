import { Side, type Order } from "../order/Order.js";
import { receivedUp } from "../units/fillMath.js";
import { matchKindOf } from "./priority.js";
import { divideDown, greatestCommonDivisor, min } from "./rounding.js";
import type { MakerFill, OrderKind, RestingOrder } from "./types.js";

/** A taker order in the middle of a match. */
export interface TakerProgress {
  readonly order: Order;
  readonly kind: OrderKind;
  /** What was left of the order before the match, in units of what it gives. */
  readonly remaining: bigint;
  /** What the taker gives to the makers taken so far. */
  readonly making: bigint;
  /** What it receives from them. */
  readonly taking: bigint;
}

/**
 * Fills one crossing maker as far as both orders allow, in whole units and at the maker's signed price.
 *
 * The maker's price is rounded up in the maker's favour, as the exchange does, so the taker may be asked up to one unit more
 * than the exact price. When that breaks the taker's own limit over all it has traded in this match, the largest amount is
 * tried at which the maker's price needs no rounding: there a crossing price never breaks the limit.
 * @param price where the maker stands: price of YES, in millionths.
 * @returns null when neither amount will do: the maker cannot be taken in whole units.
 */
export function fillMaker(
  taker: TakerProgress,
  maker: RestingOrder,
  price: bigint,
): MakerFill | null {
  const largest = largestMaking(taker, maker);
  for (const making of [largest, largestExactMaking(maker.order, largest)]) {
    const fill = fillOf(taker.order, maker, making, price);
    if (isWithinLimit(taker, fill)) return fill;
  }
  return null;
}

/** Shares a taker still wants: all it can sell, or what its collateral buys at its own limit (rounded down). */
export function sharesWanted({ order, remaining, making, taking }: TakerProgress): bigint {
  if (order.side === Side.SELL) return remaining - making;
  return divideDown(remaining * order.takerAmount, order.makerAmount) - taking;
}

/** True when the taker has nothing left to trade with in this match. */
export function isDone(taker: TakerProgress): boolean {
  return isForAmount(taker) ? taker.making === taker.remaining : sharesWanted(taker) === 0n;
}

/** A market BUY spends an amount of collateral; every other order trades a size in shares. */
export function isForAmount(taker: Pick<TakerProgress, "order" | "kind">): boolean {
  return taker.kind === "market" && taker.order.side === Side.BUY;
}

/** The most the maker may give, in its own making units, so that neither order is asked for more than it has or wants. */
function largestMaking(taker: TakerProgress, maker: RestingOrder): bigint {
  const most = isForAmount(taker)
    ? makingForAmount(maker.order, taker.remaining - taker.making)
    : makingForShares(maker.order, sharesWanted(taker));
  return most === null ? maker.remaining : min(most, maker.remaining);
}

/** The most the maker may give so that at most `shares` change hands; rounded down. */
function makingForShares(maker: Order, shares: bigint): bigint {
  if (maker.side === Side.SELL) return shares;
  return divideDown(shares * maker.makerAmount, maker.takerAmount);
}

/** The most the maker may give so that the buying taker pays at most `amount`; rounded down. Null: any, as it pays nothing. */
function makingForAmount(maker: Order, amount: bigint): bigint | null {
  const { makerAmount, takerAmount } = maker;
  if (maker.side === Side.SELL) return divideDown(amount * makerAmount, takerAmount);

  // Mint: of the takerAmount pairs that the whole maker order mints, the taker pays what the maker does not.
  const takerPays = takerAmount - makerAmount;
  return takerPays === 0n ? null : divideDown(amount * makerAmount, takerPays);
}

/** The largest amount up to `making` whose price needs no rounding: a multiple of the reduced fraction's makerAmount. */
export function largestExactMaking({ makerAmount, takerAmount }: Order, making: bigint): bigint {
  const step = makerAmount / greatestCommonDivisor(makerAmount, takerAmount);
  return making - (making % step);
}

/** What moves when the maker gives `making`: the exchange's own integers. */
function fillOf(taker: Order, maker: RestingOrder, making: bigint, price: bigint): MakerFill {
  const { hash, order } = maker;
  const kind = matchKindOf(taker, order);
  const taking = receivedUp(making, order.makerAmount, order.takerAmount);
  const takerPart = {
    COMPLEMENTARY: { takerMaking: taking, takerTaking: making },
    MINT: { takerMaking: taking - making, takerTaking: taking },
    MERGE: { takerMaking: making, takerTaking: making - taking },
  }[kind];
  return {
    hash,
    order,
    kind,
    making,
    taking,
    ...takerPart,
    remainingAfter: maker.remaining - making,
    price,
  };
}

/** The taker gets something, so it is no fill of zero, and its whole match is still at its signed price or better. */
function isWithinLimit(taker: TakerProgress, fill: MakerFill): boolean {
  const { makerAmount, takerAmount } = taker.order;
  const making = taker.making + fill.takerMaking;
  const taking = taker.taking + fill.takerTaking;
  return fill.takerTaking > 0n && taking * makerAmount >= making * takerAmount;
}
