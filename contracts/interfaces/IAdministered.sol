// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Role} from "../types/Role.sol";

/// @title IAdministered
/// @notice One admin, handed over in two steps so that there is never none, and the roles it grants.
interface IAdministered {
    /// @notice `newAdmin` may now take over by calling `acceptAdmin`; zero withdraws the offer.
    event AdminOffered(address indexed admin, address indexed newAdmin);

    /// @notice `newAdmin` took over from `previousAdmin` (zero at deployment).
    event AdminChanged(address indexed previousAdmin, address indexed newAdmin);

    /// @notice `account` holds `role` from now on.
    event RoleGranted(Role indexed role, address indexed account);

    /// @notice `account` no longer holds `role`.
    event RoleRevoked(Role indexed role, address indexed account);

    /// @notice The caller is not the admin.
    error NotAdmin(address caller);

    /// @notice The caller was not offered the admin's place.
    error NotPendingAdmin(address caller);

    /// @notice The account already holds the role.
    error RoleAlreadyHeld(Role role, address account);

    /// @notice The account does not hold the role.
    error RoleNotHeld(Role role, address account);

    /// @notice An address was zero where an account or contract is needed.
    error ZeroAddress();

    /// @notice The account that grants roles and sets parameters.
    function admin() external view returns (address);

    /// @notice The account that may accept the admin's place; zero when none is offered.
    function pendingAdmin() external view returns (address);

    /// @notice Offers the admin's place to `newAdmin`, replacing an earlier offer; zero withdraws it. Admin only.
    function offerAdmin(address newAdmin) external;

    /// @notice Takes the admin's place. Only the account it was offered to.
    function acceptAdmin() external;

    /// @notice Gives up a role of the caller's own.
    function renounceRole(Role role) external;

    /// @notice True when `account` holds `role` in this contract.
    function hasRole(Role role, address account) external view returns (bool);
}
