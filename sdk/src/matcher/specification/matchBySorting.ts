import type { Hex, Order } from "../../order/Order.js";
import { checkTaker } from "../checkTaker.js";
import { concludeMatch, noMatch } from "../concludeMatch.js";
import { fillMaker, isDone, type TakerProgress } from "../fillMaker.js";
import { isExpired } from "../isExpired.js";
import { judgeMaker } from "../judgeMaker.js";
import { bookSideOf, isCrossing, placedPriceOf } from "../priority.js";
import { readOptions } from "../readOptions.js";
import type {
  BookView,
  IncomingOrder,
  MakerFill,
  MatchOptions,
  MatchResult,
  RestingOrder,
} from "../types.js";

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

  const crossing = crossingMakers(book, order);
  if (crossing.length === 0) return noMatch("NOT_CROSSING");

  let progress: TakerProgress = { order, kind: given.kind, remaining, making: 0n, taking: 0n };
  let endsTaker = false;
  const fills: MakerFill[] = [];
  const cancels: Hex[] = [];
  for (const maker of crossing) {
    if (endsTaker || isDone(progress) || fills.length === given.maxMakers) break;
    const verdict = judgeMaker(order, maker, given);
    if (verdict === "pass") continue;
    if (verdict === "own") {
      if (given.selfTrade !== "cancel-newest") cancels.push(maker.hash);
      endsTaker = given.selfTrade !== "cancel-oldest";
      continue;
    }
    const fill = fillMaker(progress, maker, placedPriceOf(market, maker.order));
    if (fill === null) continue;
    fills.push(fill);
    progress = {
      ...progress,
      making: progress.making + fill.takerMaking,
      taking: progress.taking + fill.takerTaking,
    };
  }
  return concludeMatch({ market, taker, progress, fills, cancels, endsTaker }, given);
}

/** The other side's orders whose signed price meets the taker's, by priority. */
function crossingMakers(book: BookView, taker: Order): readonly RestingOrder[] {
  return bookSideOf(book.market, taker) === "bid"
    ? book.asks().filter((ask) => isCrossing(book.market, taker, ask.order))
    : book.bids().filter((bid) => isCrossing(book.market, bid.order, taker));
}
