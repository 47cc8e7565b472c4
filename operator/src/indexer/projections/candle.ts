import type { Projector } from "../project";
import type { Row } from "../Tables";

/** One minute, five minutes, an hour, a day. */
export const INTERVALS = [60, 300, 3600, 86_400] as const;

const ONE = 1_000_000n;

/**
 * Candles of the YES price, by the time of the block. A trade is a maker's fill: the taker's is the same trade seen from the other
 * side. What a NO share costs at p, YES costs at 1 - p; so the volume is what the shares are worth as YES, and volume / shares is
 * the average YES price whatever mix of outcomes was traded. Prices are millionths, rounded to the nearest.
 */
export const projectCandles: Projector = async ({ fills, timestamp }, tables) => {
  for (const { token, isBuy, making, taking, isTaker } of fills) {
    if (token === undefined || isTaker) continue;
    const [shares, paid] = isBuy ? [taking, making] : [making, taking];
    if (shares === 0n) continue;
    const volume = token.outcome === "YES" ? paid : shares - paid;
    const price = Number((2n * volume * ONE + shares) / (2n * shares));
    for (const interval of INTERVALS) {
      const key = {
        condition_id: token.conditionId,
        interval,
        start: timestamp - (timestamp % BigInt(interval)),
      };
      const row = await tables.find("candle", key);
      tables.put("candle", {
        ...key,
        ...withTrade(row, price),
        shares: (BigInt(row?.shares ?? 0) + shares).toString(),
        volume: (BigInt(row?.volume ?? 0) + volume).toString(),
        trades: (row?.trades ?? 0) + 1,
      });
    }
  }
};

function withTrade(
  row: Row<"candle"> | undefined,
  price: number,
): Pick<Row<"candle">, "open" | "high" | "low" | "close"> {
  return {
    open: row?.open ?? price,
    high: Math.max(row?.high ?? price, price),
    low: Math.min(row?.low ?? price, price),
    close: price,
  };
}
