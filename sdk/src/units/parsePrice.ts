import { InputError } from "../errors/InputError.js";
import { TickError } from "../errors/TickError.js";
import { UNIT } from "./constants.js";
import { formatDecimal } from "./formatDecimal.js";
import { parsePositiveDecimal, type DecimalInput } from "./parseDecimal.js";

/** The finest grid: one unit of collateral per whole share. */
const FINEST_TICK = "0.000001";

/**
 * A price in collateral per share, such as "0.55", in units of 1e-6: above 0 and at most 1 (the exchange admits 1).
 * @param tick The market's price grid as decimal text, such as "0.01"; it must divide 1. Without it any price of six
 * decimals is on the grid.
 * @param field How errors name the value.
 * @throws TickError naming the prices on either side when the price is off the grid; it is never snapped.
 * @throws InputError when it is no plain decimal number of at most six decimals, or out of range.
 */
export function parsePrice(
  text: DecimalInput,
  tick: DecimalInput = FINEST_TICK,
  field = "price",
): bigint {
  const price = parsePositiveDecimal(field, text);
  if (price > UNIT) throw new InputError(field, text, "a price of at most 1");

  const tickUnits = parseTick(tick);
  const above = price % tickUnits;
  if (above !== 0n) {
    const below = price - above;
    const nearest = [below, below + tickUnits].filter((units) => units > 0n);
    throw new TickError(field, text, formatPriceUnits(tickUnits), nearest.map(formatPriceUnits));
  }
  return price;
}

/**
 * A tick in units of 1e-6. It divides 1, which keeps the complement 1 - p of every price on the grid.
 * @throws InputError naming "tick".
 */
export function parseTick(tick: DecimalInput): bigint {
  const units = parsePositiveDecimal("tick", tick);
  if (UNIT % units !== 0n) throw new InputError("tick", tick, 'a part of 1, such as "0.01"');
  return units;
}

function formatPriceUnits(units: bigint): string {
  return formatDecimal("price", units);
}
