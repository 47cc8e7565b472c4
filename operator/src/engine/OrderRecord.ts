import { Side, type Hex, type SignedOrder } from "@nostra/sdk/order";
import { receivedUp } from "@nostra/sdk/units";
import type { Columns } from "../store/columns";
import type { OrderState, OrdersTable } from "../store/schema";
import { signedOrderOf } from "../store/signedOrder";
import type { NewOrder } from "./Engine";

/** An order as the engine has it: what was signed and asked for, and where it stands. Changed by its market's engine alone. */
export interface OrderRecord extends NewOrder {
  /** Its number among the market's inputs, and its place in the order of arrival. */
  readonly input: number;
  readonly acceptedAtMs: number;
  state: OrderState;
  /** What the venue may still match, in units of what it gives. */
  remaining: bigint;
  rests: boolean;
  /** Whether the last event of it said that it rests in the book; null before its first event. */
  shown: boolean | null;
  /** Matches of it that may still fail. */
  openMatches: number;
  reason: string | null;
  /** What its row says of it, or will when what is under way is stored. */
  row: Pick<OrderRecord, "state" | "remaining" | "reason">;
}

/** True while more of it may be matched. */
export function isOpen({ state }: Pick<OrderRecord, "state">): boolean {
  return state === "OPEN" || state === "PARTIALLY_FILLED";
}

/** What the order gives, as an asset: "0" for collateral, else the token's id. */
export function assetOf({ side, tokenId }: SignedOrder): string {
  return side === Side.BUY ? "0" : tokenId.toString();
}

/** The shares that `remaining` of an order trades. */
export function sharesOf(
  { side, makerAmount, takerAmount }: SignedOrder,
  remaining: bigint,
): bigint {
  return side === Side.BUY ? receivedUp(remaining, makerAmount, takerAmount) : remaining;
}

/** An order's limit in millionths of its own outcome: a BUY's rounded down, a SELL's up, never worse than signed. */
export function limitOf({ side, makerAmount, takerAmount }: SignedOrder): bigint {
  const one = 1_000_000n;
  return side === Side.BUY
    ? (makerAmount * one) / takerAmount
    : (takerAmount * one + makerAmount - 1n) / makerAmount;
}

/** Where an order stands in a book of this tick: the side, and the price of YES in millionths. */
export function placeOf(
  { order, outcome }: Pick<NewOrder, "order" | "outcome">,
  tick: bigint,
): { readonly side: "bid" | "ask"; readonly price: number } {
  const isBuy = order.side === Side.BUY;
  const limit = limitOf(order);
  const placed = isBuy ? limit - (limit % tick) : limit + ((tick - (limit % tick)) % tick);
  const isYes = outcome === "YES";
  return {
    side: isBuy === isYes ? "bid" : "ask",
    price: Number(isYes ? placed : 1_000_000n - placed),
  };
}

/** A new order's record: nothing of it is matched. */
export function recordOf(
  order: NewOrder,
  place: { readonly input: number; readonly acceptedAtMs: number },
): OrderRecord {
  const { makerAmount } = order.order;
  const row = { state: "OPEN", remaining: makerAmount, reason: null } as const;
  // Member by member: spreading it would cost a tenth of all that the engine does for an order.
  return {
    hash: order.hash,
    order: order.order,
    conditionId: order.conditionId,
    outcome: order.outcome,
    kind: order.kind,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    selfTrade: order.selfTrade,
    input: place.input,
    acceptedAtMs: place.acceptedAtMs,
    state: "OPEN",
    remaining: makerAmount,
    rests: false,
    shown: null,
    openMatches: 0,
    reason: null,
    row,
  };
}

/** An order's record from its row; whether it rests, and in how many matches it is, is for the caller to say. */
export function recordFromRow(row: OrdersTable): OrderRecord {
  const { state, reason } = row;
  const stored = { state, remaining: BigInt(row.remaining), reason };
  return {
    hash: row.hash as Hex,
    order: signedOrderOf(row),
    conditionId: row.condition_id as Hex,
    outcome: row.outcome,
    kind: row.kind as NewOrder["kind"],
    timeInForce: row.time_in_force as NewOrder["timeInForce"],
    postOnly: row.post_only,
    selfTrade: row.self_trade as NewOrder["selfTrade"],
    input: Number(row.input),
    acceptedAtMs: Number(row.accepted_at_ms),
    ...stored,
    rests: false,
    shown: isOpen(stored),
    openMatches: 0,
    row: stored,
  };
}

/** The type of each column of an order's row. */
export const ORDER_COLUMNS: Columns<OrdersTable> = {
  hash: "text",
  condition_id: "text",
  input: "int8",
  salt: "numeric",
  maker: "text",
  signer: "text",
  taker: "text",
  token_id: "numeric",
  maker_amount: "numeric",
  taker_amount: "numeric",
  expiration: "numeric",
  nonce: "numeric",
  fee_rate_bps: "int4",
  side: "int4",
  signature_type: "int4",
  signature: "text",
  kind: "text",
  time_in_force: "text",
  post_only: "bool",
  self_trade: "text",
  price: "int4",
  outcome: "text",
  state: "text",
  remaining: "numeric",
  reason: "text",
  accepted_at_ms: "int8",
  updated_at_ms: "int8",
};

/** The row of an order. */
export function rowOf(record: OrderRecord): OrdersTable {
  const { order } = record;
  return {
    hash: record.hash,
    condition_id: record.conditionId,
    input: BigInt(record.input),
    salt: order.salt.toString(),
    maker: order.maker.toLowerCase(),
    signer: order.signer.toLowerCase(),
    taker: order.taker.toLowerCase(),
    token_id: order.tokenId.toString(),
    maker_amount: order.makerAmount.toString(),
    taker_amount: order.takerAmount.toString(),
    expiration: order.expiration.toString(),
    nonce: order.nonce.toString(),
    fee_rate_bps: Number(order.feeRateBps),
    side: order.side,
    signature_type: order.signatureType,
    signature: order.signature,
    kind: record.kind,
    time_in_force: record.timeInForce,
    post_only: record.postOnly,
    self_trade: record.selfTrade,
    price: Number(limitOf(order)),
    outcome: record.outcome,
    state: record.state,
    remaining: record.remaining.toString(),
    reason: record.reason,
    accepted_at_ms: BigInt(record.acceptedAtMs),
    updated_at_ms: BigInt(record.acceptedAtMs),
  };
}
