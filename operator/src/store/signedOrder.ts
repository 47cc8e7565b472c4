import { checksumAddress, type Address, type Hex, type SignedOrder } from "@nostra/sdk/order";
import type { OrdersTable } from "./schema";

/** Checksums cost a hash each, and few accounts trade much. */
const KNOWN_ADDRESSES = new Map<string, Address>();
const MOST_KNOWN = 10_000;

function withChecksum(address: string): Address {
  const known = KNOWN_ADDRESSES.get(address);
  if (known !== undefined) return known;
  const found = checksumAddress(address);
  if (KNOWN_ADDRESSES.size >= MOST_KNOWN) KNOWN_ADDRESSES.clear();
  KNOWN_ADDRESSES.set(address, found);
  return found;
}

/** The order that was signed, from its row. */
export function signedOrderOf(row: OrdersTable): SignedOrder {
  return {
    salt: BigInt(row.salt),
    maker: withChecksum(row.maker),
    signer: withChecksum(row.signer),
    taker: withChecksum(row.taker),
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
