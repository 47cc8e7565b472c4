import { secp256k1 } from "@noble/curves/secp256k1.js";
import { InputError } from "../errors/InputError.js";
import { checksumAddress } from "../ids/address.js";
import { toHex, tryParseHex } from "../ids/bytes.js";
import {
  requireBackend,
  type CurveBackend,
  type RecoverableSignature,
} from "../verify/CurveBackend.js";
import { hasherOf } from "../order/hashOrder.js";
import type { Address, Hex, Order, SignedOrder } from "../order/Order.js";
import { nobleBackend } from "../verify/nobleBackend.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { ORDER_TYPES, type OrderTypes } from "../order/orderTypes.js";
import { accountOf } from "../verify/signature.js";
import { SIGNATURE_BYTES, V_OFFSET } from "../order/signatureBytes.js";
import { signedFieldsOf } from "../order/signedFieldsOf.js";
import type { TypedDataSigner } from "../order/TypedDataSigner.js";

const KEY_BYTES = 32;

/** Signs orders, and nothing but orders, with a key in memory. */
export interface FastSigner extends TypedDataSigner {
  readonly address: Address;
  /**
   * Signs an order of this account at once, without the check that signOrder makes of a wallet's work: for services that
   * quote much. @throws InputError when the order's signer is another.
   */
  signOrder(order: Order, domain: OrderDomain): SignedOrder;
}

/** What fastSigner may be told. */
export interface FastSignerOptions {
  /** Does the arithmetic of the curve, as for createVerifier. If not given, JavaScript does. */
  readonly backend?: CurveBackend | undefined;
}

/**
 * A signer for services that hold their key: it signs the order hash computed here, which is about twice as fast as a
 * general wallet, or more with a backend. Signatures are deterministic (RFC 6979), low s, v 27 or 28, and the same from every
 * backend. The key is in no field, text or error.
 * @param privateKey 32 bytes as 0x-prefixed hex.
 * @throws InputError naming "privateKey", without its value.
 */
export function fastSigner(privateKey: string, options: FastSignerOptions = {}): FastSigner {
  const key = tryParseHex(privateKey, KEY_BYTES);
  if (key === undefined || !secp256k1.utils.isValidSecretKey(key)) {
    throw new InputError("privateKey", "(hidden)", "a secp256k1 key: 32 bytes as 0x-prefixed hex");
  }
  const sign = signingOf(options.backend);
  const address = checksumAddress(accountOf(secp256k1.getPublicKey(key, false)));
  const signDigest = (digest: Uint8Array): Hex => toSignature(sign(digest, key));
  return Object.freeze({
    address,
    getAddress: () => Promise.resolve(address),
    signTypedData: async (domain: OrderDomain, types: OrderTypes, value: Order) => {
      requireOrderTypes(types);
      return signDigest(hasherOf(domain).digest(value));
    },
    signOrder: (order: Order, domain: OrderDomain) => {
      if (order.signer.toLowerCase() !== address.toLowerCase()) {
        throw new InputError("order.signer", order.signer, `this signer's account ${address}`);
      }
      const fields = signedFieldsOf(order);
      return { ...fields, signature: signDigest(hasherOf(domain).digest(fields)) };
    },
  });
}

function signingOf(backend: CurveBackend | undefined): NonNullable<CurveBackend["sign"]> {
  if (backend === undefined) return nobleBackend.sign;
  const { name, sign } = requireBackend(backend);
  if (sign === undefined) throw new InputError("backend", name, "a CurveBackend that signs");
  return sign.bind(backend);
}

function requireOrderTypes(types: OrderTypes): void {
  if (types !== ORDER_TYPES && JSON.stringify(types) !== JSON.stringify(ORDER_TYPES)) {
    throw new InputError(
      "types",
      Object.keys(types).join(", "),
      "ORDER_TYPES; nothing else is signed",
    );
  }
}

function toSignature({ rs, parity }: RecoverableSignature): Hex {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(rs);
  signature[SIGNATURE_BYTES - 1] = V_OFFSET + parity;
  return toHex(signature);
}
