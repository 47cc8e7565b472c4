// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Order} from "../types/Order.sol";

/// @title OrderHash
/// @notice The EIP-712 struct hash of an order.
library OrderHash {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)"
    );

    /// @notice keccak256(ORDER_TYPEHASH . the twelve signed fields).
    /// @dev In calldata the order starts with its twelve signed fields as twelve words, in the order of the type string,
    /// so they are copied behind the type hash as they stand. Whoever relies on the hash also reads the order's address
    /// and uint8 fields, and the decoder refuses those with dirty high bits.
    function structHash(Order calldata order) internal pure returns (bytes32 result) {
        bytes32 typeHash = ORDER_TYPEHASH;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, typeHash)
            calldatacopy(add(buffer, 0x20), order, 0x180)
            result := keccak256(buffer, 0x1a0)
        }
    }
}
