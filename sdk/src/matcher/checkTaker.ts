import { InputError } from "../errors/InputError.js";
import { checkOrder } from "./checkOrder.js";
import { duplicateOrder } from "./checkRest.js";
import type { CheckedOptions } from "./readOptions.js";
import type { BookView, IncomingOrder } from "./types.js";

/**
 * Refuses an order that cannot arrive at this book as asked.
 * @returns what is left of the order, in units of what it gives.
 */
export function checkTaker(book: BookView, taker: IncomingOrder, options: CheckedOptions): bigint {
  const remaining = checkOrder(book.market, taker);
  if (options.timeInForce === "GTD" && taker.order.expiration === 0n) {
    throw new InputError("order.expiration", taker.order.expiration, "a second for a GTD order");
  }
  if (book.has(taker.hash)) throw duplicateOrder(taker.hash);
  return remaining;
}
