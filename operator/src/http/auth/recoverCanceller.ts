import { CANCEL_ORDERS_TYPES } from "@nostra/sdk/client";
import type { OrderDomain } from "@nostra/sdk/order";
import { keccak256, recoverAddress, TypedDataEncoder } from "ethers";

/** CancelOrders as it comes in: checked for its form, not for who signed it. */
export interface SentCancel {
  readonly maker: string;
  readonly orderHashes: readonly string[];
  readonly timestamp: string;
}

const TYPE_HASH = keccak256(
  Buffer.from(TypedDataEncoder.from(CANCEL_ORDERS_TYPES).encodeType("CancelOrders")),
);

/**
 * Recovers the account that signed a cancel; undefined when the signature is invalid. Anyone may send one with 1,000 hashes, so its
 * EIP-712 hash is computed over the bytes at once: ethers' typed-data encoder takes 11 ms for a thousand, this 0.3 ms.
 */
export function createCancelRecovery(
  domain: OrderDomain,
): (cancel: SentCancel, signature: string) => string | undefined {
  const digestOf = createCancelDigest(domain);
  return (cancel, signature) => {
    try {
      return recoverAddress(digestOf(cancel), signature);
    } catch {
      return undefined;
    }
  };
}

/** The EIP-712 hash that a maker signs. */
export function createCancelDigest(domain: OrderDomain): (cancel: SentCancel) => string {
  const separator = TypedDataEncoder.hashDomain({ ...domain });
  return ({ maker, orderHashes, timestamp }) => {
    const hashes = keccak(orderHashes.map(digits).join(""));
    const struct = [
      ...[digits(TYPE_HASH), digits(maker).padStart(64, "0"), digits(hashes)],
      BigInt(timestamp).toString(16).padStart(64, "0"),
    ];
    return keccak(`1901${digits(separator)}${digits(keccak(struct.join("")))}`);
  };
}

function digits(hex: string): string {
  return hex.slice(2);
}

function keccak(hex: string): string {
  return keccak256(Buffer.from(hex, "hex"));
}
