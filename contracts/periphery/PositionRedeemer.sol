// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {IPositionRedeemer} from "../interfaces/IPositionRedeemer.sol";
import {BinaryPositions} from "../libraries/BinaryPositions.sol";

/// @title PositionRedeemer
/// @notice See IPositionRedeemer.
contract PositionRedeemer is IPositionRedeemer, IERC1155Receiver, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What the caller holds of one condition: an entry per outcome that is not zero.
    struct Holding {
        uint256[] indexSets;
        uint256[] tokenIds;
        uint256[] amounts;
    }

    /// @inheritdoc IPositionRedeemer
    address public immutable override conditionalTokens;

    /// @inheritdoc IPositionRedeemer
    address public immutable override collateral;

    /// @param conditionalTokens_ The published Gnosis ConditionalTokens.
    /// @param collateral_ The token whose positions are redeemed here.
    constructor(address conditionalTokens_, address collateral_) {
        if (conditionalTokens_ == address(0) || collateral_ == address(0)) revert ZeroAddress();
        conditionalTokens = conditionalTokens_;
        collateral = collateral_;
    }

    // ------------------------------------------------------------------------------------------------ redeeming

    /// @inheritdoc IPositionRedeemer
    function redeem(bytes32[] calldata conditionIds) external override nonReentrant returns (uint256 payout) {
        if (!IConditionalTokens(conditionalTokens).isApprovedForAll(msg.sender, address(this))) {
            revert NotApproved(msg.sender);
        }

        for (uint256 i = 0; i < conditionIds.length; ++i) {
            payout += _redeemOne(conditionIds[i]);
        }
        if (payout != 0) IERC20(collateral).safeTransfer(msg.sender, payout);
    }

    /// @dev What was paid is a difference of balances: only ConditionalTokens moves collateral in between.
    function _redeemOne(bytes32 conditionId) private returns (uint256 payout) {
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        uint256 outcomes = tokens.getOutcomeSlotCount(conditionId);
        if (outcomes != BinaryPositions.OUTCOMES) revert ConditionNotBinary(conditionId, outcomes);
        if (tokens.payoutDenominator(conditionId) == 0) revert ConditionNotResolved(conditionId);
        Holding memory held = _holdingOf(msg.sender, conditionId);
        if (held.amounts.length == 0) return 0;

        uint256 before = IERC20(collateral).balanceOf(address(this));
        tokens.safeBatchTransferFrom(msg.sender, address(this), held.tokenIds, held.amounts, "");
        tokens.redeemPositions(collateral, bytes32(0), conditionId, held.indexSets);
        payout = IERC20(collateral).balanceOf(address(this)) - before;

        emit PositionsRedeemed(msg.sender, conditionId, payout);
    }

    /// @dev An outcome of which nothing is held is left out: ConditionalTokens would derive its id once more, for nothing.
    function _holdingOf(address account, bytes32 conditionId) private view returns (Holding memory held) {
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        (uint256 yes, uint256 no) = BinaryPositions.tokenIds(tokens, collateral, conditionId);
        uint256 yesAmount = tokens.balanceOf(account, yes);
        uint256 noAmount = tokens.balanceOf(account, no);

        uint256 size = (yesAmount == 0 ? 0 : 1) + (noAmount == 0 ? 0 : 1);
        held = Holding(new uint256[](size), new uint256[](size), new uint256[](size));
        if (yesAmount != 0) _set(held, 0, BinaryPositions.YES_INDEX_SET, yes, yesAmount);
        if (noAmount != 0) _set(held, size - 1, BinaryPositions.NO_INDEX_SET, no, noAmount);
    }

    function _set(Holding memory held, uint256 i, uint256 indexSet, uint256 tokenId, uint256 amount) private pure {
        held.indexSets[i] = indexSet;
        held.tokenIds[i] = tokenId;
        held.amounts[i] = amount;
    }

    // ------------------------------------------------------------------------------------------------ receiving

    /// @notice Refuses every single transfer: this contract fetches tokens in batches.
    function onERC1155Received(
        address operator,
        address,
        uint256 id,
        uint256,
        bytes calldata
    ) external view override returns (bytes4) {
        revert StrayToken(msg.sender, operator, id);
    }

    /// @notice Takes what this contract fetches from its caller; refuses anything else.
    function onERC1155BatchReceived(
        address operator,
        address,
        uint256[] calldata ids,
        uint256[] calldata,
        bytes calldata
    ) external view override returns (bytes4) {
        if (msg.sender != conditionalTokens || operator != address(this)) {
            revert StrayToken(msg.sender, operator, ids.length == 0 ? 0 : ids[0]);
        }
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
