import { SignatureMismatchError } from "../errors/SignatureMismatchError.js";
import { StaleNonceError } from "../errors/StaleNonceError.js";
import { parseAddress } from "../ids/address.js";
import type { OrderWallet } from "../signer/OrderWallet.js";
import { toSigner } from "../signer/toSigner.js";
import { buildOrder, type OrderInput, type OrderTrade } from "./buildOrder.js";
import { SignatureType, type SignedOrder } from "./Order.js";
import { domainOf, isConnection, type OrderTarget } from "./OrderConnection.js";
import { parseUint256 } from "./parseUint256.js";
import { readNonceOf } from "./requireFreshOrder.js";
import { signOrder } from "./signOrder.js";

/** What a person need not say: it follows from the wallet, or from the chain when a connection is given. */
export type OrderOptions = Omit<
  OrderInput,
  "maker" | "signer" | "nonce" | "tokenId" | "side" | "expiration"
> & {
  /** The wallet's own account if not given. With another account's wallet, that one signs as its delegate. */
  readonly maker?: string | undefined;
  /** Read from the exchange if not given; needed when there is no connection. */
  readonly nonce?: OrderInput["nonce"] | undefined;
};

type Draft = OrderTrade & OrderOptions & Pick<OrderInput, "tokenId" | "side" | "expiration">;

/** Fills in who trades, who signs and the nonce; then builds, signs and, with a connection, has the chain agree. */
export async function completeOrder(
  draft: Draft,
  wallet: OrderWallet,
  target: OrderTarget,
): Promise<SignedOrder> {
  const { makerIsContract = false } = draft;
  const account = parseAddress(await toSigner(wallet).getAddress(), "signer");
  const maker = draft.maker === undefined ? account : parseAddress(draft.maker, "maker");

  let nonce = draft.nonce;
  if (isConnection(target)) {
    const current = await readNonceOf(maker, target);
    const given = nonce === undefined ? current : parseUint256("nonce", nonce);
    if (given !== current) throw new StaleNonceError(maker, given, current);
    nonce = current;
  }
  const signer = makerIsContract ? maker : account;
  // Without a connection and without a nonce, buildOrder says what is missing.
  const order = buildOrder({ ...draft, maker, signer, nonce: nonce as bigint });
  const signed = await signOrder(order, wallet, target);

  if (isConnection(target) && signed.signatureType !== SignatureType.EOA) {
    // With it comes the curve, which an order signed by its maker's own key can do without until then.
    const { verifyOrderOnChain } = await import("../verify/verifyOrderOnChain.js");
    const verdict = await verifyOrderOnChain(signed, target);
    if (!verdict.ok) {
      throw new SignatureMismatchError(signer, account, domainOf(target), verdict.reason);
    }
  }
  return signed;
}
