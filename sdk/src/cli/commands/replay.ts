import { readFileSync } from "node:fs";
import { hashBook } from "../../matcher/hashBook.js";
import { replay } from "../../matcher/log/replay.js";
import type { Hex } from "../../order/Order.js";
import { JSON_OUTPUT, type Command, type World } from "../command.js";
import { CommandError } from "../CommandError.js";

/** A venue's page of a log. */
interface LogPage {
  readonly lines: readonly string[];
  readonly head: Hex | null;
  readonly cursor: string | null;
}

interface Log {
  readonly lines: readonly string[];
  /** The keccak of its last line, as the venue tells it. */
  readonly head: Hex | undefined;
}

const LINES_PER_PAGE = 500;
const PATIENCE_MS = 30_000;

/** Checks a venue: does again all that the log of a market's book says was done. */
export const replayCommand: Command = {
  name: "replay",
  summary: "do again what the log of a market's book says, and hold every decision to the rules",
  options: {
    head: { value: "hash", help: "keccak of the last line, as published (what the venue tells)" },
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
      ? await fetchLog(source, world)
      : readLog(source, world);
    const head = (options.text("head") as Hex | undefined) ?? log.head;
    const result = replay(log.lines, head === undefined ? {} : { head });
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

function readLog(file: string, world: World): Log {
  let text: string;
  try {
    text = file === "-" ? world.readInput() : readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`${file} cannot be read`);
  }
  return { lines: text.split("\n").filter((line) => line !== ""), head: undefined };
}

async function fetchLog(url: string, world: World): Promise<Log> {
  const lines: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page = new URL(url);
    page.searchParams.set("limit", `${LINES_PER_PAGE}`);
    if (cursor !== null) page.searchParams.set("cursor", cursor);
    const answer = await ask(page);
    lines.push(...answer.lines);
    if (lines.length % (20 * LINES_PER_PAGE) === 0) world.say(`${lines.length} lines fetched`);
    cursor = answer.cursor;
    if (cursor !== null) continue;
    return { lines, head: answer.head ?? undefined };
  }
}

async function ask(url: URL): Promise<LogPage> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new CommandError(`${url.origin} does not answer`);
  }
  const body = (await response.json().catch(() => null)) as
    (LogPage & { error?: { message: string } }) | null;
  if (!response.ok || !Array.isArray(body?.lines)) {
    throw new CommandError(
      `${url.origin} answered ${response.status}: ${body?.error?.message ?? "no log"}`,
    );
  }
  return body;
}
