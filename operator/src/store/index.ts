export {
  aggregateText,
  columnOf,
  insertText,
  named,
  rowsOf,
  unnestText,
  type Columns,
} from "./columns";
export {
  acquireLease,
  FENCE,
  leaseHolder,
  leasePosition,
  LEASE_MS,
  releaseLease,
  renewLease,
  requireLease,
  THIS_PROCESS,
  type Lease,
} from "./lease";
export { keepLease, type KeptLease } from "./keepLease";
export { directoryHolder, lockDirectory } from "./lockDirectory";
export { openPool } from "./openPool";
export { openStore, type Store, type StoreOptions, type Work } from "./openStore";
export { signedOrderOf } from "./signedOrder";
export type * from "./schema";
