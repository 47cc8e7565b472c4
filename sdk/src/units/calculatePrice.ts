import { formatPrice } from "./formatPrice.js";
import { priceOf, type PricedOrder } from "./priceOf.js";

/**
 * The limit price of an order in collateral per share as decimal text, rounded down to six decimals and without
 * trailing zeros: "0.55". For display; the exact price is priceOf(order).
 */
export function calculatePrice(order: PricedOrder): string {
  return formatPrice(priceOf(order)).replace(/\.?0+$/, "");
}
