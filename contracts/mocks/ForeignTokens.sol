// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @title ForeignTokens
/// @notice For tests: ERC-1155 tokens that have nothing to do with the exchange.
contract ForeignTokens is ERC1155 {
    constructor() ERC1155("") {}

    /// @notice Creates tokens for `to`. Open to everyone.
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}
