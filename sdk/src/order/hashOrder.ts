import { createOrderHasher, type OrderHasher } from "./createOrderHasher.js";
import type { Hex, Order } from "./Order.js";
import type { OrderDomain } from "./orderDomain.js";

// Only frozen domains are remembered: the separator of one that may change could be out of date.
const hashers = new WeakMap<OrderDomain, OrderHasher>();

/**
 * The EIP-712 hash of an order, which is its id in the exchange. A signature on it does not enter.
 * To hash many orders of a domain that is not frozen (see orderDomain), use createOrderHasher.
 * @throws InputError naming the field that its type cannot hold.
 */
export function hashOrder(order: Order, domain: OrderDomain): Hex {
  return hasherOf(domain)(order);
}

/** The hasher of a domain, made once for a frozen domain. */
export function hasherOf(domain: OrderDomain): OrderHasher {
  const known = hashers.get(domain);
  if (known !== undefined) return known;
  const hasher = createOrderHasher(domain);
  if (Object.isFrozen(domain)) hashers.set(domain, hasher);
  return hasher;
}
