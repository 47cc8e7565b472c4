import { InputError } from "../errors/InputError.js";
import { DECIMALS, UNIT } from "./constants.js";

/** Units of 1e-6 as the shortest exact decimal text: 1_500_000n is "1.5". Negative differences keep their sign. */
export function formatDecimal(field: string, units: bigint): string {
  if (typeof units !== "bigint") throw new InputError(field, units, "units as bigint");
  const magnitude = units < 0n ? -units : units;
  const decimals = (magnitude % UNIT).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  const whole = `${units < 0n ? "-" : ""}${magnitude / UNIT}`;
  return decimals === "" ? whole : `${whole}.${decimals}`;
}
