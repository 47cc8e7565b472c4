export { projectionChecksum } from "./checksum";
export {
  compareWithChain,
  type Comparison,
  type CompareParams,
  type Difference,
} from "./compareWithChain";
export { findCursor, type Cursor } from "./cursor";
export {
  FinalUndoneError,
  NodeAnswerError,
  NodeInconsistentError,
  NodesDisagreeError,
  RewindRefusedError,
} from "./errors";
export { Indexer, type IndexerOptions, type IndexerState, type IndexerStatus } from "./Indexer";
export { MatchReconciler, type MatchDifference, type MatchReconciliation } from "./MatchReconciler";
export type { Reconciliation } from "./reconcile";
