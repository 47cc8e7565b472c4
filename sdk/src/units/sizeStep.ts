import { UNIT } from "./constants.js";

/** The least size whose cost at a price is a whole number of units, in units; every exact size is a multiple of it. */
export function sizeStep(price: bigint): bigint {
  let [a, b] = [price, UNIT];
  while (b !== 0n) [a, b] = [b, a % b];
  return UNIT / a;
}
