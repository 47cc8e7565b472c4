// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title HookedCollateral
/// @notice For tests: collateral that calls whomever the test says on every transfer, as tokens with hooks do.
contract HookedCollateral is ERC20 {
    /// @notice What a transfer calls before it moves anything; none while zero.
    address public called;

    /// @notice The calldata of that call.
    bytes public callback;

    constructor() ERC20("Hooked USD", "KUSD") {}

    /// @notice Creates `amount` units for `to`. Open to everyone.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Makes transfers call `called_` with `callback_`.
    function setCallback(address called_, bytes calldata callback_) external {
        called = called_;
        callback = callback_;
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 value) public override returns (bool) {
        if (called != address(0)) {
            (bool success, bytes memory reason) = called.call(callback);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
        return super.transfer(to, value);
    }
}
