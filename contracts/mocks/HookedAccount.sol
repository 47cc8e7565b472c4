// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title HookedAccount
/// @notice For tests: an account whose ERC-1155 hook does what the test says. Works as a contract of its own, and as the
/// code that an EIP-7702 account delegates to.
contract HookedAccount is IERC1155Receiver {
    /// @notice What the hook says when told to refuse.
    error TokensUnwelcome(uint256 tokenId);

    /// @notice True while the hook refuses every token.
    bool public refusing;

    /// @notice What the hook calls before it answers; none while zero.
    address public called;

    /// @notice The calldata of that call.
    bytes public callback;

    /// @notice Makes the hook refuse every token, or take them again.
    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    /// @notice Makes the hook call `called_` with `callback_` before it answers.
    function setCallback(address called_, bytes calldata callback_) external {
        called = called_;
        callback = callback_;
    }

    /// @notice Calls `to` as this account, and fails as that call fails.
    function execute(address to, bytes calldata data) external {
        _call(to, data);
    }

    /// @notice The hook of single transfers.
    function onERC1155Received(
        address,
        address,
        uint256 id,
        uint256,
        bytes calldata
    ) external override returns (bytes4) {
        _answer(id);
        return IERC1155Receiver.onERC1155Received.selector;
    }

    /// @notice The hook of batch transfers.
    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata ids,
        uint256[] calldata,
        bytes calldata
    ) external override returns (bytes4) {
        _answer(ids[0]);
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _answer(uint256 id) private {
        if (refusing) revert TokensUnwelcome(id);
        if (called != address(0)) _call(called, callback);
    }

    function _call(address to, bytes memory data) private {
        (bool success, bytes memory reason) = to.call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
