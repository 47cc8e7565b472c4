// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Outcome} from "../types/Resolution.sol";

/// @title Payouts
/// @notice The three payout vectors there are, and the results they stand for.
library Payouts {
    /// @notice The result a vector stands for; NONE when it is not exactly [1,0], [0,1] or [1,1].
    function toOutcome(uint256[] calldata payouts) internal pure returns (Outcome) {
        if (payouts.length != 2 || payouts[0] > 1 || payouts[1] > 1) return Outcome.NONE;
        if (payouts[0] == 1) return payouts[1] == 1 ? Outcome.SPLIT : Outcome.YES;
        return payouts[1] == 1 ? Outcome.NO : Outcome.NONE;
    }

    /// @notice The vector of a result; [0,0] for NONE.
    function toVector(Outcome outcome) internal pure returns (uint256[] memory payouts) {
        payouts = new uint256[](2);
        if (outcome == Outcome.YES || outcome == Outcome.SPLIT) payouts[0] = 1;
        if (outcome == Outcome.NO || outcome == Outcome.SPLIT) payouts[1] = 1;
    }
}
