import { InputError } from "../errors/InputError.js";
import { Side, type Address, type Order } from "../order/Order.js";
import { consumedUp } from "../units/fillMath.js";
import { checkBigint, checkOrder } from "./checkOrder.js";
import { fillMaker, isDone, isForAmount, type TakerProgress } from "./fillMaker.js";
import { isExpired } from "./isExpired.js";
import { MatcherError } from "./MatcherError.js";
import { bookSideOf, isCrossing } from "./priority.js";
import { divideUp, max, min } from "./rounding.js";
import type {
  BookView,
  IncomingOrder,
  MakerFill,
  MatchOptions,
  MatchPlan,
  MatchResult,
  NoMatchReason,
  OrderKind,
  RestingOrder,
  TimeInForce,
} from "./types.js";

/** The gas budget of a match is below 100k for each maker after the first: fifty stay far below a block's limit. */
export const DEFAULT_MAX_MAKERS = 50;

const ANYONE: Address = "0x0000000000000000000000000000000000000000";

/**
 * Matches one order against a book and plans one call of `matchOrders`. The book is not changed: `book.apply(plan)` does that.
 *
 * Crossing makers are taken by priority, best price first and then earliest, each at its own signed price; the whole
 * improvement is the taker's. Passed by, and left in the book: expired makers, those `skip` names, the taker's own orders (no
 * self trade), pairs of which one order names another account as its counterparty, and makers that cannot be taken in whole
 * units within the taker's limit.
 *
 * On unchanged chain state the exchange settles the plan to the unit and never reverts for its amounts.
 * @returns a plan, or the reason why there is none. Malformed input throws.
 */
export function matchOrder(
  book: BookView,
  taker: IncomingOrder,
  options: MatchOptions = {},
): MatchResult {
  const remaining = checkOrder(book.market, taker);
  const { kind, timeInForce, maxMakers, now, skip } = readOptions(options);
  if (book.get(taker.hash) !== undefined) {
    throw new MatcherError("DUPLICATE_ORDER", "The order rests in the book already", {
      hash: taker.hash,
    });
  }
  if (isExpired(taker.order, now)) return noMatch("EXPIRED");

  const crossing = crossingMakers(book, taker.order);
  if (crossing.length === 0) return noMatch("NOT_CROSSING");
  const eligible = crossing.filter(
    (maker) =>
      !isExpired(maker.order, now) && mayTrade(taker.order, maker.order) && skip?.(maker) !== true,
  );

  let progress: TakerProgress = { order: taker.order, kind, remaining, making: 0n, taking: 0n };
  const fills: MakerFill[] = [];
  for (const maker of eligible) {
    if (isDone(progress) || fills.length === maxMakers) break;
    const fill = fillMaker(progress, maker);
    if (fill === null) continue;
    fills.push(fill);
    progress = {
      ...progress,
      making: progress.making + fill.takerMaking,
      taking: progress.taking + fill.takerTaking,
    };
  }

  if (fills.length === 0) {
    return noMatch(timeInForce === "FOK" ? "FOK_UNFILLABLE" : "NO_TAKEABLE_MAKER");
  }
  const plan = planOf(book, taker, progress, fills);
  if (timeInForce === "FOK" && !isFilled(plan, kind)) return noMatch("FOK_UNFILLABLE");
  return { status: "matched", plan };
}

/** Options with their defaults. A market order never rests, so it cannot be good till cancelled. */
export function readOptions(options: MatchOptions): MatchOptions & {
  readonly kind: OrderKind;
  readonly timeInForce: TimeInForce;
  readonly maxMakers: number;
} {
  const { kind = "limit", maxMakers = DEFAULT_MAX_MAKERS } = options;
  const { timeInForce = kind === "market" ? "FAK" : "GTC" } = options;
  if (kind !== "limit" && kind !== "market") {
    throw new InputError("options.kind", kind, '"limit" or "market"');
  }
  if (timeInForce !== "GTC" && timeInForce !== "FOK" && timeInForce !== "FAK") {
    throw new InputError("options.timeInForce", timeInForce, '"GTC", "FOK" or "FAK"');
  }
  if (kind === "market" && timeInForce === "GTC") {
    throw new InputError("options.timeInForce", timeInForce, '"FOK" or "FAK" for a market order');
  }
  if (!Number.isSafeInteger(maxMakers) || maxMakers < 1) {
    throw new InputError("options.maxMakers", maxMakers, "an integer from 1 on");
  }
  if (options.now !== undefined) checkBigint("options.now", options.now);
  return { ...options, kind, timeInForce, maxMakers };
}

/** The other side's orders whose signed price meets the taker's, by priority. */
function crossingMakers(book: BookView, taker: Order): readonly RestingOrder[] {
  return bookSideOf(book.market, taker) === "bid"
    ? book.asks().filter((ask) => isCrossing(book.market, taker, ask.order))
    : book.bids().filter((bid) => isCrossing(book.market, bid.order, taker));
}

function mayTrade(taker: Order, maker: Order): boolean {
  return (
    !isSameAccount(taker.maker, maker.maker) &&
    acceptsCounterparty(taker, maker.maker) &&
    acceptsCounterparty(maker, taker.maker)
  );
}

function acceptsCounterparty(order: Order, counterparty: Address): boolean {
  return isSameAccount(order.taker, ANYONE) || isSameAccount(order.taker, counterparty);
}

/** Addresses compare without regard to the capitals of their checksum. */
function isSameAccount(left: Address, right: Address): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function planOf(
  book: BookView,
  taker: IncomingOrder,
  progress: TakerProgress,
  makers: readonly MakerFill[],
): MatchPlan {
  const { order, remaining, making, taking } = progress;
  const takerFillAmount = takerFillAmountOf(progress);
  const consumed = min(takerFillAmount, consumedUp(taking, order.makerAmount, order.takerAmount));
  return {
    market: book.market,
    takerHash: taker.hash,
    taker: taker.order,
    takerFillAmount,
    making,
    taking,
    consumed,
    takerRemainingAfter: remaining - consumed,
    makers,
  };
}

/**
 * What the taker order may consume.
 *
 * A SELL consumes the shares it gives, and a market BUY the collateral it gives: neither loses anything to a better price.
 * (A BUY that pays nothing still declares one unit, for the exchange knows no fill of zero.) A limit BUY is for a size, so it
 * consumes what the shares bought would have cost at its own limit, rounded up against the taker: less than one unit.
 */
function takerFillAmountOf(progress: TakerProgress): bigint {
  const { order, making, taking } = progress;
  if (order.side === Side.SELL) return making;
  if (isForAmount(progress)) return max(making, 1n);
  return consumedUp(taking, order.makerAmount, order.takerAmount);
}

/**
 * True when a plan fills all of the taker order. An order for a size is filled when its last share is traded, and then
 * nothing is left of it. A market BUY is filled when its amount is spent up to rounding: the rest is zero, or too little to
 * pay for one more unit of a maker of the plan that has more to give.
 */
function isFilled(plan: MatchPlan, kind: OrderKind): boolean {
  const rest = plan.takerRemainingAfter;
  if (!isForAmount({ order: plan.taker, kind })) return rest === 0n;
  return (
    rest === 0n ||
    plan.makers.some((fill) => fill.remainingAfter > 0n && rest < priceOfOneUnit(fill))
  );
}

/** What the buying taker pays when the maker gives one more unit; rounded up, in the maker's favour. */
function priceOfOneUnit({ kind, order }: MakerFill): bigint {
  const taking = divideUp(order.takerAmount, order.makerAmount);
  return kind === "MINT" ? taking - 1n : taking;
}

function noMatch(reason: NoMatchReason): MatchResult {
  return { status: "no-match", reason };
}
