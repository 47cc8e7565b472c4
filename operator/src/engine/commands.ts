import type { Hex } from "@nostra/sdk/order";

/** Why the venue took an order out. */
export type CancelReason =
  | "BY_MAKER"
  | "HEARTBEAT"
  | "UNFUNDED"
  | "NONCE_RAISED"
  | "CANCELLED_ON_CHAIN"
  | "MARKET_ENDED"
  /** It names its counterparty; such orders were taken in before the venue refused them. */
  | "TAKER_NOT_ZERO"
  | "BY_OPERATOR";

/** What is asked of a market's engine besides new orders. Commands and orders share one numbering, the market's inputs. */
export type Command =
  /** Takes an order out of the book; nothing when it is not in it. */
  | { readonly op: "cancel"; readonly hash: Hex; readonly reason: CancelReason }
  /** Takes an order that the chain refuses out for good; what it gave in unsettled matches stays reserved until their release. */
  | { readonly op: "invalidate"; readonly hash: Hex; readonly reason: string }
  /** Takes out every order that is dead at this second. */
  | { readonly op: "expire"; readonly now: bigint }
  /** Matching of this order stopped at a limit of work: it arrives again at its place, and goes on. */
  | { readonly op: "rematch"; readonly hash: Hex; readonly now: bigint }
  /** The chain says that no more than this is left of an order. */
  | { readonly op: "reduce"; readonly hash: Hex; readonly remaining: bigint }
  /**
   * What is left of an order is `to`, not `from`: the chain's logs say so. An order in the book is reduced, or arrives again at its old
   * place with more; one that was taken out though all of it is filled becomes FILLED. Nothing when the order has changed since.
   */
  | { readonly op: "correct"; readonly hash: Hex; readonly from: bigint; readonly to: bigint }
  /**
   * A match will not settle. Its guilty orders are taken out for good; what the others gave in it is theirs again, at their old
   * place. Nothing when the match has failed already.
   */
  | {
      readonly op: "release";
      readonly matchId: string;
      readonly guilty: readonly Hex[];
      readonly reason: string;
      readonly now: bigint;
    };
