import { InputError } from "../errors/InputError.js";
import { NostraError } from "../errors/NostraError.js";
import { SignatureMismatchError } from "../errors/SignatureMismatchError.js";
import { isRejection, SigningRejectedError } from "../errors/SigningRejectedError.js";
import { TransportError } from "../errors/TransportError.js";
import { checksumAddress } from "../ids/address.js";
import type { OrderWallet } from "../signer/OrderWallet.js";
import { toSigner } from "../signer/toSigner.js";
import { hasherOf } from "./hashOrder.js";
import { SignatureType, type Hex, type Order, type SignedOrder } from "./Order.js";
import { domainOf, type OrderTarget } from "./OrderConnection.js";
import type { OrderDomain } from "./orderDomain.js";
import { ORDER_TYPES } from "./orderTypes.js";
import { SIGNATURE_BYTES, tryParseSignature } from "./signatureBytes.js";
import { signedFieldsOf } from "./signedFieldsOf.js";

/**
 * Has a wallet sign an order, and checks here, without a node, that the signature is the one the exchange will accept: made
 * by the order's signer, for this domain, in the right form. What a contract maker (EIP1271) will say of it, and whether a
 * maker authorised its delegate, only the chain can tell: see verifyOrderOnChain.
 * @param wallet The wallet of the order's signer, or of an owner of the contract that makes it; any that toSigner takes.
 * @throws SignatureMismatchError when the wallet signed with another key, another message, or in another format.
 * @throws SigningRejectedError when its user declined. @throws TransportError when it failed otherwise.
 * @throws InputError before signing, when a field of the order cannot be hashed or the wallet is of another account.
 */
export async function signOrder(
  order: Order,
  wallet: OrderWallet,
  target: OrderTarget,
): Promise<SignedOrder> {
  const domain = domainOf(target);
  const fields = signedFieldsOf(order);
  const digest = hasherOf(domain).digest(fields);
  const byContract = fields.signatureType === SignatureType.EIP1271;

  const signature = await askWallet(async () => {
    const signer = toSigner(wallet);
    if (!byContract) requireSigner(await signer.getAddress(), fields.signer);
    return signer.signTypedData(domain, ORDER_TYPES, fields);
  });

  const bytes = tryParseSignature(signature);
  if (bytes === undefined) throw new SignatureMismatchError(fields.signer, null, domain);
  if (!byContract) await requireSignature(bytes, digest, fields.signer, domain);
  return { ...fields, signature: signature.toLowerCase() as Hex };
}

async function askWallet(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof NostraError) throw thrown;
    if (isRejection(thrown)) throw new SigningRejectedError("signOrder", thrown);
    throw new TransportError("signOrder", thrown);
  }
}

function requireSigner(address: string, expected: string): void {
  if (!sameAddress(address, expected)) {
    throw new InputError("signer", address, `the wallet of the order's signer ${expected}`);
  }
}

// The curve is loaded with the first signature: whoever only builds and hashes orders does without.
async function requireSignature(
  signature: Uint8Array,
  digest: Uint8Array,
  expected: string,
  domain: OrderDomain,
): Promise<void> {
  const { recoverAddress } = await import("../verify/signature.js");
  const recovery =
    signature.length === SIGNATURE_BYTES ? recoverAddress(digest, signature) : undefined;
  const recovered = recovery?.ok === true ? checksumAddress(recovery.address) : null;
  if (recovered === null || !sameAddress(recovered, expected)) {
    throw new SignatureMismatchError(expected, recovered, domain);
  }
}

function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
