import { parseDecimal, type DecimalInput } from "./parseDecimal.js";

/**
 * A number of outcome tokens, such as "100" shares, in units of 1e-6. Zero is an amount; a bigint is taken as units
 * already.
 * @param field How errors name the value.
 * @throws InputError when it is no plain decimal number of at most six decimals, or above 2^120 - 1 units.
 */
export function parseShares(text: DecimalInput, field = "shares"): bigint {
  return parseDecimal(field, text);
}
