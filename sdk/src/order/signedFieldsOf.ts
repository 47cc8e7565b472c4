import type { Order } from "./Order.js";

/** The twelve signed fields of an order and nothing else; wallets refuse or show what they do not know. */
export function signedFieldsOf(order: Order): Order {
  return {
    salt: order.salt,
    maker: order.maker,
    signer: order.signer,
    taker: order.taker,
    tokenId: order.tokenId,
    makerAmount: order.makerAmount,
    takerAmount: order.takerAmount,
    expiration: order.expiration,
    nonce: order.nonce,
    feeRateBps: order.feeRateBps,
    side: order.side,
    signatureType: order.signatureType,
  };
}
