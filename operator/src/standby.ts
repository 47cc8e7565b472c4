import { createServer, type Server } from "node:http";
import { Kysely, PostgresDialect } from "kysely";
import { InUseError } from "./errors";
import type { Log } from "./log";
import { directoryHolder, leaseHolder, openPool, type Database } from "./store";

/*
 * A second process on one database stands by. It is, in turn:
 * - waiting: another process has what it needs. It looks every second who does, and answers /live with 200 and /ready with 503 on its
 *   port, unless the other process listens there;
 * - trying: what it needs is free, and it starts as any venue does. When a third process was faster, it waits again;
 * - the venue: from then on nothing here has a part in it.
 */

export interface StandbyOptions {
  readonly store: { readonly url?: string | undefined; readonly directory?: string | undefined };
  readonly port: number;
  readonly host: string;
  readonly log: Log;
  /** False: what is in use is refused at once. */
  readonly waits: boolean;
  /** Default one second. */
  readonly everyMs?: number;
  /** Ends the waiting: start then throws what it threw last. */
  readonly signal?: AbortSignal;
}

const EVERY_MS = 1_000;

/** Starts when nothing that it needs is in use, however long that takes. @throws what `start` throws, but InUseError while it waits. */
export async function startOrStandBy<Venue>(
  start: () => Promise<Venue>,
  options: StandbyOptions,
): Promise<Venue> {
  for (;;) {
    try {
      return await start();
    } catch (thrown) {
      if (!(thrown instanceof InUseError) || !options.waits) throw thrown;
      const isFree = await waitUntilFree(thrown, options);
      if (!isFree) throw thrown;
      options.log.warn("standby: what was in use is free; this process takes over");
    }
  }
}

/** @returns true when it is free, false when the signal came. */
async function waitUntilFree(inUse: InUseError, options: StandbyOptions): Promise<boolean> {
  const { log, everyMs = EVERY_MS, signal } = options;
  const what = String(inUse.details["what"]);
  log.warn({ what, holder: inUse.details["holder"] }, `standby: ${inUse.message}; waiting`);
  const look = openLook(what, options.store);
  const listener = listen(options, () => String(inUse.details["holder"]));
  let last = String(inUse.details["holder"]);
  try {
    while (signal?.aborted !== true) {
      await pause(everyMs, signal);
      const holder = await look.holder().catch((err: unknown) => {
        log.warn({ err }, "standby: the database does not answer; waiting");
        return last;
      });
      if (holder === null) return true;
      if (holder !== last) log.warn({ what, holder }, "standby: another process has it now");
      last = holder;
    }
    return false;
  } finally {
    await Promise.all([look.close(), close(await listener)]);
  }
}

interface Look {
  holder(): Promise<string | null>;
  close(): Promise<void>;
}

/** Asks who has what was in use: a lease of the database, or the directory of an embedded one. */
function openLook(what: string, { url, directory }: StandbyOptions["store"]): Look {
  if (url === undefined) {
    return {
      holder: async () => (directory === undefined ? null : directoryHolder(directory)),
      close: async () => undefined,
    };
  }
  const dialect = new PostgresDialect({
    pool: openPool(url, { connections: 1, statementTimeoutMs: 5_000 }),
  });
  const db = new Kysely<Database>({ dialect });
  const name = what.replace(/^the /, "");
  return { holder: () => leaseHolder(db, name), close: () => db.destroy() };
}

/** Answers for a process that does nothing else yet; undefined when the port is taken, as by the venue on the same machine. */
function listen(
  { port, host, log }: StandbyOptions,
  holder: () => string,
): Promise<Server | undefined> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const [status, body] =
      path === "/live"
        ? [200, { status: "live" }]
        : path === "/ready"
          ? [503, { ready: false, services: { standby: "up" }, holder: holder() }]
          : [503, { error: { code: "STANDBY", message: "this process stands by", details: {} } }];
    const headers = { "content-type": "application/json", "retry-after": "1", connection: "close" };
    response.writeHead(status as number, headers).end(JSON.stringify(body));
  });
  server.requestTimeout = 5_000;
  server.maxConnections = 100;
  return new Promise((resolve) => {
    server.once("error", (err) => {
      log.warn(
        { err: err.message, port },
        "standby: the port is in use; waiting without answering",
      );
      resolve(undefined);
    });
    server.listen({ port, host }, () => resolve(server));
  });
}

function close(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (server === undefined) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
