import { InputError } from "../errors/InputError.js";

const MAX_UINT256 = 2n ** 256n - 1n;

/** An amount for a contract: a whole number of units as bigint. @throws InputError naming `field`. */
export function requireUnits(field: string, units: bigint, least = 0n): bigint {
  if (typeof units !== "bigint" || units < least || units > MAX_UINT256) {
    throw new InputError(field, units, `${least} or more units as bigint, below 2^256`);
  }
  return units;
}
