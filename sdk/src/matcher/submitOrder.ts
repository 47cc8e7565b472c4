import { isDust } from "./isDust.js";
import { matchOrder } from "./matchOrder.js";
import { readOptions } from "./readOptions.js";
import type {
  MatchOptions,
  MatchPlan,
  NewRestingOrder,
  NoMatchReason,
  OrderBook,
  RestingOrder,
} from "./types.js";

/** What became of an order that was submitted, and of those it met. */
export interface SubmitResult {
  /** What to settle, in this order; each has at most `maxMakers` makers. The book has them applied. */
  readonly plans: readonly MatchPlan[];
  /** The rest of the order as it waits in the book; null when nothing rests. */
  readonly rested: RestingOrder | null;
  /** What is left of the order, resting or dropped, in units of what it gives. */
  readonly remaining: bigint;
  /** Why matching ended before the order was filled; null when it is filled. DUST: what is left is too little to rest. */
  readonly reason: NoMatchReason | "DUST" | null;
  /** Resting orders that the self-trade rule cancelled, as they rested. */
  readonly cancelled: readonly RestingOrder[];
  /** Makers of which only dust was left, with what is left of them. */
  readonly closed: readonly RestingOrder[];
}

/**
 * Lets an order arrive at a book: matches it until it is done or nothing more can be taken, applies every plan, and lets the
 * rest wait when it is good till cancelled or till its date. An expired order does not rest, nor one that would be dust.
 *
 * An order that comes back with its old `sequence` is matched like any other, and what is left of it rests at its old place.
 *
 * Only one call of the exchange is all or nothing, so a FOK order must be filled by one plan or is refused.
 */
export function submitOrder(
  book: OrderBook,
  incoming: NewRestingOrder,
  options?: MatchOptions,
): SubmitResult {
  const given = readOptions(options);
  const { hash, order, sequence } = incoming;
  const plans: MatchPlan[] = [];
  const cancelled: RestingOrder[] = [];
  const closed: RestingOrder[] = [];
  let remaining = incoming.remaining ?? order?.makerAmount;
  let reason: NoMatchReason | "DUST" | null = null;

  // The first match checks the order: nothing has changed when it throws.
  do {
    const result = matchOrder(book, { hash, order, remaining }, options);
    if (result.status === "no-match") {
      reason = result.reason;
      for (const own of result.cancels) cancelled.push(book.cancel(own));
      break;
    }
    const applied = book.apply(result.plan);
    cancelled.push(...applied.cancelled);
    closed.push(...applied.closed);
    plans.push(result.plan);
    remaining = result.plan.takerRemainingAfter;
    if (result.plan.endsTaker) reason = "SELF_TRADE";
    if (result.plan.endsTaker || given.timeInForce === "FOK") break;
    if (plans.length === given.maxPlans && remaining > 0n) {
      reason = "WORK_LIMIT";
      break;
    }
  } while (remaining > 0n);

  const isGood = given.timeInForce === "GTC" || given.timeInForce === "GTD";
  let rested: RestingOrder | null = null;
  if (isGood && remaining > 0n && !DROPS.includes(reason)) {
    if (isDust(book.market, order, remaining)) reason = "DUST";
    else
      rested = book.add({
        hash,
        order,
        remaining,
        ...(sequence === undefined ? {} : { sequence }),
      });
  }
  return { plans, rested, remaining, reason, cancelled, closed };
}

/** Why a good order does not rest. */
const DROPS: readonly (string | null)[] = ["EXPIRED", "POST_ONLY", "SELF_TRADE"];
