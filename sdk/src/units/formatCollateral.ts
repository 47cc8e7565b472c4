import { formatDecimal } from "./formatDecimal.js";

/** Collateral units of 1e-6 as the shortest exact decimal text: 12_500_000n is "12.5". */
export function formatCollateral(units: bigint): string {
  return formatDecimal("collateral", units);
}
