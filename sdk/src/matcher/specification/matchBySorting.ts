import type { Hex, Order } from "../../order/Order.js";
import { checkTaker } from "../checkTaker.js";
import { concludeMatch, noMatch } from "../concludeMatch.js";
import { fillMaker, isDone, type TakerProgress } from "../fillMaker.js";
import { isExpired } from "../isExpired.js";
import { judgeMaker } from "../judgeMaker.js";
import { bookSideOf, isCrossing, isOnTick, placedPriceOf } from "../priority.js";
import { readOptions } from "../readOptions.js";
import type {
  BookView,
  IncomingOrder,
  MakerFill,
  MatchOptions,
  MatchResult,
  RestingOrder,
} from "../types.js";
import { weightOf } from "../weights.js";

/** `matchOrder` as its rules say it: all orders that cross, in priority, taken one by one. */
export function matchBySorting(
  book: BookView,
  taker: IncomingOrder,
  options?: MatchOptions,
): MatchResult {
  const given = readOptions(options);
  const remaining = checkTaker(book, taker, given);
  const { market } = book;
  const { order } = taker;
  if (isExpired(order, given.deadline)) return noMatch("EXPIRED");

  const reachable = reachableMakers(book, order);

  let progress: TakerProgress = { order, kind: given.kind, remaining, making: 0n, taking: 0n };
  let endsTaker = false;
  const fills: MakerFill[] = [];
  const cancels: Hex[] = [];
  let passedBy = 0;
  let weight = weightOf(order, given.weights);
  for (const maker of reachable) {
    if (endsTaker || isDone(progress) || fills.length === given.maxMakers) break;
    if (passedBy === given.maxPassedBy) break;
    const verdict = isMeeting(book, order, maker) ? judgeMaker(order, maker, given) : "pass";
    if (verdict === "own") {
      if (given.selfTrade !== "cancel-newest") cancels.push(maker.hash);
      endsTaker = given.selfTrade !== "cancel-oldest";
    }
    if (verdict !== "take") {
      passedBy += 1;
      continue;
    }
    const added = weightOf(maker.order, given.weights);
    if (fills.length > 0 && weight + added > given.maxWeight) break;
    const fill = fillMaker(progress, maker, placedPriceOf(market, maker.order));
    if (fill === null) {
      passedBy += 1;
      continue;
    }
    fills.push(fill);
    weight += added;
    progress = {
      ...progress,
      making: progress.making + fill.takerMaking,
      taking: progress.taking + fill.takerTaking,
    };
  }
  const isCut = passedBy === given.maxPassedBy;
  if (fills.length === 0 && !isCut) {
    const looked = reachable.slice(0, given.maxPassedBy);
    if (!looked.some((maker) => isMeeting(book, order, maker))) return noMatch("NOT_CROSSING");
  }
  return concludeMatch({ market, taker, progress, fills, cancels, endsTaker, isCut }, given);
}

/**
 * The other side's orders that a taker looks at, by priority: those whose place is its signed price or better, and those on the
 * next tick when its price is between two. Of these last some may not meet it (B4).
 */
function reachableMakers(book: BookView, taker: Order): readonly RestingOrder[] {
  const { market } = book;
  const isBid = bookSideOf(market, taker) === "bid";
  const step = isOnTick(market, taker) ? 0n : market.tick;
  const place = placedPriceOf(market, taker);
  return isBid
    ? book.asks().filter((ask) => placedPriceOf(market, ask.order) <= place + step)
    : book.bids().filter((bid) => placedPriceOf(market, bid.order) >= place - step);
}

/** True when a reachable order's signed price meets the taker's. */
function isMeeting(book: BookView, taker: Order, maker: RestingOrder): boolean {
  return bookSideOf(book.market, taker) === "bid"
    ? isCrossing(book.market, taker, maker.order)
    : isCrossing(book.market, maker.order, taker);
}
