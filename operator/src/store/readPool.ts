import type { PostgresPool, PostgresPoolClient } from "kysely";
import { BusyError, OperatorError } from "../errors";
import { Gate } from "./Gate";

/** How reads that strangers ask for are held apart from the venue's own work. */
export interface ReadOptions {
  /** How many are done at a time. Default 4 on PostgreSQL. The embedded database does one. */
  readonly connections?: number | undefined;
  /** How many wait. Default 64. */
  readonly maxWaiting?: number | undefined;
  /** The longest that one waits. Default 2,000. */
  readonly maxWaitMs?: number | undefined;
  /** The longest that one takes, on PostgreSQL. Default 1,500. */
  readonly timeoutMs?: number | undefined;
  /** Called for each that is refused or ended. */
  readonly onRefused?: (() => void) | undefined;
}

export const DEFAULT_READ_CONNECTIONS = 4;
export const DEFAULT_READ_TIMEOUT_MS = 1_500;
const DEFAULT_MAX_WAITING = 64;
const DEFAULT_MAX_WAIT_MS = 2_000;

/** The server ended a statement: it took too long, or somebody told it to. */
const QUERY_CANCELED = "57014";

/** Errors that PostgreSQL gives for what was asked. All others are of the connection, or of the server's state. */
const ASKED_WRONG = /^(?:22|23|25006|26|3|42)/;

/** A pool for reads: bounded in every way, and each failure of it is an answer that asks the caller to come again. */
export function readPool(pool: PostgresPool, places: number, options: ReadOptions): PostgresPool {
  const { maxWaiting = DEFAULT_MAX_WAITING, maxWaitMs = DEFAULT_MAX_WAIT_MS, onRefused } = options;
  const what = "the database of public reads";
  const gate = new Gate({ what, places, maxWaiting, maxWaitMs, onRefused });
  const connect = async (): Promise<PostgresPoolClient> => {
    const leave = await gate.enter();
    let client: PostgresPoolClient;
    try {
      client = await pool.connect();
    } catch (thrown) {
      leave();
      throw readFault(thrown, onRefused);
    }
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      try {
        return await client.query(text, values);
      } catch (thrown) {
        throw readFault(thrown, onRefused);
      }
    };
    const release = (): void => {
      client.release();
      leave();
    };
    return { query, release } as never;
  };
  return { connect, end: () => pool.end() } as PostgresPool;
}

function readFault(thrown: unknown, onRefused: (() => void) | undefined): unknown {
  if (thrown instanceof OperatorError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === QUERY_CANCELED) {
    onRefused?.();
    return new BusyError("the database of public reads", thrown);
  }
  if (typeof code === "string" && ASKED_WRONG.test(code)) return thrown;
  return new OperatorError("DATABASE_UNAVAILABLE", "the database cannot be read now", {
    ...{ status: 503, retryAfterSeconds: 1, cause: thrown },
  });
}
