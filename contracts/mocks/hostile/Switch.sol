// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Switch
/// @notice For tests: a contract whose one bit other contracts read. A transaction in front of another one flips it.
contract Switch {
    /// @notice The bit.
    bool public isOn;

    /// @notice Sets the bit.
    function set(bool isOn_) external {
        isOn = isOn_;
    }
}
