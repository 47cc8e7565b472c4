import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex } from "../ids/bytes.js";
import type { CurveBackend, Parity } from "./CurveBackend.js";
import { nobleBackend } from "./nobleBackend.js";
import type { Address } from "../order/Order.js";
import { SIGNATURE_BYTES, V_OFFSET } from "../order/signatureBytes.js";

const S_INDEX = 32;
const V_INDEX = 64;

/** The highest s the exchange takes, half the curve's order: nobody can make a second signature out of one. */
const HIGHEST_S = Uint8Array.from([
  0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
]);

/** Why a signature names no account. */
export type SignatureFault =
  "SIGNATURE_LENGTH" | "SIGNATURE_V" | "SIGNATURE_HIGH_S" | "SIGNATURE_INVALID";

export type Recovery =
  /** In lower case: a checksum costs as much as half of hashing an order. */
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly reason: SignatureFault };

/** A signature in the form the exchange takes: 65 bytes, v 27 or 28, low s. */
export type SplitSignature =
  | { readonly ok: true; readonly rs: Uint8Array; readonly parity: Parity }
  | { readonly ok: false; readonly reason: SignatureFault };

/** The account whose key made the signature, by the exchange's rules. */
export function recoverAddress(
  digest: Uint8Array,
  signature: Uint8Array,
  backend: CurveBackend = nobleBackend,
  keccak256: (bytes: Uint8Array) => Uint8Array = keccak_256,
): Recovery {
  const split = splitSignature(signature);
  if (!split.ok) return split;
  const publicKey = backend.recover(digest, split.rs, split.parity);
  // r or s is zero or not below the curve's order, or r is the x of no point: ecrecover answers zero.
  if (publicKey === undefined) return { ok: false, reason: "SIGNATURE_INVALID" };
  return { ok: true, address: accountOf(publicKey, keccak256) };
}

/** The rules that need no arithmetic of the curve. */
export function splitSignature(signature: Uint8Array): SplitSignature {
  if (signature.length !== SIGNATURE_BYTES) return { ok: false, reason: "SIGNATURE_LENGTH" };
  const parity = (signature[V_INDEX] ?? 0) - V_OFFSET;
  if (parity !== 0 && parity !== 1) return { ok: false, reason: "SIGNATURE_V" };
  if (hasHighS(signature)) return { ok: false, reason: "SIGNATURE_HIGH_S" };
  return { ok: true, rs: signature.subarray(0, V_INDEX), parity };
}

function hasHighS(signature: Uint8Array): boolean {
  for (let i = 0; i < HIGHEST_S.length; i++) {
    const difference = (signature[S_INDEX + i] ?? 0) - (HIGHEST_S[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** The account of an uncompressed public key: the last 20 bytes of the hash of its 64 bytes behind the 0x04. */
export function accountOf(
  publicKey: Uint8Array,
  keccak256: (bytes: Uint8Array) => Uint8Array = keccak_256,
): Address {
  return toHex(keccak256(publicKey.subarray(1)).subarray(12));
}
