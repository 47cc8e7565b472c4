export { columnOf, insertInto, insertMany, type Columns } from "./insertMany";
export {
  acquireLease,
  advanceLease,
  leasePosition,
  LEASE_MS,
  releaseLease,
  renewLease,
  requireLease,
  THIS_PROCESS,
  type Lease,
} from "./lease";
export { lockDirectory } from "./lockDirectory";
export { openStore, type Store, type StoreOptions, type Work } from "./openStore";
export { signedOrderOf } from "./signedOrder";
export type * from "./schema";
