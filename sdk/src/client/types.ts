import type { Address, Hex } from "../order/Order.js";
import type { OrderFieldsJson, OrderJson } from "../order/orderToJson.js";

/*
 * What a venue answers, as it answers: integers of the chain are decimal text (BigInt reads them), prices are whole millionths,
 * times are milliseconds, or seconds where the chain says so.
 */

/** Where an order of the venue stands. */
export type OrderStatus =
  | "PENDING_MATCH"
  | "OPEN"
  | "PARTIALLY_FILLED"
  | "FILLED"
  | "CANCELLED"
  | "EXPIRED"
  | "REJECTED"
  | "INVALIDATED";

/** Where a trade stands on its way to the chain. */
export type TradeState = "MATCHED" | "MINED" | "CONFIRMED" | "RETRYING" | "FAILED";

/** YES or NO. */
export type OutcomeName = "YES" | "NO";

/** BUY or SELL. */
export type SideName = "BUY" | "SELL";

/** An order as the venue has it. With its signature it is an OrderJson, which orderFromJson reads. */
export interface VenueOrder extends OrderJson {
  readonly hash: Hex;
  readonly conditionId: Hex;
  readonly status: OrderStatus;
  /** Why it left the book, when the venue took it out. */
  readonly reason: string | null;
  readonly side: SideName;
  readonly outcome: OutcomeName;
  /** Its limit in millionths, in terms of its own outcome. */
  readonly price: number;
  /** What the book may still match, in units of what the order gives. */
  readonly remaining: string;
  readonly kind: string;
  readonly timeInForce: string;
  readonly postOnly: boolean;
  readonly acceptedAt: number;
  readonly updatedAt: number;
}

/** The venue's receipt for an order. */
export interface AcceptedOrder {
  readonly orderHash: Hex;
  readonly conditionId: Hex;
  /** Its number among the market's inputs; null when the venue was asked where it stands instead. */
  readonly input: number | null;
  /** False when the venue has had it before. */
  readonly isNew: boolean;
  readonly status: OrderStatus;
}

/** What became of one order of a batch. */
export type BatchResult =
  | ({ readonly success: true } & AcceptedOrder)
  | {
      readonly success: false;
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly details: Readonly<Record<string, unknown>>;
      };
    };

/** What is asked for an order beside what is signed. */
export interface PlaceOptions {
  readonly kind?: "limit" | "market";
  readonly timeInForce?: "GTC" | "GTD" | "FOK" | "FAK";
  readonly postOnly?: boolean;
  readonly selfTrade?: "skip" | "cancel-oldest" | "cancel-newest" | "cancel-both";
}

/** What became of an order that was to be cancelled. */
export type CancelOutcome = "CANCELLED" | "NOT_OPEN" | "NOT_FOUND" | "NOT_YOURS";

/** One result for each order named; `cancelled` counts those that were taken out. */
export interface CancelResults {
  readonly results: readonly { readonly hash: Hex; readonly result: CancelOutcome }[];
  readonly cancelled: number;
}

/** The order as it stands after the cancel: what of it was matched before settles. */
export interface CancelledOrder {
  readonly success: boolean;
  readonly result: CancelOutcome;
  readonly order: VenueOrder;
}

/** What an order of a market must keep to. */
export interface VenueTerms {
  /** Distance of two prices, in millionths. */
  readonly tick: number;
  /** The fewest shares of an order, in units. */
  readonly minSize: string;
  /** The least fee rate of an order, in basis points. */
  readonly minFeeBps: number;
  /** The least collateral of an order, in units. */
  readonly minNotional: string;
  /** Open orders that an account may have in the market. */
  readonly maxOpenOrders: number;
}

/** A market. */
export interface VenueMarket {
  readonly conditionId: Hex;
  readonly questionId: Hex;
  readonly slug: string;
  readonly question: string;
  readonly description: string;
  readonly category: string;
  readonly creator: Address;
  readonly tokens: { readonly yes: string; readonly no: string };
  readonly state: "OPEN" | "ENDED" | "PROPOSED" | "DISPUTED" | "FINALIZED" | "CANCELLED";
  /** YES, NO or SPLIT, once one stands. */
  readonly outcome: string | null;
  readonly registered: boolean;
  readonly createdAt: number;
  readonly endTime: number;
  readonly resolutionTime: number;
  readonly disputeWindow: number;
  readonly proposedAt: number | null;
  readonly disputedAt: number | null;
  readonly finalizedAt: number | null;
  /** What an order must keep to; null when the venue does not trade the market. */
  readonly terms: VenueTerms | null;
}

/** What was traded in a market in the last 24 hours, in terms of YES. */
export interface MarketStats {
  readonly conditionId: Hex;
  readonly lastPrice: number | null;
  readonly price24hAgo: number | null;
  readonly change: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly shares: string;
  readonly volume: string;
  readonly trades: number;
  readonly bestBid: number | null;
  readonly bestAsk: number | null;
}

/** A book by price. */
export interface VenueBook {
  readonly conditionId: Hex;
  readonly outcome: OutcomeName;
  readonly sequence: number;
  /** See hashLevels of `@nostra/sdk/stream`; of the levels in YES terms. */
  readonly hash: Hex;
  readonly bids: readonly (readonly [price: number, shares: string])[];
  readonly asks: readonly (readonly [price: number, shares: string])[];
}

/** What was traded in one stretch of time. */
export interface Candle {
  readonly start: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly shares: string;
  readonly volume: string;
  readonly trades: number;
}

/** A trade: one call of matchOrders. */
export interface VenueTrade {
  readonly id: string;
  readonly number: number;
  readonly conditionId: Hex;
  readonly state: TradeState;
  /** Average price of YES. */
  readonly price: number;
  readonly shares: string;
  readonly takerHash: Hex;
  readonly taker: Address | null;
  readonly takerSide: SideName | null;
  readonly takerOutcome: OutcomeName | null;
  readonly making: string;
  readonly taking: string;
  readonly makers: readonly {
    readonly hash: Hex;
    readonly maker: Address | null;
    readonly kind: string;
    readonly price: number;
    readonly making: string;
    readonly taking: string;
  }[];
  readonly txHash: Hex | null;
  readonly blockNumber: number | null;
  readonly reason: string | null;
  readonly guiltyHash: Hex | null;
  readonly matchedAt: number;
  readonly updatedAt: number;
}

/** All that proves a trade, for anybody to check. */
export interface TradeProof {
  readonly trade: VenueTrade;
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: number;
    readonly verifyingContract: Address;
  };
  readonly orders: readonly {
    readonly hash: Hex;
    readonly order: OrderFieldsJson;
    readonly signature: Hex;
  }[];
  readonly transaction: {
    readonly hash: Hex;
    readonly blockNumber: number | null;
    readonly isFinal: boolean;
  } | null;
  readonly logs: readonly (ChainEvent & {
    readonly topics: readonly Hex[];
    readonly data: Hex;
  })[];
}

/** An event of Nostra's contracts. */
export interface ChainEvent {
  readonly name: string | null;
  readonly conditionId: Hex | null;
  readonly args: unknown;
  readonly address: Address;
  readonly txHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly timestamp: number;
  readonly accounts: readonly Address[];
}

/** What an account has of an asset. */
export interface VenueBalance {
  readonly asset: string;
  readonly available: string;
  readonly locked: string;
  readonly total: string;
  readonly allowance: string;
}

/** An account's shares of one outcome. */
export interface VenuePosition {
  readonly conditionId: Hex;
  readonly slug: string | null;
  readonly tokenId: string;
  readonly outcome: OutcomeName;
  readonly shares: string;
  readonly cost: string;
  readonly averagePrice: number | null;
  readonly markPrice: number | null;
  readonly value: string | null;
  readonly unrealized: string | null;
  readonly realized: string;
}

/** An account in sum. */
export interface Portfolio {
  readonly balance: VenueBalance;
  readonly positionsValue: string;
  readonly cost: string;
  readonly unrealized: string;
  readonly realized: string;
  readonly total: string;
  readonly positions: number;
  /** True when there are more positions than the sums are of. */
  readonly positionsAreCapped: boolean;
}

/** What a key may be used for. */
export type KeyScope = "read" | "trade" | "cancel";

/** A key for programs, without its secret. */
export interface KeyInfo {
  readonly id: string;
  readonly account: Address;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: number;
}

/** A signed-in account's tokens. */
export interface ClientSession {
  readonly account: Address;
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  readonly refreshToken: string;
}

/** The chain and the contracts that a venue trades on. */
export interface VenueDeployment {
  readonly network: string;
  readonly chainId: number;
  readonly startBlock: number;
  readonly contracts: Readonly<Record<string, Address>>;
  readonly domain: TradeProof["domain"];
  readonly serverTimeMs: number;
}

/** What a venue takes, from everything to nothing. */
export type VenueMode =
  "open" | "warm-up" | "post-only" | "cancel-only" | "read-only" | "maintenance";

/** What a venue takes now, and why. */
export interface VenueStatus {
  readonly mode: VenueMode;
  /** Milliseconds since 1970: since when it is in this mode. */
  readonly sinceMs: number;
  /** Everything else is refused. */
  readonly takes: readonly (
    "order" | "post-only order" | "cancel" | "heartbeat" | "sign-in" | "read"
  )[];
  /** Everything that restricts the venue, the most restrictive first; empty when it is open. */
  readonly reasons: readonly {
    readonly source: string;
    readonly mode: VenueMode;
    readonly reason: string;
    readonly sinceMs: number;
    /** When it ends by itself; null when nothing is known. */
    readonly untilMs: number | null;
  }[];
  /** The mode that follows by itself; null when nothing is known. */
  readonly next: { readonly mode: VenueMode; readonly atMs: number } | null;
  readonly serverTimeMs: number;
}

/** How a venue is. */
export interface VenueHealth {
  readonly status: "healthy" | "degraded" | "unhealthy";
  /** What the venue takes now. */
  readonly mode: VenueMode;
  /** Every part that is less than up, and why. */
  readonly failing: readonly {
    readonly part: string;
    readonly state: "degraded" | "down";
    readonly reason: string;
  }[];
  readonly services: Readonly<Record<string, "up" | "degraded" | "down">>;
  readonly metrics: Readonly<Record<string, number>>;
}
