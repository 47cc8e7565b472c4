// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPositionRedeemer
/// @notice Redeems the caller's outcome tokens of many conditions in one transaction.
///
/// The caller approves this contract once, with ConditionalTokens' `setApprovalForAll`. That approval can be used by the
/// caller alone: nobody can redeem, or move, for another. The contract holds nothing between calls, has no admin, and works
/// for every binary condition that the collateral backs, whoever its oracle is.
///
/// @dev Assumption needed for safety: the collateral is a plain ERC-20 and ConditionalTokens is the published 1.0.3. Collateral
/// that somebody sends here is nobody's: payouts are counted per redemption, so it can never be paid out.
interface IPositionRedeemer {
    /// @notice All that `account` held of the condition, YES and NO, was burned for `payout` units of collateral.
    event PositionsRedeemed(address indexed account, bytes32 indexed conditionId, uint256 payout);

    /// @notice The condition has no result yet.
    error ConditionNotResolved(bytes32 conditionId);

    /// @notice The condition is not prepared with two outcomes in ConditionalTokens.
    error ConditionNotBinary(bytes32 conditionId, uint256 outcomeSlotCount);

    /// @notice The caller has not approved this contract in ConditionalTokens.
    error NotApproved(address account);

    /// @notice An ERC-1155 token that this contract did not fetch itself.
    error StrayToken(address token, address operator, uint256 tokenId);

    /// @notice An address was zero where a contract is needed.
    error ZeroAddress();

    /// @notice Redeems all YES and NO tokens the caller holds of the conditions, and pays it exactly what they redeem for:
    /// floor(balance * part / sum of parts) per outcome, as redeeming one by one would. Losing tokens are burned for nothing.
    /// All or nothing: one condition that is not binary or not resolved refuses the whole. One of which the caller holds
    /// nothing is passed by, without an event; so is a condition named a second time.
    /// @dev Reverts with ReentrancyGuardReentrantCall when entered again.
    /// @return payout Units of collateral paid to the caller, over all conditions; zero for an empty list.
    function redeem(bytes32[] calldata conditionIds) external returns (uint256 payout);

    /// @notice The outcome tokens.
    function conditionalTokens() external view returns (address);

    /// @notice The token that backs them, and that is paid.
    function collateral() external view returns (address);
}
