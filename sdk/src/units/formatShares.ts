import { formatDecimal } from "./formatDecimal.js";

/** Outcome-token units of 1e-6 as the shortest exact decimal text: 100_000_000n is "100". */
export function formatShares(units: bigint): string {
  return formatDecimal("shares", units);
}
