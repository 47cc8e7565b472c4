import { keccak_256 } from "@noble/hashes/sha3.js";
import { findRevertData } from "../errors/findRevertData.js";
import { TransportError } from "../errors/TransportError.js";
import { toHex } from "../ids/bytes.js";
import { hashOrder } from "../order/hashOrder.js";
import type { SignedOrder } from "../order/Order.js";
import { domainOf, type OrderConnection } from "../order/OrderConnection.js";
import { verifyOrder, type VerifyFailure } from "./verifyOrder.js";

/** What proves an order, or why nothing does. */
export type ChainVerifyResult =
  | { readonly ok: true; readonly proof: "SIGNATURE" | "APPROVAL" }
  | { readonly ok: false; readonly reason: ChainVerifyFailure };

/** As VerifyFailure, with what only the chain can tell. */
export type ChainVerifyFailure =
  | Exclude<VerifyFailure, "SIGNATURE_TYPE_DELEGATE" | "SIGNATURE_TYPE_EIP1271">
  /** The maker never authorised the signer, took it back, or the time is over. */
  | "SIGNER_NOT_AUTHORIZED"
  /** The maker is no contract, or did not confirm the signature within the gas the exchange allows it. */
  | "CONTRACT_REFUSED";

/**
 * Tells whether the maker wants the order, as the exchange itself sees it now: by the signature of its own key, of a key it
 * authorised, by a contract's word (EIP-1271, within the exchange's bound on gas), or by its approval on chain. What is
 * plain without a node is not asked: an order well signed by its maker's own key costs no call.
 *
 * An answer holds for the present only: makers may revoke a key, and a contract may change its mind.
 * @throws TransportError when the node did not answer. @throws InputError when a field of the order cannot be hashed.
 */
export async function verifyOrderOnChain(
  order: SignedOrder,
  connection: OrderConnection,
): Promise<ChainVerifyResult> {
  const domain = domainOf(connection);
  const local = verifyOrder(order, domain);
  if (local.ok) return { ok: true, proof: "SIGNATURE" };

  const { exchange } = connection;
  const orderHash = hashOrder(order, domain);
  try {
    const [approved, refusal] = await Promise.all([
      exchange.isOrderApproved(orderHash),
      isForChain(local.reason)
        ? refusalOf(() => exchange.validateOrderSignature(orderHash, order))
        : local.reason,
    ]);
    if (approved) return { ok: true, proof: "APPROVAL" };
    return refusal === undefined
      ? { ok: true, proof: "SIGNATURE" }
      : { ok: false, reason: refusal };
  } catch (thrown) {
    throw new TransportError("verifyOrderOnChain", thrown);
  }
}

type ForChain = "SIGNATURE_TYPE_DELEGATE" | "SIGNATURE_TYPE_EIP1271";

function isForChain(reason: VerifyFailure): reason is ForChain {
  return reason === "SIGNATURE_TYPE_DELEGATE" || reason === "SIGNATURE_TYPE_EIP1271";
}

/** What is left to refuse: the key's own signature has been checked here. */
const REFUSALS: readonly (readonly [error: string, failure: ChainVerifyFailure])[] = [
  ["SignerNotAuthorized(bytes32,address,address,uint256)", "SIGNER_NOT_AUTHORIZED"],
  ["InvalidSignature(bytes32,address,address)", "CONTRACT_REFUSED"],
];

const SELECTOR_CHARACTERS = 10;

async function refusalOf(call: () => Promise<unknown>): Promise<ChainVerifyFailure | undefined> {
  try {
    await call();
    return undefined;
  } catch (thrown) {
    const selector = findRevertData(thrown)?.slice(0, SELECTOR_CHARACTERS);
    const refusal = REFUSALS.find(([error]) => selectorOf(error) === selector);
    if (refusal === undefined) throw thrown;
    return refusal[1];
  }
}

function selectorOf(error: string): string {
  return toHex(keccak_256(new TextEncoder().encode(error))).slice(0, SELECTOR_CHARACTERS);
}
