import { Redis } from "ioredis";
import { redact } from "../http/redact";
import type { Log } from "../log";

const MAX_RECONNECT_MS = 5_000;
const MAX_REASON = 200;

/**
 * A connection to Redis for limits, events and pings. It never blocks and never ends the process: it connects in the background,
 * comes back by itself, and what is asked while it is away fails at once. What goes wrong is logged once until it is well again,
 * by its message alone: the errors of the client carry the commands with their arguments, and so the password.
 */
export function openRedis(url: string, log: Log): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    // What is asked in one turn goes out together: each write is a call to the kernel.
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: 1_000,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(times * 200, MAX_RECONNECT_MS),
    // After a failover the old primary refuses writes: the next connection finds the new one.
    reconnectOnError: (err) => err.message.startsWith("READONLY"),
  });
  const secrets = secretsOf(url);
  let logged: string | null = null;
  redis.on("error", (err: unknown) => {
    const reason = describe(err, secrets);
    if (reason === logged) return;
    logged = reason;
    log.warn({ reason }, "redis: there is trouble with the connection; it is tried again");
  });
  redis.on("ready", () => {
    if (logged !== null) log.info("redis: the connection is well again");
    logged = null;
  });
  return redis;
}

/** What went wrong, without what was sent: servers repeat arguments behind "with args". */
function describe(err: unknown, secrets: readonly string[]): string {
  const { message, code, name } = (err ?? {}) as { message?: string; code?: string; name?: string };
  const text = message || code || name || "unknown";
  return redact(text.slice(0, MAX_REASON).split(/,? with args/)[0]!, secrets);
}

/** The user and the password of the address, as they stand there and as they are sent. */
function secretsOf(url: string): readonly string[] {
  try {
    const { username, password } = new URL(url);
    const parts = [username, password].filter((part) => part !== "" && part !== "default");
    return [...new Set([url, ...parts, ...parts.map(decodeURIComponent)])];
  } catch {
    return [url];
  }
}
