import { Side, type Hex, type Order, type SignedOrder } from "../../order/Order.js";
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
import { ANYONE } from "../judgeMaker.js";
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
import { isHeavy } from "../weights.js";
import { ExpiryQueue, type Expiry } from "./ExpiryQueue.js";
import { product } from "./fillOfLots.js";
import { gauge, ticksOf } from "./gauge.js";
import { NONE } from "./Ladder.js";
import { matchByWalking } from "./matchByWalking.js";
import { Owners } from "./Owners.js";
import {
  ASK,
  BID,
  EXPIRES,
  IS_HEAVY,
  IS_NO,
  IS_ODD,
  IS_PRIVATE,
  ON_ASK,
  TickBook,
} from "./TickBook.js";

/**
 * The fast book. Prices, queues and whole lots are the TickBook's; this one knows the orders behind the slots.
 *
 * Always true of a resting order: when it is even, its lots say exactly what is left of it; when it is odd, `#odd` has what
 * is left, and its lots say 1 and mean nothing.
 */
export class FastBook implements OrderBook {
  #market: Market;
  #ticks: TickBook;
  #version = 0;
  #nextSequence = 0;
  // By slot.
  #orders: (Order | SignedOrder)[] = [];
  #sequences: number[] = [];
  /** What is left of odd orders. */
  readonly #odd = new Map<number, bigint>();
  /** Slots by sequence; null until an order is put back at an old place. */
  #holders: Map<number, number> | null = null;
  readonly #owners = new Owners();
  readonly #expiries = new ExpiryQueue();

  constructor(market: Market) {
    this.#market = market;
    this.#ticks = new TickBook(ticksOf(market));
  }

  get market(): Market {
    return this.#market;
  }

  get size(): number {
    return this.#ticks.size;
  }

  get version(): number {
    return this.#version;
  }

  add(incoming: NewRestingOrder): RestingOrder {
    const remaining = checkOrder(this.#market, incoming);
    const { hash, order, sequence = this.#nextSequence } = incoming;
    if (this.has(hash)) throw duplicateOrder(hash);
    checkSequence(sequence);
    if (sequence < this.#nextSequence) this.#refuseHeld(hash, sequence);
    const resting: RestingOrder = { hash, order, remaining, sequence };
    this.#join(resting, true);
    if (order.expiration !== 0n) this.#watch(resting);
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    this.#version += 1;
    return resting;
  }

  cancel(hash: Hex): RestingOrder {
    const slot = this.#find(hash);
    const resting = this.restingAt(slot);
    this.#leave(slot);
    this.#version += 1;
    return resting;
  }

  expire(now: bigint, most = Infinity): readonly RestingOrder[] {
    checkBigint("now", now);
    const expired: RestingOrder[] = [];
    while (expired.length < most) {
      const next = this.nextExpiration();
      if (next === null || now < next) break;
      const slot = this.#ticks.slotOf(this.#expiries.pop()!.hash);
      expired.push(this.restingAt(slot));
      this.#leave(slot);
    }
    if (expired.length > 0) this.#version += 1;
    return expired.sort((left, right) => left.sequence - right.sequence);
  }

  nextExpiration(): bigint | null {
    for (;;) {
      const first = this.#expiries.first;
      if (first === undefined) return null;
      if (this.#isCurrent(first)) return first.expiration;
      this.#expiries.pop();
    }
  }

  reduce(hash: Hex, remaining: bigint): ReduceResult {
    const slot = this.#find(hash);
    checkReduced(hash, remaining, this.remainingAt(slot));
    this.#version += 1;
    const closed = this.#setRemaining(slot, remaining);
    const isGone = remaining === 0n || closed !== null;
    return { resting: isGone ? null : this.restingAt(slot), closed };
  }

  apply(plan: MatchPlan): ApplyResult {
    checkPlan(plan, this.#market);
    const { makers, cancels } = plan;
    for (const fill of makers) checkFill(fill, this.remainingAt(this.#find(fill.hash)));
    const cancelled = cancels.map((hash) => this.restingAt(this.#find(hash)));

    for (const { hash } of cancelled) this.#leave(this.#find(hash));
    const closed: RestingOrder[] = [];
    for (const { hash, remainingAfter } of makers) {
      const dust = this.#setRemaining(this.#find(hash), remainingAfter);
      if (dust !== null) closed.push(dust);
    }
    this.#version += 1;
    return { cancelled, closed };
  }

  changeTick(tick: bigint): readonly RestingOrder[] {
    checkTick("tick", tick);
    const all = [...this.bids(), ...this.asks()].sort(
      (left, right) => left.sequence - right.sequence,
    );
    for (const { hash } of all) this.#leave(this.#find(hash));
    this.#market = { ...this.#market, tick };
    this.#ticks = new TickBook(ticksOf(this.#market), all.length);
    this.#version += 1;

    const closed: RestingOrder[] = [];
    for (const resting of all) {
      if (isDust(this.#market, resting.order, resting.remaining)) closed.push(resting);
      else this.#join(resting, false);
    }
    return closed;
  }

  match(taker: IncomingOrder, options?: MatchOptions): MatchResult {
    return matchByWalking(this, this.#ticks, taker, options);
  }

  get(hash: Hex): RestingOrder | undefined {
    const slot = this.#ticks.slotOf(hash);
    return slot === NONE ? undefined : this.restingAt(slot);
  }

  has(hash: Hex): boolean {
    return this.#ticks.slotOf(hash) !== NONE;
  }

  bids(): readonly RestingOrder[] {
    return this.#inPriority(BID);
  }

  asks(): readonly RestingOrder[] {
    return this.#inPriority(ASK);
  }

  depth(): Depth {
    return { bids: [...this.levels("bid")], asks: [...this.levels("ask")] };
  }

  *levels(side: BookSide): Generator<DepthLevel> {
    const ladder = this.#ticks.ladderOf(side === "bid" ? BID : ASK);
    for (let rank = ladder.best; rank !== ladder.end; rank = ladder.after(rank)) {
      let orders = 0;
      let lots = 0;
      let shares = 0n;
      for (let slot = ladder.head(rank); slot !== NONE; slot = this.#ticks.nextOf(slot)) {
        orders += 1;
        const sum = lots + this.#ticks.lotsOf(slot);
        if ((this.#ticks.traitsOf(slot) & IS_ODD) !== 0 || !Number.isSafeInteger(sum)) {
          shares += this.#sharesAt(slot);
        } else {
          lots = sum;
        }
      }
      shares += product(lots, this.#ticks.ticks);
      yield { price: this.#priceOf(side === "bid" ? BID : ASK, rank), shares, orders };
    }
  }

  // ------------------------------------------------------------------------------------------ slots, for the walk

  orderAt(slot: number): Order | SignedOrder {
    return this.#orders[slot]!;
  }

  hashAt(slot: number): Hex {
    return this.#ticks.idOf(slot) as Hex;
  }

  restingAt(slot: number): RestingOrder {
    return {
      hash: this.hashAt(slot),
      order: this.#orders[slot]!,
      remaining: this.remainingAt(slot),
      sequence: this.#sequences[slot]!,
    };
  }

  /** What is left of an order, in units of what it gives. */
  remainingAt(slot: number): bigint {
    const ticks = this.#ticks;
    if ((ticks.traitsOf(slot) & IS_ODD) !== 0) return this.#odd.get(slot)!;
    const isBuy = this.#orders[slot]!.side === Side.BUY;
    const unitsOfLot = isBuy ? ticks.ticks - ticks.rankOf(slot) : ticks.ticks;
    return product(ticks.lotsOf(slot), unitsOfLot);
  }

  /** Where an order stands: price of YES, in millionths. */
  priceAt(slot: number): bigint {
    const side = (this.#ticks.traitsOf(slot) & ON_ASK) === 0 ? BID : ASK;
    return this.#priceOf(side, this.#ticks.rankOf(slot));
  }

  /** The number of the account in owners' column, or NO_OWNER when it has no resting order. */
  ownerOf(order: Order): number {
    return this.#owners.find(order.maker);
  }

  // ------------------------------------------------------------------------------------------ changes

  /** Lets an order rest. Its hash and sequence are new. */
  #join(resting: RestingOrder, refusesDust: boolean): void {
    const { hash, order, remaining, sequence } = resting;
    const { side, rank, lots } = gauge(this.#market, order, remaining);
    if (lots === 0 && refusesDust) refuseDust(this.#market, resting);
    let traits: number = side;
    if (order.tokenId === this.#market.no) traits |= IS_NO;
    if (lots === 0) traits |= IS_ODD;
    if (order.taker !== ANYONE) traits |= IS_PRIVATE;
    if (order.expiration !== 0n) traits |= EXPIRES;
    if (isHeavy(order)) traits |= IS_HEAVY;

    const owner = this.#owners.hold(order.maker);
    const slot = this.#ticks.join(hash, rank, lots === 0 ? 1 : lots, traits, owner);
    this.#orders[slot] = order;
    this.#sequences[slot] = sequence;
    this.#holders?.set(sequence, slot);
    if (lots === 0) this.#odd.set(slot, remaining);
    if (sequence < this.#nextSequence) this.#moveToItsPlace(slot, sequence);
  }

  /**
   * Puts an order that joined last where its sequence belongs: before the first that came later. Looked for from both ends of
   * the queue at once: an order comes back near the front, where makers were taken, or near the end, where it came from.
   */
  #moveToItsPlace(slot: number, sequence: number): void {
    const ticks = this.#ticks;
    let later = NONE;
    let fromEnd = ticks.priorOf(slot);
    let fromFront = ticks.firstOf(slot);
    while (fromEnd !== NONE && this.#sequences[fromEnd]! > sequence) {
      later = fromEnd;
      if (this.#sequences[fromFront]! > sequence) {
        later = fromFront;
        break;
      }
      fromFront = ticks.nextOf(fromFront);
      fromEnd = ticks.priorOf(fromEnd);
    }
    if (later !== NONE) ticks.moveBefore(slot, later);
  }

  /** Takes an order out. */
  #leave(slot: number): void {
    this.#owners.release(this.#ticks.ownerOf(slot));
    if ((this.#ticks.traitsOf(slot) & IS_ODD) !== 0) this.#odd.delete(slot);
    this.#holders?.delete(this.#sequences[slot]!);
    this.#ticks.leave(slot);
    this.#orders[slot] = undefined as never;
  }

  /** Sets what is left of an order; takes it out when that is nothing or dust. @returns the order when it is dust. */
  #setRemaining(slot: number, remaining: bigint): RestingOrder | null {
    if (remaining === 0n) {
      this.#leave(slot);
      return null;
    }
    const order = this.#orders[slot]!;
    const traits = this.#ticks.traitsOf(slot);
    const { lots } = gauge(this.#market, order, remaining);
    if (lots > 0) {
      if ((traits & IS_ODD) !== 0) this.#odd.delete(slot);
      this.#ticks.set(slot, lots, traits & ~IS_ODD);
      return null;
    }
    if (isDust(this.#market, order, remaining)) {
      const closed = { ...this.restingAt(slot), remaining };
      this.#leave(slot);
      return closed;
    }
    this.#ticks.set(slot, 1, traits | IS_ODD);
    this.#odd.set(slot, remaining);
    return null;
  }

  #find(hash: Hex): number {
    const slot = this.#ticks.slotOf(hash);
    if (slot === NONE) throw unknownOrder(hash);
    return slot;
  }

  /** Only an order that is put back at an old place pays for the index of places, which is made once. */
  #refuseHeld(hash: Hex, sequence: number): void {
    if (this.#holders === null) {
      this.#holders = new Map();
      this.#orders.forEach((order, slot) => {
        if (order !== undefined) this.#holders!.set(this.#sequences[slot]!, slot);
      });
    }
    const holder = this.#holders.get(sequence);
    if (holder !== undefined) throw duplicateSequence(hash, sequence, this.hashAt(holder));
  }

  /** Remembers when an order dies. What has left the book meanwhile is thrown out when it is most of the queue. */
  #watch({ hash, order, sequence }: RestingOrder): void {
    this.#expiries.push({ expiration: order.expiration, sequence, hash });
    if (this.#expiries.size > 64 + 2 * this.size) {
      this.#expiries.sift((entry) => this.#isCurrent(entry));
    }
  }

  /** True when an entry of the queue is of an order that rests: it may have left, and come back at another place. */
  #isCurrent({ hash, expiration, sequence }: Expiry): boolean {
    const slot = this.#ticks.slotOf(hash);
    if (slot === NONE || this.#orders[slot]!.expiration !== expiration) return false;
    return this.#sequences[slot] === sequence;
  }

  #inPriority(side: number): readonly RestingOrder[] {
    const ladder = this.#ticks.ladderOf(side);
    const orders: RestingOrder[] = [];
    for (let rank = ladder.best; rank !== ladder.end; rank = ladder.after(rank)) {
      for (let slot = ladder.head(rank); slot !== NONE; slot = this.#ticks.nextOf(slot)) {
        orders.push(this.restingAt(slot));
      }
    }
    return orders;
  }

  #priceOf(side: number, rank: number): bigint {
    return BigInt(side === ASK ? rank : this.#ticks.ticks - rank) * this.#market.tick;
  }

  #sharesAt(slot: number): bigint {
    const { side, makerAmount, takerAmount } = this.#orders[slot]!;
    const remaining = this.remainingAt(slot);
    return side === Side.BUY ? receivedUp(remaining, makerAmount, takerAmount) : remaining;
  }
}
