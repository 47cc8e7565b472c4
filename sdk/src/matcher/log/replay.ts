import type { Hex } from "../../order/Order.js";
import type { OrderBook } from "../types.js";
import { BookRecorder, hashLine, LOG_START, type RecordOptions } from "./recordBook.js";
import { requestFromJson, type BookRequest } from "./requests.js";

/** What replay may be told. */
export interface ReplayOptions {
  /** The keccak of the last line, as published. Without it nobody knows whether the last line was edited, or is the last. */
  readonly head?: Hex;
  /** Makes the book to replay with. Default `createBook`. */
  readonly create?: RecordOptions["create"];
}

/**
 * Why a log is refused:
 * - MALFORMED: the line is none of a log;
 * - GAP: a line is missing before it, or it stands twice;
 * - EDITED: it is not the line that its follower, or the published head, has hashed;
 * - DISAGREES: its decision, or the book it left, is not what the rules give.
 */
export type ReplayFault = "MALFORMED" | "GAP" | "EDITED" | "DISAGREES";

/** The book a log leads to, or the first line that does not follow from those before it. */
export type ReplayResult =
  | {
      readonly status: "agrees";
      readonly lines: number;
      readonly head: Hex;
      readonly book: OrderBook;
    }
  | {
      readonly status: "refused";
      readonly fault: ReplayFault;
      /** The number of the line at fault, counted from 0. */
      readonly line: number;
      readonly found: string;
      /** What should stand there, when the rules tell. */
      readonly expected: string | null;
    };

/** Does again all that a log says was done, and says where it first departs from the rules. */
export function replay(log: Iterable<string>, options: ReplayOptions = {}): ReplayResult {
  const replaying = new LogReplay(options);
  for (const line of log) if (!replaying.add(line)) break;
  return replaying.end(options.head);
}

/** The same line by line, for a log that is longer than should be kept: it holds the book and one line. */
export class LogReplay {
  readonly #options: Pick<ReplayOptions, "create">;
  #recorder: BookRecorder | null = null;
  #count = 0;
  #prev: string = LOG_START;
  /** The line before. */
  #last = "";
  /** A decision that is not what the rules give; the line after it says whether its text was edited. */
  #doubt: { readonly expected: string | null } | null = null;
  #refused: ReplayResult | null = null;

  constructor(options: Pick<ReplayOptions, "create"> = {}) {
    this.#options = options;
  }

  /** @returns false once the log is refused: further lines change nothing. */
  add(found: string): boolean {
    if (this.#refused !== null) return false;
    const parsed = parseLine(found);
    if (this.#doubt !== null) return this.#settle(parsed?.prev);
    const n = this.#count;
    if (parsed === null) return this.#refuse("MALFORMED", n, found);
    if (parsed.n !== n) return this.#refuse("GAP", n, found);
    if (parsed.prev !== this.#prev) {
      return this.#refuse("EDITED", Math.max(n - 1, 0), n === 0 ? found : this.#last);
    }
    if ((parsed.request.op === "open") !== (n === 0)) return this.#refuse("MALFORMED", n, found);
    const expected = this.#perform(parsed.request);
    this.#count += 1;
    this.#last = found;
    if (expected !== found) this.#doubt = { expected };
    else this.#prev = hashLine(found);
    return true;
  }

  /** @param head The keccak of the last line, as published. */
  end(head?: Hex): ReplayResult {
    if (this.#doubt !== null) this.#settle(head);
    if (this.#refused !== null) return this.#refused;
    if (this.#recorder === null) {
      return { status: "refused", fault: "GAP", line: 0, found: "", expected: null };
    }
    if (head !== undefined && head !== this.#prev) {
      const line = this.#count - 1;
      return { status: "refused", fault: "EDITED", line, found: this.#last, expected: null };
    }
    const { book } = this.#recorder;
    return { status: "agrees", lines: this.#count, head: this.#prev as Hex, book };
  }

  /** @returns the line that the rules give; null when the book refuses what the log says it did. */
  #perform(request: BookRequest): string | null {
    try {
      if (this.#recorder !== null) return perform(this.#recorder, request);
      this.#recorder = open(request, this.#options);
      return this.#recorder.opening;
    } catch {
      return null;
    }
  }

  /** @param hashed What the line after it, or the published head, says is the keccak of the line in doubt. */
  #settle(hashed: string | undefined): false {
    const isEdited = hashed !== undefined && hashed !== hashLine(this.#last);
    const fault = isEdited ? "EDITED" : "DISAGREES";
    return this.#refuse(fault, this.#count - 1, this.#last, this.#doubt!.expected);
  }

  #refuse(fault: ReplayFault, line: number, found: string, expected: string | null = null): false {
    this.#refused = { status: "refused", fault, line, found, expected };
    this.#doubt = null;
    return false;
  }
}

interface ParsedLine {
  readonly n: number;
  readonly prev: string;
  readonly request: BookRequest;
}

function parseLine(line: string): ParsedLine | null {
  try {
    const { n, prev, request } = JSON.parse(line) as Record<string, unknown>;
    return { n: n as number, prev: prev as string, request: requestFromJson(request) };
  } catch {
    return null;
  }
}

function open(request: BookRequest, { create }: ReplayOptions): BookRecorder {
  if (request.op !== "open") throw new Error("a log begins by opening a book");
  const { market, stateEvery } = request;
  return new BookRecorder(market, { stateEvery, ...(create === undefined ? {} : { create }) });
}

function perform(recorder: BookRecorder, request: BookRequest): string {
  switch (request.op) {
    case "submit": {
      const skipped = new Set(request.skipped);
      const skip = skipped.size === 0 ? {} : { skip: byHash(skipped) };
      return recorder.submit(request.incoming, { ...request.options, ...skip }).line;
    }
    case "cancel":
      return recorder.cancel(request.hash).line;
    case "expire":
      return recorder.expire(request.now, request.most).line;
    case "reduce":
      return recorder.reduce(request.hash, request.remaining).line;
    case "tick":
      return recorder.changeTick(request.tick).line;
    case "open":
      throw new Error("a book is opened once");
  }
}

function byHash(hashes: ReadonlySet<Hex>): (resting: { readonly hash: Hex }) => boolean {
  return ({ hash }) => hashes.has(hash);
}
