import { InputError } from "../errors/InputError.js";
import { MAX_AMOUNT } from "../units/constants.js";
import { feeDown, receivedUp } from "../units/fillMath.js";
import { MAX_FEE_RATE_BPS } from "./buildOrder.js";
import { Side, type Order } from "./Order.js";

/** Which part of the order the estimate is of. */
export interface EstimateOptions {
  /** How much of makerAmount is given, in units; all of it if not given. */
  readonly fill?: bigint | undefined;
}

/** What a fill of an order moves, in units of the assets' smallest parts. */
export interface OrderEstimate {
  /** What the order gives: collateral for BUY, outcome tokens for SELL. */
  readonly gives: bigint;
  /** What it receives before the fee: outcome tokens for BUY, collateral for SELL. */
  readonly gross: bigint;
  /** What is kept of that, in the same asset. */
  readonly fee: bigint;
  /** What arrives. */
  readonly net: bigint;
  /** The asset of gross, fee and net. */
  readonly feeAsset: "COLLATERAL" | "OUTCOME";
  /** The same as the exchange's FeeCharged event names it: the outcome token's id, or 0n for collateral. */
  readonly feeAssetId: bigint;
}

/**
 * What a fill gives and brings at the order's own price, to the unit as the exchange computes it: exact for an order that
 * rests; an order that takes gets this or better, since the whole improvement of price is the taker's.
 * @throws InputError naming the amount, fill or fee rate that the exchange would refuse.
 */
export function estimateOrder(
  order: Pick<Order, "tokenId" | "side" | "makerAmount" | "takerAmount" | "feeRateBps">,
  options: EstimateOptions = {},
): OrderEstimate {
  const { tokenId, side, makerAmount, takerAmount, feeRateBps } = order;
  requireWithin("makerAmount", makerAmount, 1n, MAX_AMOUNT);
  requireWithin("takerAmount", takerAmount, 1n, MAX_AMOUNT);
  requireWithin("feeRateBps", feeRateBps, 0n, MAX_FEE_RATE_BPS);
  const gives = options.fill ?? makerAmount;
  requireWithin("fill", gives, 1n, makerAmount);

  const gross = receivedUp(gives, makerAmount, takerAmount);
  const fee = feeDown(feeRateBps, gross);
  const isBuy = side === Side.BUY;
  return {
    gives,
    gross,
    fee,
    net: gross - fee,
    feeAsset: isBuy ? "OUTCOME" : "COLLATERAL",
    feeAssetId: isBuy ? tokenId : 0n,
  };
}

function requireWithin(field: string, value: bigint, least: bigint, most: bigint): void {
  if (typeof value !== "bigint" || value < least || value > most) {
    throw new InputError(field, value, `${least} to ${most} as bigint`);
  }
}
