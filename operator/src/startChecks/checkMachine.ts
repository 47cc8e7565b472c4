import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { Client } from "pg";
import { failed, misconfigured, ok, warning, type CheckResult } from "./CheckResult";

const CONNECT_TIMEOUT_MS = 5_000;

/** What PostgreSQL says when the URL is wrong, and what to do. Texts come from here alone: the server's may quote the URL. */
const REFUSALS: Readonly<Record<string, string>> = {
  "28P01": "the server refuses the password; correct it in the URL",
  "28000": "the server refuses the user; create it with createuser, or correct the URL",
  "3D000": "the server has no such database; create it with createdb, or correct the URL",
};

/** PostgreSQL answers, lets this user make tables, and takes writes. */
export async function checkPostgres(url: string): Promise<CheckResult> {
  const name = "database";
  const client = new Client({
    ...{ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
    ...{ query_timeout: CONNECT_TIMEOUT_MS },
  });
  client.on("error", () => undefined);
  const { host, port, database, user } = client;
  const where = `${user ?? "?"}@${host}:${port}/${database ?? "?"}`;
  try {
    await client.connect();
    const { rows } = await client.query<{ replica: boolean; readOnly: string; creates: boolean }>(
      `select pg_is_in_recovery() as replica, current_setting('transaction_read_only') as "readOnly",
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as creates`,
    );
    const [row] = rows;
    if (row?.replica === true || row?.readOnly === "on") {
      return failed(name, `DATABASE_URL: ${where} takes no writes; set the primary server`);
    }
    if (row?.creates === false) {
      return misconfigured(
        name,
        `DATABASE_URL: ${where} may not make tables; grant it: grant create on schema public to "${user}"`,
      );
    }
    return ok(name, `PostgreSQL at ${where} takes writes`);
  } catch (thrown) {
    const { code, message, errors } = thrown as {
      code?: string;
      message?: string;
      errors?: { message: string }[];
    };
    const refusal = code === undefined ? undefined : REFUSALS[code];
    if (refusal !== undefined) return misconfigured(name, `DATABASE_URL: ${where}: ${refusal}`);
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
      return misconfigured(name, `DATABASE_URL: there is no host ${host}; correct the URL`);
    }
    const detail = [code, message || errors?.[0]?.message].filter(Boolean).join(" ");
    return failed(
      name,
      `DATABASE_URL: ${where} cannot be reached: ${detail.replace(/\s+/g, " ").slice(0, 200)}; start PostgreSQL, or correct the URL`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The embedded database's directory can be made and written. Who holds it is found by its lock. */
export function checkDirectory(directory: string): CheckResult {
  const name = "data directory";
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(directory).isDirectory()) throw new Error("it is no directory");
    return ok(name, `${directory} can be written`);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    return misconfigured(
      name,
      `DATA_DIRECTORY: ${directory} cannot be written (${code ?? message}); set a directory that this user may write`,
    );
  }
}

/** The address can be listened on. With `mayStandBy` a venue that has it already is waited for. */
export async function checkPort(
  host: string,
  port: number,
  mayStandBy: boolean,
): Promise<CheckResult> {
  const fault = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
  if (fault === null) return ok("port", `${host}:${port} is free`);
  switch (fault.code) {
    case "EADDRINUSE":
      if (mayStandBy && (await isVenue(host, port))) {
        return warning("port", `another venue has ${host}:${port}`);
      }
      return failed(
        "port",
        `PORT: ${port} on ${host} is in use; stop what has it (ss -ltnp 'sport = :${port}'), or set another PORT`,
      );
    case "EACCES":
      return misconfigured("port", `PORT: this user may not listen on ${port}; set 1024 or more`);
    default:
      return misconfigured(
        "port",
        `HOST: ${host} is no address of this machine (${fault.code ?? fault.message}); set 127.0.0.1 or 0.0.0.0`,
      );
  }
}

async function isVenue(host: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}:${port}/live`, {
      signal: AbortSignal.timeout(1_000),
    });
    return ((await response.json()) as { status?: unknown }).status === "live";
  } catch {
    return false;
  }
}

/** Redis answers. */
export async function checkRedis(url: string): Promise<CheckResult> {
  const redis = new Redis(url, {
    ...{ lazyConnect: true, connectTimeout: CONNECT_TIMEOUT_MS, maxRetriesPerRequest: 0 },
    ...{ retryStrategy: () => null },
  });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return ok("redis", "Redis answers");
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const isRefused = /WRONGPASS|NOAUTH|AUTH/.test(text);
    const { hostname, port } = new URL(url);
    const where = `${hostname}:${port || 6379}`;
    return isRefused
      ? misconfigured("redis", `REDIS_URL: ${where} refuses the password; correct it in the URL`)
      : failed("redis", `REDIS_URL: ${where} does not answer; start Redis, or correct the URL`);
  } finally {
    redis.disconnect();
  }
}
