// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title TokenCalls
/// @notice The call that moves an outcome token, the most frequent of a match.
library TokenCalls {
    /// @notice `token.safeTransferFrom(from, to, id, amount, "")` with so much gas. False when it reverts or runs out of
    /// gas; what it reverted with is then the last return data.
    /// @dev Does not look whether `token` has code: a call to an account without code goes through and moves nothing.
    function tryTransfer(
        address token,
        address from,
        address to,
        uint256 id,
        uint256 amount,
        uint256 gasLimit
    ) internal returns (bool success) {
        bytes32 selector = IERC1155.safeTransferFrom.selector;
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            mstore(call_, selector)
            mstore(add(call_, 0x04), from)
            mstore(add(call_, 0x24), to)
            mstore(add(call_, 0x44), id)
            mstore(add(call_, 0x64), amount)
            mstore(add(call_, 0x84), 0xa0)
            mstore(add(call_, 0xa4), 0)
            success := call(gasLimit, token, 0, call_, 0xc4, 0x00, 0x00)
        }
    }
}
