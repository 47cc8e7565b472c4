import { secp256k1 } from "@noble/curves/secp256k1.js";
import { InputError } from "../errors/InputError.js";
import { toHex, tryParseHex } from "../ids/bytes.js";
import { hasherOf } from "../order/hashOrder.js";
import type { Address, Hex, Order } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { ORDER_TYPES, type OrderTypes } from "../order/orderTypes.js";
import { addressOf, SIGNATURE_BYTES, V_OFFSET } from "../order/signature.js";
import type { TypedDataSigner } from "../order/TypedDataSigner.js";

const KEY_BYTES = 32;

/**
 * Width of the curve library's table of multiples of its base point. Its default is 6; 8 makes signing a fifth faster
 * for about 30 ms more at the first use.
 */
const BASE_TABLE_WIDTH = 8;
let baseTableIsWide = false;

/** Signs orders, and nothing but orders, with a key in memory. */
export interface FastSigner extends TypedDataSigner {
  readonly address: Address;
}

/**
 * A signer for services that hold their key: it signs the order hash computed here, which is about twice as fast as a
 * general wallet. Signatures are deterministic (RFC 6979), low s, v 27 or 28. The key is in no field, text or error.
 * @param privateKey 32 bytes as 0x-prefixed hex.
 * @throws InputError naming "privateKey", without its value.
 */
export function fastSigner(privateKey: string): FastSigner {
  const key = tryParseHex(privateKey, KEY_BYTES);
  if (key === undefined || !secp256k1.utils.isValidSecretKey(key)) {
    throw new InputError("privateKey", "(hidden)", "a secp256k1 key: 32 bytes as 0x-prefixed hex");
  }
  widenBaseTable();
  const address = addressOf(secp256k1.getPublicKey(key, false));
  return Object.freeze({
    address,
    getAddress: () => Promise.resolve(address),
    signTypedData: async (domain: OrderDomain, types: OrderTypes, value: Order) => {
      requireOrderTypes(types);
      return signDigest(hasherOf(domain).digest(value), key);
    },
  });
}

// Once: asking again would throw the table away.
function widenBaseTable(): void {
  if (baseTableIsWide) return;
  secp256k1.Point.BASE.precompute(BASE_TABLE_WIDTH);
  baseTableIsWide = true;
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

function signDigest(digest: Uint8Array, key: Uint8Array): Hex {
  // The recovered format is the recovery bit, then r and s; Ethereum has it last. Low s is the library's default.
  const signed = secp256k1.sign(digest, key, { prehash: false, format: "recovered" });
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(signed.subarray(1));
  signature[SIGNATURE_BYTES - 1] = (signed[0] ?? 0) + V_OFFSET;
  return toHex(signature);
}
