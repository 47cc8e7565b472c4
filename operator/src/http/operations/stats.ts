import type { Hex } from "@nostra/sdk/order";
import type { z } from "zod";
import type { Deps } from "../Deps";
import type { statsOut } from "../schemas";

type Stats = z.output<typeof statsOut>;

const DAY_SECONDS = 86_400n;

/**
 * What was traded in the last 24 hours, from the candles of a minute; of the markets named, or of all that are or were
 * traded. Prices are of YES.
 */
export async function readStats(deps: Deps, named?: readonly Hex[]): Promise<Stats[]> {
  const { db } = deps.store;
  const since = BigInt(Math.floor(deps.clock.nowMs() / 1000)) - DAY_SECONDS;
  let minutes = db.selectFrom("candle").where("interval", "=", 60);
  if (named !== undefined) minutes = minutes.where("condition_id", "in", [...named]);

  const sums = await minutes
    .where("start", ">", since)
    .groupBy("condition_id")
    .select((eb) => [
      "condition_id",
      eb.fn.max("high").as("high"),
      eb.fn.min("low").as("low"),
      eb.fn.sum<string>("shares").as("shares"),
      eb.fn.sum<string>("volume").as("volume"),
      eb.fn.sum<bigint>("trades").as("trades"),
    ])
    .execute();
  const last = await minutes
    .distinctOn("condition_id")
    .select(["condition_id", "close"])
    .orderBy("condition_id")
    .orderBy("start", "desc")
    .execute();
  const before = await minutes
    .where("start", "<=", since)
    .distinctOn("condition_id")
    .select(["condition_id", "close"])
    .orderBy("condition_id")
    .orderBy("start", "desc")
    .execute();

  const sumOf = new Map(sums.map((row) => [row.condition_id, row]));
  const lastOf = new Map(last.map((row) => [row.condition_id, row.close]));
  const beforeOf = new Map(before.map((row) => [row.condition_id, row.close]));
  const ids = named ?? (last.map((row) => row.condition_id) as Hex[]);
  return ids.map((conditionId) => {
    const sum = sumOf.get(conditionId);
    const lastPrice = lastOf.get(conditionId) ?? null;
    const price24hAgo = beforeOf.get(conditionId) ?? null;
    const { bid, ask } = deps.feed.book(conditionId).best();
    return {
      conditionId,
      lastPrice,
      price24hAgo,
      change: lastPrice === null || price24hAgo === null ? null : lastPrice - price24hAgo,
      high: sum?.high ?? null,
      low: sum?.low ?? null,
      shares: sum?.shares ?? "0",
      volume: sum?.volume ?? "0",
      trades: Number(sum?.trades ?? 0n),
      bestBid: bid?.[0] ?? null,
      bestAsk: ask?.[0] ?? null,
    };
  });
}
