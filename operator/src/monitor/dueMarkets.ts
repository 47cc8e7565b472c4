import type { MarketTable } from "../store";

/** Seconds after resolution time from which on a market without a proposal ends as SPLIT: SILENCE_TIMEOUT of ResolutionOracle. */
export const SILENCE_TIMEOUT = 90n * 86_400n;
/** Seconds after a dispute from which on it ends as SPLIT without a decision: DISPUTE_TIMEOUT of ResolutionOracle. */
export const DISPUTE_TIMEOUT = 30n * 86_400n;

/** How a market ends when nobody does anything more, and from which second of the chain on anybody may end it. */
export interface Ending {
  readonly how: "proposal" | "dispute-timeout" | "silence-timeout";
  readonly dueAt: bigint;
}

/** Null when the market is final, or its row lacks the time. */
export function endingOf(market: MarketTable): Ending | null {
  const { state, proposed_at, disputed_at, dispute_window, resolution_time } = market;
  if (state === "PROPOSED" && proposed_at !== null) {
    return { how: "proposal", dueAt: proposed_at + dispute_window };
  }
  if (state === "DISPUTED" && disputed_at !== null) {
    return { how: "dispute-timeout", dueAt: disputed_at + DISPUTE_TIMEOUT };
  }
  if (state === "OPEN") {
    return { how: "silence-timeout", dueAt: resolution_time + SILENCE_TIMEOUT };
  }
  return null;
}
