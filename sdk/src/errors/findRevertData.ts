import type { Hex } from "../order/Order.js";

/** Providers nest the data of a revert at different depths, under these names. */
/** Where they put it; viem keeps the bytes as `raw` beside what it decoded. */
const NESTING = ["data", "raw", "error", "info", "cause"] as const;
const DEEPEST = 8;

/** The revert data somewhere in what a provider threw; undefined when there is none. */
export function findRevertData(value: unknown, depth = 0): Hex | undefined {
  if (depth > DEEPEST || value === null || value === undefined) return undefined;
  if (typeof value === "string")
    return /^0x([0-9a-fA-F]{2})*$/.test(value) ? (value as Hex) : undefined;
  if (typeof value !== "object") return undefined;
  for (const key of NESTING) {
    const found = findRevertData((value as Record<string, unknown>)[key], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
