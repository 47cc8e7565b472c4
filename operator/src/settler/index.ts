export type { RestingPairs } from "./PairRests";
export { planResume, type ResumeReport } from "./planResume";
export { SETTLER_DEFAULTS, type SettlerOptions } from "./options";
export {
  Settler,
  type SettlementMetrics,
  type SettlerParams,
  type SettlerReadiness,
} from "./Settler";
export { transactionGasLimit } from "./transactionGasLimit";
export type { TransactionSigner, UnsignedTransaction } from "./types";
