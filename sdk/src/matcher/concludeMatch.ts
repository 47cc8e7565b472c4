import { Side, type Hex } from "../order/Order.js";
import { consumedUp } from "../units/fillMath.js";
import { isForAmount, type TakerProgress } from "./fillMaker.js";
import type { CheckedOptions } from "./readOptions.js";
import { divideUp, max, min } from "./rounding.js";
import type {
  IncomingOrder,
  MakerFill,
  Market,
  MatchPlan,
  MatchResult,
  NoMatchReason,
  OrderKind,
} from "./types.js";

/** A walk over the makers that has come to its end. */
export interface Walk {
  readonly market: Market;
  readonly taker: IncomingOrder;
  readonly progress: TakerProgress;
  readonly fills: readonly MakerFill[];
  readonly cancels: readonly Hex[];
  readonly endsTaker: boolean;
  /** True when the walk ended at `maxPassedBy`, whatever stands behind. */
  readonly isCut: boolean;
}

/** What a walk amounts to: a plan, or the reason why there is none. Some order must have crossed, or the walk was cut. */
export function concludeMatch(walk: Walk, options: CheckedOptions): MatchResult {
  const { fills, cancels, endsTaker, isCut, progress } = walk;
  const { timeInForce, kind, postOnly } = options;
  if (fills.length === 0) {
    if (timeInForce === "FOK") return noMatch("FOK_UNFILLABLE");
    if (endsTaker) return noMatch("SELF_TRADE", cancels);
    // It may have traded with a maker behind: an order that must not trade on arrival does not rest.
    if (isCut) return postOnly ? noMatch("POST_ONLY") : noMatch("WORK_LIMIT", cancels);
    return noMatch("NO_TAKEABLE_MAKER", cancels);
  }
  if (postOnly) return noMatch("POST_ONLY");
  const { order, remaining, making, taking } = progress;
  const takerFillAmount = takerFillAmountOf(progress);
  const consumed = min(takerFillAmount, consumedUp(taking, order.makerAmount, order.takerAmount));
  const plan: MatchPlan = {
    market: walk.market,
    takerHash: walk.taker.hash,
    taker: order,
    takerFillAmount,
    making,
    taking,
    consumed,
    takerRemainingAfter: remaining - consumed,
    makers: fills,
    cancels,
    endsTaker,
  };
  if (timeInForce === "FOK" && !isFilled(plan, kind)) return noMatch("FOK_UNFILLABLE");
  return { status: "matched", plan };
}

export function noMatch(reason: NoMatchReason, cancels: readonly Hex[] = []): MatchResult {
  return { status: "no-match", reason, cancels };
}

/**
 * What the taker order may consume.
 *
 * A SELL consumes the shares it gives, and a market BUY the collateral it gives: neither loses anything to a better price.
 * (A BUY that pays nothing still declares one unit, for the exchange knows no fill of zero.) A limit BUY is for a size, so it
 * consumes what the shares bought would have cost at its own limit, rounded up against the taker: less than one unit.
 */
function takerFillAmountOf(progress: TakerProgress): bigint {
  const { order, making, taking } = progress;
  if (order.side === Side.SELL) return making;
  if (isForAmount(progress)) return max(making, 1n);
  return consumedUp(taking, order.makerAmount, order.takerAmount);
}

/**
 * True when a plan fills all of the taker order. An order for a size is filled when its last share is traded, and then
 * nothing is left of it. A market BUY is filled when its amount is spent up to rounding: the rest is zero, or too little to
 * pay for one more unit of a maker of the plan that has more to give.
 */
function isFilled(plan: MatchPlan, kind: OrderKind): boolean {
  const rest = plan.takerRemainingAfter;
  if (!isForAmount({ order: plan.taker, kind })) return rest === 0n;
  return (
    rest === 0n ||
    plan.makers.some((fill) => fill.remainingAfter > 0n && rest < priceOfOneUnit(fill))
  );
}

/** What the buying taker pays when the maker gives one more unit; rounded up, in the maker's favour. */
function priceOfOneUnit({ kind, order }: MakerFill): bigint {
  const taking = divideUp(order.takerAmount, order.makerAmount);
  return kind === "MINT" ? taking - 1n : taking;
}
