import type { OrderWallet } from "../signer/OrderWallet.js";
import type { Order, SignedOrder } from "./Order.js";
import { domainOf, type OrderTarget } from "./OrderConnection.js";
import { signOrder } from "./signOrder.js";

/**
 * Has a wallet sign orders one after the other, in their order; a person is never asked about two at once. Stops at the
 * first that fails: what was signed before it is lost, and was sent nowhere.
 * @throws as signOrder does.
 */
export async function signOrders(
  orders: readonly Order[],
  wallet: OrderWallet,
  target: OrderTarget,
): Promise<SignedOrder[]> {
  const domain = domainOf(target);
  const signed: SignedOrder[] = [];
  for (const order of orders) signed.push(await signOrder(order, wallet, domain));
  return signed;
}
