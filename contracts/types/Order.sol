// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Which way an order trades its outcome token.
enum Side {
    /// Gives collateral, receives the outcome token.
    BUY,
    /// Gives the outcome token, receives collateral.
    SELL
}

/// @notice How an order's signature is checked.
enum SignatureType {
    /// The maker's own key signs: `signer == maker`, ECDSA over the order hash.
    EOA,
    /// A key that the maker authorised on chain signs for the maker: ECDSA over the order hash by `signer`.
    DELEGATE,
    /// The maker is a contract that confirms the signature of the order hash (EIP-1271): `signer == maker`.
    EIP1271
}

/// @notice A signed limit order. The first twelve fields are the EIP-712 struct; the signature is not hashed.
/// @dev `side` and `signatureType` are plain `uint8` so that a value outside the enum ends in an error that names the
/// order, rather than in a decoding failure without data.
struct Order {
    /// Makes two otherwise equal orders different; random.
    uint256 salt;
    /// The account that trades: its assets are given, and it receives the proceeds.
    address maker;
    /// The account whose key signed. Equal to `maker` but for SignatureType.DELEGATE.
    address signer;
    /// The only account that may be on the other side of the match; zero means anyone.
    address taker;
    /// The outcome token traded: an ERC-1155 id of ConditionalTokens.
    uint256 tokenId;
    /// The most the maker gives: collateral units for BUY, outcome-token units for SELL.
    uint256 makerAmount;
    /// What the maker receives, before fee, for giving all of `makerAmount`: the limit price.
    uint256 takerAmount;
    /// Unix second from which on the order is dead; zero means never.
    uint256 expiration;
    /// Must equal the maker's current nonce in the exchange.
    uint256 nonce;
    /// The fee rate the maker agreed to, in basis points of what it receives.
    uint256 feeRateBps;
    /// A value of Side.
    uint8 side;
    /// A value of SignatureType.
    uint8 signatureType;
    /// The signature over the order's EIP-712 hash.
    bytes signature;
}

/// @notice One match of a batch: the arguments of `matchOrders`, and the most gas it may use.
/// @dev The first four members are the arguments in their order, so that a match can be handed on as it stands.
struct Match {
    Order takerOrder;
    Order[] makerOrders;
    uint256 takerFillAmount;
    uint256[] makerFillAmounts;
    /// An estimate of the match alone, plus what a token transfer may use at most (OUTCOME_TRANSFER_GAS).
    uint256 gasLimit;
}

/// @notice What the exchange remembers of an order hash.
struct OrderStatus {
    /// True once nothing more can be filled: it was filled to the end or cancelled. Never turns false again.
    bool isFilledOrCancelled;
    /// The part of `makerAmount` not yet consumed. Zero while the exchange has never seen the hash;
    /// zero with the flag set means filled; above zero with the flag set means cancelled with this much left.
    uint256 remaining;
}
