import type { Hex, Order, SignedOrder } from "../../order/Order.js";
import { parseUint256 } from "../../order/parseUint256.js";
import type { BookMarket, MatchOptions, NewRestingOrder, OrderWeights } from "../types.js";

/** What can be asked of a recorded book. */
export type BookRequest =
  | { readonly op: "open"; readonly market: BookMarket; readonly stateEvery: number }
  | {
      readonly op: "submit";
      readonly incoming: NewRestingOrder;
      readonly options: Omit<MatchOptions, "skip">;
      /** Makers that the venue passed by, by its own judgement. */
      readonly skipped: readonly Hex[];
    }
  | { readonly op: "cancel"; readonly hash: Hex }
  | { readonly op: "expire"; readonly now: bigint; readonly most?: number }
  | { readonly op: "reduce"; readonly hash: Hex; readonly remaining: bigint }
  | { readonly op: "tick"; readonly tick: bigint };

const NUMBERS = [
  "salt",
  "tokenId",
  "makerAmount",
  "takerAmount",
  "expiration",
  "nonce",
  "feeRateBps",
] as const;
const TEXTS = ["maker", "signer", "taker"] as const;

/** An integer of the chain as JSON has it; what is no such integer stays as it is. */
export function textOf<Value>(value: Value): Value extends bigint ? string : Value {
  return (typeof value === "bigint" ? value.toString() : value) as never;
}

function textsOf(members: Record<string, unknown>): Record<string, unknown> {
  for (const name in members) members[name] = textOf(members[name]);
  return members;
}

/** A request as JSON has it, its members in one order, integers of the chain as decimal text. */
export function requestToJson(request: BookRequest): Record<string, unknown> {
  if (request.op === "open") {
    const { conditionId, yes, no, tick, minSize, maxSize, offTick } = request.market;
    const market = textsOf({ conditionId, yes, no, tick, minSize, maxSize, offTick });
    return { op: "open", market, stateEvery: request.stateEvery };
  }
  if (request.op !== "submit") return textsOf({ ...request });
  const { incoming, options, skipped } = request;
  const { kind, timeInForce, postOnly, selfTrade, maxMakers, now, marginSeconds } = options;
  const { maxPassedBy, maxPlans, maxWeight, weights } = options;
  const { hash, order, remaining, sequence } = incoming;
  return {
    op: "submit",
    hash,
    order: orderToPlain(order),
    remaining: textOf(remaining),
    sequence,
    options: {
      ...{ kind, timeInForce, postOnly, selfTrade, maxMakers },
      ...{ now: textOf(now), marginSeconds: textOf(marginSeconds) },
      // JSON has no Infinity, and says nothing of it: the default.
      ...{ maxPassedBy: finite(maxPassedBy), maxPlans: finite(maxPlans) },
      ...{ maxWeight: finite(maxWeight), weights: weights && weightsToPlain(weights) },
    },
    skipped,
  };
}

/** Reads a request back. @throws when it is none; whether it can be done is for the book to say. */
export function requestFromJson(json: unknown): BookRequest {
  const fields = record(json);
  switch (fields["op"]) {
    case "open": {
      const { yes, no, tick, minSize, maxSize, ...others } = record(fields["market"]);
      const market = { ...others, ...bigints({ yes, no, tick, minSize, maxSize }) };
      return { op: "open", market: market as never, stateEvery: fields["stateEvery"] as number };
    }
    case "submit": {
      const { now, marginSeconds, ...others } = record(fields["options"]);
      const options = { ...others, ...bigints({ now, marginSeconds }) };
      const { remaining } = bigints({ remaining: fields["remaining"] });
      const { sequence } = fields;
      const incoming: NewRestingOrder = {
        hash: fields["hash"] as Hex,
        order: orderFromPlain(fields["order"]),
        ...(remaining === undefined ? {} : { remaining }),
        ...(sequence === undefined ? {} : { sequence: sequence as number }),
      };
      return { op: "submit", incoming, options, skipped: fields["skipped"] as Hex[] };
    }
    case "cancel":
      return { op: "cancel", hash: fields["hash"] as Hex };
    case "expire":
      return {
        ...{ op: "expire", now: bigint(fields["now"]) },
        ...(fields["most"] === undefined ? {} : { most: fields["most"] as number }),
      };
    case "reduce":
      return { op: "reduce", hash: fields["hash"] as Hex, remaining: bigint(fields["remaining"]) };
    case "tick":
      return { op: "tick", tick: bigint(fields["tick"]) };
    default:
      throw new Error("no such request");
  }
}

function finite(count: number | undefined): number | undefined {
  return count === Infinity ? undefined : count;
}

/** Its members in one order. */
function weightsToPlain({ order, walletSignature, signatureByte }: OrderWeights): OrderWeights {
  return { order, walletSignature, signatureByte };
}

function orderToPlain(order: Order | SignedOrder): Record<string, unknown> {
  return {
    salt: textOf(order.salt),
    maker: order.maker,
    signer: order.signer,
    taker: order.taker,
    tokenId: textOf(order.tokenId),
    makerAmount: textOf(order.makerAmount),
    takerAmount: textOf(order.takerAmount),
    expiration: textOf(order.expiration),
    nonce: textOf(order.nonce),
    feeRateBps: textOf(order.feeRateBps),
    side: order.side,
    signatureType: order.signatureType,
    signature: "signature" in order ? order.signature : undefined,
  };
}

function orderFromPlain(json: unknown): Order {
  const fields = record(json);
  const order: Record<string, unknown> = { ...fields };
  for (const name of NUMBERS) order[name] = bigint(fields[name]);
  for (const name of TEXTS) if (typeof fields[name] !== "string") throw new Error(`no ${name}`);
  return order as unknown as Order;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("no object");
  }
  return value as Record<string, unknown>;
}

function bigint(value: unknown): bigint {
  return parseUint256("log", value);
}

/** The members that are there, as bigints. */
function bigints<Name extends string>(
  members: Record<Name, unknown>,
): Partial<Record<Name, bigint>> {
  const read: Partial<Record<Name, bigint>> = {};
  for (const name in members) {
    if (members[name] !== undefined) read[name] = bigint(members[name]);
  }
  return read;
}
