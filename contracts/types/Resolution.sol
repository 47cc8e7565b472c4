// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A result, as one value. Its payout vector is [1,0], [0,1] or [1,1]; no other vector is ever reported.
enum Outcome {
    /// No result yet.
    NONE,
    /// [1, 0]: each YES token redeems for one unit of collateral.
    YES,
    /// [0, 1]: each NO token redeems for one unit of collateral.
    NO,
    /// [1, 1]: each token of either kind redeems for half a unit of collateral.
    SPLIT
}

/// @notice Where a question stands in the oracle.
enum ResolutionState {
    /// The factory never opened it.
    UNKNOWN,
    /// Opened; no proposal stands. Proposals are taken from `endTime` on.
    OPEN,
    /// A proposal stands: disputable inside its window, final after it.
    PROPOSED,
    /// The proposal was disputed: the admin decides, or after a time-out anyone ends it as SPLIT.
    DISPUTED,
    /// Payouts are reported to ConditionalTokens. Nothing changes any more.
    FINALIZED
}

/// @notice What the oracle remembers of a question. Times are Unix seconds, zero for "not yet".
struct Resolution {
    ResolutionState state;
    /// The proposal that stands, or the final result once FINALIZED.
    Outcome outcome;
    address proposer;
    address disputer;
    /// From this second on a result may be proposed.
    uint40 endTime;
    /// When a result is expected at the latest; the time-out of a silent market counts from here.
    uint40 resolutionTime;
    uint40 proposedAt;
    uint40 disputedAt;
    /// Seconds a proposal stays open to dispute: 1 to 30 days, chosen when the question was opened and fixed since.
    uint32 disputeWindow;
}
