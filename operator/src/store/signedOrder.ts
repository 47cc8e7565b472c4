import { checksumAddress, type Hex, type SignedOrder } from "@nostra/sdk/order";
import type { OrdersTable } from "./schema";

/** The order that was signed, from its row. */
export function signedOrderOf(row: OrdersTable): SignedOrder {
  return {
    salt: BigInt(row.salt),
    maker: checksumAddress(row.maker),
    signer: checksumAddress(row.signer),
    taker: checksumAddress(row.taker),
    tokenId: BigInt(row.token_id),
    makerAmount: BigInt(row.maker_amount),
    takerAmount: BigInt(row.taker_amount),
    expiration: BigInt(row.expiration),
    nonce: BigInt(row.nonce),
    feeRateBps: BigInt(row.fee_rate_bps),
    side: row.side as SignedOrder["side"],
    signatureType: row.signature_type as SignedOrder["signatureType"],
    signature: row.signature as Hex,
  };
}
