import type { IncomingOrder, MatchOptions, MatchResult, OrderBook } from "./types.js";

/**
 * Matches one order against a book and plans one call of `matchOrders`. The book is not changed: `book.apply(plan)` does that.
 *
 * Crossing makers are taken by priority, best price first and then earliest, each at its own signed price; the whole
 * improvement is the taker's. Passed by, and left in the book: expired makers, those `skip` names, pairs of which one order
 * names another account as its counterparty, makers that cannot be taken in whole units within the taker's limit, and the
 * taker's own orders unless `selfTrade` says otherwise.
 *
 * On unchanged chain state the exchange settles the plan to the unit and never reverts for its amounts.
 * @returns a plan, or the reason why there is none. Malformed input throws.
 */
export function matchOrder(
  book: Pick<OrderBook, "match">,
  taker: IncomingOrder,
  options?: MatchOptions,
): MatchResult {
  return book.match(taker, options);
}
