import { InputError } from "../errors/InputError.js";
import { MAX_AMOUNT, UNIT } from "./constants.js";
import type { OrderAmounts } from "./limitAmounts.js";
import { parsePositiveDecimal, type DecimalInput } from "./parseDecimal.js";
import { parsePrice } from "./parsePrice.js";
import { isBuy } from "./isBuy.js";

/** A market BUY: this much collateral at most, for shares that cost no more than the cap each. */
export interface MarketBuyTerms {
  readonly side: "BUY" | 0;
  /** Collateral to spend. */
  readonly amount: DecimalInput;
  /** The highest price to pay, in collateral per share. */
  readonly cap: DecimalInput;
  readonly tick?: DecimalInput | undefined;
}

/** A market SELL: this many shares, for no less than the floor each. */
export interface MarketSellTerms {
  readonly side: "SELL" | 1;
  /** Shares to sell. */
  readonly size: DecimalInput;
  /** The lowest price to take, in collateral per share. */
  readonly floor: DecimalInput;
  readonly tick?: DecimalInput | undefined;
}

/** A market order of either side. */
export type MarketTerms = MarketBuyTerms | MarketSellTerms;

/**
 * The amounts of an order that trades at once. What it wants is rounded up, in its maker's favour: the effective price
 * of a BUY is never above `cap`, of a SELL never below `floor`.
 * @throws TickError when the cap or floor is off the tick. @throws InputError for any other value out of place.
 */
export function marketAmounts(terms: MarketTerms): OrderAmounts {
  return isBuy(terms.side)
    ? buyAmounts(terms as MarketBuyTerms)
    : sellAmounts(terms as MarketSellTerms);
}

function buyAmounts({ amount, cap, tick }: MarketBuyTerms): OrderAmounts {
  const makerAmount = parsePositiveDecimal("amount", amount);
  const takerAmount = divideUp(makerAmount * UNIT, parsePrice(cap, tick, "cap"));
  if (takerAmount > MAX_AMOUNT) {
    throw new InputError(
      "amount",
      amount,
      "an amount that buys at most 2^120 - 1 units at the cap",
    );
  }
  return { makerAmount, takerAmount };
}

function sellAmounts({ size, floor, tick }: MarketSellTerms): OrderAmounts {
  const makerAmount = parsePositiveDecimal("size", size);
  return {
    makerAmount,
    takerAmount: divideUp(makerAmount * parsePrice(floor, tick, "floor"), UNIT),
  };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
