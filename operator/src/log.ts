import type { Logger } from "pino";

/** What the parts write their log to. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
