import type { Address, Order } from "../order/Order.js";
import { isExpired } from "./isExpired.js";
import type { CheckedOptions } from "./readOptions.js";
import type { RestingOrder } from "./types.js";

/** What the rules say of a crossing maker before amounts are looked at. */
export type Verdict = "take" | "pass" | "own";

export const ANYONE: Address = "0x0000000000000000000000000000000000000000";

/** `own`: it is the taker's, and the self-trade rule decides. `pass`: it may not be taken, and stays where it is. */
export function judgeMaker(taker: Order, maker: RestingOrder, options: CheckedOptions): Verdict {
  const { deadline, selfTrade, skip } = options;
  if (isExpired(maker.order, deadline) || skip?.(maker) === true) return "pass";
  if (isSameAccount(taker.maker, maker.order.maker)) return selfTrade === "skip" ? "pass" : "own";
  return acceptsCounterparty(taker, maker.order.maker) &&
    acceptsCounterparty(maker.order, taker.maker)
    ? "take"
    : "pass";
}

function acceptsCounterparty(order: Order, counterparty: Address): boolean {
  return isSameAccount(order.taker, ANYONE) || isSameAccount(order.taker, counterparty);
}

/** Addresses compare without regard to the capitals of their checksum. */
function isSameAccount(left: Address, right: Address): boolean {
  return left === right || left.toLowerCase() === right.toLowerCase();
}
