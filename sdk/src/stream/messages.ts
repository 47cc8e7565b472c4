import type { Address, Hex } from "../order/Order.js";
import type { Level } from "./hashLevels.js";

/** A match, and where it stands; told again with every state. */
export interface StreamTrade {
  readonly market: Hex;
  readonly matchId: string;
  readonly state: "MATCHED" | "MINED" | "CONFIRMED" | "RETRYING" | "FAILED";
  readonly takerHash: Hex;
  readonly taker: Address;
  readonly takerSide: "BUY" | "SELL";
  readonly takerOutcome: "YES" | "NO";
  /** Average price of YES, in millionths. */
  readonly price: number;
  readonly shares: string;
  readonly makers: readonly {
    readonly hash: Hex;
    readonly maker: Address;
    readonly kind: string;
    readonly price: number;
    readonly making: string;
    readonly taking: string;
  }[];
  readonly txHash: Hex | null;
  readonly blockNumber: number | null;
  readonly reason: string | null;
  readonly guiltyHash: Hex | null;
  readonly at: number;
}

/** An order that came, went, or changed. */
export interface StreamOrder {
  readonly market: Hex;
  readonly hash: Hex;
  readonly maker: Address;
  readonly state: string;
  readonly remaining: string;
  readonly reason: string | null;
  readonly at: number;
}

/** A market's state changed. */
export interface StreamMarket {
  readonly market: Hex;
  readonly oldState: string | null;
  readonly newState: string;
  readonly outcome: string | null;
  readonly automatic: boolean;
  readonly at: number;
}

/** A block was taken in. */
export interface StreamBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
  readonly finalNumber: number;
  readonly generation: number;
}

/** A block was undone: what was told of it is not so. What is so now follows. */
export interface StreamRetract {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly generation: number;
}

/** Something of one's own: an order, a match, a position, or that funds may be others now. */
export interface StreamUserEvent {
  readonly type: "order" | "match" | "position" | "funds";
  readonly conditionId?: Hex;
  readonly atMs?: number;
  readonly [member: string]: unknown;
}

/** What the venue says, as far as a client looks at it. */
export type ServerMessage =
  | { readonly type: "welcome"; readonly serverTimeMs: number }
  | { readonly type: "pong" | "unsubscribed" }
  | { readonly type: "authorized"; readonly account: Address }
  | { readonly type: "subscribed"; readonly market?: Hex; readonly request?: number }
  | {
      readonly type: "error";
      readonly code: string;
      readonly message: string;
      readonly request?: number;
    }
  | {
      readonly type: "snapshot";
      readonly channel: "book";
      readonly market: Hex;
      readonly sequence: number;
      readonly hash: Hex;
      readonly bids: readonly Level[];
      readonly asks: readonly Level[];
    }
  | {
      readonly type: "snapshot";
      readonly channel: "user";
      readonly orders: readonly Record<string, unknown>[];
    }
  | {
      readonly type: "delta";
      readonly channel: "book";
      readonly market: Hex;
      readonly from: number;
      readonly to: number;
      readonly bids: readonly Level[];
      readonly asks: readonly Level[];
      readonly hash?: Hex;
    }
  | ({ readonly type: "trade"; readonly channel: "trades" } & StreamTrade)
  | ({ readonly type: "order"; readonly channel: "orders" } & StreamOrder)
  | ({ readonly type: "market"; readonly channel: "market" } & StreamMarket)
  | ({ readonly type: "block"; readonly channel: "blocks" } & StreamBlock)
  | ({ readonly type: "retract" } & StreamRetract)
  | { readonly type: "user"; readonly channel: "user"; readonly event: StreamUserEvent }
  | { readonly type: "replayed"; readonly isComplete: boolean };
