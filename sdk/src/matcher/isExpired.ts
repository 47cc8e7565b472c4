import type { Order } from "../order/Order.js";

/** True from the order's expiration second on. An expiration of zero means never; without a `now` nothing expires. */
export function isExpired(order: Order, now: bigint | undefined): boolean {
  return now !== undefined && order.expiration !== 0n && now >= order.expiration;
}
