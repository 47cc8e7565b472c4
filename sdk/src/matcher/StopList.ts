import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { checkBigint, checkOrder } from "./checkOrder.js";
import { duplicateOrder, unknownOrder } from "./checkRest.js";
import { isExpired } from "./isExpired.js";
import { bookSideOf, PRICE_ONE } from "./priority.js";
import { readMarket } from "./readMarket.js";
import type { BookMarket, BookSide, IncomingOrder, Market } from "./types.js";

/** A stop-limit order: it arrives at the book when the market has reached its stop. */
export interface StopOrder extends IncomingOrder {
  /** In millionths, in terms of the order's own token. */
  readonly stopPrice: bigint;
}

interface WaitingStop {
  readonly stop: StopOrder;
  /** Price of YES, in millionths. */
  readonly price: bigint;
  readonly arrival: number;
}

/**
 * Stop-limit orders of one market, beside its book. BUY YES and SELL NO wait for the price of YES to rise to their stop, SELL YES
 * and BUY NO for it to fall. Make one with `createStops`.
 *
 * Always true: both lists are sorted by who is reached first, at one price by arrival.
 */
export class StopList {
  readonly market: Market;
  readonly #waiting: Record<BookSide, WaitingStop[]> = { bid: [], ask: [] };
  readonly #byHash = new Map<Hex, WaitingStop>();
  #arrivals = 0;

  constructor(market: Market) {
    this.market = market;
  }

  get size(): number {
    return this.#byHash.size;
  }

  /** Lets a stop-limit order wait. It is checked as the book will check it. */
  add(stop: StopOrder): void {
    checkOrder(this.market, stop);
    checkBigint("stopPrice", stop.stopPrice);
    if (stop.stopPrice < 0n || stop.stopPrice > PRICE_ONE) {
      throw new InputError("stopPrice", stop.stopPrice, `millionths from 0 to ${PRICE_ONE}`);
    }
    if (this.#byHash.has(stop.hash)) throw duplicateOrder(stop.hash);
    const isYes = stop.order.tokenId === this.market.yes;
    const price = isYes ? stop.stopPrice : PRICE_ONE - stop.stopPrice;
    const waiting = { stop, price, arrival: this.#arrivals++ };
    this.#byHash.set(stop.hash, waiting);

    const side = bookSideOf(this.market, stop.order);
    const list = this.#waiting[side];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isReachedBefore(side, waiting, list[middle]!)) high = middle;
      else low = middle + 1;
    }
    list.splice(low, 0, waiting);
  }

  has(hash: Hex): boolean {
    return this.#byHash.has(hash);
  }

  /** Takes a stop-limit order out. */
  cancel(hash: Hex): StopOrder {
    const waiting = this.#byHash.get(hash);
    if (waiting === undefined) throw unknownOrder(hash);
    this.#remove(waiting);
    return waiting.stop;
  }

  /** Takes out every stop-limit order that is dead at `now`, in Unix seconds. @returns them in the order of arrival. */
  expire(now: bigint): readonly StopOrder[] {
    checkBigint("now", now);
    const dead = [...this.#byHash.values()].filter(({ stop }) => isExpired(stop.order, now));
    for (const waiting of dead) this.#remove(waiting);
    return dead.map(({ stop }) => stop);
  }

  /**
   * Takes out the orders whose stop a trade has reached.
   * @param lastPrice of YES, in millionths: where the last maker of the last plan stood.
   * @returns them in the order of arrival, to be submitted as limit orders.
   */
  fire(lastPrice: bigint): readonly StopOrder[] {
    checkBigint("lastPrice", lastPrice);
    const fired = [
      ...takeWhile(this.#waiting.bid, ({ price }) => price <= lastPrice),
      ...takeWhile(this.#waiting.ask, ({ price }) => price >= lastPrice),
    ].sort((left, right) => left.arrival - right.arrival);
    for (const { stop } of fired) this.#byHash.delete(stop.hash);
    return fired.map(({ stop }) => stop);
  }

  #remove(waiting: WaitingStop): void {
    const list = this.#waiting[bookSideOf(this.market, waiting.stop.order)];
    list.splice(list.indexOf(waiting), 1);
    this.#byHash.delete(waiting.stop.hash);
  }
}

/** Makes an empty list of stop-limit orders for one market. */
export function createStops(market: BookMarket): StopList {
  return new StopList(readMarket(market));
}

/** A rising price reaches the lowest stop of the bids first, a falling one the highest of the asks. */
function isReachedBefore(side: BookSide, left: WaitingStop, right: WaitingStop): boolean {
  if (left.price === right.price) return left.arrival < right.arrival;
  return side === "bid" ? left.price < right.price : left.price > right.price;
}

/** Takes the first elements off a list while they pass. */
function takeWhile<T>(list: T[], passes: (element: T) => boolean): T[] {
  const end = list.findIndex((element) => !passes(element));
  return list.splice(0, end === -1 ? list.length : end);
}
