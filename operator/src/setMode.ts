import { systemClock } from "./clock";
import { ConfigError, type Config } from "./config";
import { InUseError } from "./errors";
import { isMode, MAX_REASON_LENGTH, MODES, writeOperatorMode, type OperatorMode } from "./modes";
import { openStore } from "./store";

const USAGE = `mode takes one of ${MODES.join(", ")}, and --reason <text> of at most ${MAX_REASON_LENGTH} characters`;
const TIMEOUT_MS = 10_000;

/**
 * Sets the venue's mode: by asking the running venue, or, when none answers, in its database, which a running venue reads each
 * second and the next start obeys.
 * @returns what was done, for people.
 */
export async function setMode(config: Partial<Config>, args: readonly string[]): Promise<string> {
  const wanted = readArguments(args);
  const { SERVICE_KEY, HOST = "127.0.0.1", PORT = 3000, DATABASE_URL } = config;
  const host = ["0.0.0.0", "::"].includes(HOST) ? "127.0.0.1" : HOST;
  if (SERVICE_KEY !== undefined && (await ask(`http://${host}:${PORT}`, SERVICE_KEY, wanted))) {
    return `the venue is asked for mode ${wanted.mode}, and has it`;
  }
  try {
    const store = await openStore({
      url: DATABASE_URL,
      directory: config.DATA_DIRECTORY ?? "nostra-data",
    });
    try {
      await writeOperatorMode(store, wanted);
    } finally {
      await store.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof InUseError)) throw thrown;
    throw new ConfigError(
      `SERVICE_KEY: must be set to reach the running venue, which has the embedded database (${thrown.message})`,
    );
  }
  return `mode ${wanted.mode} is stored; a venue that runs obeys within a second, one that is stopped with its next start`;
}

function readArguments([mode, ...rest]: readonly string[]): OperatorMode {
  if (!isMode(mode)) throw new ConfigError(USAGE);
  const [flag, ...words] = rest;
  if (flag !== undefined && (flag !== "--reason" || words.length === 0))
    throw new ConfigError(USAGE);
  const reason = words.join(" ") || "set by the operator";
  if (reason.length > MAX_REASON_LENGTH) throw new ConfigError(USAGE);
  return { mode, reason, atMs: systemClock.nowMs() };
}

/** @returns false when nothing answers there. */
async function ask(
  url: string,
  serviceKey: string,
  { mode, reason }: OperatorMode,
): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch(`${url}/api/admin/mode`, {
      method: "POST",
      headers: { "content-type": "application/json", "nostra-service-key": serviceKey },
      body: JSON.stringify({ mode, reason }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return false;
  }
  if (response.ok) return true;
  if (response.status === 401) {
    throw new ConfigError(`SERVICE_KEY: is not the one of the venue at ${url}`);
  }
  throw new ConfigError(`the venue at ${url} refused the mode: HTTP ${response.status}`);
}
