import type { Hex } from "../order/Order.js";
import type { StopList } from "./StopList.js";
import { submitOrder, type SubmitResult } from "./submitOrder.js";
import type { IncomingOrder, MatchOptions, OrderBook } from "./types.js";

/** What one order did on arrival. */
export interface Arrival {
  readonly hash: Hex;
  readonly result: SubmitResult;
}

/**
 * Lets an order arrive, and after it every stop-limit order that its trades, or theirs in turn, have fired. What one arrival
 * fires comes in the order in which it was given to the list, behind all that fired before.
 * @returns what each did, in the order of arrival; the first is the order itself.
 */
export function submitWithStops(
  book: OrderBook,
  stops: StopList,
  incoming: IncomingOrder,
  options?: MatchOptions,
): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  const queue: { order: IncomingOrder; options: MatchOptions | undefined }[] = [
    { order: incoming, options },
  ];
  // What an order fires has no wishes of its own but the present time and the rules of its venue.
  const { now, marginSeconds, maxMakers, selfTrade, skip } = options ?? {};
  const { maxPassedBy, maxPlans, maxWeight, weights } = options ?? {};
  const bounds = { maxMakers, maxPassedBy, maxPlans, maxWeight, weights };
  const plain = dropUndefined({ now, marginSeconds, ...bounds, selfTrade, skip });
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const result = submitOrder(book, next.order, next.options);
    arrivals.push({ hash: next.order.hash, result });
    const last = result.plans.at(-1)?.makers.at(-1);
    if (last === undefined) continue;
    for (const order of stops.fire(last.price)) queue.push({ order, options: plain });
  }
  return arrivals;
}

function dropUndefined(options: Record<string, unknown>): MatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
