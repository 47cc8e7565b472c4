import { AccountCounts } from "./AccountCounts";
import { HourlyCounts } from "./HourlyCounts";

/** What accounts make the venue hold and do, counted so that intake can bound it. */
export class AccountWork {
  /** Orders that are open or arrive, by market. */
  readonly openOrders = new AccountCounts();
  /** Matches that are not on chain, by the account that took, with their collateral. */
  readonly unsettled = new AccountCounts();
  /** Orders that came to nothing: each is stored, for its signature could be sent again. */
  readonly rejected: HourlyCounts;

  constructor(monotonicMs: () => number) {
    this.rejected = new HourlyCounts(monotonicMs);
  }
}
