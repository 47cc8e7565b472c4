import { parseDecimal, type DecimalInput } from "./parseDecimal.js";

/**
 * An amount of collateral, such as "12.5" USDC, in units of 1e-6. Zero is an amount; a bigint is taken as units already.
 * @param field How errors name the value.
 * @throws InputError when it is no plain decimal number of at most six decimals, or above 2^120 - 1 units.
 */
export function parseCollateral(text: DecimalInput, field = "collateral"): bigint {
  return parseDecimal(field, text);
}
