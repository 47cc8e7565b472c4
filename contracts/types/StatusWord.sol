// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {OrderStatus} from "./Order.sol";

/// @notice OrderStatus in one storage word: the top bit says done, the next one approved, the others hold what remains.
/// @dev The all-zero word is an order never seen. An open order always has something remaining, so the word of an open
/// order is never zero.
type StatusWord is uint256;

using {isUnseen, isDone, isApproved, remaining, approved, filledTo, cancelledWith, unpack} for StatusWord global;

uint256 constant DONE_BIT = 1 << 255;
uint256 constant APPROVED_BIT = 1 << 254;

function isUnseen(StatusWord word) pure returns (bool) {
    return StatusWord.unwrap(word) == 0;
}

function isDone(StatusWord word) pure returns (bool) {
    return StatusWord.unwrap(word) & DONE_BIT != 0;
}

/// @dev True when the maker approved the order on chain: it needs no signature.
function isApproved(StatusWord word) pure returns (bool) {
    return StatusWord.unwrap(word) & APPROVED_BIT != 0;
}

function remaining(StatusWord word) pure returns (uint256) {
    return StatusWord.unwrap(word) & ~(DONE_BIT | APPROVED_BIT);
}

/// @dev The same order with `left` remaining, above zero and below 2^254, approved by its maker.
function approved(StatusWord, uint256 left) pure returns (StatusWord) {
    return StatusWord.wrap(left | APPROVED_BIT);
}

/// @dev The same order after a fill, with `left` remaining, below 2^254: done when nothing is.
function filledTo(StatusWord word, uint256 left) pure returns (StatusWord) {
    if (left == 0) return StatusWord.wrap(DONE_BIT);
    return StatusWord.wrap((StatusWord.unwrap(word) & APPROVED_BIT) | left);
}

/// @dev The same order ended by its maker with `left` unfilled, below 2^254.
function cancelledWith(StatusWord, uint256 left) pure returns (StatusWord) {
    return StatusWord.wrap(left | DONE_BIT);
}

function unpack(StatusWord word) pure returns (OrderStatus memory) {
    return OrderStatus({isFilledOrCancelled: isDone(word), remaining: remaining(word)});
}
