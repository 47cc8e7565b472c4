import { hashLine } from "@nostra/sdk/matcher";
import type { Hex } from "@nostra/sdk/order";
import type { Level, Levels } from "@nostra/sdk/stream";
import { z } from "zod";
import { readCursor, toPage, writeCursor } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import { readMarkets } from "../reads/readMarkets";
import { readLastPrice } from "../reads/readTrades";
import { StatsCache } from "../reads/StatsCache";
import * as s from "../schemas";
import { tellMarket } from "../views";
import { readStats, withPrices } from "./stats";

const MARKET = z.object({ market: s.marketId });
const OUTCOME = z.object({ outcome: s.outcome.default("YES") });
const PRICE_ONE = 1_000_000;
const MOST_LEVELS = 1000;
const MAX_STATS = 500;

/** The levels in terms of one outcome: a bid for YES at p is an ask for NO at 1 - p. */
export function levelsFor({ bids, asks }: Levels, outcome: "YES" | "NO"): Levels {
  if (outcome === "YES") return { bids, asks };
  const turned = ([price, shares]: Level): Level => [PRICE_ONE - price, shares];
  return { bids: asks.map(turned), asks: bids.map(turned) };
}

/** Markets, and what they cost. */
export function marketOperations(deps: Deps): readonly Operation[] {
  const { store, markets, feed, clock, chainNow } = deps;
  const db = store.reads;
  const allStats = new StatsCache(store, clock);

  /** The best bid and ask of a market in terms of an outcome. */
  const bestOf = async (id: string, outcome: "YES" | "NO") => {
    const conditionId = (await markets.require(id)).condition_id as Hex;
    const { bids, asks } = levelsFor(feed.book(conditionId).levels(), outcome);
    return { conditionId, outcome, bid: bids[0]?.[0] ?? null, ask: asks[0]?.[0] ?? null };
  };
  const quoted = { conditionId: s.hexOut, outcome: z.enum(["YES", "NO"]) };

  return [
    operation({
      id: "listMarkets",
      method: "GET",
      paths: ["/api/markets", "/api/v1/markets", "/api/v1/trading/pairs"],
      tag: "Markets",
      summary:
        "Markets, the latest first. A page may have fewer than `limit` markets and still a cursor",
      access: "anyone",
      bucket: "read",
      query: z.object({
        state: z
          .enum(["OPEN", "ENDED", "PROPOSED", "DISPUTED", "FINALIZED", "CANCELLED"])
          .optional(),
        category: s.text(100).optional(),
        q: s.text(100).min(2).optional().describe("searched for in question and slug"),
        ...s.paging,
      }),
      answer: z.object({ markets: z.array(s.marketOut), cursor: s.nextCursor }),
      handle: async ({ query }) => {
        const nowSeconds = chainNow();
        const { state, category, q: text, cursor } = query;
        const before = cursor === undefined ? undefined : marketPlaceOf(cursor);
        const filter = { state, category, text, before, nowSeconds };
        const { rows, last } = await readMarkets(db, filter, query.limit);
        const next =
          last === null ? null : writeCursor("markets", [`${last.created_at}`, last.condition_id]);
        return { markets: rows.map((row) => tellMarket(row, deps)), cursor: next };
      },
    }),
    operation({
      id: "getMarket",
      method: "GET",
      paths: ["/api/markets/:market", "/api/v1/markets/:market", "/api/v1/trading/pairs/:market"],
      tag: "Markets",
      summary: "One market, by condition id, question id or slug",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      answer: s.marketOut,
      handle: async ({ params }) => tellMarket(await markets.require(params.market), deps),
    }),
    operation({
      id: "getMarketDetails",
      method: "GET",
      paths: ["/api/markets/:market/details", "/api/v1/markets/:market/details"],
      tag: "Markets",
      summary: "A market with its best prices and what was traded in the last 24 hours",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      answer: z.object({ market: s.marketOut, stats: s.statsOut }),
      handle: async ({ params }) => {
        const market = await markets.require(params.market);
        const stats = await readStats(deps, market.condition_id as Hex);
        return { market: tellMarket(market, deps), stats };
      },
    }),
    operation({
      id: "getOrderBook",
      method: "GET",
      paths: [
        "/api/markets/:market/orderbook",
        "/api/orders/:market/orderbook",
        "/api/v1/trading/pairs/:market/orderbook",
      ],
      tag: "Prices",
      summary: "The book of a market by price, with its number and hash",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      query: OUTCOME.extend({
        depth: z.coerce.number().int().min(1).max(MOST_LEVELS).default(MOST_LEVELS),
      }),
      answer: s.bookOut,
      handle: async ({ params, query }) => {
        const conditionId = (await markets.require(params.market)).condition_id as Hex;
        const book = feed.book(conditionId);
        const { bids, asks } = levelsFor(book.levels(), query.outcome);
        const cut = (levels: readonly Level[]): [number, string][] =>
          levels.slice(0, query.depth).map(([price, shares]) => [price, shares]);
        return {
          conditionId,
          outcome: query.outcome,
          sequence: book.sequence,
          hash: book.hash(),
          bids: cut(bids),
          asks: cut(asks),
        };
      },
    }),
    operation({
      id: "getMidpoint",
      method: "GET",
      paths: ["/api/markets/:market/midpoint"],
      tag: "Prices",
      summary: "Halfway between best bid and best ask; in half millionths where it must be",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      query: OUTCOME,
      answer: z.object({ ...quoted, midpoint: z.number().nullable().describe("millionths") }),
      handle: async ({ params, query }) => {
        const { conditionId, outcome, bid, ask } = await bestOf(params.market, query.outcome);
        const midpoint = bid === null || ask === null ? null : (bid + ask) / 2;
        return { conditionId, outcome, midpoint };
      },
    }),
    operation({
      id: "getSpread",
      method: "GET",
      paths: ["/api/markets/:market/spread"],
      tag: "Prices",
      summary: "Best bid, best ask, and what is between them",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      query: OUTCOME,
      answer: z.object({
        ...quoted,
        bid: s.price.nullable(),
        ask: s.price.nullable(),
        spread: s.price.nullable(),
      }),
      handle: async ({ params, query }) => {
        const { conditionId, outcome, bid, ask } = await bestOf(params.market, query.outcome);
        const spread = bid === null || ask === null ? null : ask - bid;
        return { conditionId, outcome, bid, ask, spread };
      },
    }),
    operation({
      id: "getPrice",
      method: "GET",
      paths: ["/api/markets/:market/price"],
      tag: "Prices",
      summary: "What a first share costs a BUY, or brings a SELL, and the last trade's price",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      query: OUTCOME.extend({ side: s.side.default("BUY") }),
      answer: z.object({
        ...quoted,
        side: z.enum(["BUY", "SELL"]),
        price: s.price.nullable(),
        lastPrice: s.price.nullable(),
      }),
      handle: async ({ params, query }) => {
        const { side } = query;
        const { conditionId, outcome, bid, ask } = await bestOf(params.market, query.outcome);
        const inYes = await readLastPrice(db, conditionId);
        const lastPrice = inYes === null || outcome === "YES" ? inYes : PRICE_ONE - inYes;
        return { conditionId, outcome, side, price: side === "BUY" ? ask : bid, lastPrice };
      },
    }),
    operation({
      id: "getMarketStats",
      method: "GET",
      paths: ["/api/markets/:market/stats", "/api/v1/trading/pairs/:market/stats"],
      tag: "Prices",
      summary: "What was traded in a market in the last 24 hours",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      answer: s.statsOut,
      handle: async ({ params }) => {
        const market = await markets.require(params.market);
        return readStats(deps, market.condition_id as Hex);
      },
    }),
    operation({
      id: "getStats",
      method: "GET",
      paths: ["/api/stats", "/api/v1/trading/stats"],
      tag: "Prices",
      summary: `What was traded in the last 24 hours: the ${MAX_STATS} markets with the most volume, and the sum of all. Some seconds old`,
      access: "anyone",
      bucket: "read",
      answer: z.object({
        stats: z.array(s.statsOut),
        total: z.object({ volume: s.amount, trades: z.number().int() }),
      }),
      handle: async () => {
        const all = await allStats.all();
        const volume = all.reduce((sum, one) => sum + BigInt(one.volume), 0n);
        const trades = all.reduce((sum, one) => sum + one.trades, 0);
        const most = [...all].sort(byVolume).slice(0, MAX_STATS);
        return {
          stats: most.map(({ conditionId, ...traded }) =>
            withPrices(deps, conditionId as Hex, traded),
          ),
          total: { volume: volume.toString(), trades },
        };
      },
    }),
    operation({
      id: "getMarketLog",
      method: "GET",
      paths: ["/api/markets/:market/log"],
      tag: "Markets",
      summary: "The log of a market's book, line by line, for anybody to replay",
      access: "anyone",
      bucket: "read",
      params: MARKET,
      query: z.object({
        from: z.coerce.number().int().min(0).optional().describe("number of the first line"),
        ...s.paging,
      }),
      answer: z.object({
        lines: z.array(z.string()),
        from: z.number().int(),
        count: z.number().int().describe("lines there are in all"),
        head: s.hexOut.nullable().describe("keccak of the last line of all: it fixes the log"),
        cursor: s.nextCursor,
      }),
      handle: async ({ params, query }) => {
        const conditionId = (await markets.require(params.market)).condition_id;
        const [at] =
          query.cursor === undefined
            ? [`${query.from ?? 0}`]
            : readCursor("log", query.cursor, ["int"]);
        const from = BigInt(at!);
        const lines = db.selectFrom("line").where("condition_id", "=", conditionId);
        // Lines that come after this are not of the log that `head` fixes.
        const last = await lines
          .select(["n", "line"])
          .orderBy("n", "desc")
          .limit(1)
          .executeTakeFirst();
        const rows = await lines
          .select(["n", "line"])
          .where("n", ">=", from)
          .where("n", "<=", last?.n ?? -1n)
          .orderBy("n")
          .limit(query.limit + 1)
          .execute();
        const page = toPage("log", rows, query.limit, (row) => [`${row.n + 1n}`]);
        return {
          lines: page.rows.map(({ line }) => line),
          from: Number(from),
          count: last === undefined ? 0 : Number(last.n) + 1,
          head: last === undefined ? null : hashLine(last.line),
          cursor: page.cursor,
        };
      },
    }),
  ];
}

function byVolume(left: { readonly volume: string }, right: { readonly volume: string }): number {
  return Number(BigInt(right.volume) - BigInt(left.volume));
}

function marketPlaceOf(cursor: string): { createdAt: bigint; conditionId: string } {
  const [at, id] = readCursor("markets", cursor, ["int", "text"]);
  return { createdAt: BigInt(at!), conditionId: String(id) };
}
