import { readFileSync } from "node:fs";
import { hashBook } from "../../matcher/hashBook.js";
import { LogReplay } from "../../matcher/log/replay.js";
import type { Hex } from "../../order/Order.js";
import { JSON_OUTPUT, type Command, type World } from "../command.js";
import { CommandError } from "../CommandError.js";

/** A venue's page of a log. */
interface LogPage {
  readonly lines: readonly string[];
  readonly head: Hex | null;
  readonly cursor: string | null;
}

/** Some lines of a log, in their order. */
interface LogPart {
  readonly lines: readonly string[];
  /** The keccak of the last line of all, as the venue publishes it with this part. */
  readonly head: Hex | null;
}

const LINES_PER_PAGE = 500;
const PATIENCE_MS = 30_000;

/** Of a log from a venue, unless --max-lines says otherwise. A venue that is not honest could send lines without end. */
const DEFAULT_MAX_LINES = 1_000_000;
/** Of one page. Longest line of an honest venue: some tens of kilobytes, for an order with fifty makers. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const MAX_CURSOR_LENGTH = 512;
/** Of a log in all: this many for each line that is allowed. */
const MAX_MEAN_LINE_BYTES = 4_096;

/** Checks a venue: does again all that the log of a market's book says was done. */
export const replayCommand: Command = {
  name: "replay",
  summary: "do again what the log of a market's book says, and hold every decision to the rules",
  options: {
    head: { value: "hash", help: "keccak of the last line, as published (what the venue tells)" },
    "max-lines": {
      value: "number",
      help: `most lines to fetch from a venue (default ${DEFAULT_MAX_LINES})`,
    },
    ...JSON_OUTPUT,
  },
  input: {
    name: "log",
    help: "a file with a line of log per line, - for standard input, or a venue's .../api/markets/<market>/log",
  },
  notes:
    "No key and no network but the venue's own are needed. Orders' hashes and signatures are not looked at: see docs/matching.md.",
  run: async (options, world) => {
    const source = options.input as string;
    const log = /^https?:\/\//.test(source)
      ? fetchLog(source, maxLinesFrom(options.text("max-lines")), world)
      : readLog(source, world);
    const replaying = new LogReplay();
    let published: Hex | null = null;
    for await (const { lines, head } of log) {
      published = head ?? published;
      if (!lines.every((line) => replaying.add(line))) break;
    }
    const result = replaying.end(
      (options.text("head") as Hex | undefined) ?? published ?? undefined,
    );
    if (result.status === "refused") {
      const { fault, line, found, expected } = result;
      world.note({ agrees: false, fault, line, found, expected });
      throw new CommandError(`line ${line} of the log: ${FAULTS[fault]} (${fault})`);
    }
    const { lines, book } = result;
    const bookHash = hashBook(book);
    world.note({ agrees: true, lines, head: result.head, orders: book.size, bookHash });
    world.say(`${lines} lines agree with the rules; ${book.size} orders rest in the book`);
    world.say(`head of the log  ${result.head}`);
    world.say(`hash of the book ${bookHash}`);
  },
};

const FAULTS = {
  MALFORMED: "it is none",
  GAP: "a line is missing before it, or it stands twice",
  EDITED: "its text is not what was published",
  DISAGREES: "what it decides is not what the rules give",
} as const;

async function* readLog(file: string, world: World): AsyncGenerator<LogPart> {
  let text: string;
  try {
    text = file === "-" ? world.readInput() : readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`${file} cannot be read`);
  }
  yield { lines: text.split("\n").filter((line) => line !== ""), head: null };
}

function maxLinesFrom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MAX_LINES;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandError(`--max-lines is ${text}; it must be a whole number of at least 1`);
}

/**
 * The pages of a venue's log, each only when the one before is replayed. The venue is what is being checked, so nothing of it is
 * trusted to end: pages, lines and bytes have limits, and a page that leads nowhere is refused.
 */
async function* fetchLog(url: string, maxLines: number, world: World): AsyncGenerator<LogPart> {
  const maxBytes = maxLines * MAX_MEAN_LINE_BYTES;
  const seen = new Set<string>();
  let [lines, bytes] = [0, 0];
  for (let cursor: string | null = null; ;) {
    const page = new URL(url);
    page.searchParams.set("limit", `${LINES_PER_PAGE}`);
    if (cursor !== null) page.searchParams.set("cursor", cursor);
    const answer = await ask(page);
    lines += answer.lines.length;
    bytes += answer.bytes;
    if (lines > maxLines) {
      throw new CommandError(
        `${page.origin} sent more than ${maxLines} lines; --max-lines <number> allows more`,
      );
    }
    if (bytes > maxBytes + MAX_PAGE_BYTES) {
      throw new CommandError(
        `${page.origin} sent ${bytes} bytes for ${lines} lines, over the ${maxBytes} that ${maxLines} lines may have; --max-lines <number> allows more`,
      );
    }
    yield answer;
    if (lines > 0 && lines % (20 * LINES_PER_PAGE) === 0) world.say(`${lines} lines fetched`);
    cursor = answer.cursor ?? null;
    if (cursor === null) return;
    if (answer.lines.length === 0) {
      throw new CommandError(`${page.origin} sent a page without lines that is not the last`);
    }
    if (seen.has(cursor)) {
      throw new CommandError(`${page.origin} sent the same cursor twice: its log has no end`);
    }
    seen.add(cursor);
  }
}

async function ask(url: URL): Promise<LogPage & { readonly bytes: number }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    text = await readText(response, url);
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    throw new CommandError(`${url.origin} does not answer`);
  }
  const body = parse(text);
  if (!response.ok || !isPage(body)) {
    const message = (body as { error?: { message?: unknown } } | null)?.error?.message;
    const said = typeof message === "string" ? message.slice(0, 200) : "no log";
    throw new CommandError(`${url.origin} answered ${response.status}: ${said}`);
  }
  return { ...body, bytes: text.length };
}

/** @throws CommandError as soon as it is longer than a page may be. */
async function readText(response: Response, url: URL): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > MAX_PAGE_BYTES) {
      throw new CommandError(`${url.origin} sent a page of more than ${MAX_PAGE_BYTES} bytes`);
    }
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isPage(body: unknown): body is LogPage {
  const { lines, head = null, cursor = null } = (body ?? {}) as Partial<LogPage>;
  return (
    Array.isArray(lines) &&
    lines.length <= LINES_PER_PAGE &&
    lines.every((line) => typeof line === "string") &&
    (head === null || typeof head === "string") &&
    (cursor === null || (typeof cursor === "string" && cursor.length <= MAX_CURSOR_LENGTH))
  );
}
