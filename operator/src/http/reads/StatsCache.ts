import type { Clock } from "../../clock";
import type { Store } from "../../store";
import { readLastTraded, readTradedStats, type TradedStats } from "./readStats";

/** The figures of all markets are worked out again no sooner than this after the last time. */
const MIN_AGE_MS = 5_000;
/** Nor before this many times as long as that took: so it never takes more than a tenth of one connection. */
const REST_FACTOR = 10;
const DAY_SECONDS = 86_400n;

export type MarketStats = TradedStats & { readonly conditionId: string };

/**
 * What was traded in each market in the last 24 hours, worked out at most once at a time and now and then, however many ask. A
 * request gets what there is; only the first one waits. A market in which nothing was traded since is not looked at again.
 */
export class StatsCache {
  readonly #db: Store["reads"];
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly lastStart: bigint; readonly stats: MarketStats }>();
  #refreshing: Promise<void> | null = null;
  #dueMs = 0;
  #isFilled = false;

  constructor(store: Pick<Store, "reads">, clock: Clock) {
    this.#db = store.reads;
    this.#clock = clock;
  }

  /** Of the markets that are or were traded. */
  async all(): Promise<readonly MarketStats[]> {
    if (!this.#isFilled || this.#clock.monotonicMs() >= this.#dueMs) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
      if (this.#isFilled) this.#refreshing.catch(() => undefined);
      else await this.#refreshing;
    }
    return [...this.#known.values()].map(({ stats }) => stats);
  }

  async #refresh(): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const nowSeconds = BigInt(Math.floor(this.#clock.nowMs() / 1000));
    const found = new Set<string>();
    for await (const page of readLastTraded(this.#db)) {
      for (const { conditionId, lastStart } of page) {
        found.add(conditionId);
        const known = this.#known.get(conditionId);
        const isQuiet = lastStart <= nowSeconds - DAY_SECONDS;
        // Once nothing of a market is in the window, its figures stay.
        if (isQuiet && known?.lastStart === lastStart && known.stats.trades === 0) continue;
        const stats = await readTradedStats(this.#db, conditionId, nowSeconds);
        this.#known.set(conditionId, { lastStart, stats: { conditionId, ...stats } });
      }
    }
    // A reorg may take a market away.
    for (const id of this.#known.keys()) if (!found.has(id)) this.#known.delete(id);
    const tookMs = this.#clock.monotonicMs() - startedMs;
    this.#dueMs = this.#clock.monotonicMs() + Math.max(MIN_AGE_MS, REST_FACTOR * tookMs);
    this.#isFilled = true;
  }
}
