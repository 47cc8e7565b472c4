import type { Address, Hex } from "@nostra/sdk/order";
import { sql, type Selectable } from "kysely";
import { z } from "zod";
import { OperatorError } from "../../errors";
import type { ChainLogTable, MatchTable, Store } from "../../store";
import { readCursor, writeCursor } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import { readMakers, readTrades } from "../reads/readTrades";
import * as s from "../schemas";
import { tellEvent, tellOrder, tellTrades } from "../views";
import { requireOwn } from "./orders";

type MatchRow = Selectable<MatchTable>;

/** More logs than any block has room for of ours. */
const MAX_LOGS_OF_TRANSACTION = 2_000;

const LIST = z.object({ trades: z.array(s.tradeOut), cursor: s.nextCursor });

/** Trades, and the proof of each. */
export function tradeOperations(deps: Deps): readonly Operation[] {
  const { markets, domain } = deps;
  const db = deps.store.reads;

  const list = async (
    of: { conditionId?: string; account?: Address },
    query: { limit: number; cursor?: string | undefined },
  ): Promise<z.output<typeof LIST>> => {
    const before = query.cursor === undefined ? undefined : numberOf(query.cursor);
    const account = of.account?.toLowerCase();
    const rows = await readTrades(db, { ...of, account, before }, query.limit + 1);
    const wanted = rows.slice(0, query.limit);
    const { matches, makersOf } = await readMakers(db, wanted);
    const last = matches.at(-1);
    const isMore = last !== undefined && matches.length < rows.length;
    return {
      trades: await tellTrades(db, matches, makersOf),
      cursor: isMore ? writeCursor("trades", [`${last.number}`]) : null,
    };
  };

  const tellOne = async (row: MatchRow) => {
    const { makersOf } = await readMakers(db, [row]);
    return (await tellTrades(db, [row], makersOf))[0]!;
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
      handle: async ({ params }) => tellOne(await requireTrade(params.id)),
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
        const trade = await tellOne(row);
        const hashes = [trade.takerHash, ...trade.makers.map(({ hash }) => hash)];
        const orders = await db
          .selectFrom("orders")
          .selectAll()
          .where("hash", "in", hashes)
          .execute();
        const byHash = new Map(orders.map((order) => [order.hash, tellOrder(order)]));
        // A batch settles several trades: only the logs that name an order of this one prove it.
        const logs = row.tx_hash === null ? [] : await readProofLogs(db, row.tx_hash, hashes);
        return {
          trade,
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
                  blockNumber: trade.blockNumber,
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

function numberOf(cursor: string): bigint {
  const [number] = readCursor("trades", cursor, ["int"]);
  return BigInt(number!);
}

/** The logs of a transaction that name one of these orders. */
async function readProofLogs(
  db: Store["reads"],
  txHash: string,
  hashes: readonly string[],
): Promise<Selectable<ChainLogTable>[]> {
  const { rows } = await sql<Selectable<ChainLogTable>>`select * from (
      select * from chain_log where tx_hash = ${txHash}
      order by block_number, log_index limit ${MAX_LOGS_OF_TRANSACTION}) as log
    where topics && ${hashes}::text[] order by block_number, log_index`.execute(db);
  return rows;
}
