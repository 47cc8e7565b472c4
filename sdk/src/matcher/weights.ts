import { InputError } from "../errors/InputError.js";
import { SignatureType, type Order, type SignedOrder } from "../order/Order.js";
import type { OrderWeights } from "./types.js";

/**
 * The most gas that an order may cost the exchange (docs/protocol.md, rules 21 to 23). These numbers never
 * change, for logs replay by them: a venue that wants others names them.
 *
 * - `order`: 100,000 for an order whose accounts hold nothing yet, and 165,000 that the receiver of an outcome token may burn
 *   in its hook, out of the 200,000 of the transfer. Every account counts as having such a hook: an account without code may
 *   gain code after the match (EIP-7702). Transfers of outcome tokens to accounts are at most as many as the orders of a match.
 * - `walletSignature`: 400,000 that a contract wallet may use to confirm, and what the call costs.
 * - `signatureByte`: 16 as calldata, and what it costs to hand it on.
 */
export const DEFAULT_WEIGHTS: OrderWeights = {
  order: 265_000,
  walletSignature: 410_000,
  signatureByte: 20,
};

/** True for orders that weigh more than others of their book: those a contract wallet signs. */
export function isHeavy(order: Order): boolean {
  return order.signatureType === SignatureType.EIP1271;
}

/** What an order adds to the weight of its plan. */
export function weightOf(order: Order | SignedOrder, weights: OrderWeights): number {
  if (!isHeavy(order)) return weights.order;
  const bytes = "signature" in order ? (order.signature.length - 2) / 2 : 0;
  return weights.order + weights.walletSignature + Math.ceil(bytes) * weights.signatureByte;
}

export function checkWeights(weights: OrderWeights): void {
  for (const name of ["order", "walletSignature", "signatureByte"] as const) {
    const weight = weights[name];
    if (!Number.isSafeInteger(weight) || weight < 0) {
      throw new InputError(`options.weights.${name}`, weight, "an integer from 0 on");
    }
  }
  if (weights.order === 0) throw new InputError("options.weights.order", 0, "an integer from 1 on");
}
