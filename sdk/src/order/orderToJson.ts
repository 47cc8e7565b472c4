import { checksumAddress } from "../ids/address.js";
import type { Address, Hex, SignedOrder } from "./Order.js";

/** A signed order on the wire. Every uint256 is canonical decimal text; addresses carry their checksum. */
export interface OrderJson {
  readonly order: OrderFieldsJson;
  /** Lower-case hex: 65 bytes of a key, whatever a contract maker takes, or "0x" when the maker approved the order on chain. */
  readonly signature: Hex;
}

/** The twelve signed fields as JSON: whole numbers as decimal text, addresses with checksum. */
export interface OrderFieldsJson {
  readonly salt: string;
  readonly maker: Address;
  readonly signer: Address;
  readonly taker: Address;
  readonly tokenId: string;
  readonly makerAmount: string;
  readonly takerAmount: string;
  readonly expiration: string;
  readonly nonce: string;
  readonly feeRateBps: string;
  readonly side: number;
  readonly signatureType: number;
}

/** A signed order as plain data that JSON.stringify takes. orderFromJson reads it back. */
export function orderToJson(signed: SignedOrder): OrderJson {
  return {
    order: {
      salt: signed.salt.toString(),
      maker: checksumAddress(signed.maker),
      signer: checksumAddress(signed.signer),
      taker: checksumAddress(signed.taker),
      tokenId: signed.tokenId.toString(),
      makerAmount: signed.makerAmount.toString(),
      takerAmount: signed.takerAmount.toString(),
      expiration: signed.expiration.toString(),
      nonce: signed.nonce.toString(),
      feeRateBps: signed.feeRateBps.toString(),
      side: signed.side,
      signatureType: signed.signatureType,
    },
    signature: signed.signature.toLowerCase() as Hex,
  };
}
