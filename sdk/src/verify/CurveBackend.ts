import { InputError } from "../errors/InputError.js";
import { parseHex, toHex, WORD_BYTES } from "../ids/bytes.js";

/**
 * The arithmetic of the curve secp256k1 that a verifier or a fastSigner runs on. The rules of the exchange (length, v, low
 * s) are not its business: they are applied in front of it, the same for every backend.
 */
export interface CurveBackend {
  /** For people: "tiny-secp256k1". */
  readonly name: string;
  /**
   * The 65 bytes of the uncompressed public key whose signature of the digest this is; undefined when r and s are none, or r
   * is the x of no point. `parity` is that of the point's y.
   */
  recover(digest: Uint8Array, rs: Uint8Array, parity: Parity): Uint8Array | undefined;
  /** A deterministic signature (RFC 6979) with low s: 64 bytes, and the parity for `recover`. */
  sign?(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature;
}

/** Which of the two points with the same r a signature means: that with even y, 0, or odd y, 1. */
export type Parity = 0 | 1;

/** A signature from which the public key can be found. */
export interface RecoverableSignature {
  readonly rs: Uint8Array;
  readonly parity: Parity;
}

// A signature by the key 1, whose public key is the curve's base point.
const KNOWN = {
  digest: new Uint8Array(WORD_BYTES).fill(1),
  rs: "0x747a6c6bd9a8ff0b77a99b8f274f5df5198b5dddc33edd4bc89e459d13dfa6177431bfa016325b8f27491781d1c462999f1dde760560373a517d29161c2df139",
  parity: 1,
  publicKey:
    "0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
} as const;

/**
 * Takes a backend that has given one known answer: a module of the wrong version fails here and not in the middle of trade.
 * @throws InputError naming "backend".
 */
export function requireBackend(backend: CurveBackend): CurveBackend {
  let publicKey: Uint8Array | undefined;
  try {
    publicKey = backend.recover(KNOWN.digest, parseHex(KNOWN.rs, 64, "rs"), KNOWN.parity);
  } catch (cause) {
    throw new InputError("backend", cause, "a CurveBackend that recovers public keys");
  }
  if (publicKey === undefined || toHex(publicKey) !== KNOWN.publicKey) {
    throw new InputError("backend", backend.name, "a CurveBackend that recovers a known key");
  }
  return backend;
}
