// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title BlockMirror
/// @notice For tests: what code sees of its transaction and block.
contract BlockMirror {
    /// @notice What code saw in the last transaction.
    bytes public seen;

    /// @notice Keeps what code sees now.
    function keep() external {
        seen = look();
    }

    /// @notice Fails with what code sees now, so that an estimate of gas shows it too.
    function fail() external view {
        bytes memory now_ = look();
        assembly ("memory-safe") {
            revert(add(now_, 0x20), mload(now_))
        }
    }

    /// @notice What code sees now: price, base fee, beneficiary, random word, number, time, sender, gas, hash before.
    function look() public view returns (bytes memory) {
        return
            abi.encode(
                tx.gasprice,
                block.basefee,
                block.coinbase,
                block.prevrandao,
                block.number,
                block.timestamp,
                // solhint-disable-next-line avoid-tx-origin
                tx.origin,
                gasleft(),
                blockhash(block.number - 1)
            );
    }
}
