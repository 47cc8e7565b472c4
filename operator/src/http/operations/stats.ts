import type { Hex } from "@nostra/sdk/order";
import type { z } from "zod";
import type { Deps } from "../Deps";
import { readTradedStats, type TradedStats } from "../reads/readStats";
import type { statsOut } from "../schemas";

type Stats = z.output<typeof statsOut>;

/** What was traded in a market in the last 24 hours, and its best prices now. Prices are of YES. */
export async function readStats(deps: Deps, conditionId: Hex): Promise<Stats> {
  const nowSeconds = BigInt(Math.floor(deps.clock.nowMs() / 1000));
  const traded = await readTradedStats(deps.store.reads, conditionId, nowSeconds);
  return withPrices(deps, conditionId, traded);
}

/** Adds what the book says now. */
export function withPrices({ feed }: Deps, conditionId: Hex, traded: TradedStats): Stats {
  const { lastPrice, price24hAgo } = traded;
  const { bid, ask } = feed.book(conditionId).best();
  return {
    ...traded,
    conditionId,
    change: lastPrice === null || price24hAgo === null ? null : lastPrice - price24hAgo,
    bestBid: bid?.[0] ?? null,
    bestAsk: ask?.[0] ?? null,
  };
}
