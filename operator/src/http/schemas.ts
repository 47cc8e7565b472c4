import { checksumAddress } from "@nostra/sdk/ids";
import type { Address, Hex } from "@nostra/sdk/order";
import { z } from "zod";

/*
 * What goes over the wire. Amounts, ids of tokens and other integers of the chain are decimal text; prices are whole
 * millionths of a collateral unit per share unit; times are milliseconds, or seconds where the chain says so.
 */

export const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hex digits")
  .transform((text) => text.toLowerCase() as Hex);

/** Any case; with a checksum in what is told. */
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hex digits")
  .transform((text) => checksumAddress(text) as Address);

/** Text that a database can hold: no zero bytes, no halves of characters. */
export const text = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[^\0\p{Surrogate}]*$/u, "must be text");

/** A market by its condition id, its question id, or its slug. */
export const marketId = text(128).min(1);

export const limit = z.coerce
  .number({ error: "must be a whole number" })
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(500, "must be at most 500")
  .default(100);

export const cursor = z.string().max(512).optional();
export const paging = { limit, cursor };

/** Milliseconds or seconds since 1970, or a date: `2026-11-20T12:00:00Z`. Told apart by size, as no date of ours is in 1970. */
export const moment = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = /^\d{9,10}$/.test(text)
      ? Number(text) * 1000
      : /^\d{11,15}$/.test(text)
        ? Number(text)
        : Date.parse(text);
    if (Number.isFinite(ms)) return ms;
    context.addIssue({ code: "custom", message: "must be a date, or seconds since 1970" });
    return z.NEVER;
  });

export const side = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(["BUY", "SELL"]));
export const outcome = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(["YES", "NO"]));

// What is told.

export const hexOut = z.string().regex(/^0x[0-9a-f]*$/) as unknown as z.ZodType<Hex>;
export const addressOut = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;
export const amount = z
  .string()
  .regex(/^-?\d+$/)
  .describe("whole units, as decimal text");
export const price = z.number().int().describe("millionths");
export const timeMs = z.number().int().describe("milliseconds since 1970");
export const timeSeconds = z.number().int().describe("seconds since 1970");
export const nextCursor = z
  .string()
  .nullable()
  .describe("where the next page begins; null at the end");

export const ORDER_STATUSES = [
  "PENDING_MATCH",
  "OPEN",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELLED",
  "EXPIRED",
  "REJECTED",
  "INVALIDATED",
] as const;
export const orderStatus = z.enum(ORDER_STATUSES);

export const orderFields = z.object({
  salt: amount,
  maker: addressOut,
  signer: addressOut,
  taker: addressOut,
  tokenId: amount,
  makerAmount: amount,
  takerAmount: amount,
  expiration: amount,
  nonce: amount,
  feeRateBps: amount,
  side: z.number().int(),
  signatureType: z.number().int(),
});

export const orderOut = z
  .object({
    hash: hexOut,
    conditionId: hexOut,
    status: orderStatus,
    reason: z.string().nullable(),
    side: z.enum(["BUY", "SELL"]),
    outcome: z.enum(["YES", "NO"]),
    price: price.describe("limit in millionths, of its own outcome"),
    remaining: amount.describe("what the book may still match, in units of what the order gives"),
    kind: z.string(),
    timeInForce: z.string(),
    postOnly: z.boolean(),
    order: orderFields,
    signature: hexOut,
    acceptedAt: timeMs,
    updatedAt: timeMs,
  })
  .meta({ id: "Order" });

export const tradeOut = z
  .object({
    id: z.string(),
    number: z.number().int(),
    conditionId: hexOut,
    state: z.enum(["MATCHED", "MINED", "CONFIRMED", "RETRYING", "FAILED"]),
    price: price.describe("average, of YES, in millionths"),
    shares: amount,
    takerHash: hexOut,
    taker: addressOut.nullable(),
    takerSide: z.enum(["BUY", "SELL"]).nullable(),
    takerOutcome: z.enum(["YES", "NO"]).nullable(),
    making: amount,
    taking: amount,
    makers: z.array(
      z.object({
        hash: hexOut,
        maker: addressOut.nullable(),
        kind: z.string(),
        price,
        making: amount,
        taking: amount,
      }),
    ),
    txHash: hexOut.nullable(),
    blockNumber: z.number().int().nullable(),
    reason: z.string().nullable(),
    guiltyHash: hexOut.nullable(),
    matchedAt: timeMs,
    updatedAt: timeMs,
  })
  .meta({ id: "Trade" });

export const termsOut = z
  .object({
    tick: price.describe("distance of two prices, in millionths"),
    minSize: amount.describe("fewest shares of an order, in units"),
    minFeeBps: z.number().int().describe("least fee rate of an order, in basis points"),
    minNotional: amount.describe("least collateral of an order, in units"),
    maxOpenOrders: z.number().int().describe("open orders that an account may have here"),
  })
  .meta({ id: "MarketTerms" });

export const marketOut = z
  .object({
    conditionId: hexOut,
    questionId: hexOut,
    slug: z.string(),
    question: z.string(),
    description: z.string(),
    category: z.string(),
    creator: addressOut,
    tokens: z.object({ yes: amount, no: amount }),
    state: z.enum(["OPEN", "ENDED", "PROPOSED", "DISPUTED", "FINALIZED", "CANCELLED"]),
    outcome: z.string().nullable(),
    registered: z.boolean(),
    createdAt: timeSeconds,
    endTime: timeSeconds,
    resolutionTime: timeSeconds,
    disputeWindow: timeSeconds,
    proposedAt: timeSeconds.nullable(),
    disputedAt: timeSeconds.nullable(),
    finalizedAt: timeSeconds.nullable(),
    terms: termsOut.nullable().describe("what an order must keep to; null when it is not traded"),
  })
  .meta({ id: "Market" });

export const level = z.tuple([price, amount]);

export const bookOut = z
  .object({
    conditionId: hexOut,
    outcome: z.enum(["YES", "NO"]),
    sequence: z.number().int().describe("the book's number; changes of the stream begin behind it"),
    hash: hexOut.describe("keccak of all levels in YES terms, for followers"),
    bids: z.array(level),
    asks: z.array(level),
  })
  .meta({ id: "OrderBook" });

export const candleOut = z
  .object({
    start: timeSeconds,
    open: price,
    high: price,
    low: price,
    close: price,
    shares: amount,
    volume: amount,
    trades: z.number().int(),
  })
  .meta({ id: "Candle" });

export const statsOut = z
  .object({
    conditionId: hexOut,
    lastPrice: price.nullable(),
    price24hAgo: price.nullable(),
    change: z.number().int().nullable().describe("millionths"),
    high: price.nullable(),
    low: price.nullable(),
    shares: amount,
    volume: amount,
    trades: z.number().int(),
    bestBid: price.nullable(),
    bestAsk: price.nullable(),
  })
  .meta({ id: "Stats" });

export const eventOut = z
  .object({
    name: z.string().nullable(),
    conditionId: hexOut.nullable(),
    args: z.unknown(),
    address: addressOut,
    txHash: hexOut,
    blockNumber: z.number().int(),
    blockHash: hexOut,
    logIndex: z.number().int(),
    timestamp: timeSeconds,
    accounts: z.array(addressOut),
  })
  .meta({ id: "ChainEvent" });

export const positionOut = z
  .object({
    conditionId: hexOut,
    slug: z.string().nullable(),
    tokenId: amount,
    outcome: z.enum(["YES", "NO"]),
    shares: amount,
    cost: amount,
    averagePrice: price.nullable(),
    markPrice: price.nullable().describe("midpoint, or the last price; 0 or 1 once decided"),
    value: amount.nullable(),
    unrealized: amount.nullable(),
    realized: amount,
  })
  .meta({ id: "Position" });

export const errorOut = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
      requestId: z.string(),
    }),
  })
  .meta({ id: "Error" });
