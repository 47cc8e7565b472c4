import { AccountCounts } from "./AccountCounts";
import { HourlyCounts } from "./HourlyCounts";
import { RunningSum } from "./RunningSum";

/** What accounts make the venue hold and do, counted so that intake and modes can bound it. */
export class AccountWork {
  /** Orders that are open or arrive, by market. */
  readonly openOrders = new AccountCounts();
  /** Matches that are not on chain, by the account that took, with their collateral. */
  readonly unsettled = new AccountCounts();
  /**
   * The same matches, by what they are worth in collateral units. A share that changes hands is worth what its buyer pays; a pair that
   * comes into being or is undone is worth one, which is what its two sides pay or get.
   */
  readonly unsettledWorth = new RunningSum();
  /** Orders that came to nothing: each is stored, for its signature could be sent again. */
  readonly rejected: HourlyCounts;

  constructor(monotonicMs: () => number) {
    this.rejected = new HourlyCounts(monotonicMs);
  }
}
