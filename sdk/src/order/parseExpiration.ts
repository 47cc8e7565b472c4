import { InputError } from "../errors/InputError.js";

/** A moment as Date, as Unix seconds, or 0 for never. */
export type ExpirationInput = Date | bigint | number;

const DEFAULT_LIFE_SECONDS = 24n * 60n * 60n;

/** A moment further off than this is milliseconds taken for seconds. */
const LONGEST_LIFE_SECONDS = 100n * 366n * 24n * 60n * 60n;

/**
 * The Unix second from which on an order is dead; 0n means never. A Date's milliseconds are dropped: the order dies
 * within the second, never later than asked.
 * @param nowSeconds The present; the clock's if not given.
 * @throws InputError when it is past or present, over 100 years ahead, or no moment at all.
 */
export function parseExpiration(
  expiration: ExpirationInput | undefined,
  nowSeconds: bigint = BigInt(Math.floor(Date.now() / 1000)),
): bigint {
  if (expiration === undefined) return nowSeconds + DEFAULT_LIFE_SECONDS;
  const seconds = toSeconds(expiration);
  if (seconds === undefined || seconds < 0n) {
    throw new InputError("expiration", expiration, "a Date, a whole Unix second, or 0 for never");
  }
  // Only a plain zero means never; the Date 1970-01-01 is past.
  if (seconds === 0n && !(expiration instanceof Date)) return 0n;
  if (seconds <= nowSeconds) {
    throw new InputError("expiration", expiration, `a moment after now (${nowSeconds})`);
  }
  if (seconds - nowSeconds > LONGEST_LIFE_SECONDS) {
    throw new InputError(
      "expiration",
      expiration,
      "Unix seconds within 100 years; these look like milliseconds",
    );
  }
  return seconds;
}

function toSeconds(expiration: ExpirationInput): bigint | undefined {
  if (typeof expiration === "bigint") return expiration;
  const seconds = expiration instanceof Date ? Math.floor(expiration.getTime() / 1000) : expiration;
  return Number.isSafeInteger(seconds) ? BigInt(seconds) : undefined;
}
