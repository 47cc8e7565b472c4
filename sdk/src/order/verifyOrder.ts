import { tryParseHex } from "../ids/bytes.js";
import { hasherOf } from "./hashOrder.js";
import { SignatureType, type SignedOrder } from "./Order.js";
import type { OrderDomain } from "./orderDomain.js";
import { recoverAddress, SIGNATURE_BYTES, type SignatureFault } from "./signature.js";

/** Why the exchange would refuse an order's signature. */
export type VerifyFailure =
  | "SIGNATURE_TYPE_DELEGATE"
  | "SIGNATURE_TYPE_EIP1271"
  | "SIGNATURE_TYPE_UNKNOWN"
  | SignatureFault
  | "NOT_SIGNER"
  | "NOT_MAKER";

export type VerifyResult =
  { readonly ok: true } | { readonly ok: false; readonly reason: VerifyFailure };

/**
 * Tells whether the signature proves that the maker wants the order, by the exchange's own rules and without a node:
 * signature type EOA, 65 bytes, v 27 or 28, low s, and the key of both signer and maker. Orders of a delegate or a contract
 * wallet, and orders approved on chain, need a node: they are refused here with a reason of their own, and
 * `exchange.validateOrder` decides.
 * @throws InputError when a field of the order cannot be hashed; what came as JSON was checked by orderFromJson.
 */
export function verifyOrder(order: SignedOrder, domain: OrderDomain): VerifyResult {
  if (order.signatureType !== SignatureType.EOA) return refuse(typeFailure(order.signatureType));

  const signature = tryParseHex(order.signature, SIGNATURE_BYTES);
  if (signature === undefined) return refuse("SIGNATURE_LENGTH");
  const recovery = recoverAddress(hasherOf(domain).digest(order), signature);
  if (!recovery.ok) return refuse(recovery.reason);

  if (!sameAddress(recovery.address, order.signer)) return refuse("NOT_SIGNER");
  if (!sameAddress(recovery.address, order.maker)) return refuse("NOT_MAKER");
  return { ok: true };
}

function refuse(reason: VerifyFailure): VerifyResult {
  return { ok: false, reason };
}

function typeFailure(signatureType: number): VerifyFailure {
  if (signatureType === SignatureType.DELEGATE) return "SIGNATURE_TYPE_DELEGATE";
  if (signatureType === SignatureType.EIP1271) return "SIGNATURE_TYPE_EIP1271";
  return "SIGNATURE_TYPE_UNKNOWN";
}

// Compared as bytes: the case of the order's addresses is not signed.
function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
