// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {FillMath} from "../libraries/FillMath.sol";
import {Legs} from "../libraries/Legs.sol";
import {OrderHash} from "../libraries/OrderHash.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {TokenCalls} from "../libraries/TokenCalls.sol";
import {Leg} from "../types/Leg.sol";
import {Order, OrderStatus} from "../types/Order.sol";
import {Outcome} from "../types/Resolution.sol";
import {StatusWord} from "../types/StatusWord.sol";

/// @title PlainTwins
/// @notice For tests: opens the libraries to calls, and beside each piece of assembly the same in plain Solidity.
contract PlainTwins {
    /// @notice The last number that a call of its own left here.
    uint256 public left;

    /// @notice Only the contract itself may call this.
    error NotSelf();

    // ------------------------------------------------------------------------------------------------ OrderHash

    /// @notice The library's struct hash, and the plain one.
    function structHashes(Order calldata order) external pure returns (bytes32 assembled, bytes32 plain) {
        assembled = OrderHash.structHash(order);
        bytes memory first = abi.encode(
            OrderHash.ORDER_TYPEHASH,
            order.salt,
            order.maker,
            order.signer,
            order.taker,
            order.tokenId,
            order.makerAmount
        );
        bytes memory second = abi.encode(
            order.takerAmount,
            order.expiration,
            order.nonce,
            order.feeRateBps,
            order.side,
            order.signatureType
        );
        plain = keccak256(bytes.concat(first, second));
    }

    /// @notice What the library's struct hash leaves behind it: later memory must be whole.
    function structHashAmongMemory(Order calldata order, bytes calldata before) external pure returns (bytes memory) {
        bytes memory copy = before;
        OrderHash.structHash(order);
        bytes memory later = new bytes(64);
        return bytes.concat(copy, later);
    }

    /// @notice Whether a leg that read the order has no bit beyond its fields' sizes, by the library and plainly.
    function cleanliness(uint256[12] calldata words) external pure returns (bool assembled, bool plain) {
        Leg memory leg;
        assembly ("memory-safe") {
            calldatacopy(add(leg, 0x20), words, 0x180)
        }
        assembled = OrderHash.isClean(leg);
        plain =
            words[1] < 2 ** 160 &&
            words[2] < 2 ** 160 &&
            words[3] < 2 ** 160 &&
            words[10] < 2 ** 8 &&
            words[11] < 2 ** 8;
    }

    // ------------------------------------------------------------------------------------------------ Legs

    /// @notice The orders read into the library's legs, and into legs made by Solidity; all members and the hashes of the
    /// first `count`, encoded. Memory is full of ones before, and something is allocated behind.
    function legs(
        Order[] calldata orders,
        uint256 count
    ) external pure returns (bytes memory assembled, bytes memory plain) {
        Leg[] memory made = new Leg[](orders.length);
        bytes32[] memory hashes = new bytes32[](count);
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 0x4000) {
                i := add(i, 0x20)
            } {
                mstore(add(free, i), not(0))
            }
        }
        Leg[] memory uncleared = Legs.uncleared(orders.length);
        bytes memory behind = new bytes(64);
        for (uint256 i = 0; i < orders.length; ++i) {
            _fill(made[i], orders[i]);
            _fill(uncleared[i], orders[i]);
            if (i < count) hashes[i] = made[i].orderHash;
        }
        bytes32[] memory listed = Legs.hashes(uncleared, count);
        bytes memory later = new bytes(64);
        assembled = abi.encode(uncleared, listed, behind, later);
        plain = abi.encode(made, hashes, new bytes(64), new bytes(64));
    }

    function _fill(Leg memory leg, Order calldata order) private pure {
        leg.orderHash = OrderHash.read(order, leg);
        leg.making = order.salt;
        leg.taking = order.nonce;
        leg.fee = order.expiration;
    }

    // ------------------------------------------------------------------------------------------------ TokenCalls

    /// @notice Moves an outcome token by the library.
    function tryTransfer(
        address token,
        address from,
        address to,
        uint256 id,
        uint256 amount,
        uint256 gasLimit
    ) external returns (bool success, bytes memory later) {
        success = TokenCalls.tryTransfer(token, from, to, id, amount, gasLimit);
        later = hex"c0ffee";
    }

    /// @notice The same plainly.
    function plainTryTransfer(
        address token,
        address from,
        address to,
        uint256 id,
        uint256 amount,
        uint256 gasLimit
    ) external returns (bool success, bytes memory later) {
        (success, ) = token.call{gas: gasLimit}(abi.encodeCall(IERC1155.safeTransferFrom, (from, to, id, amount, "")));
        later = hex"c0ffee";
    }

    // ------------------------------------------------------------------------------------------------ BoundedCalls

    /// @notice The library's answer.
    function confirms(
        address account,
        bytes32 hash,
        bytes calldata signature,
        uint256 gasLimit
    ) external view returns (bool) {
        return BoundedCalls.confirms(account, hash, signature, gasLimit);
    }

    /// @notice The plain answer.
    function plainConfirms(
        address account,
        bytes32 hash,
        bytes calldata signature,
        uint256 gasLimit
    ) external view returns (bool) {
        (bool success, bytes memory answer) = account.staticcall{gas: gasLimit}(
            abi.encodeWithSelector(IERC1271.isValidSignature.selector, hash, signature)
        );
        if (!success || answer.length < 32) return false;
        return bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @notice The library's call of this contract.
    function callSelf(
        bytes4 selector,
        bytes calldata arguments,
        uint256 gasLimit
    ) external returns (bool success, bytes memory reason, bytes memory later) {
        uint256 start;
        assembly ("memory-safe") {
            start := arguments.offset
        }
        (success, reason) = BoundedCalls.callSelf(selector, start, start + arguments.length, gasLimit);
        later = hex"c0ffee";
    }

    /// @notice The plain call of this contract.
    function plainCallSelf(
        bytes4 selector,
        bytes calldata arguments,
        uint256 gasLimit
    ) external returns (bool success, bytes memory reason, bytes memory later) {
        bytes memory answer;
        (success, answer) = address(this).call{gas: gasLimit}(bytes.concat(selector, arguments));
        later = hex"c0ffee";
        if (success) return (true, "", later);
        reason = new bytes(answer.length < 1024 ? answer.length : 1024);
        for (uint256 i = 0; i < reason.length; ++i) reason[i] = answer[i];
    }

    /// @notice Whether a call with `gasLimit` can be afforded with the gas there is.
    function canAfford(uint256 gasLimit, uint256 reserve) external view returns (bool) {
        return BoundedCalls.canAfford(gasLimit, reserve);
    }

    /// @notice How much gas a call limited to `gasLimit` really starts with, when canAfford says yes; zero when no.
    function gasOfCall(uint256 gasLimit, uint256 reserve) external view returns (uint256) {
        if (!BoundedCalls.canAfford(gasLimit, reserve)) return 0;
        return this.gasHere{gas: gasLimit}();
    }

    /// @notice The gas left here.
    function gasHere() external view returns (uint256) {
        return gasleft();
    }

    /// @notice Leaves a number, and answers with it.
    function leave(uint256 number) external returns (uint256) {
        if (msg.sender != address(this)) revert NotSelf();
        left = number;
        return number;
    }

    /// @notice Leaves a number, and then fails with these bytes.
    function failWith(bytes calldata reason) external {
        left = type(uint256).max;
        bytes memory copy = reason;
        assembly ("memory-safe") {
            revert(add(copy, 0x20), mload(copy))
        }
    }

    /// @notice Uses all the gas it is given.
    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    // ------------------------------------------------------------------------------------------------ FillMath

    /// @notice FillMath.receivedUp.
    function receivedUp(uint256 fill, uint256 makerAmount, uint256 takerAmount) external pure returns (uint256) {
        return FillMath.receivedUp(fill, makerAmount, takerAmount);
    }

    /// @notice FillMath.consumedUp.
    function consumedUp(uint256 received, uint256 makerAmount, uint256 takerAmount) external pure returns (uint256) {
        return FillMath.consumedUp(received, makerAmount, takerAmount);
    }

    /// @notice FillMath.keepsLimit.
    function keepsLimit(
        uint256 making,
        uint256 taking,
        uint256 makerAmount,
        uint256 takerAmount
    ) external pure returns (bool) {
        return FillMath.keepsLimit(making, taking, makerAmount, takerAmount);
    }

    /// @notice FillMath.feeDown.
    function feeDown(uint256 rateBps, uint256 received) external pure returns (uint256) {
        return FillMath.feeDown(rateBps, received);
    }

    // ------------------------------------------------------------------------------------------------ Payouts

    /// @notice Payouts.toOutcome.
    function toOutcome(uint256[] calldata payouts) external pure returns (Outcome) {
        return Payouts.toOutcome(payouts);
    }

    /// @notice Payouts.toVector.
    function toVector(Outcome outcome) external pure returns (uint256[] memory) {
        return Payouts.toVector(outcome);
    }

    // ------------------------------------------------------------------------------------------------ StatusWord

    /// @notice All that a status word says.
    function readWord(
        StatusWord word
    ) external pure returns (bool unseen, bool done, bool approved, uint256 remaining, OrderStatus memory status) {
        return (word.isUnseen(), word.isDone(), word.isApproved(), word.remaining(), word.unpack());
    }

    /// @notice The word after each of its changes.
    function changeWord(
        StatusWord word,
        uint256 remaining
    ) external pure returns (StatusWord approved, StatusWord filled, StatusWord cancelled) {
        return (word.approved(remaining), word.filledTo(remaining), word.cancelledWith(remaining));
    }
}
