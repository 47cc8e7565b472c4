import { Side, type Hex } from "../../order/Order.js";
import { receivedUp } from "../../units/fillMath.js";
import { checkBigint, checkOrder } from "../checkOrder.js";
import {
  checkFill,
  checkPlan,
  checkReduced,
  checkSequence,
  duplicateOrder,
  duplicateSequence,
  refuseDust,
  unknownOrder,
} from "../checkRest.js";
import { isDust } from "../isDust.js";
import { isExpired } from "../isExpired.js";
import { bookSideOf, comparePriority, placedPriceOf, type PlacedOrder } from "../priority.js";
import { checkTick } from "../readMarket.js";
import type {
  ApplyResult,
  BookSide,
  Depth,
  DepthLevel,
  IncomingOrder,
  Market,
  MatchOptions,
  MatchPlan,
  MatchResult,
  NewRestingOrder,
  OrderBook,
  ReduceResult,
  RestingOrder,
} from "../types.js";
import { matchBySorting } from "./matchBySorting.js";

/** The rules of a book written down: lists are sorted when asked for. Meant to be read, not to be fast. */
export class SpecificationBook implements OrderBook {
  #market: Market;
  readonly #orders = new Map<Hex, PlacedOrder>();
  #nextSequence = 0;
  #version = 0;

  constructor(market: Market) {
    this.#market = market;
  }

  get market(): Market {
    return this.#market;
  }

  get size(): number {
    return this.#orders.size;
  }

  get version(): number {
    return this.#version;
  }

  add(incoming: NewRestingOrder): RestingOrder {
    const remaining = checkOrder(this.#market, incoming);
    const { hash, order, sequence = this.#nextSequence } = incoming;
    if (this.has(hash)) throw duplicateOrder(hash);
    checkSequence(sequence);
    const holder = this.#all().find((other) => other.sequence === sequence);
    if (holder !== undefined) throw duplicateSequence(hash, sequence, holder.hash);
    const resting: RestingOrder = { hash, order, remaining, sequence };
    refuseDust(this.#market, resting);

    this.#place(resting);
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    this.#version += 1;
    return resting;
  }

  cancel(hash: Hex): RestingOrder {
    const resting = this.#find(hash);
    this.#orders.delete(hash);
    this.#version += 1;
    return resting;
  }

  expire(now: bigint, most = Infinity): readonly RestingOrder[] {
    checkBigint("now", now);
    const expired = this.#all()
      .filter((resting) => isExpired(resting.order, now))
      .sort(byDeath)
      .slice(0, most)
      .sort(byArrival);
    for (const { hash } of expired) this.#orders.delete(hash);
    if (expired.length > 0) this.#version += 1;
    return expired;
  }

  nextExpiration(): bigint | null {
    const mortal = this.#all().filter(({ order }) => order.expiration !== 0n);
    return mortal.sort(byDeath)[0]?.order.expiration ?? null;
  }

  reduce(hash: Hex, remaining: bigint): ReduceResult {
    const before = this.#find(hash);
    checkReduced(hash, remaining, before.remaining);
    this.#version += 1;
    return this.#putBack({ ...before, remaining });
  }

  apply(plan: MatchPlan): ApplyResult {
    checkPlan(plan, this.#market);
    const reduced = plan.makers.map((fill) => {
      const resting = this.#find(fill.hash);
      checkFill(fill, resting.remaining);
      return { ...resting, remaining: fill.remainingAfter };
    });
    const cancelled = plan.cancels.map((hash) => this.#find(hash));

    for (const { hash } of cancelled) this.#orders.delete(hash);
    const closed = reduced.flatMap((resting) => this.#putBack(resting).closed ?? []);
    this.#version += 1;
    return { cancelled, closed };
  }

  changeTick(tick: bigint): readonly RestingOrder[] {
    checkTick("tick", tick);
    this.#market = { ...this.#market, tick };
    this.#version += 1;
    return this.#all()
      .sort(byArrival)
      .flatMap((resting) => this.#putBack(resting).closed ?? []);
  }

  match(taker: IncomingOrder, options?: MatchOptions): MatchResult {
    return matchBySorting(this, taker, options);
  }

  get(hash: Hex): RestingOrder | undefined {
    return this.#orders.get(hash)?.resting;
  }

  has(hash: Hex): boolean {
    return this.#orders.has(hash);
  }

  /** Orders that buy YES or sell NO: the highest price of YES first, then the earliest. */
  bids(): readonly RestingOrder[] {
    return this.#inPriority("bid").map((placed) => placed.resting);
  }

  /** Orders that sell YES or buy NO: the lowest price of YES first, then the earliest. */
  asks(): readonly RestingOrder[] {
    return this.#inPriority("ask").map((placed) => placed.resting);
  }

  depth(): Depth {
    return { bids: this.levels("bid"), asks: this.levels("ask") };
  }

  levels(side: BookSide): readonly DepthLevel[] {
    const levels: DepthLevel[] = [];
    for (const { resting, price } of this.#inPriority(side)) {
      const last = levels.at(-1);
      const isSameLevel = last !== undefined && last.price === price;
      if (isSameLevel) levels.pop();
      levels.push({
        price,
        shares: (isSameLevel ? last.shares : 0n) + sharesLeft(resting),
        orders: (isSameLevel ? last.orders : 0) + 1,
      });
    }
    return levels;
  }

  #inPriority(side: BookSide): readonly PlacedOrder[] {
    return [...this.#orders.values()]
      .filter((placed) => placed.bookSide === side)
      .sort(comparePriority);
  }

  #all(): RestingOrder[] {
    return [...this.#orders.values()].map((placed) => placed.resting);
  }

  #find(hash: Hex): RestingOrder {
    const resting = this.get(hash);
    if (resting === undefined) throw unknownOrder(hash);
    return resting;
  }

  /** Places an order by what is left of it now: in the book, or out of it when that is nothing or dust. */
  #putBack(resting: RestingOrder): ReduceResult {
    if (resting.remaining === 0n) {
      this.#orders.delete(resting.hash);
      return { resting: null, closed: null };
    }
    if (isDust(this.#market, resting.order, resting.remaining)) {
      this.#orders.delete(resting.hash);
      return { resting: null, closed: resting };
    }
    this.#place(resting);
    return { resting, closed: null };
  }

  #place(resting: RestingOrder): void {
    this.#orders.set(resting.hash, {
      resting,
      bookSide: bookSideOf(this.#market, resting.order),
      price: placedPriceOf(this.#market, resting.order),
    });
  }
}

function byArrival(left: RestingOrder, right: RestingOrder): number {
  return left.sequence - right.sequence;
}

/** The first to die first, and of one second the earliest. */
function byDeath(left: RestingOrder, right: RestingOrder): number {
  const [one, other] = [left.order.expiration, right.order.expiration];
  return one === other ? byArrival(left, right) : one < other ? -1 : 1;
}

/** Shares a resting order still trades: what it receives for all that is left of a BUY, all that is left of a SELL. */
export function sharesLeft({ order, remaining }: RestingOrder): bigint {
  return order.side === Side.BUY
    ? receivedUp(remaining, order.makerAmount, order.takerAmount)
    : remaining;
}
