import { InputError } from "../errors/InputError.js";

const MAX_UINT256 = 2n ** 256n - 1n;
const MOST_DIGITS = 78;
const CANONICAL = /^(0|[1-9][0-9]*)$/;

/**
 * Reads a uint256 from a bigint, or from decimal text without surplus zeros. A `number` is refused, small ones too:
 * above 2^53 they are rounded before anyone can see it.
 * @throws InputError naming `field`.
 */
export function parseUint256(field: string, input: unknown): bigint {
  const value = typeof input === "bigint" ? input : parseText(input);
  if (value === undefined || value < 0n || value > MAX_UINT256) {
    throw new InputError(field, input, "a uint256 as bigint or canonical decimal text");
  }
  return value;
}

function parseText(text: unknown): bigint | undefined {
  if (typeof text !== "string" || text.length > MOST_DIGITS || !CANONICAL.test(text)) {
    return undefined;
  }
  return BigInt(text);
}
