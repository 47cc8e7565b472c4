// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title HostileReceiver
/// @notice For tests: code whose ERC-1155 hook is a trap. Works as a contract of its own, and as the code that an EIP-7702
/// account delegates to.
contract HostileReceiver is IERC1155Receiver {
    /// @notice What the hook does.
    enum Trap {
        /// It takes the tokens.
        NONE,
        /// It refuses them, in words.
        REFUSE,
        /// It uses all the gas it is given.
        BURN,
        /// It refuses them with `size` bytes.
        BLOB,
        /// It answers yes, followed by bytes: `size` in all.
        LONG_ANSWER,
        /// It answers something else.
        WRONG_ANSWER
    }

    /// @notice What the hook does.
    Trap public trap;

    /// @notice How many bytes it does it with.
    uint256 public size;

    /// @notice Sets the trap.
    function setTrap(Trap trap_, uint256 size_) external {
        trap = trap_;
        size = size_;
    }

    /// @notice Calls `to` as this account, and fails as that call fails.
    function execute(address to, bytes calldata data) external {
        (bool success, bytes memory reason) = to.call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @notice The hook of single transfers.
    function onERC1155Received(
        address,
        address,
        uint256,
        uint256,
        bytes calldata
    ) external view override returns (bytes4) {
        Trap now_ = trap;
        uint256 bytes_ = size;
        if (now_ == Trap.REFUSE) revert("not today");
        if (now_ == Trap.WRONG_ANSWER) return 0xffffffff;
        if (now_ == Trap.BURN) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        // Not memory-safe, and not meant to be: each ends here.
        if (now_ == Trap.BLOB) {
            assembly {
                mstore(0x00, not(0))
                revert(0x00, bytes_)
            }
        }
        bytes32 yes = IERC1155Receiver.onERC1155Received.selector;
        if (now_ == Trap.LONG_ANSWER) {
            assembly {
                mstore(0x00, yes)
                return(0x00, bytes_)
            }
        }
        return bytes4(yes);
    }

    /// @notice The hook of batch transfers: takes all.
    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external pure override returns (bytes4) {
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
