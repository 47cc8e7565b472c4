import { InputError } from "../errors/InputError.js";
import type { OrderAmounts } from "./limitAmounts.js";
import { isBuy, type SideInput } from "./isBuy.js";

/** An exact quotient of two whole numbers. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What a price follows from. */
export interface PricedOrder extends OrderAmounts {
  readonly side: SideInput;
}

/**
 * The exact limit price of an order, in collateral per share: collateral units over outcome-token units, not reduced.
 * @throws InputError when the order is for no shares.
 */
export function priceOf({ side, makerAmount, takerAmount }: PricedOrder): Rational {
  const buy = isBuy(side);
  const denominator = buy ? takerAmount : makerAmount;
  if (denominator <= 0n) {
    throw new InputError(buy ? "takerAmount" : "makerAmount", denominator, "more than zero");
  }
  return { numerator: buy ? makerAmount : takerAmount, denominator };
}
