import { InputError } from "../errors/InputError.js";

/** A side by name, or as the exchange numbers it: BUY 0, SELL 1. */
export type SideInput = "BUY" | "SELL" | 0 | 1;

/** @throws InputError naming `field` when it is no side. */
export function isBuy(side: SideInput, field = "side"): boolean {
  if (side === "BUY" || side === 0) return true;
  if (side === "SELL" || side === 1) return false;
  throw new InputError(field, side, '"BUY" (0) or "SELL" (1)');
}
