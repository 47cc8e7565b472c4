// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Leg} from "../types/Leg.sol";

/// @title Legs
/// @notice Arrays of legs, without the price of clearing memory that is written anyway.
library Legs {
    /// @dev The size of a Leg in memory: its members, a word each.
    uint256 private constant LEG_BYTES = 17 * 32;

    /// @dev Where a leg keeps its order hash.
    uint256 private constant ORDER_HASH_AT = 13 * 32;

    /// @notice `count` legs with whatever memory held: each member must be written before it is read.
    /// @param count Below 2^32: nobody pays for the memory of more.
    function uncleared(uint256 count) internal pure returns (Leg[] memory legs) {
        assembly ("memory-safe") {
            legs := mload(0x40)
            mstore(legs, count)
            let slot := add(legs, 0x20)
            let leg := add(slot, shl(5, count))
            for {
                let first := leg
            } lt(slot, first) {
                slot := add(slot, 0x20)
            } {
                mstore(slot, leg)
                leg := add(leg, LEG_BYTES)
            }
            mstore(0x40, leg)
        }
    }

    /// @notice The order hashes of the first `count` legs.
    function hashes(Leg[] memory legs, uint256 count) internal pure returns (bytes32[] memory list) {
        assembly ("memory-safe") {
            list := mload(0x40)
            mstore(list, count)
            let slot := add(list, 0x20)
            let end := add(slot, shl(5, count))
            for {
                let from := sub(legs, list)
            } lt(slot, end) {
                slot := add(slot, 0x20)
            } {
                mstore(slot, mload(add(mload(add(slot, from)), ORDER_HASH_AT)))
            }
            mstore(0x40, end)
        }
    }
}
