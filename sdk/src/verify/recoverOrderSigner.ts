import { InputError } from "../errors/InputError.js";
import { checksumAddress } from "../ids/address.js";
import { parseHex } from "../ids/bytes.js";
import { hasherOf } from "../order/hashOrder.js";
import type { Address, SignedOrder } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { recoverAddress } from "./signature.js";
import { SIGNATURE_BYTES } from "../order/signatureBytes.js";

/**
 * The account that signed an order, whoever it is. It proves nothing by itself; see verifyOrder.
 * @throws InputError naming "order.signature" when it is none the exchange accepts: 65 bytes, v 27 or 28, low s.
 */
export function recoverOrderSigner(order: SignedOrder, domain: OrderDomain): Address {
  const signature = parseHex(order.signature, SIGNATURE_BYTES, "order.signature");
  const recovery = recoverAddress(hasherOf(domain).digest(order), signature);
  if (!recovery.ok) {
    throw new InputError(
      "order.signature",
      order.signature,
      `a signature with v 27 or 28, low s and a public key (${recovery.reason})`,
    );
  }
  return checksumAddress(recovery.address);
}
