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

/// @notice What a market is created from.
struct NewMarket {
    /// Any value not used before; the SDK derives it from the text.
    bytes32 questionId;
    /// 1 to 512 bytes.
    string question;
    /// The rules of resolution, 1 to 8192 bytes.
    string description;
    /// 1 to 64 bytes.
    string category;
    /// Unix second from which on a result may be proposed; in the future.
    uint256 endTime;
    /// Unix second at which a result is expected at the latest; not before `endTime`.
    uint256 resolutionTime;
    /// Seconds a proposed result stays open to dispute, within the oracle's bounds; zero for the oracle's default.
    uint256 disputeWindow;
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
    /// Seconds a proposed result stays open to dispute.
    uint32 disputeWindow;
    /// How many clarifications there are; their texts are in MarketClarified.
    uint32 clarifications;
    MarketStatus status;
    /// The payout vector, [0, 0] until the market is RESOLVED or CANCELLED.
    uint256[2] payouts;
}
