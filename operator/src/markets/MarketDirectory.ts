import { parsePrice, parseShares } from "@nostra/sdk/units";
import type { Hex } from "@nostra/sdk/order";
import type { Bus } from "../bus";
import type { VenueMarket } from "../engine/MarketEngine";
import type { Log } from "../log";
import type { MarketTable, Store } from "../store";

/** How the venue trades a market, as decimal text: the distance of prices, and what an order must be for at least. */
export interface MarketTerms {
  readonly tick: string;
  /** Shares. */
  readonly minSize: string;
  /** The least fee rate that an order must sign, in basis points. Default "0". */
  readonly minFeeBps?: string;
  /** The least collateral that an order must be for. Default "0". */
  readonly minNotional?: string;
}

/** One outcome of a market that the venue knows. */
export interface KnownToken {
  readonly market: MarketTable;
  readonly terms: VenueMarket;
  readonly outcome: "YES" | "NO";
}

export interface MarketDirectoryParams {
  readonly store: Store;
  readonly defaults: MarketTerms;
  /** Terms of single markets, by condition id. */
  /** Those of single markets; what one does not say is as in the defaults. */
  readonly terms?: Readonly<Record<string, Partial<MarketTerms>>>;
  readonly log: Log;
}

/** The markets of the chain, as the indexer keeps them, by token: for who needs them at once. */
export class MarketDirectory {
  readonly #params: MarketDirectoryParams;
  readonly #byToken = new Map<bigint, KnownToken>();
  readonly #byCondition = new Map<string, MarketTable>();
  readonly #listeners: ((market: MarketTable, terms: VenueMarket) => void)[] = [];

  #reading: Promise<void> = Promise.resolve();

  private constructor(params: MarketDirectoryParams) {
    this.#params = params;
  }

  static async load(params: MarketDirectoryParams): Promise<MarketDirectory> {
    const directory = new MarketDirectory(params);
    const rows = await params.store.db.selectFrom("market").selectAll().execute();
    for (const row of rows) directory.#put(row);
    return directory;
  }

  /**
   * Reads anew each market that an event tells of; and all of them after blocks that were taken in untold, or a read that failed.
   * @returns how to stop.
   */
  follow(bus: Bus): () => void {
    let last: number | null = null;
    let isBehind = false;
    const read = (conditionId?: Hex): void => {
      this.refresh(conditionId).catch((err: unknown) => {
        isBehind = true;
        this.#params.log.error(
          { err, conditionId },
          "markets could not be read; they are read again",
        );
      });
    };
    return bus.subscribe((event) => {
      if (event.type === "market") read(event.conditionId);
      if (event.type !== "block") return;
      const isUntold = last !== null && event.number > last + 1;
      last = event.number;
      if (!isUntold && !isBehind) return;
      isBehind = false;
      read();
    });
  }

  /** Reads a market anew, or all; one read after the other, or an older row could be the last. */
  refresh(conditionId?: Hex): Promise<void> {
    const reading = this.#reading.then(() => this.#read(conditionId));
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(conditionId?: Hex): Promise<void> {
    const query = this.#params.store.db.selectFrom("market").selectAll();
    const wanted =
      conditionId === undefined ? query : query.where("condition_id", "=", conditionId);
    for (const row of await wanted.execute()) this.#put(row);
  }

  /** Calls for every market there is now, and for each that is new or changes later. */
  onMarket(listener: (market: MarketTable, terms: VenueMarket) => void): void {
    this.#listeners.push(listener);
    for (const market of this.#byCondition.values()) listener(market, this.termsOf(market));
  }

  byToken(tokenId: bigint): KnownToken | undefined {
    return this.#byToken.get(tokenId);
  }

  byCondition(conditionId: string): MarketTable | undefined {
    return this.#byCondition.get(conditionId);
  }

  all(): readonly MarketTable[] {
    return [...this.#byCondition.values()];
  }

  termsOf(market: MarketTable): VenueMarket {
    const { defaults, terms } = this.#params;
    const own = { ...defaults, ...terms?.[market.condition_id] };
    const { tick, minSize, minFeeBps = "0", minNotional = "0" } = own;
    return {
      conditionId: market.condition_id as Hex,
      yes: BigInt(market.yes),
      no: BigInt(market.no),
      tick: parsePrice(tick),
      minSize: parseShares(minSize),
      minFeeBps: BigInt(minFeeBps),
      minNotional: parseShares(minNotional),
    };
  }

  #put(market: MarketTable): void {
    this.#byCondition.set(market.condition_id, market);
    const terms = this.termsOf(market);
    this.#byToken.set(terms.yes, { market, terms, outcome: "YES" });
    this.#byToken.set(terms.no, { market, terms, outcome: "NO" });
    for (const listener of this.#listeners) listener(market, terms);
  }
}
