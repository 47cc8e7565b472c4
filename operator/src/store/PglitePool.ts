import type { Worker } from "node:worker_threads";
import type { PostgresPool, PostgresPoolClient } from "kysely";
import { DatabaseEndedError } from "../errors";
import { startThread } from "../startThread";
import type { ThreadAnswer, ThreadQuestion } from "./pgliteThread";

interface Asked {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (fault: unknown) => void;
}

export interface PgliteOptions {
  /** Where it keeps its files; in memory when not given. */
  readonly directory?: string | undefined;
  /** Told when the thread ends though nobody asked it to: the database is gone until a new process opens it. */
  readonly onEnded?: ((fault: DatabaseEndedError) => void) | undefined;
  /** Default: a thread of pgliteThread. */
  readonly start?: (directory: string | undefined) => Worker;
}

/** Whose turn it is when several wait: the engine's commits first, then the venue's other work, and last what strangers ask. */
export type Turn = "commit" | "work" | "read";

const TURNS: readonly Turn[] = ["commit", "work", "read"];

/** After this many others a read that waits is served, so that a busy venue can still be read. */
const OTHERS_BEFORE_READ = 8;

interface Waiting {
  readonly isRead: boolean;
  readonly lend: () => void;
}

/**
 * One embedded PostgreSQL session, in a thread of its own, behind the face of a pool. There is a single session, so a client that is
 * lent out holds all others up until it is given back. Those who wait are served by turn, and within one first come first served.
 */
export class PglitePool implements PostgresPool {
  readonly #thread: Worker;
  /** In the order in which they were asked, which is that of the answers. */
  readonly #asked: Asked[] = [];
  readonly #waiting: Readonly<Record<Turn, Waiting[]>> = { commit: [], work: [], read: [] };
  #isLent = false;
  /** Lendings since the last read, while one waited. */
  #othersInARow = 0;
  #onIdle: (() => void) | null = null;
  #fault: DatabaseEndedError | null = null;
  #isEnding = false;
  readonly #onEnded: PgliteOptions["onEnded"];

  private constructor(thread: Worker, { onEnded }: PgliteOptions) {
    this.#thread = thread;
    this.#onEnded = onEnded;
    thread.unref();
    thread.on("message", (answer: ThreadAnswer) => {
      this.#asked.shift()?.resolve(answer);
      if (this.#asked.length === 0) thread.unref();
    });
    thread.on("error", (cause) => this.#end(cause));
    thread.on("exit", () => this.#end(undefined));
  }

  static async open(options: PgliteOptions = {}): Promise<PglitePool> {
    const { directory, start = startPgliteThread } = options;
    const thread = start(directory);
    await new Promise<void>((resolve, reject) => {
      thread.once("error", reject);
      thread.once("message", () => {
        thread.off("error", reject);
        resolve();
      });
    });
    return new PglitePool(thread, options);
  }

  /** The same session, for those whose turn is another. */
  inTurn(turn: Turn): PostgresPool {
    return { connect: () => this.connect(turn), end: async () => undefined } as PostgresPool;
  }

  async connect(turn: Turn = "work"): Promise<PostgresPoolClient> {
    const isRead = turn === "read";
    if (this.#isLent) {
      await new Promise<void>((lend) => this.#waiting[turn].push({ isRead, lend }));
    }
    this.#isLent = true;
    let isOurs = true;
    const giveBack = (): void => {
      if (isOurs) this.#lendNext();
      isOurs = false;
    };
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      const answer = await this.#ask({ text, values, isRead });
      if ("fault" in answer) throw Object.assign(new Error(), answer.fault);
      const command = (text.trimStart().match(/^[a-z]+/i)?.[0] ?? "").toUpperCase();
      const { rows, affectedRows } = answer;
      return { command, rows, rowCount: affectedRows ?? rows.length };
    };
    return { query: query as never, release: giveBack } satisfies {
      query: never;
      release: () => void;
    } as PostgresPoolClient;
  }

  /** Hands the session to the next who waits. It stays lent meanwhile, or one who comes now would be first. */
  #lendNext(): void {
    const { read } = this.#waiting;
    const isReadDue = read.length > 0 && this.#othersInARow >= OTHERS_BEFORE_READ;
    const turn = isReadDue ? "read" : TURNS.find((one) => this.#waiting[one].length > 0);
    const next = turn === undefined ? undefined : this.#waiting[turn].shift();
    if (next === undefined) {
      this.#isLent = false;
      this.#onIdle?.();
      return;
    }
    this.#othersInARow = next.isRead || read.length === 0 ? 0 : this.#othersInARow + 1;
    next.lend();
  }

  async end(): Promise<void> {
    if (this.#isLent) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#isEnding = true;
    if (this.#fault !== null) return;
    const ended = new Promise<void>((resolve) => this.#thread.once("exit", () => resolve()));
    this.#thread.ref();
    this.#thread.postMessage(null);
    await ended;
  }

  #ask(question: ThreadQuestion): Promise<ThreadAnswer> {
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      // Somebody waits, so the process must live until there is an answer.
      this.#thread.ref();
      this.#thread.postMessage(question);
    });
  }

  #end(cause: unknown): void {
    if (this.#fault !== null) return;
    this.#fault = new DatabaseEndedError(cause);
    for (const { reject } of this.#asked.splice(0)) reject(this.#fault);
    if (!this.#isEnding) this.#onEnded?.(this.#fault);
  }
}

export function startPgliteThread(directory: string | undefined): Worker {
  return startThread("store/pgliteThread", directory);
}
