import { NostraError, type ErrorDetails } from "../errors/NostraError.js";

/** What a book or a plan can refuse. Programs act on these codes; they never change their meaning. */
export type MatcherErrorCode =
  /** The order's token is neither outcome of the book's market. */
  | "UNKNOWN_TOKEN"
  /** An amount is zero, negative, or more than the exchange takes. */
  | "INVALID_AMOUNT"
  /** The order pays, or asks, more than one collateral unit per share unit. */
  | "PRICE_ABOVE_ONE"
  /** The order is signed for fewer shares than the market takes. */
  | "SIZE_TOO_SMALL"
  /** The order is signed for more shares than the market takes. */
  | "SIZE_TOO_LARGE"
  /** The order's price is between ticks, and the market refuses such. */
  | "OFF_TICK"
  /** What is left of the order cannot trade at its place in the book. */
  | "DUST"
  /** `side` is neither BUY nor SELL. */
  | "INVALID_SIDE"
  /** `remaining` is not above zero and at most `makerAmount`. */
  | "INVALID_REMAINING"
  /** An order with this hash rests in the book. */
  | "DUPLICATE_ORDER"
  /** Another resting order has this place in the order of arrival. */
  | "DUPLICATE_SEQUENCE"
  /** No order with this hash rests in the book. */
  | "UNKNOWN_ORDER"
  /** The book has changed since the plan was made. */
  | "STALE_PLAN"
  /** The plan belongs to another market. */
  | "OTHER_MARKET"
  /** An order of the plan is not signed. */
  | "MISSING_SIGNATURE";

/** A book or plan cannot do what was asked, and is as it was before. `details` holds the values. */
export class MatcherError extends NostraError {
  declare readonly code: MatcherErrorCode;

  constructor(code: MatcherErrorCode, message: string, details: ErrorDetails) {
    super(code, message, { details });
  }
}
