import type { PostgresPool, PostgresPoolClient } from "kysely";
import { Pool, type ClientBase, type PoolClient } from "pg";
import { OperatorError } from "../errors";
import { PARSERS } from "./parsers";

/*
 * Connections to PostgreSQL. Each side ends what the other leaves unfinished:
 * - the server ends a statement after `statementTimeoutMs`, a transaction whose client says nothing for IDLE_IN_TRANSACTION_MS (a
 *   frozen process would hold its locks), and a connection whose other end does not answer (a lost host would hold them for hours);
 * - this process gives a statement up a little later than the server would: then the connection is half open. It is closed, and the
 *   statement's outcome is not known.
 */

/** Shorter than a lease: what a frozen holder has locked is free by the time that its lease falls. */
export const IDLE_IN_TRANSACTION_MS = 10_000;

/** After which the server ends a connection whose other end is gone, or takes nothing of what it is sent. */
const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "15000",
};

/** How much longer than the server this process waits for the end of a statement. */
const ANSWER_GRACE_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEPALIVE_MS = 10_000;

export interface PoolOptions {
  readonly connections: number;
  /** The longest that a statement takes. Undefined: as long as it needs, for migrations. */
  readonly statementTimeoutMs?: number;
  /** More settings of the sessions. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called for each new connection before it is used. */
  readonly prepare?: (client: ClientBase) => void;
}

/** A pool whose broken connections harm only the statement under way. */
export function openPool(url: string, options: PoolOptions): PostgresPool {
  const { connections, statementTimeoutMs, settings = {}, prepare } = options;
  const pool = new Pool({
    connectionString: withSettings(url, { ...SERVER_SETTINGS, ...settings }),
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...(statementTimeoutMs === undefined
      ? {}
      : {
          statement_timeout: statementTimeoutMs,
          query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
        }),
    types: {
      getTypeParser: ((oid: number, format: "text" | "binary") => {
        const parser = PARSERS[oid];
        if (parser !== undefined) return parser;
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        return (require("pg") as typeof import("pg")).types.getTypeParser(oid, format as never);
      }) as never,
    },
  });
  // The pool replaces an idle connection that breaks; the holder of a lent one gets the error from its query. A lent connection
  // without a query under way, as between the statements of a transaction, reports its end by an event alone, and an error event
  // without a listener ends the process. The next query on it fails.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
    prepare?.(client);
  });
  return {
    connect: async () => lend(await pool.connect()),
    end: () => pool.end(),
  } as PostgresPool;
}

/** The same connection, which does not go back to the pool once it did not answer in time. */
function lend(client: PoolClient): PostgresPoolClient {
  let isSilent = false;
  const fail = (thrown: unknown): never => {
    if (!isReadTimeout(thrown)) throw thrown;
    isSilent = true;
    throw new OperatorError("DATABASE_UNAVAILABLE", "the database did not answer in time", {
      ...{ status: 503, retryAfterSeconds: 1, cause: thrown },
    });
  };
  const query = (text: string, values: readonly unknown[]): Promise<unknown> =>
    client.query(text, values as unknown[]).catch(fail);
  return { query, release: () => client.release(isSilent) } as never;
}

/** The driver gives its own time-out no code. */
function isReadTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === "Query read timeout";
}

/** The URL with settings of the session behind those that it has itself, so that no URL takes them away. */
export function withSettings(url: string, settings: Readonly<Record<string, string>>): string {
  const parsed = new URL(url);
  const added = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const own = parsed.searchParams.get("options");
  const options = [...(own === null ? [] : [own]), ...added].join(" ");
  parsed.searchParams.delete("options");
  // A plus sign would be read as one by some parsers, and not as a space.
  const query = [parsed.searchParams.toString(), `options=${encodeURIComponent(options)}`];
  parsed.search = query.filter((part) => part !== "").join("&");
  return parsed.toString();
}
