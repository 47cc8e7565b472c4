import type { Address, Hex } from "@nostra/sdk/order";
import { z } from "zod";
import type { Accepted } from "../../engine/Engine";
import { OperatorError } from "../../errors";
import type { CancelResult, SubmitContext, SubmitRequest } from "../../intake/Intake";
import { Turns } from "../../intake/Turns";
import type { OrderState, Store } from "../../store";
import { createCancelRecovery } from "../auth/recoverCanceller";
import { forbidden, unauthorized } from "../auth/refusals";
import { readCursor, toPage } from "../cursor";
import type { Deps } from "../Deps";
import { Markets, type MarketRow } from "../Markets";
import { operation, type Operation } from "../operation";
import { readBookOrders, readOwnOrders } from "../reads/readOrders";
import { readSubmitRequest } from "../readSubmitRequest";
import * as s from "../schemas";
import { tellOrder } from "../views";

export const MOST_IN_BATCH = 50;
const MOST_CANCELLED = 1000;

/** How far the time of a signed cancel may be from the venue's. */
const CANCEL_WINDOW_SECONDS = 60;

const submitBody = z
  .object({
    order: s.orderFields.describe("the twelve signed fields; every uint256 as decimal text"),
    signature: z.string(),
    options: z
      .object({
        kind: z.enum(["limit", "market"]),
        timeInForce: z.enum(["GTC", "GTD", "FOK", "FAK"]),
        postOnly: z.boolean(),
        selfTrade: z.enum(["skip", "cancel-oldest", "cancel-newest", "cancel-both"]),
      })
      .partial()
      .optional(),
  })
  .meta({ id: "SubmitOrder" });

const accepted = z
  .object({
    success: z.literal(true),
    orderHash: s.hexOut,
    conditionId: s.hexOut,
    input: z.number().int().describe("its number among the market's inputs: the receipt"),
    isNew: z.boolean().describe("false when the venue has had it before"),
    status: s.orderStatus,
  })
  .meta({ id: "Accepted" });

const failed = z.object({
  success: z.literal(false),
  error: s.errorOut.shape.error.omit({ requestId: true }),
});

const cancelled = z
  .object({
    hash: s.hexOut,
    result: z.enum(["CANCELLED", "NOT_OPEN", "NOT_FOUND", "NOT_YOURS"]),
  })
  .meta({ id: "Cancelled" });

type Result = z.output<typeof accepted | typeof failed>;

function tellAccepted(given: Accepted): z.output<typeof accepted> {
  const { hash, conditionId, input, isNew, state } = given;
  const status = isNew && state === "OPEN" ? "PENDING_MATCH" : state;
  return { success: true, orderHash: hash, conditionId, input, isNew, status };
}

/** Orders: in, out, and where they stand. */
export function orderOperations(deps: Deps): readonly Operation[] {
  const { store, intake, markets, metrics, clock, domain } = deps;
  const recoverCanceller = createCancelRecovery(domain);
  // Who trades does not wait for those who read.
  const ownMarkets = new Markets({ reads: store.db });

  const submit = async (request: SubmitRequest, context: SubmitContext): Promise<Accepted> => {
    const given = await intake.submit(request, context);
    if (given.isNew) metrics.ordersPlaced.inc();
    return given;
  };
  const contextOf = (account: Address | undefined): SubmitContext =>
    account === undefined ? {} : { account };

  const requireOrder = async (db: Store["db"], hash: Hex) => {
    const row = await db
      .selectFrom("orders")
      .selectAll()
      .where("hash", "=", hash)
      .executeTakeFirst();
    if (row !== undefined) return row;
    throw new OperatorError("ORDER_NOT_FOUND", "the venue has no such order", {
      status: 404,
      details: { orderHash: hash },
    });
  };

  return [
    operation({
      id: "submitOrder",
      method: "POST",
      paths: ["/api/orders", "/orders", "/api/v1/trading/orders"],
      tag: "Orders",
      summary: "Place a signed order; its signature is the authority, so no session is needed",
      access: "anyone",
      bucket: "order",
      body: submitBody,
      readsBody: true,
      answer: accepted,
      handle: async ({ body, request }) =>
        tellAccepted(await submit(readSubmitRequest(body), contextOf(request.identity?.account))),
    }),
    operation({
      id: "submitOrderTo",
      method: "POST",
      paths: ["/api/orders/:market"],
      tag: "Orders",
      summary: "Place a signed order, which must be for a token of the market named",
      access: "anyone",
      bucket: "order",
      params: z.object({ market: s.marketId }),
      body: submitBody,
      readsBody: true,
      answer: accepted,
      handle: async ({ params, body, request }) => {
        const asked = readSubmitRequest(body);
        requireTokenOf(await ownMarkets.require(params.market), asked);
        return tellAccepted(await submit(asked, contextOf(request.identity?.account)));
      },
    }),
    operation({
      id: "submitOrders",
      method: "POST",
      paths: ["/api/orders/batch"],
      tag: "Orders",
      summary: `Place up to ${MOST_IN_BATCH} signed orders; each has its own result, in their order`,
      access: "anyone",
      bucket: "order",
      body: z.object({ orders: z.array(submitBody).min(1).max(MOST_IN_BATCH) }),
      readsBody: true,
      mostBytes: 512 * 1024,
      cost: (body) => {
        const orders = (body as { orders?: unknown } | null)?.orders;
        return Array.isArray(orders) ? Math.min(Math.max(orders.length, 1), MOST_IN_BATCH) : 1;
      },
      answer: z.object({
        results: z.array(z.union([accepted, failed])),
      }),
      handle: async ({ body, request }) => {
        const items = readBatch(body);
        // They arrive in the order in which they are named, and are stored together.
        const context = { ...contextOf(request.identity?.account), turns: new Turns() };
        const submitOne = async (item: unknown, i: number): Promise<Result> => {
          try {
            const asked = readSubmitRequest(item, `orders[${i}]`);
            return tellAccepted(await submit(asked, context));
          } catch (thrown) {
            const { code, message, details, isFault } = deps.answerError(thrown);
            if (isFault)
              deps.log.error({ code, requestId: request.id }, "an order of a batch failed");
            return { success: false, error: { code, message, details } };
          }
        };
        return { results: await Promise.all(items.map(submitOne)) };
      },
    }),
    operation({
      id: "listOrders",
      method: "GET",
      paths: ["/api/orders", "/orders"],
      tag: "Orders",
      summary: "Open orders of a market, best price first",
      access: "anyone",
      bucket: "read",
      query: z.object({
        marketId: s.marketId,
        side: s.side.optional(),
        outcome: s.outcome.optional(),
        ...s.paging,
      }),
      answer: z.object({ orders: z.array(s.orderOut), cursor: s.nextCursor }),
      handle: async ({ query }) => {
        const market = await markets.require(query.marketId);
        const after = query.cursor === undefined ? undefined : bookPlaceOf(query.cursor);
        const { condition_id: conditionId } = market;
        const filter = { conditionId, side: query.side, outcome: query.outcome, after };
        const rows = await readBookOrders(store.reads, filter, query.limit + 1);
        const page = toPage("orders", rows, query.limit, (row) => [
          `${row.side}`,
          `${row.side === 0 ? -row.price : row.price}`,
          `${row.input}`,
        ]);
        return { orders: page.rows.map(tellOrder), cursor: page.cursor };
      },
    }),
    operation({
      id: "getOrder",
      method: "GET",
      paths: ["/api/orders/:orderHash", "/api/v1/trading/orders/:orderHash"],
      tag: "Orders",
      summary: "One order, and where it stands",
      access: "anyone",
      bucket: "read",
      params: z.object({ orderHash: s.hash }),
      answer: s.orderOut,
      handle: async ({ params }) => tellOrder(await requireOrder(store.reads, params.orderHash)),
    }),
    operation({
      id: "listOwnOrders",
      method: "GET",
      paths: [
        "/api/user/orders",
        "/api/orders/user/orders",
        "/api/v1/trading/users/:account/orders",
      ],
      tag: "Account",
      summary: "One's own orders, the latest first",
      access: "read",
      bucket: "read",
      params: z.object({ account: s.address.optional() }),
      query: z.object({
        market: s.marketId.optional(),
        status: z
          .string()
          .transform((text) => (text === "PARTIAL" ? "PARTIALLY_FILLED" : text))
          .pipe(s.orderStatus)
          .optional()
          .describe("PARTIAL is the same as PARTIALLY_FILLED"),
        ...s.paging,
      }),
      answer: z.object({ orders: z.array(s.orderOut), cursor: s.nextCursor }),
      handle: async ({ params, query, request }) => {
        const account = requireOwn(request.identity?.account, params.account);
        const market = query.market === undefined ? undefined : await markets.require(query.market);
        // PENDING_MATCH is the state of no stored order.
        const isNone = query.status === "PENDING_MATCH";
        const filter = {
          maker: account.toLowerCase(),
          conditionId: market?.condition_id,
          states: query.status === undefined ? undefined : [query.status as OrderState],
          before: query.cursor === undefined ? undefined : ownPlaceOf(query.cursor),
        };
        const rows = isNone ? [] : await readOwnOrders(store.reads, filter, query.limit + 1);
        const page = toPage("own-orders", rows, query.limit, (row) => [
          `${row.accepted_at_ms}`,
          row.hash,
        ]);
        return { orders: page.rows.map(tellOrder), cursor: page.cursor };
      },
    }),
    operation({
      id: "cancelOrder",
      method: "DELETE",
      paths: ["/api/orders/:orderHash", "/orders/:orderHash", "/api/v1/trading/orders/:orderHash"],
      tag: "Orders",
      summary: "Take one of one's own orders out of the book; what is matched already will settle",
      access: "cancel",
      bucket: "cancel",
      params: z.object({ orderHash: s.hash }),
      answer: z.object({ success: z.boolean(), result: cancelled.shape.result, order: s.orderOut }),
      handle: async ({ params, request }) => {
        const account = request.identity!.account!;
        const [done] = await intake.cancel(account, [params.orderHash]);
        if (done === undefined || done.result === "NOT_FOUND")
          await requireOrder(store.db, params.orderHash);
        if (done?.result === "NOT_YOURS") {
          throw forbidden("NOT_YOUR_ORDER", "only its maker may cancel an order", {
            orderHash: params.orderHash,
          });
        }
        const order = tellOrder(await requireOrder(store.db, params.orderHash));
        return {
          success: done?.result === "CANCELLED",
          result: done?.result ?? "NOT_FOUND",
          order,
        };
      },
    }),
    operation({
      id: "cancelOrders",
      method: "DELETE",
      paths: ["/api/orders"],
      tag: "Orders",
      summary: "Take out those of one's own orders that are named, all of a market, or all",
      access: "cancel",
      bucket: "cancel",
      mostBytes: 128 * 1024,
      body: z
        .union([
          z.strictObject({ orderHashes: z.array(s.hash).min(1).max(MOST_CANCELLED) }),
          z.strictObject({ market: s.marketId }),
          z.strictObject({ all: z.literal(true) }),
        ])
        .describe("one of the three"),
      answer: z.object({ results: z.array(cancelled), cancelled: z.number().int() }),
      handle: async ({ body, request }) => {
        const account = request.identity!.account!;
        if ("orderHashes" in body)
          return tellCancelled(await intake.cancel(account, body.orderHashes));
        const market = "market" in body ? await ownMarkets.require(body.market) : undefined;
        const count = await intake.cancelAll(account, market?.condition_id as Hex | undefined);
        return { results: [], cancelled: count };
      },
    }),
    operation({
      id: "cancelSigned",
      method: "POST",
      paths: ["/api/orders/cancel"],
      tag: "Orders",
      summary: "Take orders out by their maker's signature over CancelOrders, without a session",
      access: "anyone",
      bucket: "cancel",
      mostBytes: 128 * 1024,
      body: z.object({
        cancel: z.strictObject({
          maker: s.address,
          orderHashes: z.array(s.hash).min(1).max(MOST_CANCELLED),
          timestamp: z.string().regex(/^\d{1,12}$/, "must be seconds since 1970, as decimal text"),
        }),
        signature: z.string().regex(/^0x[0-9a-fA-F]{130}$/, "must be 65 bytes of hex"),
      }),
      answer: z.object({ results: z.array(cancelled), cancelled: z.number().int() }),
      handle: async ({ body }) => {
        const { maker, orderHashes, timestamp } = body.cancel;
        const serverTimeMs = clock.nowMs();
        if (Math.abs(Number(timestamp) - serverTimeMs / 1000) > CANCEL_WINDOW_SECONDS) {
          throw unauthorized(
            "CLOCK_SKEW",
            `the cancel's time must be within ${CANCEL_WINDOW_SECONDS} s of the venue's, ${serverTimeMs} ms`,
            { serverTimeMs, windowMs: CANCEL_WINDOW_SECONDS * 1000 },
          );
        }
        if (recoverCanceller(body.cancel, body.signature) !== maker) {
          throw unauthorized("SIGNATURE_MISMATCH", "the cancel was not signed by its maker", {
            maker,
          });
        }
        return tellCancelled(await intake.cancel(maker, orderHashes));
      },
    }),
    operation({
      id: "heartbeat",
      method: "POST",
      paths: ["/api/heartbeat"],
      tag: "Orders",
      summary:
        "Have all one's orders cancelled unless this is repeated within so many seconds; 0 ends it",
      access: "cancel",
      bucket: "cancel",
      body: z.object({
        seconds: z
          .number()
          .int()
          .refine((n) => n === 0 || (n >= 5 && n <= 3600), "must be 0, or 5 to 3600"),
      }),
      answer: z.object({ success: z.literal(true), dueAt: s.timeMs.nullable() }),
      handle: ({ body, request }) => {
        intake.heartbeat(request.identity!.account!, body.seconds);
        const dueAt = body.seconds === 0 ? null : clock.nowMs() + body.seconds * 1000;
        return { success: true as const, dueAt };
      },
    }),
  ];
}

function bookPlaceOf(cursor: string): { side: number; rank: bigint; input: bigint } {
  const [side, rank, input] = readCursor("orders", cursor, ["int", "int", "int"]);
  return { side: Number(side), rank: BigInt(rank!), input: BigInt(input!) };
}

function ownPlaceOf(cursor: string): { acceptedAtMs: bigint; hash: string } {
  const [at, hash] = readCursor("own-orders", cursor, ["int", "text"]);
  return { acceptedAtMs: BigInt(at!), hash: String(hash) };
}

function readBatch(body: unknown): readonly unknown[] {
  const orders = (body as { orders?: unknown } | null)?.orders;
  if (Array.isArray(orders) && orders.length >= 1 && orders.length <= MOST_IN_BATCH) return orders;
  throw new OperatorError("INVALID_INPUT", `orders must be a list of 1 to ${MOST_IN_BATCH}`, {
    status: 400,
    details: { field: "orders" },
  });
}

function requireTokenOf(market: MarketRow, asked: SubmitRequest): void {
  const tokenId = (asked.order as { tokenId?: unknown } | null | undefined)?.tokenId;
  if (tokenId === market.yes || tokenId === market.no) return;
  throw new OperatorError("WRONG_MARKET", "order.tokenId is no token of this market", {
    status: 400,
    details: { field: "order.tokenId", expected: [market.yes, market.no] },
  });
}

/** @throws OperatorError with status 403 when another account is named. */
export function requireOwn(own: Address | undefined, named: Address | undefined): Address {
  if (own !== undefined && (named === undefined || named === own)) return own;
  throw forbidden("NOT_YOUR_ACCOUNT", "an account's orders and trades are told to itself alone");
}

function tellCancelled(results: readonly CancelResult[]): {
  results: CancelResult[];
  cancelled: number;
} {
  const count = results.filter(({ result }) => result === "CANCELLED").length;
  return { results: [...results], cancelled: count };
}
