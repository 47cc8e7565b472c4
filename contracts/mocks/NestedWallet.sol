// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignerECDSA} from "@openzeppelin/contracts/utils/cryptography/signers/SignerECDSA.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";

/// @title NestedWallet
/// @notice For tests: a wallet that confirms only what its owner signed for this very wallet (ERC-7739).
contract NestedWallet is ERC7739, SignerECDSA, ERC1155Holder {
    constructor(address owner) EIP712("Nested Wallet", "7") SignerECDSA(owner) {}

    /// @notice Calls `to` as this wallet, and fails as that call fails.
    function execute(address to, bytes calldata data) external {
        (bool success, bytes memory reason) = to.call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
