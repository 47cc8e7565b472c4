import { marketAmounts, type MarketTerms } from "../units/marketAmounts.js";
import { isBuy } from "../units/isBuy.js";
import type { OrderWallet } from "../signer/OrderWallet.js";
import { completeOrder, type OrderOptions } from "./completeOrder.js";
import type { OrderInput } from "./buildOrder.js";
import type { SignedOrder } from "./Order.js";
import type { OrderTarget } from "./OrderConnection.js";

/** What is left of a market order must not trade much later: its signature is good for this long unless told. */
const MARKET_ORDER_SECONDS = 300n;

/** A market order in one call: OrderInput, with an amount and a cap, or a size and a floor. */
export type MarketOrderInput = MarketTerms &
  OrderOptions &
  Pick<OrderInput, "tokenId"> & {
    /** When the order dies; five minutes from now if not given. */
    readonly expiration?: OrderInput["expiration"];
  };

/**
 * Builds and signs an order that is to trade at once, in one call: BUY for an `amount` of collateral at no more than `cap`
 * per share, or SELL `size` shares at no less than `floor`. The worst price is signed: nobody can settle the order beyond
 * it.
 * @param target As for createLimitOrder, and so are the errors.
 */
export async function createMarketOrder(
  input: MarketOrderInput,
  wallet: OrderWallet,
  target: OrderTarget,
): Promise<SignedOrder> {
  const nowSeconds = input.nowSeconds ?? BigInt(Math.floor(Date.now() / 1000));
  const expiration = input.expiration ?? nowSeconds + MARKET_ORDER_SECONDS;
  const draft = { ...withoutTerms(input), ...marketAmounts(input), expiration };
  return completeOrder(draft, wallet, target);
}

/** What the amounts were made of. A term of the other side is left, for buildOrder to refuse. */
const TERMS = { BUY: ["amount", "cap", "tick"], SELL: ["size", "floor", "tick"] } as const;

function withoutTerms(
  input: MarketOrderInput,
): Omit<MarketOrderInput, keyof MarketTerms | "amount"> & Pick<MarketOrderInput, "side"> {
  const terms: readonly string[] = TERMS[isBuy(input.side) ? "BUY" : "SELL"];
  const rest = Object.entries(input).filter(([field]) => !terms.includes(field));
  return Object.fromEntries(rest) as never;
}
