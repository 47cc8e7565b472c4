import { sql } from "kysely";
import type { Store } from "../../store";

type Db = Store["reads"];

const DAY_SECONDS = 86_400n;

/** What was traded in a market in the 24 hours before a moment. Prices are of YES. */
export interface TradedStats {
  readonly lastPrice: number | null;
  readonly price24hAgo: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly shares: string;
  readonly volume: string;
  readonly trades: number;
}

/** From the candles of a minute: at most one of each minute of the day, the last one of all, and the last one before the day. */
export async function readTradedStats(
  db: Db,
  conditionId: string,
  nowSeconds: bigint,
): Promise<TradedStats> {
  const since = nowSeconds - DAY_SECONDS;
  const { rows } = await sql<{
    high: number | null;
    low: number | null;
    shares: string | null;
    volume: string | null;
    trades: bigint | null;
    last: number | null;
    before: number | null;
  }>`select max(high) as high, min(low) as low, sum(shares) as shares, sum(volume) as volume,
      sum(trades) as trades,
      (select close from candle where condition_id = ${conditionId} and interval = 60
        order by start desc limit 1) as last,
      (select close from candle where condition_id = ${conditionId} and interval = 60
        and start <= ${since}::int8 order by start desc limit 1) as before
    from candle where condition_id = ${conditionId} and interval = 60
      and start > ${since}::int8 and start <= ${nowSeconds}::int8`.execute(db);
  const { high, low, shares, volume, trades, last, before } = rows[0]!;
  return {
    ...{ lastPrice: last, price24hAgo: before, high, low },
    ...{ shares: shares ?? "0", volume: volume ?? "0", trades: Number(trades ?? 0n) },
  };
}

const MARKETS_PER_STATEMENT = 500;

/** When each market was traded last: the start of its last minute with a trade. Calls for each page of markets. */
export async function* readLastTraded(
  db: Db,
): AsyncGenerator<readonly { readonly conditionId: string; readonly lastStart: bigint }[]> {
  for (let after = ""; ;) {
    const { rows } = await sql<{ condition_id: string; last_start: bigint | null }>`
      select condition_id, (select start from candle where candle.condition_id = page.condition_id
        and interval = 60 order by start desc limit 1) as last_start
      from (select condition_id from market where condition_id > ${after}
        order by condition_id limit ${MARKETS_PER_STATEMENT}) as page`.execute(db);
    yield rows.flatMap(({ condition_id, last_start }) =>
      last_start === null ? [] : [{ conditionId: condition_id, lastStart: last_start }],
    );
    if (rows.length < MARKETS_PER_STATEMENT) return;
    after = rows.at(-1)!.condition_id;
  }
}

/** The last YES price of each of these markets: one row each. */
export async function readLastCloses(
  db: Db,
  conditionIds: readonly string[],
): Promise<Map<string, number>> {
  if (conditionIds.length === 0) return new Map();
  const ids = [...new Set(conditionIds)];
  const { rows } = await sql<{ id: string; close: number | null }>`select id,
      (select close from candle where condition_id = id and interval = 60
        order by start desc limit 1) as close
    from unnest(${ids}::text[]) as asked (id)`.execute(db);
  return new Map(rows.flatMap(({ id, close }) => (close === null ? [] : [[id, close] as const])));
}
