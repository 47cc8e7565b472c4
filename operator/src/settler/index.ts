export { planResume, type ResumeReport } from "./planResume";
export {
  Settler,
  SETTLER_DEFAULTS,
  type SettlerOptions,
  type SettlerParams,
  type SettlerReadiness,
} from "./Settler";
export type { TransactionSigner, UnsignedTransaction } from "./types";
