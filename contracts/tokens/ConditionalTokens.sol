// SPDX-License-Identifier: LGPL-3.0
pragma solidity 0.5.10;

// The published contract, unchanged. Importing it here is what makes Hardhat build its artifact.
import {ConditionalTokens} from "@gnosis.pm/conditional-tokens-contracts/contracts/ConditionalTokens.sol";
