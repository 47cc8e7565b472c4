// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Where a market stands. Derived from the oracle's record and the clock; never stored.
enum MarketStatus {
    /// The factory never created it.
    NONE,
    /// Before `endTime`.
    ACTIVE,
    /// From `endTime` on, with no proposal standing.
    ENDED,
    /// A result is proposed and may be disputed or finalized.
    PROPOSED,
    /// The proposed result was disputed.
    DISPUTED,
    /// Payouts are reported: holders can redeem.
    RESOLVED,
    /// Cancelled: payouts [1,1] are reported, holders can redeem half each.
    CANCELLED
}

/// @notice A binary market, gathered from the factory, the oracle and ConditionalTokens.
struct Market {
    bytes32 questionId;
    bytes32 conditionId;
    /// Position id of YES (index set 1).
    uint256 token0;
    /// Position id of NO (index set 2).
    uint256 token1;
    /// keccak256(abi.encode(question, description, category)); the texts are in MarketCreated.
    bytes32 textHash;
    address creator;
    uint40 createdAt;
    uint40 endTime;
    uint40 resolutionTime;
    MarketStatus status;
    /// The payout vector, [0, 0] until the market is RESOLVED or CANCELLED.
    uint256[2] payouts;
}
