import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { toBigInt, WORD_BYTES } from "../ids/bytes.js";
import type { Parity, RecoverableSignature } from "./CurveBackend.js";

type CurvePoint = InstanceType<typeof secp256k1.Point>;

/** Bits of the nonce that one addition takes care of: a byte, so that a byte of it is a place in a row. */
const ROWS = WORD_BYTES;
const ROW_LENGTH = 256;

/**
 * Signs as RFC 6979 says, with low s: the same bytes as any deterministic signer. The library's points and fields do the
 * arithmetic. What is done here differs from its own `sign` in one thing: the nonce's multiple of the base point is a sum of
 * 32 table entries, one for each byte, where the library blinds the nonce first, which takes a third longer.
 *
 * The sum has 32 complete additions whatever the nonce, zero bytes included; and the nonce is inverted only behind a random
 * factor. So neither the number nor the kind of operations depends on a secret.
 */
export function signDigest(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature {
  const { Fn } = secp256k1.Point;
  const message = Fn.create(toBigInt(digest));
  const nonceBytes = firstNonce(secretKey, Fn.toBytes(message));
  const nonce = toBigInt(nonceBytes);
  const blind = Fn.create(toBigInt(globalThis.crypto.getRandomValues(new Uint8Array(WORD_BYTES))));
  if (!Fn.isValidNot0(nonce) || blind === 0n) return signByLibrary(digest, secretKey);

  const { x, y } = multiplyBase(nonceBytes).toAffine();
  if (!Fn.isValidNot0(x)) return signByLibrary(digest, secretKey);
  const secret = Fn.mul(blind, Fn.fromBytes(secretKey));
  const inverse = Fn.inv(Fn.mul(blind, nonce));
  const s = Fn.mul(inverse, Fn.add(Fn.mul(blind, message), Fn.mul(secret, x)));
  if (s === 0n) return signByLibrary(digest, secretKey);

  const isHigh = s > Fn.ORDER >> 1n;
  const rs = concatBytes(Fn.toBytes(x), Fn.toBytes(isHigh ? Fn.neg(s) : s));
  return { rs, parity: ((y & 1n) === 1n) === isHigh ? 0 : 1 };
}

/** For the nonces that RFC 6979 passes by, which nobody has met yet: one in 2^127. */
function signByLibrary(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature {
  // The recovered format is the recovery bit, then r and s.
  const signed = secp256k1.sign(digest, secretKey, { prehash: false, format: "recovered" });
  return { rs: signed.subarray(1), parity: signed[0] as Parity };
}

/** The first candidate of RFC 6979 3.2, for HMAC-SHA256. */
function firstNonce(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  let v = new Uint8Array(WORD_BYTES).fill(1);
  let k = new Uint8Array(WORD_BYTES);
  for (const step of [0, 1]) {
    k = hmac(sha256, k, concatBytes(v, Uint8Array.of(step), secretKey, message));
    v = hmac(sha256, k, v);
  }
  return hmac(sha256, k, v);
}

let baseTable: CurvePoint[][] | undefined;

function multiplyBase(scalar: Uint8Array): CurvePoint {
  baseTable ??= makeBaseTable();
  let sum = secp256k1.Point.ZERO;
  for (const [row, multiples] of baseTable.entries()) {
    sum = sum.add(multiples[scalar[row] ?? 0] as CurvePoint);
  }
  return sum;
}

/** For each byte of a scalar, the highest first, what each of its values adds: 8,192 points, about 2 MB. */
function makeBaseTable(): CurvePoint[][] {
  const { BASE, ZERO } = secp256k1.Point;
  const rows: CurvePoint[][] = [];
  let unit = BASE;
  for (let row = 0; row < ROWS; row++) {
    const multiples = [ZERO];
    let next = ZERO;
    for (let i = 1; i <= ROW_LENGTH; i++) {
      next = next.add(unit);
      multiples.push(next);
    }
    unit = multiples.pop() as CurvePoint;
    rows.unshift(multiples);
  }
  return rows;
}
