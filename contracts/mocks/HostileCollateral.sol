// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title HostileCollateral
/// @notice For tests: collateral that misbehaves in the ways known from real tokens. Plain until told otherwise.
contract HostileCollateral is ERC20 {
    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice The token's issuer has frozen the account.
    error Blocklisted(address account);

    /// @notice Accounts that can neither send nor receive.
    mapping(address account => bool) public blocklisted;

    /// @notice True while transfers move nothing and return false.
    bool public silent;

    /// @notice Kept from every transfer, in basis points.
    uint256 public transferFeeBps;

    constructor() ERC20("Hostile USD", "HUSD") {}

    /// @notice Six, as in USDC.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Creates `amount` units for `to`. Open to everyone.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Freezes an account, or frees it.
    function setBlocklisted(address account, bool blocklisted_) external {
        blocklisted[account] = blocklisted_;
    }

    /// @notice Makes transfers move nothing and return false, or work again.
    function setSilent(bool silent_) external {
        silent = silent_;
    }

    /// @notice Makes every transfer lose this part on the way.
    function setTransferFeeBps(uint256 transferFeeBps_) external {
        transferFeeBps = transferFeeBps_;
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 value) public override returns (bool) {
        return !silent && super.transfer(to, value);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !silent && super.transferFrom(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blocklisted[from]) revert Blocklisted(from);
        if (blocklisted[to]) revert Blocklisted(to);
        uint256 lost = from == address(0) ? 0 : (value * transferFeeBps) / BASIS_POINTS;
        super._update(from, to, value);
        if (lost != 0) super._update(to, address(0), lost);
    }
}
