import fc from "fast-check";
import { InputError } from "../errors/InputError.js";
import { UNIT } from "../units/constants.js";
import { formatDecimal } from "../units/formatDecimal.js";
import { parseTick } from "../units/parsePrice.js";

/** The grids a market may have, as decimal text: 0.1, 0.01, 0.001, 0.0001. */
export function aTick(): fc.Arbitrary<string> {
  return fc.constantFrom("0.1", "0.01", "0.001", "0.0001");
}

/**
 * A price on a tick, above 0 and below 1, as decimal text of collateral per share. Shrinks towards one tick.
 * @throws InputError when the tick is no part of 1, or is 1.
 */
export function aPrice(tick = "0.01"): fc.Arbitrary<string> {
  const step = parseTick(tick);
  if (step === UNIT) throw new InputError("tick", tick, "a tick below 1: no price is on it");
  return fc
    .bigInt({ min: 1n, max: UNIT / step - 1n })
    .map((steps) => formatDecimal("price", steps * step));
}

/** A size above zero as decimal text of shares: mostly cents of a share up to a hundred thousand, at times any unit. */
export function aSize(): fc.Arbitrary<string> {
  const units = fc.oneof(
    { weight: 4, arbitrary: fc.bigInt({ min: 1n, max: 10_000_000n }).map((n) => n * 10_000n) },
    { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 14n }) },
  );
  return units.map((n) => formatDecimal("size", n));
}
