import type { OrderBook } from "@nostra/sdk/matcher";
import type { Hex, SignedOrder } from "@nostra/sdk/order";
import type { OrderState } from "../store/schema";
import type { Command } from "./commands";

/** An order that intake let through, with what was asked for it. */
export interface NewOrder {
  readonly hash: Hex;
  readonly order: SignedOrder;
  readonly conditionId: Hex;
  readonly outcome: "YES" | "NO";
  readonly kind: "limit" | "market";
  readonly timeInForce: "GTC" | "GTD" | "FOK" | "FAK";
  readonly postOnly: boolean;
  readonly selfTrade: "skip" | "cancel-oldest" | "cancel-newest" | "cancel-both";
}

/** The order is stored and has its place; what it met, others tell. */
export interface Accepted {
  readonly hash: Hex;
  readonly conditionId: Hex;
  /** Its number among the market's inputs. */
  readonly input: number;
  /** False when the venue has had it before: then `state` is where it stands. */
  readonly isNew: boolean;
  readonly state: OrderState;
}

/** The one writer of the books. Everything it is asked is done once, and stored with what it led to before anybody is told. */
export interface Engine {
  /** Resolves when the order is stored. @throws OperatorError when the venue cannot take it now. */
  submit(order: NewOrder): Promise<Accepted>;
  /** Resolves when the command is stored and what it did is stored too. `done` is false when there was nothing to do. */
  command(conditionId: Hex, command: Command): Promise<{ readonly done: boolean }>;
  /** A market's book as decided, to be read and not kept: it changes under the reader. Undefined for an unknown market. */
  book(conditionId: Hex): OrderBook | undefined;
  /** How many times a market's book was changed since its log began: what its BookEvents count. */
  version(conditionId: Hex): number | undefined;
}
