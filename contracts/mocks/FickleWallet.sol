// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A contract wallet that behaves otherwise in a transaction than when it is asked without paying for gas.
contract FickleWallet is IERC1271 {
    /// @notice Whether it confirms a signature only while nobody pays for gas.
    bool public confirmsOnlyUnpaid;
    /// @notice Gas that a signature check leaves of what it is given; zero: it uses next to nothing.
    uint256 public keptOfSignature;
    /// @notice Gas that the receiver's hook uses up while somebody pays for gas.
    uint256 public hookGas;

    function set(bool confirmsOnlyUnpaid_, uint256 keptOfSignature_, uint256 hookGas_) external {
        confirmsOnlyUnpaid = confirmsOnlyUnpaid_;
        keptOfSignature = keptOfSignature_;
        hookGas = hookGas_;
    }

    function execute(address to, bytes calldata data) external {
        (bool ok, ) = to.call(data);
        require(ok, "call failed");
    }

    /// @notice Uses up all the gas that it is given.
    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        if (confirmsOnlyUnpaid && tx.gasprice != 0) return bytes4(0);
        if (keptOfSignature != 0 && gasleft() > keptOfSignature) {
            // solhint-disable-next-line no-empty-blocks
            try this.burn{gas: gasleft() - keptOfSignature}() {} catch {}
        }
        return IERC1271.isValidSignature.selector;
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external view returns (bytes4) {
        if (tx.gasprice != 0 && gasleft() > hookGas) {
            uint256 end = gasleft() - hookGas;
            while (gasleft() > end) {}
        }
        return this.onERC1155Received.selector;
    }

    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external pure returns (bytes4) {
        return this.onERC1155BatchReceived.selector;
    }

    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }
}
