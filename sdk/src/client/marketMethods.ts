import { paged, type Paged } from "./pages.js";
import type { Requester } from "./Requester.js";
import type {
  Candle,
  ChainEvent,
  MarketStats,
  OutcomeName,
  SideName,
  TradeProof,
  VenueBook,
  VenueDeployment,
  VenueHealth,
  VenueStatus,
  VenueMarket,
  VenueTrade,
} from "./types.js";
import type { Hex } from "../order/Order.js";

/** Which markets. */
export interface MarketsQuery {
  readonly state?: VenueMarket["state"];
  readonly category?: string;
  /** Searched for in question and slug. */
  readonly q?: string;
  readonly limit?: number;
}

/** Which candles: a page of at most `limit`, the latest before `to`; the one before it begins at `cursor`. */
export interface CandlesQuery {
  readonly interval?: "1m" | "5m" | "1h" | "1d";
  readonly from?: string | number;
  readonly to?: string | number;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Which events of the chain. */
export interface EventsQuery {
  readonly market?: string;
  /** Such as OrderFilled. */
  readonly type?: string;
  readonly account?: string;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly q?: string;
  readonly limit?: number;
}

/** Best bid, best ask, and what is between them, in millionths. */
export interface VenueSpread {
  readonly conditionId: Hex;
  readonly outcome: OutcomeName;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly spread: number | null;
}

/** What anybody may ask about markets. A market is named by its condition id, question id or slug. */
export interface MarketMethods {
  deployment(): Promise<VenueDeployment>;
  health(): Promise<VenueHealth>;
  /** What the venue takes now, why, since when and until when. */
  status(): Promise<VenueStatus>;
  markets(query?: MarketsQuery): Paged<VenueMarket>;
  market(market: string): Promise<VenueMarket>;
  marketDetails(
    market: string,
  ): Promise<{ readonly market: VenueMarket; readonly stats: MarketStats }>;
  orderBook(
    market: string,
    query?: { readonly outcome?: OutcomeName; readonly depth?: number },
  ): Promise<VenueBook>;
  /** Millionths; null when a side is empty. */
  midpoint(market: string, outcome?: OutcomeName): Promise<number | null>;
  spread(market: string, outcome?: OutcomeName): Promise<VenueSpread>;
  /** What a first share costs a BUY or brings a SELL; null when nobody stands there. */
  price(market: string, side: SideName, outcome?: OutcomeName): Promise<number | null>;
  stats(market: string): Promise<MarketStats>;
  allStats(): Promise<{
    readonly stats: readonly MarketStats[];
    readonly total: { readonly volume: string; readonly trades: number };
  }>;
  candles(
    market: string,
    query?: CandlesQuery,
  ): Promise<{ readonly candles: readonly Candle[]; readonly cursor: string | null }>;
  priceHistory(
    market: string,
    query?: CandlesQuery,
  ): Promise<{
    readonly history: readonly { readonly t: number; readonly p: number }[];
    readonly cursor: string | null;
  }>;
  /** Of one market, or of all; the latest first. */
  trades(query?: { readonly market?: string; readonly limit?: number }): Paged<VenueTrade>;
  trade(id: string): Promise<VenueTrade>;
  tradeProof(id: string): Promise<TradeProof>;
  events(query?: EventsQuery): Paged<ChainEvent>;
  /** The lines of a book's log, for `replay` of `@nostra/sdk/matcher`. */
  marketLog(market: string, query?: { readonly limit?: number }): Paged<string>;
  /** The keccak of a log's last line, and how many lines there are. */
  marketLogHead(market: string): Promise<{ readonly head: Hex | null; readonly count: number }>;
}

export function marketMethods(http: Requester): MarketMethods {
  const at = (market: string, what = ""): string =>
    `/api/markets/${encodeURIComponent(market)}${what}`;
  const list =
    <Item>(path: string, member: string, query: object) =>
    async (cursor: string | undefined) => {
      const page = await http.get<Record<string, unknown>>(path, { ...query, cursor });
      return { items: page[member] as Item[], cursor: page["cursor"] as string | null };
    };
  return {
    deployment: () => http.get("/api/deployment"),
    health: () => http.ask("GET", "/health", { takes503: true }),
    status: () => http.get("/api/status"),
    markets: (query = {}) => paged(list<VenueMarket>("/api/markets", "markets", query)),
    market: (market) => http.get(at(market)),
    marketDetails: (market) => http.get(at(market, "/details")),
    orderBook: (market, query = {}) => http.get(at(market, "/orderbook"), { ...query }),
    midpoint: async (market, outcome) => {
      const path = at(market, "/midpoint");
      return (await http.get<{ midpoint: number | null }>(path, { outcome })).midpoint;
    },
    spread: (market, outcome) => http.get(at(market, "/spread"), { outcome }),
    price: async (market, side, outcome) => {
      const path = at(market, "/price");
      return (await http.get<{ price: number | null }>(path, { side, outcome })).price;
    },
    stats: (market) => http.get(at(market, "/stats")),
    allStats: () => http.get("/api/stats"),
    candles: (market, query = {}) => http.get(at(market, "/candles"), { ...query }),
    priceHistory: (market, query = {}) => http.get(at(market, "/history"), { ...query }),
    trades: (query = {}) => paged(list<VenueTrade>("/api/trades", "trades", query)),
    trade: (id) => http.get(`/api/trades/${encodeURIComponent(id)}`),
    tradeProof: (id) => http.get(`/api/trades/${encodeURIComponent(id)}/proof`),
    events: ({ type, ...query } = {}) =>
      paged(list<ChainEvent>("/api/events", "events", { ...query, event_type: type })),
    marketLog: (market, query = {}) => paged(list<string>(at(market, "/log"), "lines", query)),
    marketLogHead: async (market) => {
      const path = at(market, "/log");
      const { head, count } = await http.get<{ head: Hex | null; count: number }>(path, {
        limit: 1,
      });
      return { head, count };
    },
  };
}
