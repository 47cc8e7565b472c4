import type { Hex, Address } from "@nostra/sdk/order";
import type { ModeReason, ModeState } from "./modes/Modes";
import type { Mode } from "./modes/modeTable";
import type { MatchState, OrderState } from "./store/schema";

/*
 * What the parts of the operator tell each other and the world, always after the commit of what it tells of. Amounts and ids
 * are decimal text, prices are numbers of millionths: an event is JSON as it stands.
 */

/** An order of the venue changed: accepted, matched, cancelled, back in the book. */
export interface OrderEvent {
  readonly type: "order";
  readonly conditionId: Hex;
  readonly hash: Hex;
  readonly maker: Address;
  readonly state: OrderState;
  readonly remaining: string;
  readonly reason: string | null;
  /** Whether it is in the book after this change, and whether the event before this one said so. */
  readonly rests: boolean;
  readonly rested: boolean;
  readonly atMs: number;
}

/** The levels of a book that changed, with all that stands there now ("0" for nothing), in YES terms. */
export interface BookEvent {
  readonly type: "book";
  readonly conditionId: Hex;
  /** The book's number before and after: a follower that is not at `from` has missed something. */
  readonly from: number;
  readonly to: number;
  readonly bids: readonly (readonly [price: number, shares: string])[];
  readonly asks: readonly (readonly [price: number, shares: string])[];
  readonly atMs: number;
}

/** A match, and where it stands on its way to the chain; sent again with every state. */
export interface MatchEvent {
  readonly type: "match";
  readonly conditionId: Hex;
  readonly matchId: string;
  readonly state: MatchState;
  readonly takerHash: Hex;
  readonly taker: Address;
  readonly takerSide: "BUY" | "SELL";
  readonly takerOutcome: "YES" | "NO";
  /** Average price in YES terms, millionths. */
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
  readonly atMs: number;
}

/** A market's row changed. */
export interface MarketEvent {
  readonly type: "market";
  readonly conditionId: Hex;
  readonly oldState: string | null;
  readonly newState: string;
  readonly outcome: string | null;
  /** True when nobody asked for it: a due resolution that the monitor finalized. */
  readonly automatic: boolean;
  readonly atMs: number;
}

/** An account's shares of a market changed, by the chain. */
export interface PositionEvent {
  readonly type: "position";
  readonly conditionId: Hex;
  readonly account: Address;
  readonly outcome: "YES" | "NO";
  readonly shares: string;
  readonly cost: string;
  readonly realized: string;
  readonly atMs: number;
}

/** What an account has or lets the exchange move may have changed: ask the chain again. */
export interface FundsEvent {
  readonly type: "funds";
  readonly account: Address;
  /** Token id, or "0" for collateral; null when any may have. */
  readonly asset: string | null;
  readonly blockNumber: number;
}

/** The chain ended or reduced orders: cancelled by their maker, or filled, by whomever. */
export interface ChainOrderEvent {
  readonly type: "chain-order";
  readonly hash: Hex;
  readonly cancelled: boolean;
  /** What is left of it on chain; null when the event does not say. */
  readonly remaining: string | null;
}

/** An account raised its nonce: what it signed with a lower one is dead. */
export interface ChainNonceEvent {
  readonly type: "chain-nonce";
  readonly account: Address;
  readonly nonce: string;
}

/** A block was taken in (`undone` false) or undone. */
export interface BlockEvent {
  readonly type: "block";
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
  readonly finalNumber: number;
  readonly generation: number;
  readonly undone: boolean;
}

/** What the venue takes changed, or why. */
export interface ModeEvent {
  readonly type: "mode";
  readonly mode: Mode;
  readonly previous: Mode;
  readonly reasons: readonly ModeReason[];
  readonly next: ModeState["next"];
  readonly atMs: number;
}

export type VenueEvent =
  | OrderEvent
  | BookEvent
  | MatchEvent
  | MarketEvent
  | PositionEvent
  | FundsEvent
  | ChainOrderEvent
  | ChainNonceEvent
  | BlockEvent
  | ModeEvent;

type Listener = (event: VenueEvent) => void;

/** Hands events on within this process, at once and in order. A listener that throws hurts nobody else. */
export class Bus {
  readonly #listeners = new Set<Listener>();
  readonly #onFault: (fault: unknown) => void;

  constructor(onFault: (fault: unknown) => void = () => undefined) {
    this.#onFault = onFault;
  }

  /** @returns how to stop listening. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(event: VenueEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (fault) {
        this.#onFault(fault);
      }
    }
  }
}
