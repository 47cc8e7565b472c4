import type { Connection } from "../contracts/connect.js";
import type { ContractRevertError, UnknownContractError } from "../errors/ContractRevertError.js";
import { decodeRevert } from "../errors/decodeRevert.js";
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
    read: (receipt) => settledOf(decodeLogs(receipt, connection.deployment)),
  });
}

/** A match of a batch: its plan and the gas it may use. */
export interface BatchMatch {
  readonly plan: MatchPlan;
  /** The most gas this match may use: an estimate of it alone, plus OUTCOME_TRANSFER_GAS of the exchange. */
  readonly gasLimit: bigint;
}

/** A match of a batch that did not settle, and why; the others did. */
export interface FailedMatch {
  /** Its place in the batch. */
  readonly index: number;
  readonly takerOrderHash: Hex;
  /** What it was refused with; `orderHash` of a ContractRevertError is the order to blame. */
  readonly error: ContractRevertError | UnknownContractError;
}

export interface MatchOrdersBatchResult extends MatchOrdersResult {
  readonly failed: readonly FailedMatch[];
}

/** Settles independent matches in one transaction, each all or nothing for itself. Operators only. */
export function matchOrdersBatch(
  connection: Connection,
  matches: readonly BatchMatch[],
): PreparedTx<MatchOrdersBatchResult> {
  if (matches.length === 0) throw new InputError("matches", "[]", "at least one match");
  return prepareTx({
    action: "matchOrdersBatch",
    contract: connection.exchange,
    method: "matchOrdersBatch",
    args: [matches.map(({ plan, gasLimit }) => [...planToCalldata(plan), gasLimit])],
    read: (receipt) => {
      const events = decodeLogs(receipt, connection.deployment);
      return {
        ...settledOf(events),
        failed: events
          .filter((event) => event.name === "MatchFailed")
          .map(({ args }) => ({
            index: Number(args.index),
            takerOrderHash: args.takerOrderHash as Hex,
            error: decodeRevert(args.reason as Hex),
          })),
      };
    },
  });
}

/** One reason why a match could not settle now. */
export interface MatchProblem {
  /** The order to blame. */
  readonly orderHash: Hex;
  /** What the exchange would refuse with, or InsufficientBalance or InsufficientApproval of the inspector. */
  readonly error: ContractRevertError | UnknownContractError;
}

/**
 * Every reason why a match could not settle now, all at once, so that exactly those orders are dropped. Empty when it
 * would settle, but for what only a transfer itself tells: a receiver's hook, a frozen account. Sends nothing.
 */
export async function inspectMatch(
  connection: Connection,
  plan: MatchPlan,
): Promise<MatchProblem[]> {
  const [takerOrder, makerOrders, takerFillAmount, makerFillAmounts] = planToCalldata(plan);
  const problems = await connection.inspector.inspectMatch({
    ...{ takerOrder, makerOrders: [...makerOrders], takerFillAmount },
    // The inspector looks at no gas.
    ...{ makerFillAmounts: [...makerFillAmounts], gasLimit: 0n },
  });
  return problems.map(({ orderHash, reason }) => ({
    orderHash: orderHash as Hex,
    error: decodeRevert(reason as Hex),
  }));
}

function settledOf(events: readonly NostraEvent[]): Pick<MatchOrdersResult, "fills" | "fees"> {
  return {
    fills: events.filter((event) => event.name === "OrderFilled"),
    fees: events.filter((event) => event.name === "FeeCharged"),
  };
}

/** Approves an order of the sender's own on chain: it needs no signature any more. For accounts that cannot sign. */
export function approveOrder(
  connection: Connection,
  order: Order | SignedOrder,
): PreparedTx<TxResult> {
  return prepareTx({
    action: "approveOrder",
    contract: connection.exchange,
    method: "approveOrder",
    args: [withSignature(order)],
    read: readNothing,
  });
}

/** Lets another key sign orders for the sender until a Unix second: a session key. */
export function authorizeSigner(
  connection: Connection,
  params: { readonly signer: Address; readonly expirationSeconds: bigint },
): PreparedTx<TxResult> {
  return prepareTx({
    action: "authorizeSigner",
    contract: connection.exchange,
    method: "authorizeSigner",
    args: [params.signer, params.expirationSeconds],
    read: readNothing,
  });
}

/** Takes that back, at once: orders the key signed for the sender are dead. */
export function revokeSigner(
  connection: Connection,
  params: { readonly signer: Address },
): PreparedTx<TxResult> {
  return prepareTx({
    action: "revokeSigner",
    contract: connection.exchange,
    method: "revokeSigner",
    args: [params.signer],
    read: readNothing,
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
