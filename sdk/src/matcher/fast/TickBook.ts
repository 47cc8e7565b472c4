import { hashOfId, IdTable } from "./IdTable.js";
import { Ladder, NONE } from "./Ladder.js";

/** Sides of a book in YES terms. */
export const BID = 0;
export const ASK = 1;
export type TickSide = typeof BID | typeof ASK;

/** Traits of a resting order, as bits. */
export const ON_ASK = 1;
/** It trades the NO token. */
export const IS_NO = 2;
/** Its amounts are not whole lots at its tick. */
export const IS_ODD = 4;
/** It names its counterparty. */
export const IS_PRIVATE = 8;
/** It has an expiration. */
export const EXPIRES = 16;
/** A contract wallet signs it, so it weighs more than others. */
export const IS_HEAVY = 32;

/** Traits from this one on mean that an order cannot simply be taken: somebody who knows the order must look at it. */
const NEEDS_JUDGING = IS_ODD;

/** An owner that is nobody's. */
export const NO_OWNER = -1;

/**
 * One order takes 32 bytes of one buffer, so that what an operation needs of it is in one line of the processor's cache: six
 * integers at `slot * 8`, and the lots as a double at `slot * 4 + 3`.
 */
const CELLS = 3; // as a shift
const NEXT = 0;
const PRIOR = 1;
const RANK = 2;
const TRAITS = 3;
const OWNER = 4;
const HASH = 5;
const SIZES = 2; // as a shift
const LOTS = 3;
const BYTES = 32;

/**
 * Price-time priority on whole numbers: prices are ticks, sizes are lots, orders are slots. The engine inside the fast order
 * book, and a book of its own for whoever counts in ticks and lots.
 *
 * Every resting order has a slot: an index into one buffer. The orders of a level form a doubly linked list, earliest first.
 * Free slots form a list too. Ids are looked up once, on arrival and on cancel.
 *
 * Matching has two steps. `run` walks the other side and writes fills, and changes nothing else; `commit` then takes
 * them from the makers. Fills stay readable until the next order arrives.
 *
 * Always true: a slot in a level's list has lots above zero, and its id leads to it; a free slot has lots of zero. Lots are
 * whole and at most 2^53, so every sum and difference made here is exact.
 */
export class TickBook {
  readonly ticks: number;
  readonly bids: Ladder;
  readonly asks: Ladder;
  /** How many orders rest. */
  size = 0;

  // By fill, in the order in which they were made.
  fillCount = 0;
  fillIds: string[] = [];
  fillSlots: Int32Array = new Int32Array(64);
  fillRanks: Int32Array = new Int32Array(64);
  fillTraits: Uint8Array = new Uint8Array(64);
  fillLots: Float64Array = new Float64Array(64);

  /** Makers that the walk has passed by. */
  passedCount = 0;
  /** Where the walk stands: the next maker, or NONE when it is at the end of its level. */
  cursor = NONE;
  /** The rank of the level the walk stands in. */
  cursorRank = -1;

  #cells: Int32Array;
  #sizes: Float64Array;
  readonly #ids: string[] = [];
  readonly #slots = new IdTable();
  #room: number;
  #used = 0;
  #free = NONE;
  #walked: Ladder;

  /** A book for prices from 0 to `ticks` ticks, with room for `capacity` orders before it must grow. */
  constructor(ticks: number, capacity = 64) {
    this.ticks = ticks;
    this.bids = new Ladder(ticks);
    this.asks = new Ladder(ticks);
    this.#walked = this.asks;
    this.#room = Math.max(capacity, 1);
    const buffer = new ArrayBuffer(this.#room * BYTES);
    this.#cells = new Int32Array(buffer);
    this.#sizes = new Float64Array(buffer);
  }

  /**
   * An order arrives: takes what meets it at `tick` or better, and rests with what is left.
   * @returns the lots filled. The fills tell whom it met.
   */
  limit(
    id: string,
    side: TickSide,
    tick: number,
    lots: number,
    isNo = false,
    owner = NO_OWNER,
  ): number {
    const limit = side === BID ? tick : this.ticks - tick;
    const left = this.#take(side, limit, lots, owner);
    if (left > 0) {
      const traits = side | (isNo ? IS_NO : 0);
      this.join(id, this.ticks - limit, left, traits, owner);
    }
    return lots - left;
  }

  /** An order at any price that never rests. @returns the lots filled. */
  market(side: TickSide, lots: number, owner = NO_OWNER): number {
    return lots - this.#take(side, this.ticks, lots, owner);
  }

  /** Takes an order out. @returns the lots that were left; 0 when no such order rests. */
  cancel(id: string): number {
    const slot = this.#slots.find(id, hashOfId(id), this.#ids);
    if (slot === NONE) return 0;
    const left = this.#sizes[(slot << SIZES) | LOTS]!;
    this.leave(slot);
    return left;
  }

  /** The slot of a resting order, or NONE. */
  slotOf(id: string): number {
    return this.#slots.find(id, hashOfId(id), this.#ids);
  }

  idOf(slot: number): string {
    return this.#ids[slot]!;
  }

  /** The order behind in its level's queue, or NONE. */
  nextOf(slot: number): number {
    return this.#cells[(slot << CELLS) | NEXT]!;
  }

  /** The order ahead in its level's queue, or NONE. */
  priorOf(slot: number): number {
    return this.#cells[(slot << CELLS) | PRIOR]!;
  }

  /** The first order in the queue that an order stands in. */
  firstOf(slot: number): number {
    return this.ladderOf(this.traitsOf(slot) & ON_ASK).head(this.rankOf(slot));
  }

  rankOf(slot: number): number {
    return this.#cells[(slot << CELLS) | RANK]!;
  }

  traitsOf(slot: number): number {
    return this.#cells[(slot << CELLS) | TRAITS]!;
  }

  ownerOf(slot: number): number {
    return this.#cells[(slot << CELLS) | OWNER]!;
  }

  /** The lots left of an order; 0 when the slot is free. */
  lotsOf(slot: number): number {
    return this.#sizes[(slot << SIZES) | LOTS]!;
  }

  /** Sets what is left of an order, above zero, and its traits. Its side must stay. */
  set(slot: number, lots: number, traits: number): void {
    this.#sizes[(slot << SIZES) | LOTS] = lots;
    this.#cells[(slot << CELLS) | TRAITS] = traits;
  }

  ladderOf(side: number): Ladder {
    return side === BID ? this.bids : this.asks;
  }

  /** Puts an order at the end of its level's queue. Its id must be new. @returns its slot. */
  join(id: string, rank: number, lots: number, traits: number, owner: number): number {
    const slot = this.#takeSlot();
    this.#ids[slot] = id;
    const hash = hashOfId(id);
    this.#slots.insert(hash, slot);
    this.size++;

    const cells = this.#cells;
    const at = slot << CELLS;
    const ladder = (traits & ON_ASK) === BID ? this.bids : this.asks;
    const place = ladder.place(rank);
    if (ladder.isOpen(place)) {
      const last = ladder.tails[place]!;
      cells[at | PRIOR] = last;
      cells[(last << CELLS) | NEXT] = slot;
    } else {
      cells[at | PRIOR] = NONE;
      ladder.heads[place] = slot;
      ladder.open(rank, place);
    }
    ladder.tails[place] = slot;
    cells[at | NEXT] = NONE;
    cells[at | RANK] = rank;
    cells[at | TRAITS] = traits;
    cells[at | OWNER] = owner;
    cells[at | HASH] = hash;
    this.#sizes[(slot << SIZES) | LOTS] = lots;
    return slot;
  }

  /** Moves an order that joined last ahead, to stand before `later` in the queue of their level. */
  moveBefore(slot: number, later: number): void {
    const cells = this.#cells;
    const ladder = this.ladderOf(this.traitsOf(slot) & ON_ASK);
    const place = ladder.place(this.rankOf(slot));
    const last = this.priorOf(slot);
    cells[(last << CELLS) | NEXT] = NONE;
    ladder.tails[place] = last;

    const prior = this.priorOf(later);
    cells[(slot << CELLS) | PRIOR] = prior;
    cells[(slot << CELLS) | NEXT] = later;
    cells[(later << CELLS) | PRIOR] = slot;
    if (prior === NONE) ladder.heads[place] = slot;
    else cells[(prior << CELLS) | NEXT] = slot;
  }

  /** Takes an order out by its slot, which is free afterwards. */
  leave(slot: number): void {
    this.#slots.remove(this.#cells[(slot << CELLS) | HASH]!, slot);
    this.#unlink(slot);
  }

  /** Begins a walk over the orders that an order of `side` may meet, at the best of them, and forgets the last fills. */
  begin(side: number): void {
    this.#walked = side === BID ? this.asks : this.bids;
    this.cursor = NONE;
    this.cursorRank = -1;
    this.fillCount = 0;
    this.passedCount = 0;
  }

  /** True when the cursor is on an order of rank up to `limit`, having gone to the next level if it must. */
  reach(limit: number): boolean {
    if (this.cursor !== NONE) return this.cursorRank <= limit;
    const rank = this.cursorRank < 0 ? this.#walked.best : this.#walked.after(this.cursorRank);
    if (rank > limit) return false;
    this.cursorRank = rank;
    this.cursor = this.#walked.head(rank);
    return true;
  }

  /** Goes to the next order of the level, or to the level's end. */
  pass(): void {
    this.cursor = this.nextOf(this.cursor);
  }

  /**
   * Writes fills from the cursor on, until `wanted` lots are found, there are `mostFills` fills, the limit is passed, or the
   * cursor is on an order that needs judging. Orders of `owner` are passed by while fewer than `mostPassed` were; then it ends.
   * @returns the lots still wanted.
   */
  run(limit: number, wanted: number, mostFills: number, owner: number, mostPassed: number): number {
    const cells = this.#cells;
    const sizes = this.#sizes;
    const ids = this.#ids;
    const fillIds = this.fillIds;
    const ladder = this.#walked;
    let cursor = this.cursor;
    let rank = this.cursorRank;
    let count = this.fillCount;
    let passed = this.passedCount;
    while (wanted > 0 && count < mostFills) {
      if (cursor === NONE) {
        const next = rank < 0 ? ladder.best : ladder.after(rank);
        if (next > limit) break;
        rank = next;
        cursor = ladder.head(rank);
      } else if (rank > limit) break;
      const at = cursor << CELLS;
      const traits = cells[at | TRAITS]!;
      if (traits >= NEEDS_JUDGING) break;
      if (cells[at | OWNER] === owner && owner !== NO_OWNER) {
        if (passed >= mostPassed) break;
        cursor = cells[at | NEXT]!;
        if (++passed === mostPassed) break;
        continue;
      }

      const left = sizes[(cursor << SIZES) | LOTS]!;
      const fill = left < wanted ? left : wanted;
      if (count === this.fillSlots.length) this.#widenFills();
      fillIds[count] = ids[cursor]!;
      this.fillSlots[count] = cursor;
      this.fillRanks[count] = rank;
      this.fillTraits[count] = traits;
      this.fillLots[count] = fill;
      count++;
      wanted -= fill;
      cursor = cells[at | NEXT]!;
    }
    this.cursor = cursor;
    this.cursorRank = rank;
    this.fillCount = count;
    this.passedCount = passed;
    return wanted;
  }

  /** Writes a fill for the order at the cursor, whatever its traits. @returns the lots still wanted. */
  takeOne(wanted: number): number {
    const slot = this.cursor;
    const count = this.fillCount;
    const left = this.lotsOf(slot);
    const fill = left < wanted ? left : wanted;
    if (count === this.fillSlots.length) this.#widenFills();
    this.fillIds[count] = this.#ids[slot]!;
    this.fillSlots[count] = slot;
    this.fillRanks[count] = this.cursorRank;
    this.fillTraits[count] = this.traitsOf(slot);
    this.fillLots[count] = fill;
    this.fillCount = count + 1;
    return wanted - fill;
  }

  /** Takes the fills from their makers; those with nothing left leave. */
  commit(): void {
    const { fillSlots, fillLots } = this;
    const sizes = this.#sizes;
    for (let i = 0; i < this.fillCount; i++) {
      const slot = fillSlots[i]!;
      const at = (slot << SIZES) | LOTS;
      const left = sizes[at]! - fillLots[i]!;
      if (left > 0) sizes[at] = left;
      else this.leave(slot);
    }
  }

  /** Takes makers up to `limit` until nothing is wanted, passing by those of `owner`. @returns the lots still wanted. */
  #take(side: TickSide, limit: number, lots: number, owner: number): number {
    this.begin(side);
    const wanted = this.run(limit, lots, Infinity, owner, Infinity);
    if (this.fillCount > 0) this.commit();
    return wanted;
  }

  /** Takes an order out of its queue and frees its slot. */
  #unlink(slot: number): void {
    const cells = this.#cells;
    const at = slot << CELLS;
    const next = cells[at | NEXT]!;
    const prior = cells[at | PRIOR]!;
    if (next !== NONE && prior !== NONE) {
      cells[(prior << CELLS) | NEXT] = next;
      cells[(next << CELLS) | PRIOR] = prior;
    } else {
      const rank = cells[at | RANK]!;
      const ladder = (cells[at | TRAITS]! & ON_ASK) === BID ? this.bids : this.asks;
      const place = ladder.place(rank);
      if (next !== NONE) {
        ladder.heads[place] = next;
        cells[(next << CELLS) | PRIOR] = NONE;
      } else if (prior !== NONE) {
        ladder.tails[place] = prior;
        cells[(prior << CELLS) | NEXT] = NONE;
      } else {
        ladder.close(rank, place);
      }
    }
    this.#sizes[(slot << SIZES) | LOTS] = 0;
    cells[at | NEXT] = this.#free;
    this.#free = slot;
    this.size--;
  }

  #takeSlot(): number {
    const slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.#cells[(slot << CELLS) | NEXT]!;
      return slot;
    }
    if (this.#used === this.#room) this.#widen();
    return this.#used++;
  }

  /** Half as much room again: doubling would leave half of a large book empty. */
  #widen(): void {
    this.#room += (this.#room >> 1) + 16;
    const buffer = new ArrayBuffer(this.#room * BYTES);
    const cells = new Int32Array(buffer);
    cells.set(this.#cells);
    this.#cells = cells;
    this.#sizes = new Float64Array(buffer);
  }

  #widenFills(): void {
    const room = 2 * this.fillSlots.length;
    this.fillSlots = copyInto(new Int32Array(room), this.fillSlots);
    this.fillRanks = copyInto(new Int32Array(room), this.fillRanks);
    this.fillTraits = copyInto(new Uint8Array(room), this.fillTraits);
    this.fillLots = copyInto(new Float64Array(room), this.fillLots);
  }
}

function copyInto<Column extends Int32Array | Uint8Array | Float64Array>(
  wider: Column,
  values: Column,
): Column {
  wider.set(values as never);
  return wider;
}
