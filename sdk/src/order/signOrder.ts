import { SignatureMismatchError } from "../errors/SignatureMismatchError.js";
import { tryParseHex } from "../ids/bytes.js";
import { hasherOf } from "./hashOrder.js";
import type { Hex, Order, SignedOrder } from "./Order.js";
import type { OrderDomain } from "./orderDomain.js";
import { ORDER_TYPES } from "./orderTypes.js";
import { recoverAddress, SIGNATURE_BYTES } from "./signature.js";
import type { TypedDataSigner } from "./TypedDataSigner.js";
import { signedFieldsOf } from "./signedFieldsOf.js";

/**
 * Has a wallet sign an order, and checks here that the signature is the one the exchange will accept.
 * @param signer A wallet of the order's signer: an ethers v6 Signer or a fastSigner.
 * @throws SignatureMismatchError when the wallet signed with another key, another message, or in another format.
 * @throws InputError when a field of the order cannot be hashed. What the wallet itself throws comes through as it is.
 */
export async function signOrder(
  order: Order,
  signer: TypedDataSigner,
  domain: OrderDomain,
): Promise<SignedOrder> {
  const fields = signedFieldsOf(order);
  const digest = hasherOf(domain).digest(fields);
  const signature = await signer.signTypedData(domain, ORDER_TYPES, fields);

  const bytes = tryParseHex(signature, SIGNATURE_BYTES);
  const recovery = bytes === undefined ? undefined : recoverAddress(digest, bytes);
  const recovered = recovery?.ok === true ? recovery.address : null;
  if (recovered?.toLowerCase() !== order.signer.toLowerCase()) {
    throw new SignatureMismatchError(order.signer, recovered);
  }
  return { ...fields, signature: signature.toLowerCase() as Hex };
}
