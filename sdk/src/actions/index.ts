export {
  approveCollateral,
  approveOutcomeTokens,
  approveSplit,
  planApprovals,
  readApprovals,
  type Approvals,
} from "./approvals.js";
export {
  cancelMarket,
  createBinaryMarket,
  isRegistered,
  registerCondition,
  registerToken,
  type CreateMarketParams,
  type CreateMarketResult,
  type MarketIds,
} from "./markets.js";
export {
  approveOrder,
  authorizeSigner,
  cancelOrder,
  cancelOrders,
  incrementNonce,
  matchOrders,
  matchOrdersBatch,
  readNonce,
  readOrderStatuses,
  revokeSigner,
  type BatchMatch,
  type CancelOrdersResult,
  type FailedMatch,
  type MatchOrdersBatchResult,
  type MatchOrdersResult,
  type OrderStatus,
} from "./orders.js";
export {
  mergePositions,
  redeemPositions,
  splitPosition,
  type PairParams,
  type RedeemResult,
} from "./positions.js";
export type { PreparedTx, SendOptions, SentTx, TxResult } from "./PreparedTx.js";
export {
  readBalances,
  readPositions,
  type Balances,
  type Positions,
  type ReadBalancesParams,
} from "./readBalances.js";
export {
  MARKET_STATUSES,
  readMarket,
  type MarketDetails,
  type MarketStatus,
} from "./readMarket.js";
export {
  PAYOUTS,
  adminFinalizeResolution,
  disputeResolution,
  finalizeByTimeout,
  finalizeResolution,
  proposeResolution,
  type ProposeResult,
  type ResultName,
} from "./resolution.js";
