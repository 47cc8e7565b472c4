// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title BoundedCalls
/// @notice Calls to code that nobody here wrote: it can use so much gas, and hand back so many bytes, and no more.
library BoundedCalls {
    /// @notice The most bytes of a failure that are kept.
    uint256 internal constant MAX_REASON_BYTES = 1024;

    /// @notice True when, after a call that is allowed `gasLimit`, at least `reserve` is left for the caller.
    /// @dev A call gets at most 63/64 of the gas there is (EIP-150); with less, it would silently get less than its limit.
    function canAfford(uint256 gasLimit, uint256 reserve) internal view returns (bool) {
        return gasleft() >= gasLimit + gasLimit / 63 + reserve;
    }

    /// @notice Asks `account` whether it confirms the signature of `hash` (EIP-1271). False when it has no code, fails,
    /// uses more than `gasLimit`, or answers anything but the one word that means yes.
    function confirms(
        address account,
        bytes32 hash,
        bytes calldata signature,
        uint256 gasLimit
    ) internal view returns (bool yes) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        bytes32 magic = IERC1271.isValidSignature.selector;
        assembly ("memory-safe") {
            yes := staticcall(gasLimit, account, add(question, 0x20), mload(question), 0x00, 0x20)
            yes := and(yes, and(gt(returndatasize(), 0x1f), eq(mload(0x00), magic)))
        }
    }

    /// @notice Calls this contract's own function `selector` with the calldata from `start` to `end` as its arguments.
    /// @return success Whether it went through.
    /// @return reason What it reverted with, cut at MAX_REASON_BYTES; empty when it went through.
    function callSelf(
        bytes4 selector,
        uint256 start,
        uint256 end,
        uint256 gasLimit
    ) internal returns (bool success, bytes memory reason) {
        uint256 kept;
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            let length := sub(end, start)
            mstore(call_, selector)
            calldatacopy(add(call_, 0x04), start, length)
            success := call(gasLimit, address(), 0, call_, add(length, 0x04), 0x00, 0x00)
            kept := returndatasize()
        }
        if (success) return (true, "");
        reason = new bytes(kept < MAX_REASON_BYTES ? kept : MAX_REASON_BYTES);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0x00, mload(reason))
        }
    }
}
