// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {BinaryPositions} from "../libraries/BinaryPositions.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {TokenCalls} from "../libraries/TokenCalls.sol";

/// @title Assets
/// @notice Moves collateral and outcome tokens for the exchange, and says whose order is to blame when a move fails.
/// @dev Every amount is what a match computed; the exchange's own balances are never read, so that tokens somebody sent
/// here by mistake or design reach no trader.
abstract contract Assets is ICTFExchange, IERC1155Receiver {
    using SafeERC20 for IERC20;

    /// @dev With the five values and the two words around it, an error stays below BoundedCalls.MAX_REASON_BYTES.
    uint256 private constant MAX_REASON_BYTES = 512;

    /// @dev In place of a receiver's order: the fee receiver, which has none.
    bytes32 internal constant NO_ORDER = 0;

    /// @inheritdoc ICTFExchange
    /// @dev A transfer to a plain account uses at most 40,000; the rest is the receiver's hook's.
    uint256 public constant override OUTCOME_TRANSFER_GAS = 200_000;

    /// @dev What must be left after a transfer, to find out whose order is to blame and say so.
    uint256 private constant RESERVE_GAS = 30_000;

    /// @inheritdoc ICTFExchange
    address public immutable override collateral;

    /// @inheritdoc ICTFExchange
    address public immutable override conditionalTokens;

    constructor(address collateral_, address conditionalTokens_) {
        if (collateral_ == address(0) || conditionalTokens_ == address(0)) revert ZeroAddress();
        // TokenCalls relies on it.
        if (collateral_.code.length == 0) revert NoCode(collateral_);
        if (conditionalTokens_.code.length == 0) revert NoCode(conditionalTokens_);
        collateral = collateral_;
        conditionalTokens = conditionalTokens_;
        // Splitting pulls the collateral from here. It is here only inside a match, and only what the match split.
        IERC20(collateral_).forceApprove(conditionalTokens_, type(uint256).max);
    }

    // ------------------------------------------------------------------------------------------------ moving

    /// @dev Moves collateral of an account to another account, or here.
    function _pullCollateral(
        address from,
        address to,
        uint256 amount,
        bytes32 payerOrder,
        bytes32 receiverOrder
    ) internal {
        if (IERC20(collateral).trySafeTransferFrom(from, to, amount)) return;

        bytes memory reason = _cut(_lastReturnData());
        bool payerIsAble =
            IERC20(collateral).balanceOf(from) >= amount && IERC20(collateral).allowance(from, address(this)) >= amount;
        revert CollateralTransferFailed(payerIsAble ? receiverOrder : payerOrder, from, to, amount, reason);
    }

    /// @dev Moves collateral that the match put here to an account.
    function _payCollateral(address to, uint256 amount, bytes32 receiverOrder) internal {
        if (IERC20(collateral).trySafeTransfer(to, amount)) return;

        revert CollateralTransferFailed(receiverOrder, address(this), to, amount, _cut(_lastReturnData()));
    }

    /// @dev Moves an outcome token of an account, or of here, to another account, or here.
    function _moveOutcome(
        uint256 tokenId,
        address from,
        address to,
        uint256 amount,
        bytes32 senderOrder,
        bytes32 receiverOrder
    ) internal {
        if (!BoundedCalls.canAfford(OUTCOME_TRANSFER_GAS, RESERVE_GAS)) revert InsufficientGas(OUTCOME_TRANSFER_GAS);
        if (TokenCalls.tryTransfer(conditionalTokens, from, to, tokenId, amount, OUTCOME_TRANSFER_GAS)) return;

        bytes memory reason = _cut(_lastReturnData());
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        bool senderIsAble =
            from == address(this) ||
                (tokens.balanceOf(from, tokenId) >= amount && tokens.isApprovedForAll(from, address(this)));
        revert OutcomeTransferFailed(senderIsAble ? receiverOrder : senderOrder, from, to, tokenId, amount, reason);
    }

    /// @dev The beginning of what a token call failed with: short enough that the error around it is kept whole when a
    /// batch cuts it.
    function _cut(bytes memory reason) private pure returns (bytes memory) {
        if (reason.length > MAX_REASON_BYTES) {
            assembly ("memory-safe") {
                mstore(reason, MAX_REASON_BYTES)
            }
        }
        return reason;
    }

    /// @dev What the last call returned or reverted with.
    function _lastReturnData() private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(data, returndatasize()), 0x3f), not(0x1f)))
        }
    }

    // ------------------------------------------------------------------------------------------------ pairs

    /// @dev Turns `amount` collateral held here into `amount` YES and `amount` NO.
    function _split(bytes32 conditionId, uint256 amount) internal {
        IConditionalTokens(conditionalTokens).splitPosition(
            collateral,
            bytes32(0),
            conditionId,
            BinaryPositions.partition(),
            amount
        );
    }

    /// @dev Turns `amount` YES and `amount` NO held here into `amount` collateral.
    function _merge(bytes32 conditionId, uint256 amount) internal {
        IConditionalTokens(conditionalTokens).mergePositions(
            collateral,
            bytes32(0),
            conditionId,
            BinaryPositions.partition(),
            amount
        );
    }

    // ------------------------------------------------------------------------------------------------ receiving

    /// @notice Takes outcome tokens that the exchange itself moves here inside a match; refuses all others.
    function onERC1155Received(
        address operator,
        address,
        uint256 id,
        uint256,
        bytes calldata
    ) external view override returns (bytes4) {
        _requireOwnMove(operator, id);
        return IERC1155Receiver.onERC1155Received.selector;
    }

    /// @notice The same for batches: what a split mints arrives here.
    function onERC1155BatchReceived(
        address operator,
        address,
        uint256[] calldata ids,
        uint256[] calldata,
        bytes calldata
    ) external view override returns (bytes4) {
        _requireOwnMove(operator, ids.length == 0 ? 0 : ids[0]);
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _requireOwnMove(address operator, uint256 tokenId) private view {
        if (msg.sender != conditionalTokens || operator != address(this)) {
            revert StrayToken(msg.sender, operator, tokenId);
        }
    }
}
