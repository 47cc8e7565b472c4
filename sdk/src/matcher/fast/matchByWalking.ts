import type { Hex, Order } from "../../order/Order.js";
import { checkTaker } from "../checkTaker.js";
import { concludeMatch, noMatch } from "../concludeMatch.js";
import { fillMaker, isDone, isForAmount, type TakerProgress } from "../fillMaker.js";
import { isExpired } from "../isExpired.js";
import { ANYONE, judgeMaker } from "../judgeMaker.js";
import { isCrossing } from "../priority.js";
import { readOptions, type CheckedOptions } from "../readOptions.js";
import type { IncomingOrder, MakerFill, MatchOptions, MatchResult } from "../types.js";
import { weightOf } from "../weights.js";
import { fillOfLots } from "./fillOfLots.js";
import type { FastBook } from "./FastBook.js";
import { gauge, type Gauge } from "./gauge.js";
import { BID, IS_ODD, type TickBook } from "./TickBook.js";

/**
 * `matchOrder` over the levels that cross, best first. While taker and makers are even, lots are enough, and the TickBook
 * runs by itself up to the next maker that the rules must look at. From the first odd maker on, or for an odd taker, the
 * match is one of exact amounts, with the arithmetic of the specification.
 */
export function matchByWalking(
  book: FastBook,
  ticks: TickBook,
  taker: IncomingOrder,
  options?: MatchOptions,
): MatchResult {
  const given = readOptions(options);
  const remaining = checkTaker(book, taker, given);
  const { market } = book;
  const { order } = taker;
  if (isExpired(order, given.deadline)) return noMatch("EXPIRED");

  const reach = gauge(market, order, remaining);
  const owner = book.ownerOf(order);
  const judgesAll = given.skip !== undefined || order.taker !== ANYONE;
  let progress: TakerProgress = { order, kind: given.kind, remaining, making: 0n, taking: 0n };
  let inLots = reach.lots > 0 && !isForAmount(progress);
  let wanted = reach.lots;
  let fills: MakerFill[] = [];
  const cancels: Hex[] = [];
  let endsTaker = false;
  let weight = weightOf(order, given.weights);
  const mostOwn = given.selfTrade === "skip" ? given.maxPassedBy : 0;

  /** How many fills there may be when the next ones are of plain accounts. */
  const mostByWeight = (before: number): number => {
    const room = Math.floor((given.maxWeight - weight) / given.weights.order);
    return Math.min(given.maxMakers, before + Math.max(room, before === 0 ? 1 : 0));
  };

  ticks.begin(reach.side);
  while (!endsTaker && ticks.passedCount !== given.maxPassedBy) {
    if (inLots) {
      if (!judgesAll) {
        const before = ticks.fillCount;
        const most = given.maxWeight === Infinity ? given.maxMakers : mostByWeight(before);
        wanted = ticks.run(reach.sureLimit, wanted, most, owner, mostOwn);
        weight += (ticks.fillCount - before) * given.weights.order;
      }
      if (wanted === 0 || ticks.fillCount === given.maxMakers) break;
    } else if (isDone(progress) || fills.length === given.maxMakers) break;
    if (ticks.passedCount === given.maxPassedBy || !ticks.reach(reach.lastLimit)) break;

    const slot = ticks.cursor;
    const maker = book.restingAt(slot);
    const verdict = isCrossingAt(book, ticks, reach, order)
      ? judgeMaker(order, maker, given)
      : "pass";
    if (verdict === "own") {
      if (given.selfTrade !== "cancel-newest") cancels.push(maker.hash);
      endsTaker = given.selfTrade !== "cancel-oldest";
    }
    if (verdict === "take") {
      const added = weightOf(maker.order, given.weights);
      const count = inLots ? ticks.fillCount : fills.length;
      if (count > 0 && weight + added > given.maxWeight) break;
      if (inLots && (ticks.traitsOf(slot) & IS_ODD) !== 0) {
        fills = fillsOf(book, ticks, order);
        progress = { ...progress, ...totalsOf(fills) };
        inLots = false;
      }
      if (inLots) {
        wanted = ticks.takeOne(wanted);
        weight += added;
      } else {
        const fill = fillMaker(progress, maker, book.priceAt(slot));
        if (fill === null) {
          ticks.passedCount++;
        } else {
          fills.push(fill);
          weight += added;
          progress = {
            ...progress,
            making: progress.making + fill.takerMaking,
            taking: progress.taking + fill.takerTaking,
          };
        }
      }
    } else {
      ticks.passedCount++;
    }
    ticks.pass();
  }

  if (inLots) {
    fills = fillsOf(book, ticks, order);
    progress = { ...progress, ...totalsOf(fills) };
  }
  const isCut = ticks.passedCount === given.maxPassedBy;
  if (fills.length === 0 && !isCut && !isAnyCrossing(book, ticks, reach, order, given)) {
    return noMatch("NOT_CROSSING");
  }
  return concludeMatch({ market, taker, progress, fills, cancels, endsTaker, isCut }, given);
}

/** The TickBook's fills with their amounts. */
function fillsOf(book: FastBook, ticks: TickBook, taker: Order): MakerFill[] {
  const fills: MakerFill[] = [];
  for (let i = 0; i < ticks.fillCount; i++) fills.push(fillOfLots(book, ticks, taker, i));
  return fills;
}

function totalsOf(fills: readonly MakerFill[]): Pick<TakerProgress, "making" | "taking"> {
  let making = 0n;
  let taking = 0n;
  for (const fill of fills) {
    making += fill.takerMaking;
    taking += fill.takerTaking;
  }
  return { making, taking };
}

/** True when the maker at the cursor meets the taker's signed price. Only the last level leaves a doubt. */
function isCrossingAt(book: FastBook, ticks: TickBook, reach: Gauge, taker: Order): boolean {
  if (ticks.cursorRank <= reach.sureLimit) return true;
  const maker = book.orderAt(ticks.cursor);
  return reach.side === BID
    ? isCrossing(book.market, taker, maker)
    : isCrossing(book.market, maker, taker);
}

function isAnyCrossing(
  book: FastBook,
  ticks: TickBook,
  reach: Gauge,
  taker: Order,
  { maxPassedBy }: CheckedOptions,
): boolean {
  ticks.begin(reach.side);
  for (let looked = 0; looked < maxPassedBy && ticks.reach(reach.lastLimit); looked++) {
    if (isCrossingAt(book, ticks, reach, taker)) return true;
    ticks.pass();
  }
  return false;
}
