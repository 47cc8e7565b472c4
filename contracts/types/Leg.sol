// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice One order in a match: the order as it was read, and what the match does with it.
/// @dev The first thirteen members are what the order's struct hash is made of, see OrderHash: their sequence is fixed.
struct Leg {
    bytes32 typeHash;
    uint256 salt;
    address maker;
    address signer;
    address taker;
    uint256 tokenId;
    uint256 makerAmount;
    uint256 takerAmount;
    uint256 expiration;
    uint256 nonce;
    uint256 feeRateBps;
    uint8 side;
    uint8 signatureType;
    bytes32 orderHash;
    /// What the order gives and what it is due, and the fee kept from that.
    uint256 making;
    uint256 taking;
    uint256 fee;
}
