// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";

/// @title BinaryPositions
/// @notice Conditions with two outcomes: YES is outcome 0 (index set 1), NO is outcome 1 (index set 2).
library BinaryPositions {
    uint256 internal constant OUTCOMES = 2;
    uint256 internal constant YES_INDEX_SET = 1;
    uint256 internal constant NO_INDEX_SET = 2;

    /// @notice Both index sets: the partition that splits collateral into pairs and merges pairs into collateral.
    function partition() internal pure returns (uint256[] memory indexSets) {
        indexSets = new uint256[](OUTCOMES);
        indexSets[0] = YES_INDEX_SET;
        indexSets[1] = NO_INDEX_SET;
    }

    /// @notice The ERC-1155 ids of YES and NO of a condition backed by `collateral`.
    function tokenIds(
        IConditionalTokens conditionalTokens,
        address collateral,
        bytes32 conditionId
    ) internal view returns (uint256 yes, uint256 no) {
        yes = _tokenId(conditionalTokens, collateral, conditionId, YES_INDEX_SET);
        no = _tokenId(conditionalTokens, collateral, conditionId, NO_INDEX_SET);
    }

    function _tokenId(
        IConditionalTokens conditionalTokens,
        address collateral,
        bytes32 conditionId,
        uint256 indexSet
    ) private view returns (uint256) {
        return
            conditionalTokens.getPositionId(
                collateral,
                conditionalTokens.getCollectionId(bytes32(0), conditionId, indexSet)
            );
    }
}
