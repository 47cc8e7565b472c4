// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Match} from "../types/Order.sol";

/// @title IMatchInspector
/// @notice Tells, without sending anything, which orders of a match cannot settle now, and why: all of them at once, so
/// that an operator drops exactly those. For calls off chain; it changes nothing and holds nothing.
interface IMatchInspector {
    /// @notice One reason why a match cannot settle.
    struct Problem {
        /// The order to blame.
        bytes32 orderHash;
        /// The error the exchange would revert with, or one of those below.
        bytes reason;
    }

    /// @notice The account holds less than all its orders in this match would give. `assetId` zero means collateral.
    error InsufficientBalance(bytes32 orderHash, address account, uint256 assetId, uint256 have, uint256 need);

    /// @notice The account lets the exchange move less than all its orders in this match would give. For an outcome token
    /// `have` is zero: it is not approved.
    error InsufficientApproval(bytes32 orderHash, address account, uint256 assetId, uint256 have, uint256 need);

    /// @notice Every reason that can be told from the state: validity, remaining amount, counterparty, token, balance and
    /// approval of each order; then, when no maker order is at fault, declared fill and crossing of the taker, which depend
    /// on all of them. What only a transfer itself can tell (a receiver's hook, a frozen account) is not among them:
    /// simulate the match for that.
    /// @dev An account with several orders is blamed by the first one it cannot cover. It is taken to pay before it is
    /// paid: one that pays from what the same match brings it is reported although the match may settle.
    /// @return problems Empty when the match would settle, hooks and frozen accounts aside.
    function inspectMatch(Match calldata one) external view returns (Problem[] memory problems);
}
