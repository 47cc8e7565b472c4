// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdministered} from "../interfaces/IAdministered.sol";
import {Role} from "../types/Role.sol";

/// @title Administered
/// @notice See IAdministered. The deployer is the first admin.
abstract contract Administered is IAdministered {
    /// @inheritdoc IAdministered
    address public override admin;

    /// @inheritdoc IAdministered
    address public override pendingAdmin;

    /// @dev One bit per role, at the role's position in the enum.
    mapping(address account => uint256 bits) private _roles;

    constructor() {
        admin = msg.sender;
        emit AdminChanged(address(0), msg.sender);
    }

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    /// @inheritdoc IAdministered
    function offerAdmin(address newAdmin) external override onlyAdmin {
        pendingAdmin = newAdmin;
        emit AdminOffered(msg.sender, newAdmin);
    }

    /// @inheritdoc IAdministered
    function acceptAdmin() external override {
        if (msg.sender != pendingAdmin) revert NotPendingAdmin(msg.sender);
        emit AdminChanged(admin, msg.sender);
        admin = msg.sender;
        pendingAdmin = address(0);
    }

    /// @inheritdoc IAdministered
    function renounceRole(Role role) external override {
        _revokeRole(role, msg.sender);
    }

    /// @inheritdoc IAdministered
    function hasRole(Role role, address account) public view override returns (bool) {
        return _roles[account] & _bitOf(role) != 0;
    }

    function _grantRole(Role role, address account) internal {
        if (account == address(0)) revert ZeroAddress();
        if (hasRole(role, account)) revert RoleAlreadyHeld(role, account);
        _roles[account] |= _bitOf(role);
        emit RoleGranted(role, account);
    }

    function _revokeRole(Role role, address account) internal {
        if (!hasRole(role, account)) revert RoleNotHeld(role, account);
        _roles[account] &= ~_bitOf(role);
        emit RoleRevoked(role, account);
    }

    function _bitOf(Role role) private pure returns (uint256) {
        return 1 << uint8(role);
    }
}
