export { createBook, createSpecificationBook } from "./createBook.js";
export { TickBook } from "./fast/TickBook.js";
export { hashBook } from "./hashBook.js";
export { replay, type ReplayFault, type ReplayOptions, type ReplayResult } from "./log/replay.js";
export {
  BookRecorder,
  hashLine,
  LOG_START,
  type LogState,
  recordBook,
  type Recorded,
  type RecordOptions,
} from "./log/recordBook.js";
export { matchOrder } from "./matchOrder.js";
export { MatcherError, type MatcherErrorCode } from "./MatcherError.js";
export { planToCalldata, type MatchOrdersArguments } from "./planToCalldata.js";
export { PRICE_ONE } from "./priority.js";
export { depthOf, levelsOf, quoteOf, type Outcome, type Quote } from "./quotes.js";
export { DEFAULT_MAX_MAKERS } from "./readOptions.js";
export { createStops, StopList, type StopOrder } from "./StopList.js";
export { submitOrder, type SubmitResult } from "./submitOrder.js";
export { submitWithStops, type Arrival } from "./submitWithStops.js";
export type {
  ApplyResult,
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
  OrderBook,
  OrderKind,
  OrderWeights,
  ReduceResult,
  RestingOrder,
  SelfTrade,
  TimeInForce,
} from "./types.js";
export { DEFAULT_WEIGHTS, weightOf } from "./weights.js";
