import type { PreparedTx, TxResult } from "../actions/PreparedTx.js";
import type { Connection } from "../contracts/connect.js";
import { InputError } from "../errors/InputError.js";
import { parseAddress, ZERO_ADDRESS } from "../ids/address.js";
import { hashOrder } from "../order/hashOrder.js";
import { Side, type Hex, type SignedOrder } from "../order/Order.js";
import { domainOf } from "../order/OrderConnection.js";
import { MAX_SIGNATURE_BYTES, tryParseSignature } from "../order/signatureBytes.js";
import type { DecimalInput } from "../units/parseDecimal.js";
import { parseTick } from "../units/parsePrice.js";
import type { Finding } from "./Finding.js";
import { hasSoundTerms, judgeOrder } from "./judgeOrder.js";
import { readOrderState, type HashedOrder, type OrderState } from "./readOrderState.js";

/** What checkOrder is told besides the order; every field has a default. */
export interface CheckOrderOptions {
  /**
   * Other orders of the same maker that are to settle as well: what is left of those that still can is reserved, and counted
   * into what this one needs. None if not given.
   */
  readonly openOrders?: readonly SignedOrder[];
  /** Warn of an order with at most so many seconds to live. Default 0n: of none. */
  readonly expiresWithinSeconds?: bigint;
  /** The market's price grid, as decimal text or units of 1e-6. The chain knows none; unasked, prices are not held to one. */
  readonly tick?: DecimalInput;
  /** Whom the order is to meet; without it, an order for one counterparty alone is a warning. */
  readonly counterparty?: string;
}

/** What stands in the way of an order at one block. */
export interface OrderReport {
  /** True when no finding blocks: all that is left of the order settles if it meets its counterparty now. */
  readonly ok: boolean;
  readonly orderHash: Hex;
  /** What is left to fill, in units of what the order gives; 0n when it is over. */
  readonly remaining: bigint;
  /** The block everything was read at. */
  readonly block: OrderState["block"];
  /** All there are, blocking ones first, in the sequence of FINDING_CODES. */
  readonly findings: readonly Finding[];
  /** What the maker sends to make the order settle: every fix once. Empty when fixes alone do not, or none is needed. */
  readonly fixes: readonly PreparedTx<TxResult>[];
}

/**
 * Lists every reason why an order could not settle now, each with its values and, where the maker can repair it, the
 * transaction that does. Reads the chain at one block and sends nothing.
 *
 * It agrees with the exchange for a match of all that is left with one fitting order, but for what only a transfer tells: a
 * frozen account, or a receiver that tells senders apart.
 * @throws InputError when the order, or an option, is malformed: a field its type cannot hold, an open order of another
 * maker. A well-formed order is never an error, however bad it is.
 * @throws ChainMismatchError when the node is on another chain than the deployment. @throws TransportError when it did not
 * answer.
 */
export async function checkOrder(
  connection: Connection,
  order: SignedOrder,
  options: CheckOrderOptions = {},
): Promise<OrderReport> {
  const { openOrders = [], expiresWithinSeconds = 0n, tick, counterparty } = options;
  if (typeof expiresWithinSeconds !== "bigint" || expiresWithinSeconds < 0n) {
    throw new InputError("expiresWithinSeconds", expiresWithinSeconds, "0n or more seconds");
  }
  if (!Array.isArray(openOrders)) {
    throw new InputError("openOrders", openOrders, "a list of orders");
  }
  const hashed = hashWellFormed(connection, order, "order");
  const others = otherOrders(connection, hashed, openOrders);
  const asked = {
    expiresWithinSeconds,
    tick: tick === undefined ? undefined : parseTick(tick),
    counterparty:
      counterparty === undefined ? undefined : parseAddress(counterparty, "counterparty"),
  };

  const state = await readOrderState(connection, hashed, others);
  const remaining = remainingOf(state, order, 0);
  const reserved = others
    .map(({ order: other }, i) =>
      givesTheSame(other, order) && isAlive(other, state) ? remainingOf(state, other, i + 1) : 0n,
    )
    .reduce((sum, units) => sum + units, 0n);
  const findings = judgeOrder({ connection, order, state, remaining, reserved, ...asked });
  const blocking = findings.filter(({ severity }) => severity === "BLOCKS");
  return {
    ok: blocking.length === 0,
    orderHash: hashed.hash,
    remaining,
    block: state.block,
    findings,
    fixes: blocking.every(({ fix }) => fix.length > 0) ? distinct(blocking) : [],
  };
}

function hashWellFormed(connection: Connection, order: SignedOrder, field: string): HashedOrder {
  if (typeof order !== "object" || order === null) throw new InputError(field, order, "an order");
  if (order.maker === ZERO_ADDRESS) {
    throw new InputError(`${field}.maker`, order.maker, "an account");
  }
  if (tryParseSignature(order.signature) === undefined) {
    const expected = `at most ${MAX_SIGNATURE_BYTES} bytes as 0x-prefixed hex`;
    throw new InputError(`${field}.signature`, order.signature, expected);
  }
  try {
    return { order, hash: hashOrder(order, domainOf(connection)) };
  } catch (thrown) {
    if (field === "order" || !(thrown instanceof InputError)) throw thrown;
    throw new InputError(thrown.field.replace("order", field), thrown.value, thrown.expected);
  }
}

/** Each once, and not the order itself: a list of all open orders will do. */
function otherOrders(
  connection: Connection,
  { order, hash }: HashedOrder,
  openOrders: readonly SignedOrder[],
): HashedOrder[] {
  const others = new Map<Hex, HashedOrder>();
  for (const [i, other] of openOrders.entries()) {
    const hashed = hashWellFormed(connection, other, `openOrders[${i}]`);
    if (!sameAddress(other.maker, order.maker)) {
      throw new InputError(`openOrders[${i}].maker`, other.maker, `the order's, ${order.maker}`);
    }
    if (hashed.hash !== hash) others.set(hashed.hash, hashed);
  }
  return [...others.values()];
}

function givesTheSame(a: SignedOrder, b: SignedOrder): boolean {
  return a.side === b.side && (a.side === Side.BUY || a.tokenId === b.tokenId);
}

/** An order of the same maker that time or the nonce ended reserves nothing, nor does one that never could settle. */
function isAlive(order: SignedOrder, { nonce: current, block }: OrderState): boolean {
  const { nonce, expiration } = order;
  const isInTime = expiration === 0n || expiration > block.timestampSeconds;
  return nonce === current && isInTime && hasSoundTerms(order);
}

/** What may still be filled of the order whose status was asked for at this place. */
function remainingOf(state: OrderState, order: SignedOrder, place: number): bigint {
  const status = state.statuses[place];
  if (status === undefined || status.isFilledOrCancelled) return 0n;
  return status.remaining === 0n ? order.makerAmount : status.remaining;
}

function distinct(findings: readonly Finding[]): PreparedTx<TxResult>[] {
  const fixes = findings.flatMap(({ fix }) => fix);
  return [...new Map(fixes.map((fix) => [fix.to + fix.data, fix])).values()];
}

function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
