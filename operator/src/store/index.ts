export { insertMany, type Columns } from "./insertMany";
export {
  acquireLease,
  LEASE_MS,
  releaseLease,
  renewLease,
  requireLease,
  type Lease,
} from "./lease";
export { lockDirectory } from "./lockDirectory";
export { openStore, type Store, type StoreOptions, type Work } from "./openStore";
export type * from "./schema";
