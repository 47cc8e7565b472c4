import { secp256k1 } from "@noble/curves/secp256k1.js";
import { toBigInt } from "../ids/bytes.js";
import { nobleBackend, widenBaseTable } from "./nobleBackend.js";
import type { Address } from "../order/Order.js";
import { accountOf, splitSignature, type Recovery } from "./signature.js";

type CurvePoint = InstanceType<typeof secp256k1.Point>;

/**
 * Width of the table of a key's multiples: 832 points, about 200 KB and 15 ms to make. Wider ones are a seventh faster at
 * most, and eight times the size.
 */
const KEY_TABLE_WIDTH = 5;

/**
 * Signatures seen of a key before it gets a table. They cost as much to check as the table to make, so nobody can have tables
 * made for much less than he pays.
 */
const SIGHTINGS_FOR_TABLE = 16;

/** Keys whose signatures are counted, for each that may have a table. */
const CANDIDATES_PER_TABLE = 16;

/**
 * Recovers accounts in JavaScript, more than twice as fast for keys that sign often.
 *
 * A key is unknown until it signed; then a candidate, whose signatures are counted; then known, with a table of its
 * multiples. The candidate, or the known key, that was not seen for the longest gives way to a new one.
 *
 * For a known key Q the point R = (h/s)G + (r/s)Q is computed. It is the very point that the signature names exactly when
 * its x is r and the parity of its y is v's; then the signature recovers to Q and to no other key, as in ecrecover. When it
 * is not, the account is recovered the long way.
 */
export class KnownKeys {
  readonly #candidates = new Map<string, number>();
  readonly #known = new Map<string, CurvePoint>();
  readonly #capacity: number;

  /** @param capacity How many keys may have a table. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** As recoverAddress does; `expected` is the account that it will be if all is well. */
  recover(digest: Uint8Array, signature: Uint8Array, expected: Address): Recovery {
    const split = splitSignature(signature);
    if (!split.ok) return split;
    const key = expected.toLowerCase();
    const point = this.#known.get(key);
    if (point !== undefined && isSignedBy(point, digest, split.rs, split.parity)) {
      touch(this.#known, key, point);
      return { ok: true, address: expected };
    }
    const publicKey = nobleBackend.recover(digest, split.rs, split.parity);
    if (publicKey === undefined) return { ok: false, reason: "SIGNATURE_INVALID" };
    const address = accountOf(publicKey);
    if (point === undefined && address === key) this.#count(key, publicKey);
    return { ok: true, address };
  }

  #count(key: string, publicKey: Uint8Array): void {
    const sightings = (this.#candidates.get(key) ?? 0) + 1;
    if (sightings < SIGHTINGS_FOR_TABLE) {
      touch(this.#candidates, key, sightings);
      trim(this.#candidates, this.#capacity * CANDIDATES_PER_TABLE);
      return;
    }
    this.#candidates.delete(key);
    widenBaseTable();
    const point = secp256k1.Point.fromBytes(publicKey);
    point.precompute(KEY_TABLE_WIDTH, false);
    this.#known.set(key, point);
    trim(this.#known, this.#capacity);
  }
}

function isSignedBy(key: CurvePoint, digest: Uint8Array, rs: Uint8Array, parity: number): boolean {
  const { BASE, Fn } = secp256k1.Point;
  const r = toBigInt(rs.subarray(0, 32));
  const s = toBigInt(rs.subarray(32));
  if (!Fn.isValidNot0(r) || !Fn.isValidNot0(s)) return false;
  const inverse = Fn.inv(s);
  const u1 = Fn.mul(Fn.create(toBigInt(digest)), inverse);
  const u2 = Fn.mul(r, inverse);
  const point = BASE.multiplyUnsafe(u1).add(key.multiplyUnsafe(u2));
  if (point.is0()) return false;
  const { x, y } = point.toAffine();
  return x === r && Number(y & 1n) === parity;
}

/** A Map keeps the order of insertion: the last is the newest. */
function touch<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

function trim(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
