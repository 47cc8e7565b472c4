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

/**
 * One embedded PostgreSQL session, in a thread of its own, behind the face of a pool. There is a single session, so a client that is
 * lent out holds everybody else up until it is given back, first come first served.
 */
export class PglitePool implements PostgresPool {
  readonly #thread: Worker;
  /** In the order in which they were asked, which is that of the answers. */
  readonly #asked: Asked[] = [];
  #tail: Promise<void> = Promise.resolve();
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

  async connect(): Promise<PostgresPoolClient> {
    let giveBack = (): void => undefined;
    const before = this.#tail;
    this.#tail = new Promise((resolve) => {
      giveBack = resolve;
    });
    await before;
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      const answer = await this.#ask({ text, values });
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

  async end(): Promise<void> {
    await this.#tail;
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
