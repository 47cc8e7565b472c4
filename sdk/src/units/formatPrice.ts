import { InputError } from "../errors/InputError.js";
import { DECIMALS, UNIT } from "./constants.js";
import type { Rational } from "./priceOf.js";

const MOST_DECIMALS = 18;

/**
 * A price for display, with exactly `decimals` decimals (0 to 18), rounded down: what is shown is never above the exact
 * price. Do not compute with it; compare prices as exact fractions.
 * @param price An exact fraction (see priceOf), or units of 1e-6 collateral per share.
 */
export function formatPrice(price: Rational | bigint, decimals = DECIMALS): string {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > MOST_DECIMALS) {
    throw new InputError("decimals", decimals, `a whole number from 0 to ${MOST_DECIMALS}`);
  }
  const { numerator, denominator } =
    typeof price === "bigint" ? { numerator: price, denominator: UNIT } : price;
  if (numerator < 0n || denominator <= 0n) {
    throw new InputError("price", `${numerator}/${denominator}`, "a price of zero or more");
  }
  const digits = ((numerator * 10n ** BigInt(decimals)) / denominator)
    .toString()
    .padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}
