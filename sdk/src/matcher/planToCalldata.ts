import type { Hex, Order, SignedOrder } from "../order/Order.js";
import { MatcherError } from "./MatcherError.js";
import type { MatchPlan } from "./types.js";

/** The arguments of `exchange.matchOrders(...)`, in order. */
export type MatchOrdersArguments = readonly [
  takerOrder: SignedOrder,
  makerOrders: readonly SignedOrder[],
  takerFillAmount: bigint,
  makerFillAmounts: readonly bigint[],
];

/** Turns a plan into the arguments of `matchOrders`. Every order of the plan must be signed. */
export function planToCalldata(plan: MatchPlan): MatchOrdersArguments {
  return [
    asSigned(plan.takerHash, plan.taker),
    plan.makers.map((fill) => asSigned(fill.hash, fill.order)),
    plan.takerFillAmount,
    plan.makers.map((fill) => fill.making),
  ];
}

function asSigned(hash: Hex, order: Order | SignedOrder): SignedOrder {
  if (!("signature" in order) || order.signature.length <= "0x".length) {
    throw new MatcherError("MISSING_SIGNATURE", "An order of the plan is not signed", { hash });
  }
  return order;
}
