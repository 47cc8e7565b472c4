import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { checksumAddress } from "../ids/address.js";
import { toHex } from "../ids/bytes.js";
import type { Address } from "./Order.js";

/** r, s and v, as the exchange takes an EOA's signature. */
export const SIGNATURE_BYTES = 65;

/** v of a signature is this plus the parity of the point's y. */
export const V_OFFSET = 27;

const V_INDEX = 64;

/** Why a signature names no account. */
export type SignatureFault =
  "SIGNATURE_LENGTH" | "SIGNATURE_V" | "SIGNATURE_HIGH_S" | "SIGNATURE_INVALID";

export type Recovery =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly reason: SignatureFault };

/**
 * The account whose key made the signature, by the exchange's rules: 65 bytes, v 27 or 28, s in the lower half of the
 * curve's order, so that nobody can make a second signature out of one.
 */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): Recovery {
  if (signature.length !== SIGNATURE_BYTES) return { ok: false, reason: "SIGNATURE_LENGTH" };
  const parity = (signature[V_INDEX] ?? 0) - V_OFFSET;
  if (parity !== 0 && parity !== 1) return { ok: false, reason: "SIGNATURE_V" };
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, V_INDEX), "compact");
    if (parsed.hasHighS()) return { ok: false, reason: "SIGNATURE_HIGH_S" };
    const publicKey = parsed.addRecoveryBit(parity).recoverPublicKey(digest);
    return { ok: true, address: addressOf(publicKey.toBytes(false)) };
  } catch {
    // r or s is zero or not below the curve's order, or r is the x of no point: ecrecover answers zero.
    return { ok: false, reason: "SIGNATURE_INVALID" };
  }
}

/** The account of an uncompressed public key: the last 20 bytes of the hash of its 64 bytes behind the 0x04. */
export function addressOf(publicKey: Uint8Array): Address {
  return checksumAddress(toHex(keccak_256(publicKey.subarray(1)).subarray(12)));
}
