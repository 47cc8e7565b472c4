// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title FillMath
/// @notice The arithmetic of a fill, for an order that gives at most `makerAmount` (M) for at least `takerAmount` (T).
/// @dev Nothing here can overflow: the exchange admits amounts from 1 to MAX_AMOUNT only, so a product of two is below
/// 2^240; and a match's totals are sums of fewer than 2^16 such amounts (each maker order costs over 40,000 gas), so a
/// total is below 2^136 and its product with an amount below 2^256.
library FillMath {
    /// @notice The highest makerAmount and takerAmount of an order.
    uint256 internal constant MAX_AMOUNT = type(uint120).max;

    uint256 internal constant BASIS_POINTS = 10_000;

    /// @notice What an order receives for giving `fill`: ceil(fill * T / M).
    /// @dev Rounded up in favour of the order: it never gets a worse price than it signed, by even one unit.
    function receivedUp(uint256 fill, uint256 makerAmount, uint256 takerAmount) internal pure returns (uint256) {
        unchecked {
            return (fill * takerAmount + makerAmount - 1) / makerAmount;
        }
    }

    /// @notice What an order gives, at its limit, for receiving `received`: ceil(received * M / T).
    /// @dev Rounded up against the order: what it consumes of itself is never less than its price says.
    function consumedUp(uint256 received, uint256 makerAmount, uint256 takerAmount) internal pure returns (uint256) {
        unchecked {
            return (received * makerAmount + takerAmount - 1) / takerAmount;
        }
    }

    /// @notice True when giving `making` for `taking` is no worse than the limit: taking * M >= making * T.
    function keepsLimit(
        uint256 making,
        uint256 taking,
        uint256 makerAmount,
        uint256 takerAmount
    ) internal pure returns (bool) {
        unchecked {
            return taking * makerAmount >= making * takerAmount;
        }
    }

    /// @notice The fee on `received`: floor(rateBps * received / 10000), rounded down in favour of the trader.
    function feeDown(uint256 rateBps, uint256 received) internal pure returns (uint256) {
        unchecked {
            return (rateBps * received) / BASIS_POINTS;
        }
    }
}
