import type { ClientMessage } from "./messages";

/** Tokens of an answer that reads the database: an account's snapshot, what is told again, a proof of who one is. */
const USER_SNAPSHOT_COST = 5;
const REPLAY_COST = 20;
const AUTH_COST = 5;
/** A name that stands for no market, beyond the token of its message: it is looked for in the database each time. */
export const UNKNOWN_MARKET_COST = 5;
/** Levels of a book's snapshot that one token pays for. */
const LEVELS_PER_TOKEN = 100;
/** So that the largest book can be asked for at all. */
const MAX_LEVELS_COST = 50;

/** Tokens of a message, the one that its arrival cost included; a snapshot of a book is charged when its size is known. */
export function costOf(message: ClientMessage): number {
  switch (message.type) {
    case "auth":
      return AUTH_COST;
    case "subscribe": {
      if ("channels" in message) return message.channels.length;
      if (message.channel !== "user") return 1;
      const isReplay = message.since !== undefined || message.sinceMs !== undefined;
      return USER_SNAPSHOT_COST + (isReplay ? REPLAY_COST : 0);
    }
    default:
      return 1;
  }
}

/** Tokens of a book's snapshot beyond the one of the message that asked for it. */
export function costOfLevels(levels: number): number {
  return Math.min(MAX_LEVELS_COST, Math.floor(levels / LEVELS_PER_TOKEN));
}
