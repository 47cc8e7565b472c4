import { z } from "zod";
import { MODES } from "../modes";
import { addressOut, amount, hexOut, level, orderOut, price, text, timeMs } from "../http/schemas";

/*
 * What goes over the stream. The description at /asyncapi.json is made of these schemas, and in tests every message that is sent
 * is held against them.
 */

const market = text(128).min(1).describe("condition id, question id or slug");
const request = z
  .union([z.string().max(64), z.number()])
  .optional()
  .describe("comes back in the answer");

export const CHANNELS = ["book", "trades", "orders", "market", "user", "blocks", "status"] as const;

const subscribe = z.object({
  type: z.literal("subscribe"),
  channel: text(160),
  market: market.optional(),
  since: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe("user: replay what came behind this id"),
  sinceMs: z.number().int().min(0).optional().describe("user: replay what came since this time"),
  request,
});

/** What a client may say. */
export const clientMessages = {
  subscribe,
  subscribeMany: z.object({
    type: z.literal("subscribe"),
    channels: z.array(text(160)).min(1).max(50),
    request,
  }),
  unsubscribe: z.object({
    type: z.literal("unsubscribe"),
    channel: text(160),
    market: market.optional(),
    request,
  }),
  subscribeMarket: z.object({ type: z.literal("subscribe:market"), marketId: market, request }),
  unsubscribeMarket: z.object({ type: z.literal("unsubscribe:market"), marketId: market, request }),
  resync: z.object({ type: z.literal("resync"), market, request }),
  authToken: z.object({ type: z.literal("auth"), token: z.string().max(4096), request }),
  authKey: z.object({
    type: z.literal("auth"),
    key: z.string().max(64),
    timestamp: z.string().max(20),
    nonce: z.string().max(64),
    signature: z.string().max(64).describe("as for a GET of /ws with an empty body"),
    request,
  }),
  ping: z.object({ type: z.literal("ping"), request }),
} as const;

export const clientMessage = z.union([
  clientMessages.subscribeMany,
  clientMessages.subscribe,
  clientMessages.unsubscribe,
  clientMessages.subscribeMarket,
  clientMessages.unsubscribeMarket,
  clientMessages.resync,
  clientMessages.authToken,
  clientMessages.authKey,
  clientMessages.ping,
]);
export type ClientMessage = z.output<typeof clientMessage>;

const sides = { bids: z.array(level), asks: z.array(level) };
const answered = { request };

const tradeState = z.enum(["MATCHED", "MINED", "CONFIRMED", "RETRYING", "FAILED"]);
const side = z.enum(["BUY", "SELL"]);
const outcome = z.enum(["YES", "NO"]);
const orderState = z.enum([
  "OPEN",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELLED",
  "EXPIRED",
  "REJECTED",
  "INVALIDATED",
]);

/** An event of the bus, as it is told to the account it is about. */
const userEvent = z.looseObject({ type: z.enum(["order", "match", "position", "funds"]) });

const seedTrade = {
  marketId: hexOut,
  price,
  amount,
  timestamp: timeMs,
  takerOrderHash: hexOut,
  makerOrderHashes: z.array(hexOut),
  txHash: hexOut.nullable(),
  state: tradeState,
};

/** What the venue may say. */
export const serverMessages = {
  welcome: z.object({ type: z.literal("welcome"), connection: z.string(), serverTimeMs: timeMs }),
  authorized: z.object({ type: z.literal("authorized"), account: addressOut, ...answered }),
  subscribed: z.object({
    type: z.literal("subscribed"),
    channel: z.string(),
    market: hexOut.optional(),
    ...answered,
  }),
  unsubscribed: z.object({
    type: z.literal("unsubscribed"),
    channel: z.string(),
    market: hexOut.optional(),
    ...answered,
  }),
  error: z.object({
    type: z.literal("error"),
    code: z.string(),
    message: z.string(),
    ...answered,
  }),
  pong: z.object({ type: z.literal("pong"), timestamp: timeMs, ...answered }),

  bookSnapshot: z.object({
    type: z.literal("snapshot"),
    channel: z.literal("book"),
    market: hexOut,
    sequence: z.number().int(),
    hash: hexOut,
    ...sides,
    ...answered,
  }),
  delta: z.object({
    type: z.literal("delta"),
    channel: z.literal("book"),
    market: hexOut,
    from: z.number().int(),
    to: z.number().int(),
    ...sides,
    hash: hexOut.optional().describe("of all levels after it; every so often"),
    at: timeMs,
  }),
  trade: z.object({
    type: z.literal("trade"),
    channel: z.literal("trades"),
    market: hexOut,
    matchId: z.string(),
    state: tradeState,
    takerHash: hexOut,
    taker: addressOut,
    takerSide: side,
    takerOutcome: outcome,
    price,
    shares: amount,
    makers: z.array(
      z.object({
        hash: hexOut,
        maker: addressOut,
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
    at: timeMs,
  }),
  order: z.object({
    type: z.literal("order"),
    channel: z.literal("orders"),
    market: hexOut,
    hash: hexOut,
    maker: addressOut,
    state: orderState,
    remaining: amount,
    reason: z.string().nullable(),
    at: timeMs,
  }),
  market: z.object({
    type: z.literal("market"),
    channel: z.literal("market"),
    market: hexOut,
    oldState: z.string().nullable(),
    newState: z.string(),
    outcome: z.string().nullable(),
    automatic: z.boolean(),
    at: timeMs,
  }),
  block: z.object({
    type: z.literal("block"),
    channel: z.literal("blocks"),
    number: z.number().int(),
    hash: hexOut,
    timestamp: z.number().int(),
    finalNumber: z.number().int(),
    generation: z.number().int(),
  }),
  mode: z
    .object({
      type: z.literal("mode"),
      channel: z.literal("status"),
      mode: z.enum(MODES),
      previous: z.enum(MODES),
      reasons: z.array(
        z.object({
          source: z.string(),
          mode: z.enum(MODES),
          reason: z.string(),
          sinceMs: timeMs,
          untilMs: timeMs.nullable(),
        }),
      ),
      next: z.object({ mode: z.enum(MODES), atMs: timeMs }).nullable(),
      at: timeMs,
    })
    .describe("what the venue takes now and why: first as it is, then with each change"),
  retract: z
    .object({
      type: z.literal("retract"),
      blockNumber: z.number().int(),
      blockHash: hexOut,
      generation: z.number().int(),
    })
    .describe("the block was undone: what was told of it is not so; what is so now follows"),
  userSnapshot: z.object({
    type: z.literal("snapshot"),
    channel: z.literal("user"),
    account: addressOut,
    orders: z.array(orderOut).describe("open ones"),
    ...answered,
  }),
  user: z.object({
    type: z.literal("user"),
    channel: z.literal("user"),
    account: addressOut,
    event: userEvent,
    id: z.number().int().optional().describe("of what is told again"),
    replay: z.boolean(),
  }),
  replayed: z.object({
    type: z.literal("replayed"),
    channel: z.literal("user"),
    count: z.number().int(),
    isComplete: z.boolean().describe("false: there was more; ask over HTTP"),
    lastId: z.number().int().nullable(),
  }),

  // Names of other protocols of the field, for those who know them.
  subscriptionConfirmed: z.object({
    type: z.literal("SUBSCRIPTION_CONFIRMED"),
    channels: z.array(z.string()),
    ...answered,
  }),
  orderbookUpdate: z.object({
    type: z.literal("orderbook_update"),
    marketId: hexOut,
    outcome,
    from: z.number().int(),
    sequence: z.number().int(),
    ...sides,
    timestamp: timeMs,
  }),
  tradeExecuted: z.object({ type: z.literal("trade_executed"), outcome, ...seedTrade }),
  orderPlaced: z.object({
    type: z.literal("order_placed"),
    ...{ marketId: hexOut, orderHash: hexOut, maker: addressOut, remaining: amount },
    timestamp: timeMs,
  }),
  orderCancelled: z.object({
    type: z.literal("order_cancelled"),
    ...{ marketId: hexOut, orderHash: hexOut, maker: addressOut, status: orderState },
    reason: z.string().nullable(),
    timestamp: timeMs,
  }),
  marketUpdated: z.object({
    type: z.literal("market_updated"),
    ...{ marketId: hexOut, status: z.string(), outcome: z.string().nullable(), timestamp: timeMs },
  }),
  balanceUpdated: z.object({
    type: z.literal("balance_updated"),
    ...{ account: addressOut, asset: z.string().nullable() },
  }),
  positionUpdated: z.object({
    type: z.literal("position_updated"),
    ...{ account: addressOut, marketId: hexOut, outcome, shares: amount, cost: amount },
    timestamp: timeMs,
  }),
  orderbookColonUpdate: z.object({
    type: z.literal("orderbook:update"),
    marketId: hexOut,
    action: z.enum(["ADD", "REMOVE"]),
    orderHash: hexOut,
    order: z.object({ hash: hexOut, maker: addressOut, remaining: amount }).optional(),
  }),
  trades: z.object({ type: z.literal("trade"), ...seedTrade }),
  stateChanged: z.object({
    type: z.literal("STATE_CHANGED"),
    market_id: hexOut,
    old_state: z.string().nullable(),
    new_state: z.string(),
    timestamp: timeMs,
    automatic: z.boolean(),
  }),
  claimsEnabled: z.object({
    type: z.literal("CLAIMS_ENABLED"),
    market_id: hexOut,
    outcome: z.string().nullable(),
  }),
  positionUpdate: z.object({
    type: z.literal("POSITION_UPDATE"),
    market_id: hexOut,
    shares_yes: amount,
    shares_no: amount,
    total_invested: amount,
  }),
} as const;

export const serverMessage = z.union(
  Object.values(serverMessages) as unknown as [z.ZodType, z.ZodType],
);
