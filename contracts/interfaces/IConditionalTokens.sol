// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title IConditionalTokens
/// @notice The part of Gnosis ConditionalTokens 1.0.3 that Nostra uses.
interface IConditionalTokens is IERC1155 {
    /// @notice Opens a condition that only `oracle` can resolve. Anyone may call it, once per condition.
    function prepareCondition(address oracle, bytes32 questionId, uint256 outcomeSlotCount) external;

    /// @notice Resolves the caller's own condition with a payout per outcome; once.
    function reportPayouts(bytes32 questionId, uint256[] calldata payouts) external;

    /// @notice Takes `amount` collateral from the caller and mints `amount` of each position of `partition` to it.
    function splitPosition(
        address collateralToken,
        bytes32 parentCollectionId,
        bytes32 conditionId,
        uint256[] calldata partition,
        uint256 amount
    ) external;

    /// @notice Burns `amount` of each position of `partition` from the caller and returns `amount` collateral to it.
    function mergePositions(
        address collateralToken,
        bytes32 parentCollectionId,
        bytes32 conditionId,
        uint256[] calldata partition,
        uint256 amount
    ) external;

    /// @notice Burns the caller's whole balance of each index set and pays floor(balance * numerator / denominator).
    function redeemPositions(
        address collateralToken,
        bytes32 parentCollectionId,
        bytes32 conditionId,
        uint256[] calldata indexSets
    ) external;

    /// @notice Zero until the condition is prepared.
    function getOutcomeSlotCount(bytes32 conditionId) external view returns (uint256);

    /// @notice Zero until the condition is resolved.
    function payoutDenominator(bytes32 conditionId) external view returns (uint256);

    /// @notice The payout of one outcome; zero until the condition is resolved.
    function payoutNumerators(bytes32 conditionId, uint256 outcome) external view returns (uint256);

    /// @notice keccak256(oracle, questionId, outcomeSlotCount), packed.
    function getConditionId(
        address oracle,
        bytes32 questionId,
        uint256 outcomeSlotCount
    ) external pure returns (bytes32);

    /// @notice The id of a set of outcomes. Costs 8k to 50k gas, by a search on a curve that depends on the condition.
    function getCollectionId(
        bytes32 parentCollectionId,
        bytes32 conditionId,
        uint256 indexSet
    ) external view returns (bytes32);

    /// @notice The ERC-1155 id of a collection backed by `collateralToken`.
    function getPositionId(address collateralToken, bytes32 collectionId) external pure returns (uint256);
}
