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
  const lines = [...log];
  let recorder: BookRecorder | null = null;
  let prev = LOG_START;
  for (const [n, found] of lines.entries()) {
    const refused = (fault: ReplayFault, expected: string | null = null): ReplayResult => {
      return { status: "refused", fault, line: n, found, expected };
    };
    const parsed = parseLine(found);
    if (parsed === null) return refused("MALFORMED");
    if (parsed.n !== n) return refused("GAP");
    if (parsed.prev !== prev) {
      const line = Math.max(n - 1, 0);
      return { status: "refused", fault: "EDITED", line, found: lines[line]!, expected: null };
    }

    let expected: string | null = null;
    if ((parsed.request.op === "open") !== (n === 0)) return refused("MALFORMED");
    try {
      if (recorder === null) recorder = open(parsed.request, options);
      expected = n === 0 ? recorder.opening : perform(recorder, parsed.request);
    } catch {
      // The book refuses what the log says it did.
    }
    if (expected !== found) {
      const hashed = n + 1 < lines.length ? parseLine(lines[n + 1]!)?.prev : options.head;
      const isEdited = hashed !== undefined && hashed !== hashLine(found);
      return refused(isEdited ? "EDITED" : "DISAGREES", expected);
    }
    prev = hashLine(found);
  }

  const last = lines.length - 1;
  if (recorder === null) {
    return { status: "refused", fault: "GAP", line: 0, found: "", expected: null };
  }
  if (options.head !== undefined && options.head !== prev) {
    return { status: "refused", fault: "EDITED", line: last, found: lines[last]!, expected: null };
  }
  return { status: "agrees", lines: lines.length, head: prev, book: recorder.book };
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
