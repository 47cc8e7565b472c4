export { createBook } from "./createBook.js";
export { DEFAULT_MAX_MAKERS, matchOrder } from "./matchOrder.js";
export { MatcherError, type MatcherErrorCode } from "./MatcherError.js";
export { OrderBook } from "./OrderBook.js";
export { planToCalldata, type MatchOrdersArguments } from "./planToCalldata.js";
export { PRICE_ONE } from "./priority.js";
export { submitOrder, type SubmitResult } from "./submitOrder.js";
export type {
  BookMarket,
  BookSide,
  BookView,
  Depth,
  DepthLevel,
  IncomingOrder,
  MakerFill,
  Market,
  MatchKind,
  MatchOptions,
  MatchPlan,
  MatchResult,
  NewRestingOrder,
  NoMatchReason,
  OrderKind,
  RestingOrder,
  TimeInForce,
} from "./types.js";
