import { InputError } from "../errors/InputError.js";
import type { OrderWallet } from "../signer/OrderWallet.js";
import type { OrderInput, OrderTrade } from "./buildOrder.js";
import { completeOrder, type OrderOptions } from "./completeOrder.js";
import type { SignedOrder } from "./Order.js";
import type { OrderTarget } from "./OrderConnection.js";
import type { ExpirationInput } from "./parseExpiration.js";

/** A limit order in one call: OrderInput, where the connection knows the nonce and the wallet the maker. */
export type LimitOrderInput = OrderTrade &
  OrderOptions &
  Pick<OrderInput, "tokenId" | "side" | "expiration"> & {
    /**
     * GTC rests until it is filled or cancelled, GTD until `expiration`. If neither this nor `expiration` is given, the order
     * rests for a day. FOK, FAK and post-only are told to the venue beside the order; they are not signed.
     */
    readonly timeInForce?: "GTC" | "GTD" | undefined;
  };

/**
 * Builds and signs a limit order in one call: `{ tokenId, side, price, size }` is enough when a connection is given.
 * @param target A connection, from which the nonce is read; or a domain, for orders made without a node.
 * @throws TickError, InexactAmountError, InputError as buildOrder does. @throws StaleNonceError when the nonce given is not
 * the maker's, @throws ChainMismatchError when the node is elsewhere; both before anything is signed.
 * @throws SignatureMismatchError, SigningRejectedError, TransportError as signOrder does.
 */
export async function createLimitOrder(
  input: LimitOrderInput,
  wallet: OrderWallet,
  target: OrderTarget,
): Promise<SignedOrder> {
  const { timeInForce, ...terms } = input;
  const expiration = expirationOf(timeInForce, input.expiration);
  return completeOrder({ ...terms, expiration }, wallet, target);
}

function expirationOf(
  timeInForce: LimitOrderInput["timeInForce"],
  expiration: ExpirationInput | undefined,
): ExpirationInput | undefined {
  if (timeInForce === undefined) return expiration;
  const isNever = expiration === 0 || expiration === 0n;
  if (timeInForce === "GTC") {
    if (expiration === undefined || isNever) return 0n;
    throw new InputError("expiration", expiration, "nothing: a GTC order never expires");
  }
  if (timeInForce !== "GTD") throw new InputError("timeInForce", timeInForce, '"GTC" or "GTD"');
  if (expiration === undefined || isNever) {
    throw new InputError("expiration", expiration, "the moment at which a GTD order dies");
  }
  return expiration;
}
