import { InputError } from "../errors/InputError.js";
import { toHex } from "../ids/bytes.js";
import { createOrderHasher } from "../order/createOrderHasher.js";
import { requireBackend, type CurveBackend } from "./CurveBackend.js";
import { KnownKeys } from "./KnownKeys.js";
import type { Hex, SignedOrder } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { recoverAddress } from "./signature.js";
import { verifyDigest, type VerifyResult } from "./verifyOrder.js";

/** What createVerifier may be told. */
export interface CreateVerifierOptions {
  /**
   * Does the arithmetic of the curve: tinySecp256k1Backend or nativeSecp256k1Backend, with a module of the caller's. If not
   * given, JavaScript does.
   */
  readonly backend?: CurveBackend | undefined;
  /**
   * Keys for which JavaScript may keep a table of about 200 KB, which makes verifying their orders more than twice as fast.
   * Default 128; 0 keeps none. Not looked at with a backend, which is faster without.
   */
  readonly knownKeys?: number | undefined;
  /** Keccak-256 of bytes, for who has a faster one. Default: in JavaScript. */
  readonly keccak256?: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

/** Verifies orders of one domain as verifyOrder does, and hands out the hash it computed on the way. */
export type OrderVerifier = (order: SignedOrder) => VerifyResult & { readonly orderHash: Hex };

const DEFAULT_KNOWN_KEYS = 128;

/**
 * Prepares the verification of many orders, for services that take them in. Every backend gives the same answers.
 * @throws InputError naming "backend" when it fails a first test, "knownKeys", or a field of the domain.
 */
export function createVerifier(
  domain: OrderDomain,
  options: CreateVerifierOptions = {},
): OrderVerifier {
  const { digest: digestOf } = createOrderHasher(domain, options);
  const recover = recoveryOf(options);
  return (order) => {
    const digest = digestOf(order);
    return { ...verifyDigest(order, () => digest, recover), orderHash: toHex(digest) };
  };
}

function recoveryOf({
  backend,
  knownKeys = DEFAULT_KNOWN_KEYS,
  keccak256,
}: CreateVerifierOptions): Parameters<typeof verifyDigest>[2] {
  if (!Number.isSafeInteger(knownKeys) || knownKeys < 0) {
    throw new InputError("knownKeys", knownKeys, "a count of keys");
  }
  if (backend !== undefined) {
    const tested = requireBackend(backend);
    return (digest, signature) => recoverAddress(digest, signature, tested, keccak256);
  }
  if (knownKeys === 0) return (digest, signature) => recoverAddress(digest, signature);
  const known = new KnownKeys(knownKeys);
  return (digest, signature, expected) => known.recover(digest, signature, expected);
}
