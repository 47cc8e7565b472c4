import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../../ids/bytes.js";
import type { Hex } from "../../order/Order.js";
import { createBook } from "../createBook.js";
import { hashBook } from "../hashBook.js";
import { submitOrder, type SubmitResult } from "../submitOrder.js";
import type {
  BookMarket,
  MatchOptions,
  NewRestingOrder,
  OrderBook,
  ReduceResult,
  RestingOrder,
} from "../types.js";
import { requestToJson, textOf, type BookRequest } from "./requests.js";

/** `prev` of the first line. */
export const LOG_START: Hex = `0x${"0".repeat(64)}`;

/** What was done, and the line that says so. */
export interface Recorded<Result> {
  readonly result: Result;
  readonly line: string;
}

/** Where a log stands, for going on with it. */
export interface LogState {
  /** How many lines it has. */
  readonly count: number;
  /** The keccak of its last line. */
  readonly head: Hex;
  /** The book's version in its last line. */
  readonly version: number;
  /** The orders that rest after its last line, each with its sequence. */
  readonly orders: Iterable<NewRestingOrder>;
}

/** What recordBook may be told. */
export interface RecordOptions {
  /** A line whose number is a multiple of this has the book's hash. Default 1000. */
  readonly stateEvery?: number;
  /** Makes the book. Default `createBook`. */
  readonly create?: (market: BookMarket) => OrderBook;
  /** Keccak-256 of bytes, for who has a faster one. Default: in JavaScript. */
  readonly keccak256?: (bytes: Uint8Array) => Uint8Array;
  /** Goes on with a log instead of opening one. That the state is the log's is the caller's word. */
  readonly resume?: LogState;
}

/**
 * A book that makes a line of log for everything asked of it. It keeps no line: the caller stores them, in their order. A
 * request that is refused leaves the book as it was and makes no line.
 */
export class BookRecorder {
  readonly book: OrderBook;
  /** The line that opens the log; empty when the book goes on with one. */
  readonly opening: string;
  readonly #stateEvery: number;
  readonly #keccak256: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** What the log's version is ahead of the book's, which was made anew. */
  readonly #versionsBefore: number;
  #count = 0;
  #head = LOG_START;

  constructor(market: BookMarket, options: RecordOptions = {}) {
    const { stateEvery = 1000, create = createBook, keccak256, resume } = options;
    this.#keccak256 = keccak256;
    this.book = create(market);
    this.#stateEvery = stateEvery;
    if (resume !== undefined) {
      for (const order of resume.orders) this.book.add(order);
      this.#count = resume.count;
      this.#head = resume.head;
      this.#versionsBefore = resume.version - this.book.version;
      this.opening = "";
      return;
    }
    this.#versionsBefore = 0;
    this.opening = this.#write({ op: "open", market, stateEvery }, null);
  }

  /** How many lines were made. */
  get count(): number {
    return this.#count;
  }

  /** How many times the book was changed since the log began. */
  get version(): number {
    return this.book.version + this.#versionsBefore;
  }

  /** The keccak of the last line: it fixes all of the log. */
  get head(): Hex {
    return this.#head;
  }

  submit(incoming: NewRestingOrder, options: MatchOptions = {}): Recorded<SubmitResult> {
    const skipped = new Set<Hex>();
    const { skip, ...others } = options;
    const noting = (maker: RestingOrder): boolean => {
      const isSkipped = skip?.(maker) === true;
      if (isSkipped) skipped.add(maker.hash);
      return isSkipped;
    };
    const result = submitOrder(
      this.book,
      incoming,
      skip === undefined ? others : { ...others, skip: noting },
    );
    const decision = {
      plans: result.plans.map((plan) => ({
        takerFillAmount: textOf(plan.takerFillAmount),
        making: textOf(plan.making),
        taking: textOf(plan.taking),
        makers: plan.makers.map(({ hash, kind, making, taking }) => {
          return [hash, kind, textOf(making), textOf(taking)];
        }),
      })),
      remaining: textOf(result.remaining),
      reason: result.reason,
      sequence: result.rested === null ? null : result.rested.sequence,
      cancelled: hashesOf(result.cancelled),
      closed: hashesOf(result.closed),
    };
    const request: BookRequest = { op: "submit", incoming, options: others, skipped: [...skipped] };
    return { result, line: this.#write(request, decision) };
  }

  cancel(hash: Hex): Recorded<RestingOrder> {
    const result = this.book.cancel(hash);
    return {
      result,
      line: this.#write({ op: "cancel", hash }, { remaining: textOf(result.remaining) }),
    };
  }

  expire(now: bigint, most?: number): Recorded<readonly RestingOrder[]> {
    const result = this.book.expire(now, most);
    const request: BookRequest = { op: "expire", now, ...(most === undefined ? {} : { most }) };
    return { result, line: this.#write(request, { expired: hashesOf(result) }) };
  }

  reduce(hash: Hex, remaining: bigint): Recorded<ReduceResult> {
    const result = this.book.reduce(hash, remaining);
    const decision = { rests: result.resting !== null };
    return { result, line: this.#write({ op: "reduce", hash, remaining }, decision) };
  }

  changeTick(tick: bigint): Recorded<readonly RestingOrder[]> {
    const result = this.book.changeTick(tick);
    return { result, line: this.#write({ op: "tick", tick }, { closed: hashesOf(result) }) };
  }

  #write(request: BookRequest, decision: unknown): string {
    const n = this.#count++;
    const hasState = n % this.#stateEvery === 0;
    // Members in the order in which they are put in: JSON in one spelling.
    const line = JSON.stringify({
      n,
      prev: this.#head,
      request: requestToJson(request),
      decision,
      version: this.version,
      ...(hasState ? { state: hashBook(this.book) } : {}),
    });
    this.#head = hashLine(line, this.#keccak256);
    return line;
  }
}

/** Makes an empty book of which everything is recorded. */
export function recordBook(market: BookMarket, options?: RecordOptions): BookRecorder {
  return new BookRecorder(market, options);
}

/** What the next line of a log names as the one before it: keccak256 of the line's text, without its line break. */
export function hashLine(
  line: string,
  keccak256: (bytes: Uint8Array) => Uint8Array = keccak_256,
): Hex {
  return toHex(keccak256(utf8ToBytes(line)));
}

function hashesOf(orders: readonly RestingOrder[]): Hex[] {
  return orders.map(({ hash }) => hash);
}
