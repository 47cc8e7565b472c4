// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ManyReads
/// @notice For tests: asks many views in one call, all of them in the same state.
contract ManyReads {
    /// @notice One view to ask: its contract and its calldata.
    struct Read {
        address target;
        bytes data;
    }

    /// @notice The view at this place of the list failed.
    error ReadFailed(uint256 index);

    /// @notice Asks every view; the answers come in the order asked.
    function readAll(Read[] calldata reads) external view returns (bytes[] memory answers) {
        answers = new bytes[](reads.length);
        for (uint256 i = 0; i < reads.length; ++i) {
            (bool success, bytes memory answer) = reads[i].target.staticcall(reads[i].data);
            if (!success) revert ReadFailed(i);
            answers[i] = answer;
        }
    }
}
