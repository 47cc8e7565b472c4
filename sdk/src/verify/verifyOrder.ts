import { tryParseHex } from "../ids/bytes.js";
import { hasherOf } from "../order/hashOrder.js";
import { SignatureType, type Address, type SignedOrder } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { recoverAddress, type Recovery, type SignatureFault } from "./signature.js";
import { SIGNATURE_BYTES } from "../order/signatureBytes.js";

/**
 * Why an order's signature does not prove it here. Of SIGNATURE_TYPE_DELEGATE and SIGNATURE_TYPE_EIP1271 the chain has the
 * last word; the others the exchange would refuse too, unless the maker approved the order on chain.
 */
export type VerifyFailure =
  /** The order's signer signed it; whether its maker lets that key sign, only the chain knows. */
  | "SIGNATURE_TYPE_DELEGATE"
  /** The maker is a contract, which only the chain can ask. */
  | "SIGNATURE_TYPE_EIP1271"
  /** There is no such kind of signature. */
  | "SIGNATURE_TYPE_UNKNOWN"
  | SignatureFault
  /** Another account than the order's signer signed, or another order. */
  | "NOT_SIGNER"
  /** The order's signer is not its maker. */
  | "NOT_MAKER";

/** Yes, or no with a reason. */
export type VerifyResult =
  { readonly ok: true } | { readonly ok: false; readonly reason: VerifyFailure };

/**
 * Tells whether the signature proves that the maker wants the order, by the exchange's own rules and without a node:
 * signature type EOA, 65 bytes, v 27 or 28, low s, and the key of both signer and maker. For the orders of a delegate or a
 * contract wallet, and those approved on chain, see verifyOrderOnChain.
 * @throws InputError when a field of the order cannot be hashed; what came as JSON was checked by orderFromJson.
 */
export function verifyOrder(order: SignedOrder, domain: OrderDomain): VerifyResult {
  const digest = (): Uint8Array => hasherOf(domain).digest(order);
  return verifyDigest(order, digest, (hash, signature) => recoverAddress(hash, signature));
}

/** The rules, whoever does the curve's arithmetic. */
export function verifyDigest(
  order: SignedOrder,
  digest: () => Uint8Array,
  recover: (digest: Uint8Array, signature: Uint8Array, expected: Address) => Recovery,
): VerifyResult {
  const { signatureType } = order;
  if (signatureType === SignatureType.EIP1271) return refuse("SIGNATURE_TYPE_EIP1271");
  if (signatureType !== SignatureType.EOA && signatureType !== SignatureType.DELEGATE) {
    return refuse("SIGNATURE_TYPE_UNKNOWN");
  }
  const signature = tryParseHex(order.signature, SIGNATURE_BYTES);
  if (signature === undefined) return refuse("SIGNATURE_LENGTH");
  const recovery = recover(digest(), signature, order.signer);
  if (!recovery.ok) return refuse(recovery.reason);

  if (!sameAddress(recovery.address, order.signer)) return refuse("NOT_SIGNER");
  if (signatureType === SignatureType.DELEGATE) return refuse("SIGNATURE_TYPE_DELEGATE");
  if (!sameAddress(recovery.address, order.maker)) return refuse("NOT_MAKER");
  return { ok: true };
}

function refuse(reason: VerifyFailure): VerifyResult {
  return { ok: false, reason };
}

// Compared as bytes: the case of the order's addresses is not signed.
function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
