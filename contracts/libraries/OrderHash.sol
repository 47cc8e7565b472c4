// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Leg} from "../types/Leg.sol";
import {Order} from "../types/Order.sol";

/// @title OrderHash
/// @notice The EIP-712 struct hash of an order: keccak256(ORDER_TYPEHASH . the twelve signed fields).
/// @dev In calldata an order starts with its twelve signed fields as twelve words, in the order of the type string, so they
/// are copied behind the type hash as they stand, dirty high bits included. See `isClean`.
library OrderHash {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)"
    );

    /// @notice The struct hash of `order`.
    function structHash(Order calldata order) internal pure returns (bytes32) {
        uint256 buffer;
        assembly ("memory-safe") {
            buffer := mload(0x40)
        }
        return _copyAndHash(order, buffer);
    }

    /// @notice Copies the type hash and the signed fields of `order` into `leg`, and returns the struct hash.
    function read(Order calldata order, Leg memory leg) internal pure returns (bytes32) {
        uint256 buffer;
        assembly ("memory-safe") {
            buffer := leg
        }
        return _copyAndHash(order, buffer);
    }

    /// @notice True when the addresses and uint8 fields of a leg that was read have no bit set beyond their size.
    /// @dev What was hashed is then what is used.
    function isClean(Leg memory leg) internal pure returns (bool clean) {
        assembly ("memory-safe") {
            let addresses := or(or(mload(add(leg, 0x40)), mload(add(leg, 0x60))), mload(add(leg, 0x80)))
            let kinds := or(mload(add(leg, 0x160)), mload(add(leg, 0x180)))
            clean := iszero(or(shr(160, addresses), shr(8, kinds)))
        }
    }

    /// @dev Thirteen words from `buffer` on: free memory, or a leg.
    function _copyAndHash(Order calldata order, uint256 buffer) private pure returns (bytes32 result) {
        bytes32 typeHash = ORDER_TYPEHASH;
        assembly ("memory-safe") {
            mstore(buffer, typeHash)
            calldatacopy(add(buffer, 0x20), order, 0x180)
            result := keccak256(buffer, 0x1a0)
        }
    }
}
