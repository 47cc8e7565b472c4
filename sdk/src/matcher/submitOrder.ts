import { checkOrder } from "./checkOrder.js";
import { matchOrder, readOptions } from "./matchOrder.js";
import type { OrderBook } from "./OrderBook.js";
import type {
  IncomingOrder,
  MatchOptions,
  MatchPlan,
  NoMatchReason,
  RestingOrder,
} from "./types.js";

export interface SubmitResult {
  /** What to settle, in this order; each has at most `maxMakers` makers. The book has them applied. */
  readonly plans: readonly MatchPlan[];
  /** The rest of the order as it waits in the book; null when nothing rests. */
  readonly rested: RestingOrder | null;
  /** What is left of the order, resting or dropped, in units of what it gives. */
  readonly remaining: bigint;
  /** Why matching ended before the order was filled; null when it is filled. */
  readonly reason: NoMatchReason | null;
}

/**
 * Lets an order arrive at a book: matches it until it is done or nothing more can be taken, applies every plan, and lets the
 * rest wait when it is good till cancelled. An expired order does not rest.
 *
 * Only one call of the exchange is all or nothing, so a FOK order must be filled by one plan or is refused.
 */
export function submitOrder(
  book: OrderBook,
  incoming: IncomingOrder,
  options: MatchOptions = {},
): SubmitResult {
  const { timeInForce } = readOptions(options);
  const { hash, order } = incoming;
  const plans: MatchPlan[] = [];
  let remaining = checkOrder(book.market, incoming);
  let reason: NoMatchReason | null = null;

  while (remaining > 0n) {
    const result = matchOrder(book, { hash, order, remaining }, options);
    if (result.status === "no-match") {
      reason = result.reason;
      break;
    }
    book.apply(result.plan);
    plans.push(result.plan);
    remaining = result.plan.takerRemainingAfter;
    if (timeInForce === "FOK") break;
  }

  const rests = timeInForce === "GTC" && remaining > 0n && reason !== "EXPIRED";
  return { plans, rested: rests ? book.add({ hash, order, remaining }) : null, remaining, reason };
}
