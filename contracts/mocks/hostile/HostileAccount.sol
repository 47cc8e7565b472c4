// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Switch} from "./Switch.sol";

/// @title HostileAccount
/// @notice For tests: an account that behaves well until its trigger fires, and then acts. It is a contract wallet
/// (EIP-1271), a receiver of outcome tokens (ERC-1155), and the code that an EIP-7702 account delegates to.
contract HostileAccount is IERC1271, IERC1155Receiver {
    /// @notice Where the account acts. Elsewhere it behaves well.
    enum Place {
        SIGNATURE,
        HOOK,
        BATCH_HOOK
    }

    /// @notice What the account does.
    enum Act {
        /// It says no.
        REFUSE,
        /// It uses `amount` of gas, and then says yes.
        SPEND,
        /// It uses all gas but `amount`, and then says yes.
        BURN,
        /// It says yes, followed by zeros: `amount` bytes in all.
        RETURN_BOMB,
        /// It fails with `amount` bytes.
        REVERT_BOMB,
        /// It makes the call of `setCallback`, and then says yes.
        CALL
    }

    /// @notice When the account acts. What reads a bit reads the lowest one.
    enum Trigger {
        ALWAYS,
        /// The transaction pays for gas.
        GASPRICE,
        /// The bit of the price of gas.
        GASPRICE_BIT,
        /// The block has a base fee.
        BASEFEE,
        /// The bit of the block's beneficiary.
        COINBASE,
        /// The bit of the block's random word.
        PREVRANDAO,
        /// The bit of the block's number.
        NUMBER,
        /// The bit of the block's time.
        TIMESTAMP,
        /// `subject` sent the transaction.
        ORIGIN,
        /// Less than `gasMark` of gas is left.
        GAS,
        /// The bit of the hash of the block before.
        BLOCKHASH,
        /// The Switch at `subject` is on.
        STORAGE
    }

    /// @notice Where the account acts.
    Place public place;

    /// @notice What the account does.
    Act public act;

    /// @notice When the account acts.
    Trigger public trigger;

    /// @notice How much of it: gas or bytes.
    uint64 public amount;

    /// @notice Below how much gas the trigger GAS fires.
    uint64 public gasMark;

    /// @notice What the triggers ORIGIN and STORAGE look at.
    address public subject;

    /// @notice What the act CALL calls.
    address public callee;

    /// @notice The calldata of that call.
    bytes public callback;

    /// @notice Sets where, what and when.
    function arm(Place place_, Act act_, Trigger trigger_, uint64 amount_, uint64 gasMark_, address subject_) external {
        place = place_;
        act = act_;
        trigger = trigger_;
        amount = amount_;
        gasMark = gasMark_;
        subject = subject_;
    }

    /// @notice Sets the call that the act CALL makes.
    function setCallback(address callee_, bytes calldata callback_) external {
        callee = callee_;
        callback = callback_;
    }

    /// @notice Calls `to` as this account, and fails as that call fails.
    function execute(address to, bytes calldata data) external {
        (bool success, bytes memory reason) = to.call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @notice Uses up all the gas it is given.
    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        bytes4 yes = IERC1271.isValidSignature.selector;
        // A static call: the act CALL is not possible here.
        return place == Place.SIGNATURE && _isTriggered() ? _answer(yes) : yes;
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external override returns (bytes4) {
        bytes4 yes = IERC1155Receiver.onERC1155Received.selector;
        return place == Place.HOOK && _isTriggered() ? _react(yes) : yes;
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external override returns (bytes4) {
        bytes4 yes = IERC1155Receiver.onERC1155BatchReceived.selector;
        return place == Place.BATCH_HOOK && _isTriggered() ? _react(yes) : yes;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _isTriggered() private view returns (bool) {
        Trigger when = trigger;
        if (when == Trigger.GASPRICE) return tx.gasprice != 0;
        if (when == Trigger.GASPRICE_BIT) return tx.gasprice & 1 == 1;
        if (when == Trigger.BASEFEE) return block.basefee != 0;
        if (when == Trigger.COINBASE) return uint160(address(block.coinbase)) & 1 == 1;
        if (when == Trigger.PREVRANDAO) return block.prevrandao & 1 == 1;
        if (when == Trigger.NUMBER) return block.number & 1 == 1;
        if (when == Trigger.TIMESTAMP) return block.timestamp & 1 == 1;
        // solhint-disable-next-line avoid-tx-origin
        if (when == Trigger.ORIGIN) return tx.origin == subject;
        if (when == Trigger.GAS) return gasleft() < gasMark;
        if (when == Trigger.BLOCKHASH) return uint256(blockhash(block.number - 1)) & 1 == 1;
        if (when == Trigger.STORAGE) return Switch(subject).isOn();
        return true;
    }

    function _react(bytes4 yes) private returns (bytes4) {
        if (act != Act.CALL) return _answer(yes);
        (bool success, ) = callee.call(callback);
        return success ? yes : bytes4(0);
    }

    function _answer(bytes4 yes) private view returns (bytes4) {
        Act what = act;
        uint256 size = amount;
        if (what == Act.REFUSE) return 0;
        if (what == Act.SPEND) _spend(gasleft() > size ? gasleft() - size : 5_000);
        if (what == Act.BURN) _spend(size);
        // Not memory-safe, and not meant to be: each ends here.
        if (what == Act.RETURN_BOMB) {
            assembly {
                mstore(0x00, yes)
                return(0x00, size)
            }
        }
        if (what == Act.REVERT_BOMB) {
            assembly {
                mstore(0x00, not(0))
                revert(0x00, size)
            }
        }
        return yes;
    }

    /// @dev Uses gas until no more than `left` is left, at once where there is much of it.
    function _spend(uint256 left) private view {
        if (gasleft() > left + 20_000) {
            try this.burn{gas: gasleft() - left - 10_000}() {} catch {}
        }
        while (gasleft() > left) {}
    }
}
