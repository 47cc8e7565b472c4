import type { Address, Hex } from "@nostra/sdk/order";
import { sql } from "kysely";
import { z } from "zod";
import { OperatorError } from "../../errors";
import { readCursor, toPage } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import * as s from "../schemas";
import { tellEvent, tellOrder, tellTrades } from "../views";
import { requireOwn } from "./orders";

const LIST = z.object({ trades: z.array(s.tradeOut), cursor: s.nextCursor });

/** Trades, and the proof of each. */
export function tradeOperations(deps: Deps): readonly Operation[] {
  const { markets, domain } = deps;
  const { db } = deps.store;

  const list = async (
    of: { conditionId?: string; account?: Address },
    query: { limit: number; cursor?: string | undefined },
  ): Promise<z.output<typeof LIST>> => {
    let found = db.selectFrom("match").selectAll();
    if (of.conditionId !== undefined) found = found.where("condition_id", "=", of.conditionId);
    if (of.account !== undefined) {
      const own = db
        .selectFrom("orders")
        .select("hash")
        .where("maker", "=", of.account.toLowerCase());
      // Two lists by index, not one condition that reads every trade.
      const took = db.selectFrom("match").select("id").where("taker_hash", "in", own);
      const made = db
        .selectFrom("match_maker")
        .select("match_id as id")
        .where("order_hash", "in", own);
      found = found.where("id", "in", took.union(made));
    }
    if (query.cursor !== undefined) {
      const [number] = readCursor("trades", query.cursor, ["int"]);
      found = found.where("number", "<", BigInt(number!));
    }
    const rows = await found
      .orderBy("number", "desc")
      .limit(query.limit + 1)
      .execute();
    const page = toPage("trades", rows, query.limit, (row) => [`${row.number}`]);
    return { trades: await tellTrades(db, page.rows), cursor: page.cursor };
  };

  const requireTrade = async (id: string) => {
    const row = await db.selectFrom("match").selectAll().where("id", "=", id).executeTakeFirst();
    if (row !== undefined) return row;
    throw new OperatorError("TRADE_NOT_FOUND", "the venue has no such trade", {
      status: 404,
      details: { id },
    });
  };

  return [
    operation({
      id: "listTrades",
      method: "GET",
      paths: ["/api/trades"],
      tag: "Trades",
      summary: "Trades of all markets or of one, the latest first",
      access: "anyone",
      bucket: "read",
      query: z.object({ market: s.marketId.optional(), ...s.paging }),
      answer: LIST,
      handle: async ({ query }) => {
        if (query.market === undefined) return list({}, query);
        const { condition_id } = await markets.require(query.market);
        return list({ conditionId: condition_id }, query);
      },
    }),
    operation({
      id: "listMarketTrades",
      method: "GET",
      paths: [
        "/api/markets/:market/trades",
        "/api/orders/:market/trades",
        "/api/v1/trading/pairs/:market/trades",
      ],
      tag: "Trades",
      summary: "Trades of a market, the latest first",
      access: "anyone",
      bucket: "read",
      params: z.object({ market: s.marketId }),
      query: z.object(s.paging),
      answer: LIST,
      handle: async ({ params, query }) => {
        const { condition_id } = await markets.require(params.market);
        return list({ conditionId: condition_id }, query);
      },
    }),
    operation({
      id: "listOwnTrades",
      method: "GET",
      paths: ["/api/user/trades", "/api/v1/trading/users/:account/trades"],
      tag: "Account",
      summary: "One's own trades, as taker or maker, the latest first",
      access: "read",
      bucket: "read",
      params: z.object({ account: s.address.optional() }),
      query: z.object(s.paging),
      answer: LIST,
      handle: ({ params, query, request }) =>
        list({ account: requireOwn(request.identity?.account, params.account) }, query),
    }),
    operation({
      id: "getTrade",
      method: "GET",
      paths: ["/api/trades/:id"],
      tag: "Trades",
      summary: "One trade, and where it stands on its way to the chain",
      access: "anyone",
      bucket: "read",
      params: z.object({ id: s.text(200) }),
      answer: s.tradeOut,
      handle: async ({ params }) => (await tellTrades(db, [await requireTrade(params.id)]))[0]!,
    }),
    operation({
      id: "getTradeProof",
      method: "GET",
      paths: ["/api/trades/:id/proof"],
      tag: "Trades",
      summary:
        "All that proves a trade: the signed orders, the domain they are signed for, the transaction, and its logs",
      access: "anyone",
      bucket: "read",
      params: z.object({ id: s.text(200) }),
      answer: z.object({
        trade: s.tradeOut,
        domain: z.object({
          name: z.string(),
          version: z.string(),
          chainId: z.number().int(),
          verifyingContract: s.addressOut,
        }),
        orders: z.array(z.object({ hash: s.hexOut, order: s.orderFields, signature: s.hexOut })),
        transaction: z
          .object({
            hash: s.hexOut,
            blockNumber: z.number().int().nullable(),
            isFinal: z.boolean(),
          })
          .nullable()
          .describe("null until it is in a block"),
        logs: z.array(
          s.eventOut.extend({ topics: z.array(s.hexOut), data: s.hexOut }).meta({ id: "ProofLog" }),
        ),
      }),
      handle: async ({ params }) => {
        const row = await requireTrade(params.id);
        const [trade] = await tellTrades(db, [row]);
        const hashes = [trade!.takerHash, ...trade!.makers.map(({ hash }) => hash)];
        const orders = await db
          .selectFrom("orders")
          .selectAll()
          .where("hash", "in", hashes)
          .execute();
        const byHash = new Map(orders.map((order) => [order.hash, tellOrder(order)]));
        // A batch settles several trades: only the logs that name an order of this one prove it.
        const logs =
          row.tx_hash === null
            ? []
            : await db
                .selectFrom("chain_log")
                .selectAll()
                .where("tx_hash", "=", row.tx_hash)
                .where(sql<boolean>`topics && ${hashes}::text[]`)
                .orderBy("block_number")
                .orderBy("log_index")
                .execute();
        return {
          trade: trade!,
          domain: { ...domain, chainId: Number(domain.chainId) },
          orders: hashes.flatMap((hash) => {
            const told = byHash.get(hash);
            return told === undefined
              ? []
              : [{ hash, order: told.order, signature: told.signature }];
          }),
          transaction:
            row.tx_hash === null
              ? null
              : {
                  hash: row.tx_hash as Hex,
                  blockNumber: trade!.blockNumber,
                  isFinal: row.state === "CONFIRMED",
                },
          logs: logs.map((log) => ({
            ...tellEvent(log),
            topics: log.topics as Hex[],
            data: log.data as Hex,
          })),
        };
      },
    }),
  ];
}
