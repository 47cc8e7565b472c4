/** No slot. */
export const NONE = -1;

const PAGE_BITS = 7;
const PAGE_LEVELS = 1 << PAGE_BITS;
const PAGE_WORDS = PAGE_LEVELS >> 5;

/**
 * The levels of one side of a book: for each rank the first and last slot of its queue, and which ranks have one.
 *
 * A rank counts ticks from the best price there can be: for asks the tick itself, for bids the ticks below 1. So the lowest
 * rank is the best on both sides, and a bid of rank r meets asks of rank up to `ticks - r`, and the reverse.
 *
 * Levels are kept in pages of 128, made when first used: a book of 100 ticks has one, and a book of a million ticks pays
 * for the prices that occur. A bit per level, and one per page, lead to the next level with orders.
 */
export class Ladder {
  /** The lowest rank with orders; `end` when there is none. */
  best: number;
  /** Above every rank. */
  readonly end: number;
  /** By position: the first slot of the level's queue, and the last. Only valid for levels with orders. */
  heads: Int32Array = new Int32Array(PAGE_LEVELS);
  tails: Int32Array = new Int32Array(PAGE_LEVELS);
  #words: Int32Array = new Int32Array(PAGE_WORDS);
  /** By page of ranks: where its levels are, or NONE. */
  readonly #directory: Int32Array;
  /** By page of ranks, a bit: it has levels with orders. */
  readonly #busy: Int32Array;
  #pages = 0;

  constructor(ticks: number) {
    this.end = ticks + 1;
    this.best = this.end;
    const pages = (ticks >> PAGE_BITS) + 1;
    this.#directory = new Int32Array(pages).fill(NONE);
    this.#busy = new Int32Array((pages + 31) >> 5);
  }

  /** Where the level of a rank is kept, making its page when it is new. */
  place(rank: number): number {
    const page = this.#directory[rank >> PAGE_BITS]!;
    return ((page === NONE ? this.#addPage(rank) : page) << PAGE_BITS) | (rank & (PAGE_LEVELS - 1));
  }

  /** The first slot of a rank's queue. The rank must have orders. */
  head(rank: number): number {
    return this.heads[this.place(rank)]!;
  }

  /** True when the level kept at a place has orders. */
  isOpen(place: number): boolean {
    return (this.#words[place >> 5]! & (1 << (place & 31))) !== 0;
  }

  /** Notes that a level has orders from now on. */
  open(rank: number, place: number): void {
    const page = rank >> PAGE_BITS;
    this.#words[place >> 5]! |= 1 << (place & 31);
    this.#busy[page >> 5]! |= 1 << (page & 31);
    if (rank < this.best) this.best = rank;
  }

  /** Notes that a level has no orders any more. */
  close(rank: number, place: number): void {
    const words = this.#words;
    words[place >> 5]! &= ~(1 << (place & 31));
    const first = (place >> PAGE_BITS) * PAGE_WORDS;
    if ((words[first]! | words[first + 1]! | words[first + 2]! | words[first + 3]!) === 0) {
      const page = rank >> PAGE_BITS;
      this.#busy[page >> 5]! &= ~(1 << (page & 31));
    }
    if (rank === this.best) this.best = this.after(rank);
  }

  /** The next rank with orders behind `rank`; `end` when there is none. */
  after(rank: number): number {
    const from = rank + 1;
    if (from >= this.end) return this.end;
    const page = from >> PAGE_BITS;
    const place = this.#directory[page]!;
    if (place !== NONE) {
      const found = this.#inPage(page, place, from & (PAGE_LEVELS - 1));
      if (found !== NONE) return found;
    }
    return this.#inLaterPage(page + 1);
  }

  #inPage(page: number, place: number, from: number): number {
    const words = this.#words;
    const first = place * PAGE_WORDS;
    let word = from >> 5;
    let bits = words[first + word]! & (-1 << (from & 31));
    while (bits === 0) {
      if (++word === PAGE_WORDS) return NONE;
      bits = words[first + word]!;
    }
    return (page << PAGE_BITS) | (word << 5) | lowestBit(bits);
  }

  #inLaterPage(from: number): number {
    const busy = this.#busy;
    let word = from >> 5;
    if (word >= busy.length) return this.end;
    let bits = busy[word]! & (-1 << (from & 31));
    while (bits === 0) {
      if (++word === busy.length) return this.end;
      bits = busy[word]!;
    }
    const page = (word << 5) | lowestBit(bits);
    return this.#inPage(page, this.#directory[page]!, 0);
  }

  #addPage(rank: number): number {
    const page = this.#pages++;
    const room = this.heads.length >> PAGE_BITS;
    if (page === room) {
      this.heads = widened(this.heads);
      this.tails = widened(this.tails);
      this.#words = widened(this.#words);
    }
    this.#directory[rank >> PAGE_BITS] = page;
    return page;
  }
}

/** The position of the lowest bit that is set, of at least one. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function widened(values: Int32Array): Int32Array {
  const wider = new Int32Array(2 * values.length);
  wider.set(values);
  return wider;
}
