// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {OrderStatus} from "./Order.sol";

/// @notice OrderStatus in one storage word: the top bit says done, the others hold what remains.
/// @dev The all-zero word is an order never seen. An open order always has something remaining, so the word of an open
/// order is never zero.
type StatusWord is uint256;

using {isUnseen, isDone, remaining, unpack} for StatusWord global;

uint256 constant DONE_BIT = 1 << 255;

/// @dev The word of an order with `left` remaining, above zero and below 2^255: open.
function openStatus(uint256 left) pure returns (StatusWord) {
    return StatusWord.wrap(left);
}

/// @dev The word of an order that is over with `left` unfilled, below 2^255: zero when filled.
function doneStatus(uint256 left) pure returns (StatusWord) {
    return StatusWord.wrap(left | DONE_BIT);
}

function isUnseen(StatusWord word) pure returns (bool) {
    return StatusWord.unwrap(word) == 0;
}

function isDone(StatusWord word) pure returns (bool) {
    return StatusWord.unwrap(word) & DONE_BIT != 0;
}

function remaining(StatusWord word) pure returns (uint256) {
    return StatusWord.unwrap(word) & ~DONE_BIT;
}

function unpack(StatusWord word) pure returns (OrderStatus memory) {
    return OrderStatus({isFilledOrCancelled: isDone(word), remaining: remaining(word)});
}
