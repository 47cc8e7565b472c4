import type { Connection } from "../contracts/connect.js";
import { InputError } from "../errors/InputError.js";
import { decodeLogs, findEvent } from "../events/decodeLogs.js";
import type { NostraEvent } from "../events/NostraEvent.js";
import { planToCalldata } from "../matcher/planToCalldata.js";
import type { MatchPlan } from "../matcher/types.js";
import type { Address, Hex, Order, SignedOrder } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";

export interface MatchOrdersResult extends TxResult {
  /** One per order: the makers in the plan's order, then the taker. */
  readonly fills: readonly NostraEvent<"OrderFilled">[];
  readonly fees: readonly NostraEvent<"FeeCharged">[];
}

/** Settles a plan of the matcher. Operators only. Every order of the plan must be signed. */
export function matchOrders(
  connection: Connection,
  plan: MatchPlan,
): PreparedTx<MatchOrdersResult> {
  return prepareTx({
    action: "matchOrders",
    contract: connection.exchange,
    method: "matchOrders",
    args: planToCalldata(plan),
    read: (receipt) => {
      const events = decodeLogs(receipt, connection.deployment);
      return {
        fills: events.filter((event) => event.name === "OrderFilled"),
        fees: events.filter((event) => event.name === "FeeCharged"),
      };
    },
  });
}

/** Ends an order on chain, at once and for good. Only its maker. Refused when it is already over. */
export function cancelOrder(
  connection: Connection,
  order: Order | SignedOrder,
): PreparedTx<TxResult> {
  return prepareTx({
    action: "cancelOrder",
    contract: connection.exchange,
    method: "cancelOrder",
    args: [withSignature(order)],
    read: readNothing,
  });
}

export interface CancelOrdersResult extends TxResult {
  /** Hashes of the orders this transaction ended; those already over are not among them. */
  readonly cancelled: readonly Hex[];
}

/** Ends many orders of one maker; those already over are passed by. */
export function cancelOrders(
  connection: Connection,
  orders: readonly (Order | SignedOrder)[],
): PreparedTx<CancelOrdersResult> {
  if (orders.length === 0) throw new InputError("orders", "[]", "at least one order");
  return prepareTx({
    action: "cancelOrders",
    contract: connection.exchange,
    method: "cancelOrders",
    args: [orders.map(withSignature)],
    read: (receipt) => ({
      cancelled: decodeLogs(receipt, connection.deployment)
        .filter((event) => event.name === "OrderCancelled")
        .map((event) => event.args.orderHash as Hex),
    }),
  });
}

/** Raises the sender's nonce: every order it signed so far is dead at once. */
export function incrementNonce(
  connection: Connection,
): PreparedTx<TxResult & { readonly nonce: bigint }> {
  return prepareTx({
    action: "incrementNonce",
    contract: connection.exchange,
    method: "incrementNonce",
    args: [],
    read: (receipt) => ({
      nonce: findEvent(receipt, "NonceIncremented", connection.deployment).args.nonce,
    }),
  });
}

/** The nonce an order of `maker` must be signed with now. */
export async function readNonce(connection: Connection, maker: Address): Promise<bigint> {
  return connection.exchange.nonces(maker);
}

/** What the exchange remembers of an order. */
export interface OrderStatus {
  /** True once nothing more can be filled. */
  readonly isFilledOrCancelled: boolean;
  /** Unfilled part of makerAmount; zero for a hash the exchange has never seen. */
  readonly remaining: bigint;
}

/** The status of many orders, in the order asked, in one call. */
export async function readOrderStatuses(
  connection: Connection,
  orderHashes: readonly Hex[],
): Promise<OrderStatus[]> {
  const statuses = await connection.exchange.getOrderStatuses([...orderHashes]);
  return statuses.map(({ isFilledOrCancelled, remaining }) => ({ isFilledOrCancelled, remaining }));
}

/** Only the hash of the twelve fields matters for a cancel. */
function withSignature(order: Order | SignedOrder): SignedOrder {
  return "signature" in order ? order : { ...order, signature: "0x" };
}
