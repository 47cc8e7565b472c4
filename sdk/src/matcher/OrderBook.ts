import { InputError } from "../errors/InputError.js";
import { Side, type Hex } from "../order/Order.js";
import { receivedUp } from "../units/fillMath.js";
import { checkBigint, checkOrder } from "./checkOrder.js";
import { isExpired } from "./isExpired.js";
import { MatcherError } from "./MatcherError.js";
import { bookSideOf, comparePriority, placedPriceOf, type PlacedOrder } from "./priority.js";
import type {
  BookSide,
  BookView,
  Depth,
  DepthLevel,
  Market,
  MatchPlan,
  NewRestingOrder,
  RestingOrder,
} from "./types.js";

/**
 * The resting orders of one market, both outcomes in one book and priced in YES terms: BUY NO at q is an ask at 1 - q, SELL
 * NO at q a bid at 1 - q. Make one with `createBook`.
 *
 * Always true: every order has something left, its own hash and its own place in the order of arrival. A method that throws
 * has changed nothing. Lists are sorted when asked for: this book is meant to be read, not to be fast.
 */
export class OrderBook implements BookView {
  readonly market: Market;
  readonly #orders = new Map<Hex, PlacedOrder>();
  #nextSequence = 0;

  constructor(market: Market) {
    this.market = market;
  }

  /** How many orders rest in the book. */
  get size(): number {
    return this.#orders.size;
  }

  /**
   * Lets an order rest, without matching it. Give the `sequence` it had before to put an order back at its old place.
   * @returns the order as it rests.
   */
  add(incoming: NewRestingOrder): RestingOrder {
    const remaining = checkOrder(this.market, incoming);
    const { hash, order, sequence = this.#nextSequence } = incoming;
    if (this.#orders.has(hash)) {
      throw new MatcherError("DUPLICATE_ORDER", "The order rests in the book already", { hash });
    }
    this.#checkSequence(hash, sequence);

    const resting: RestingOrder = { hash, order, remaining, sequence };
    this.#place(resting);
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    return resting;
  }

  /** Takes an order out. @returns the order as it rested. */
  cancel(hash: Hex): RestingOrder {
    const resting = this.#find(hash);
    this.#orders.delete(hash);
    return resting;
  }

  /** Takes out every order that is dead at `now`, in Unix seconds. @returns them in the order of arrival. */
  expire(now: bigint): readonly RestingOrder[] {
    checkBigint("now", now);
    const expired = this.#all()
      .filter((resting) => isExpired(resting.order, now))
      .sort((left, right) => left.sequence - right.sequence);
    for (const { hash } of expired) this.#orders.delete(hash);
    return expired;
  }

  /**
   * Does to the makers of a plan what the exchange will do: reduces them, and drops those with nothing left. The plan must
   * have been made from this book's present state.
   */
  apply(plan: MatchPlan): void {
    if (plan.market.yes !== this.market.yes || plan.market.no !== this.market.no) {
      throw new MatcherError("OTHER_MARKET", "The plan belongs to another market", {
        planMarket: plan.market,
        bookMarket: this.market,
      });
    }
    const reduced = plan.makers.map((fill) => {
      const resting = this.#find(fill.hash);
      if (fill.making <= 0n || resting.remaining - fill.making !== fill.remainingAfter) {
        throw new MatcherError("STALE_PLAN", "The book has changed since the plan was made", {
          hash: fill.hash,
          making: fill.making,
          remainingAfter: fill.remainingAfter,
          remaining: resting.remaining,
        });
      }
      return { ...resting, remaining: fill.remainingAfter };
    });

    for (const resting of reduced) {
      if (resting.remaining === 0n) this.#orders.delete(resting.hash);
      else this.#place(resting);
    }
  }

  get(hash: Hex): RestingOrder | undefined {
    return this.#orders.get(hash)?.resting;
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
    return { bids: this.#levels("bid"), asks: this.#levels("ask") };
  }

  #levels(side: BookSide): readonly DepthLevel[] {
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
    if (resting === undefined) {
      throw new MatcherError("UNKNOWN_ORDER", "No such order rests in the book", { hash });
    }
    return resting;
  }

  #place(resting: RestingOrder): void {
    this.#orders.set(resting.hash, {
      resting,
      bookSide: bookSideOf(this.market, resting.order),
      price: placedPriceOf(this.market, resting.order),
    });
  }

  #checkSequence(hash: Hex, sequence: number): void {
    if (!Number.isSafeInteger(sequence) || sequence < 0) {
      throw new InputError("sequence", sequence, "an integer from 0 on");
    }
    const holder = this.#all().find((resting) => resting.sequence === sequence);
    if (holder !== undefined) {
      throw new MatcherError("DUPLICATE_SEQUENCE", "Another order has this place in the queue", {
        hash,
        sequence,
        holder: holder.hash,
      });
    }
  }
}

/** Shares a resting order still trades: what it receives for all that is left of a BUY, all that is left of a SELL. */
function sharesLeft({ order, remaining }: RestingOrder): bigint {
  return order.side === Side.BUY
    ? receivedUp(remaining, order.makerAmount, order.takerAmount)
    : remaining;
}
