import type { Address } from "@nostra/sdk/order";

/** Which accounts must not be matched with each other now: matches of theirs came to nothing. */
export interface RestingPairs {
  partnersOf(account: Address): readonly Address[];
}
