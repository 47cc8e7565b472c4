// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {IMatchInspector} from "../interfaces/IMatchInspector.sol";
import {FillMath} from "../libraries/FillMath.sol";
import {Match, Order, OrderStatus, Side} from "../types/Order.sol";

/// @title MatchInspector
/// @notice See IMatchInspector.
contract MatchInspector is IMatchInspector {
    /// @dev The look at one match: what was found, and what each account has to give so far.
    struct Inspection {
        Problem[] problems;
        uint256 found;
        Order takerOrder;
        bytes32 takerHash;
        uint256 complement;
        /// True when every maker order so far is sound, so that the taker's totals are those of the match.
        bool complete;
        /// The taker's totals.
        uint256 making;
        uint256 taking;
        /// What the maker orders so far give, one entry each.
        Need[] needs;
    }

    struct Need {
        bytes32 orderHash;
        address account;
        uint256 assetId;
        uint256 amount;
    }

    uint256 private constant COLLATERAL = 0;

    /// @dev An order that is valid can have three more faults: its amount, its counterparty or token, its funds.
    uint256 private constant MAX_PROBLEMS_PER_ORDER = 4;

    ICTFExchange public immutable exchange;

    constructor(ICTFExchange exchange_) {
        exchange = exchange_;
    }

    /// @inheritdoc IMatchInspector
    function inspectMatch(Match calldata one) external view override returns (Problem[] memory) {
        uint256 makers = one.makerOrders.length;
        if (makers == 0) revert ICTFExchange.NoMakerOrders();
        if (makers != one.makerFillAmounts.length) {
            revert ICTFExchange.LengthMismatch(makers, one.makerFillAmounts.length);
        }

        Inspection memory it;
        it.problems = new Problem[]((makers + 1) * MAX_PROBLEMS_PER_ORDER);
        it.needs = new Need[](makers + 1);
        it.takerOrder = one.takerOrder;
        it.takerHash = exchange.hashOrder(one.takerOrder);
        it.complement = exchange.getComplement(one.takerOrder.tokenId);
        it.complete = true;
        bool takerIsSound = _isValid(it, it.takerHash, one.takerOrder);
        for (uint256 i = 0; i < makers; ++i) {
            _inspectMaker(it, i, one.makerOrders[i], one.makerFillAmounts[i]);
        }
        if (takerIsSound) _inspectTaker(it, one.takerFillAmount);
        return _trimmed(it);
    }

    function _inspectMaker(Inspection memory it, uint256 i, Order memory order, uint256 making) private view {
        bytes32 orderHash = exchange.hashOrder(order);
        bool sound =
            _isValid(it, orderHash, order) && _hasLeft(it, orderHash, order, making) && _meets(it, orderHash, order);
        if (!sound) {
            it.complete = false;
            return;
        }

        uint256 taking = FillMath.receivedUp(making, order.makerAmount, order.takerAmount);
        _count(it, order, making, taking);
        _needs(it, i, orderHash, order, making);
    }

    function _inspectTaker(Inspection memory it, uint256 takerFillAmount) private view {
        Order memory order = it.takerOrder;
        if (!_hasLeft(it, it.takerHash, order, takerFillAmount)) return;
        if (it.complete) _limits(it, takerFillAmount);
        _needs(it, it.needs.length - 1, it.takerHash, order, it.making);
    }

    // ------------------------------------------------------------------------------------------------ rules

    /// @dev The taker's declared fill and its limit, over the whole match.
    function _limits(Inspection memory it, uint256 takerFillAmount) private pure {
        Order memory order = it.takerOrder;
        if (it.making > takerFillAmount) {
            _report(
                it,
                it.takerHash,
                abi.encodeWithSelector(
                    ICTFExchange.TakerFillExceeded.selector,
                    it.takerHash,
                    it.making,
                    takerFillAmount
                )
            );
        }
        if (!FillMath.keepsLimit(it.making, it.taking, order.makerAmount, order.takerAmount)) {
            _report(
                it,
                it.takerHash,
                abi.encodeWithSelector(ICTFExchange.NotCrossing.selector, it.takerHash, it.making, it.taking)
            );
        }
    }

    function _isValid(Inspection memory it, bytes32 orderHash, Order memory order) private view returns (bool) {
        try exchange.validateOrder(order) {
            return true;
        } catch (bytes memory reason) {
            _report(it, orderHash, reason);
            return false;
        }
    }

    function _hasLeft(
        Inspection memory it,
        bytes32 orderHash,
        Order memory order,
        uint256 making
    ) private view returns (bool) {
        OrderStatus memory status = exchange.getOrderStatus(orderHash);
        uint256 left = status.remaining == 0 ? order.makerAmount : status.remaining;
        for (uint256 k = 0; k < it.needs.length; ++k) {
            // The same order may be listed twice: each fill finds what those before it left.
            if (it.needs[k].orderHash == orderHash) left -= it.needs[k].amount;
        }
        if (left == 0) {
            _report(it, orderHash, abi.encodeWithSelector(ICTFExchange.OrderFilledOrCancelled.selector, orderHash));
            return false;
        }
        if (making == 0) {
            _report(it, orderHash, abi.encodeWithSelector(ICTFExchange.ZeroFill.selector, orderHash));
            return false;
        }
        if (making > left) {
            _report(
                it,
                orderHash,
                abi.encodeWithSelector(ICTFExchange.MakingGtRemaining.selector, orderHash, making, left)
            );
            return false;
        }
        return true;
    }

    /// @dev Counterparty and token, as the exchange looks at them.
    function _meets(Inspection memory it, bytes32 orderHash, Order memory order) private pure returns (bool) {
        Order memory taker = it.takerOrder;
        bytes32 guilty = orderHash;
        bytes memory reason;
        if (order.taker != address(0) && order.taker != taker.maker) {
            reason = abi.encodeWithSelector(ICTFExchange.NotTaker.selector, orderHash, order.taker, taker.maker);
        } else if (taker.taker != address(0) && taker.taker != order.maker) {
            guilty = it.takerHash;
            reason = abi.encodeWithSelector(ICTFExchange.NotTaker.selector, it.takerHash, taker.taker, order.maker);
        } else if (order.side != taker.side) {
            if (order.tokenId == taker.tokenId) return true;
            reason = abi.encodeWithSelector(
                ICTFExchange.MismatchedTokenIds.selector,
                orderHash,
                order.tokenId,
                taker.tokenId
            );
        } else {
            if (order.tokenId == it.complement) return true;
            reason = abi.encodeWithSelector(
                ICTFExchange.InvalidComplement.selector,
                orderHash,
                order.tokenId,
                it.complement
            );
        }
        _report(it, guilty, reason);
        return false;
    }

    /// @dev What the fill implies for the taker. Sums cannot overflow: see FillMath.
    function _count(Inspection memory it, Order memory order, uint256 making, uint256 taking) private pure {
        if (order.side != it.takerOrder.side) {
            it.making += taking;
            it.taking += making;
        } else if (order.side == uint8(Side.BUY)) {
            it.making += taking - making;
            it.taking += taking;
        } else {
            it.making += making;
            it.taking += making - taking;
        }
    }

    // ------------------------------------------------------------------------------------------------ funds

    /// @dev The account must cover this and all it gives by the orders before.
    function _needs(
        Inspection memory it,
        uint256 i,
        bytes32 orderHash,
        Order memory order,
        uint256 amount
    ) private view {
        uint256 assetId = order.side == uint8(Side.BUY) ? COLLATERAL : order.tokenId;
        uint256 need = amount;
        for (uint256 k = 0; k < it.needs.length; ++k) {
            Need memory other = it.needs[k];
            if (other.account == order.maker && other.assetId == assetId) need += other.amount;
        }
        it.needs[i] = Need({orderHash: orderHash, account: order.maker, assetId: assetId, amount: amount});

        (uint256 balance, uint256 allowed) = _fundsOf(order.maker, assetId, need);
        if (balance < need) {
            _report(
                it,
                orderHash,
                abi.encodeWithSelector(InsufficientBalance.selector, orderHash, order.maker, assetId, balance, need)
            );
        }
        if (allowed < need) {
            _report(
                it,
                orderHash,
                abi.encodeWithSelector(InsufficientApproval.selector, orderHash, order.maker, assetId, allowed, need)
            );
        }
    }

    function _fundsOf(
        address account,
        uint256 assetId,
        uint256 need
    ) private view returns (uint256 balance, uint256 allowed) {
        if (assetId == COLLATERAL) {
            IERC20 collateral = IERC20(exchange.collateral());
            return (collateral.balanceOf(account), collateral.allowance(account, address(exchange)));
        }
        IERC1155 tokens = IERC1155(exchange.conditionalTokens());
        balance = tokens.balanceOf(account, assetId);
        allowed = tokens.isApprovedForAll(account, address(exchange)) ? need : 0;
    }

    // ------------------------------------------------------------------------------------------------ reporting

    function _report(Inspection memory it, bytes32 orderHash, bytes memory reason) private pure {
        it.problems[it.found] = Problem({orderHash: orderHash, reason: reason});
        it.found += 1;
    }

    function _trimmed(Inspection memory it) private pure returns (Problem[] memory problems) {
        problems = new Problem[](it.found);
        for (uint256 i = 0; i < it.found; ++i) {
            problems[i] = it.problems[i];
        }
    }
}
