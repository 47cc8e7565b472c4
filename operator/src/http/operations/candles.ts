import type { Hex } from "@nostra/sdk/order";
import { z } from "zod";
import { OperatorError } from "../../errors";
import { readCursor, writeCursor } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import * as s from "../schemas";

const INTERVALS = { "1m": 60, "5m": 300, "1h": 3600, "1d": 86_400 } as const;

/** No candle of ours begins later than this second, in the year 5138. */
const LATEST = 1e11;

type Candle = z.output<typeof s.candleOut>;

const QUERY = z.object({
  interval: z.enum(["1m", "5m", "1h", "1d"]).default("1h"),
  from: s.moment.optional(),
  to: s.moment.optional(),
  ...s.paging,
});

interface CandlePage {
  readonly conditionId: Hex;
  readonly candles: Candle[];
  readonly cursor: string | null;
}

/** Prices over time. */
export function candleOperations(deps: Deps): readonly Operation[] {
  const { markets } = deps;
  const params = z.object({ market: s.marketId });
  const read = async (id: string, query: z.output<typeof QUERY>): Promise<CandlePage> => {
    const conditionId = (await markets.require(id)).condition_id as Hex;
    return readCandles(deps, conditionId, query);
  };
  return [
    operation({
      id: "getCandles",
      method: "GET",
      paths: ["/api/markets/:market/candles", "/api/v1/trading/pairs/:market/candles"],
      tag: "Prices",
      summary:
        "Candles of the YES price, the earliest first; the latest page first, older ones by cursor. Where nothing was traded the price before stands",
      access: "anyone",
      bucket: "read",
      params,
      query: QUERY,
      answer: z.object({
        conditionId: s.hexOut,
        interval: z.enum(["1m", "5m", "1h", "1d"]),
        candles: z.array(s.candleOut),
        cursor: s.nextCursor,
      }),
      handle: async ({ params, query }) => ({
        ...(await read(params.market, query)),
        interval: query.interval,
      }),
    }),
    operation({
      id: "getPriceHistory",
      method: "GET",
      paths: ["/api/markets/:market/history"],
      tag: "Prices",
      summary: "The YES price over time: the end of each candle",
      access: "anyone",
      bucket: "read",
      params,
      query: QUERY,
      answer: z.object({
        conditionId: s.hexOut,
        history: z.array(z.object({ t: s.timeSeconds, p: s.price })),
        cursor: s.nextCursor,
      }),
      handle: async ({ params, query }) => {
        const { conditionId, candles, cursor } = await read(params.market, query);
        return {
          conditionId,
          history: candles.map(({ start, close }) => ({ t: start, p: close })),
          cursor,
        };
      },
    }),
  ];
}

/** The last `limit` candles before an end, without gaps from the first trade on. */
async function readCandles(
  deps: Deps,
  conditionId: Hex,
  query: z.output<typeof QUERY>,
): Promise<CandlePage> {
  const step = INTERVALS[query.interval];
  const list = `candles-${query.interval}`;
  const [before] = query.cursor === undefined ? [] : readCursor(list, query.cursor, ["int"]);
  const endSeconds = Math.floor((query.to ?? deps.clock.nowMs()) / 1000);
  if (before !== undefined && (Number(before) % step !== 0 || Math.abs(Number(before)) > LATEST)) {
    throw new OperatorError("INVALID_CURSOR", "cursor is not one that this list gave out", {
      status: 400,
      details: { field: "cursor" },
    });
  }
  const end = before === undefined ? endSeconds - (endSeconds % step) + step : Number(before);
  const rows = deps.store.reads
    .selectFrom("candle")
    .selectAll()
    .where("condition_id", "=", conditionId)
    .where("interval", "=", step);

  const first = await rows.orderBy("start").limit(1).executeTakeFirst();
  if (first === undefined) return { conditionId, candles: [], cursor: null };
  const fromSeconds = Math.ceil((query.from ?? 0) / 1000);
  const earliest = Math.max(Number(first.start), Math.ceil(fromSeconds / step) * step);
  const start = Math.max(earliest, end - query.limit * step);
  if (start >= end) return { conditionId, candles: [], cursor: null };

  const traded = await rows
    .where("start", ">=", BigInt(start))
    .where("start", "<", BigInt(end))
    .orderBy("start")
    .execute();
  const previous = await rows
    .where("start", "<", BigInt(start))
    .orderBy("start", "desc")
    .limit(1)
    .executeTakeFirst();
  const byStart = new Map(traded.map((row) => [Number(row.start), row]));
  let close = previous?.close;
  const candles: Candle[] = [];
  for (let at = start; at < end; at += step) {
    const row = byStart.get(at);
    if (row !== undefined) {
      const { open, high, low, shares, volume, trades } = row;
      close = row.close;
      candles.push({ start: at, open, high, low, close, shares, volume, trades });
    } else if (close !== undefined) {
      const flat = { open: close, high: close, low: close, close };
      candles.push({ start: at, ...flat, shares: "0", volume: "0", trades: 0 });
    }
  }
  const cursor = start > earliest ? writeCursor(list, [`${start}`]) : null;
  return { conditionId, candles, cursor };
}
