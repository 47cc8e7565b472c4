import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { checkBigint } from "./checkOrder.js";
import { isDust } from "./isDust.js";
import { MatcherError } from "./MatcherError.js";
import { samePair } from "./priority.js";
import type { Market, MakerFill, MatchPlan, RestingOrder } from "./types.js";

/** Refuses a place in the order of arrival that is none. */
export function checkSequence(sequence: number): void {
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw new InputError("sequence", sequence, "an integer from 0 on");
  }
}

/** Refuses an order of which only dust is left. */
export function refuseDust(market: Market, { hash, order, remaining }: RestingOrder): void {
  if (isDust(market, order, remaining)) {
    throw new MatcherError("DUST", "What is left of the order cannot trade at its place", {
      hash,
      remaining,
      makerAmount: order.makerAmount,
      takerAmount: order.takerAmount,
    });
  }
}

/** Refuses to raise what is left of an order. */
export function checkReduced(hash: Hex, remaining: bigint, before: bigint): void {
  checkBigint("remaining", remaining);
  if (remaining < 0n || remaining >= before) {
    throw new MatcherError("INVALID_REMAINING", "What is left of an order can only become less", {
      hash,
      remaining,
      before,
    });
  }
}

/** Refuses a plan of another market, or one that names an order twice. */
export function checkPlan(
  { market: planMarket, makers, cancels }: MatchPlan,
  market: Market,
): void {
  if (!samePair(planMarket, market)) {
    throw new MatcherError("OTHER_MARKET", "The plan belongs to another market", {
      planMarket,
      bookMarket: market,
    });
  }
  const named = makers.length + cancels.length;
  if (named === 1) return;
  const hashes = new Set(cancels);
  for (const { hash } of makers) hashes.add(hash);
  if (hashes.size !== named) {
    throw new MatcherError("STALE_PLAN", "The plan names an order twice", {
      hashes: [...makers.map(({ hash }) => hash), ...cancels],
    });
  }
}

/** Refuses a fill that was planned from another state of its maker. */
export function checkFill({ hash, making, remainingAfter }: MakerFill, remaining: bigint): void {
  if (making <= 0n || remaining - making !== remainingAfter || remainingAfter < 0n) {
    throw new MatcherError("STALE_PLAN", "The book has changed since the plan was made", {
      hash,
      making,
      remainingAfter,
      remaining,
    });
  }
}

export function unknownOrder(hash: Hex): MatcherError {
  return new MatcherError("UNKNOWN_ORDER", "No such order rests in the book", { hash });
}

export function duplicateOrder(hash: Hex): MatcherError {
  return new MatcherError("DUPLICATE_ORDER", "The order rests in the book already", { hash });
}

export function duplicateSequence(hash: Hex, sequence: number, holder: Hex): MatcherError {
  return new MatcherError("DUPLICATE_SEQUENCE", "Another order has this place in the queue", {
    hash,
    sequence,
    holder,
  });
}
