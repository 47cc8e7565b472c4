// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {Administered} from "../access/Administered.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {BinaryPositions} from "../libraries/BinaryPositions.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {FillMath} from "../libraries/FillMath.sol";
import {OrderHash} from "../libraries/OrderHash.sol";
import {Match, Order, OrderStatus, Side} from "../types/Order.sol";
import {Role} from "../types/Role.sol";
import {StatusWord} from "../types/StatusWord.sol";
import {Assets} from "./Assets.sol";
import {Signatures} from "./Signatures.sol";

/// @title CTFExchange
/// @notice See ICTFExchange. A match runs in two passes: the first checks every order, counts what it gives and receives
/// and writes its status; the second moves the assets. Whatever fails, everything is undone.
contract CTFExchange is Administered, Assets, Signatures, EIP712, ReentrancyGuardTransient {
    /// @dev The other id of a registered pair and their condition; zero when not registered.
    struct Registration {
        uint256 complement;
        bytes32 conditionId;
    }

    /// @dev One maker order in a match, as the second pass needs it.
    struct Leg {
        bytes32 orderHash;
        address maker;
        /// True when complementary: the other side, the same token. Else the order mints or merges.
        bool direct;
        uint256 making;
        /// What the maker is due, and the fee kept from it.
        uint256 taking;
        uint256 fee;
    }

    /// @dev One match while it settles: what its orders add up to. Asset ids: an outcome token, or zero for collateral.
    struct Tally {
        bytes32 domain;
        bytes32 takerHash;
        address taker;
        /// The only account the taker order lets on the other side; zero for anyone.
        address wantedMaker;
        /// True when the taker buys: it gives collateral and receives `tokenId`. Else the reverse.
        bool buying;
        StatusWord takerStatus;
        uint256 tokenId;
        /// The other outcome of the taker's token.
        uint256 complement;
        /// The taker's totals: D and G.
        uint256 making;
        uint256 taking;
        /// Pairs minted or merged, and the part of `making` and `taking` that goes through them.
        uint256 pairs;
        uint256 pairMaking;
        uint256 pairTaking;
        /// Fees of complementary makers, in the asset the taker gives: it gives that much less to the makers.
        uint256 directFees;
        /// Fees of mint and merge makers: in the complement (mint) or in collateral (merge).
        uint256 pairFees;
        /// The part of the taker's fee still to be kept from complementary makers' payments.
        uint256 takerFeeDue;
        bytes32[] makerHashes;
        Leg[] legs;
    }

    /// @dev What must be left after a match of a batch, to report its failure.
    uint256 private constant BATCH_RESERVE_GAS = 60_000;

    /// @dev Asset id of the collateral.
    uint256 private constant COLLATERAL = 0;

    /// @inheritdoc ICTFExchange
    uint256 public constant override MAX_FEE_RATE_BPS = 1000;

    /// @inheritdoc ICTFExchange
    uint256 public constant override MAX_AMOUNT = FillMath.MAX_AMOUNT;

    /// @inheritdoc ICTFExchange
    address public override feeReceiver;

    /// @inheritdoc ICTFExchange
    /// @dev Shares the slot of `feeReceiver`, so that a match reads both at once.
    bool public override paused;

    /// @inheritdoc ICTFExchange
    mapping(address maker => uint256) public override nonces;

    mapping(bytes32 orderHash => StatusWord) private _statuses;
    mapping(uint256 tokenId => Registration) private _registrations;

    /// @param collateral_ A plain ERC-20; see the assumptions in ICTFExchange.
    /// @param conditionalTokens_ The published Gnosis ConditionalTokens.
    constructor(
        address collateral_,
        address conditionalTokens_
    ) Assets(collateral_, conditionalTokens_) EIP712("Nostra CTF Exchange", "1") {
        _setFeeReceiver(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ administration

    /// @inheritdoc ICTFExchange
    function addOperator(address operator) external override onlyAdmin {
        _grantRole(Role.OPERATOR, operator);
    }

    /// @inheritdoc ICTFExchange
    function removeOperator(address operator) external override onlyAdmin {
        _revokeRole(Role.OPERATOR, operator);
    }

    /// @inheritdoc ICTFExchange
    function addRegistrar(address registrar) external override onlyAdmin {
        _grantRole(Role.REGISTRAR, registrar);
    }

    /// @inheritdoc ICTFExchange
    function removeRegistrar(address registrar) external override onlyAdmin {
        _revokeRole(Role.REGISTRAR, registrar);
    }

    /// @inheritdoc ICTFExchange
    function addPauser(address pauser) external override onlyAdmin {
        _grantRole(Role.PAUSER, pauser);
    }

    /// @inheritdoc ICTFExchange
    function removePauser(address pauser) external override onlyAdmin {
        _revokeRole(Role.PAUSER, pauser);
    }

    /// @inheritdoc ICTFExchange
    function setFeeReceiver(address newFeeReceiver) external override onlyAdmin {
        _setFeeReceiver(newFeeReceiver);
    }

    function _setFeeReceiver(address newFeeReceiver) private {
        if (newFeeReceiver == address(0)) revert ZeroAddress();
        bool takesTokens =
            newFeeReceiver.code.length == 0 ||
                ERC165Checker.supportsInterface(newFeeReceiver, type(IERC1155Receiver).interfaceId);
        if (!takesTokens) revert FeeReceiverRefusesTokens(newFeeReceiver);

        feeReceiver = newFeeReceiver;
        emit FeeReceiverSet(newFeeReceiver);
    }

    /// @inheritdoc ICTFExchange
    function pause() external override {
        if (msg.sender != admin && !hasRole(Role.PAUSER, msg.sender)) revert NotPauser(msg.sender);
        if (paused) revert Paused();

        paused = true;
        emit TradingPaused(msg.sender);
    }

    /// @inheritdoc ICTFExchange
    function unpause() external override onlyAdmin {
        if (!paused) revert NotPaused();

        paused = false;
        emit TradingUnpaused(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ registration

    /// @inheritdoc ICTFExchange
    function registerToken(uint256 token0, uint256 token1, bytes32 conditionId) external override onlyAdmin {
        _register(token0, token1, conditionId);
    }

    /// @inheritdoc ICTFExchange
    function registerCondition(bytes32 conditionId) external override returns (uint256 token0, uint256 token1) {
        if (msg.sender != admin && !hasRole(Role.REGISTRAR, msg.sender)) revert NotRegistrar(msg.sender);
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        uint256 outcomes = tokens.getOutcomeSlotCount(conditionId);
        if (outcomes != BinaryPositions.OUTCOMES) revert ConditionNotBinary(conditionId, outcomes);

        (token0, token1) = BinaryPositions.tokenIds(tokens, collateral, conditionId);
        bool known = _registrations[token0].complement == token1 && _registrations[token0].conditionId == conditionId;
        if (!known) _register(token0, token1, conditionId);
    }

    function _register(uint256 token0, uint256 token1, bytes32 conditionId) private {
        if (token0 == 0 || token1 == 0 || token0 == token1 || conditionId == 0) {
            revert InvalidTokenPair(token0, token1, conditionId);
        }
        if (_registrations[token0].complement != 0) revert AlreadyRegistered(token0);
        if (_registrations[token1].complement != 0) revert AlreadyRegistered(token1);

        _registrations[token0] = Registration({complement: token1, conditionId: conditionId});
        _registrations[token1] = Registration({complement: token0, conditionId: conditionId});
        emit TokenRegistered(token0, token1, conditionId);
    }

    // ------------------------------------------------------------------------------------------------ order checks

    /// @inheritdoc ICTFExchange
    function hashOrder(Order calldata order) public view override returns (bytes32) {
        return _hash(_domainSeparatorV4(), order);
    }

    /// @inheritdoc ICTFExchange
    function validateOrder(Order calldata order) external view override {
        bytes32 orderHash = hashOrder(order);
        _requireFillable(orderHash, order, order.maker, order.side);
        if (_registrations[order.tokenId].complement == 0) revert TokenNotRegistered(orderHash, order.tokenId);
    }

    /// @inheritdoc ICTFExchange
    function validateOrderSignature(bytes32 orderHash, Order calldata order) external view override {
        if (!_statuses[orderHash].isApproved()) _requireSigned(orderHash, order, order.maker);
    }

    function _hash(bytes32 domain, Order calldata order) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, OrderHash.structHash(order));
    }

    /// @dev All that can be said of an order without its counterparty. Returns its status.
    function _requireFillable(
        bytes32 orderHash,
        Order calldata order,
        address maker,
        uint8 side
    ) private view returns (StatusWord status) {
        uint256 makerAmount = order.makerAmount;
        uint256 takerAmount = order.takerAmount;
        if (makerAmount == 0 || takerAmount == 0 || makerAmount > MAX_AMOUNT || takerAmount > MAX_AMOUNT) {
            revert InvalidAmount(orderHash, makerAmount, takerAmount);
        }
        if (side > uint8(Side.SELL)) revert InvalidSide(orderHash, side);
        if (side == uint8(Side.BUY) ? makerAmount > takerAmount : takerAmount > makerAmount) {
            revert InvalidPrice(orderHash, makerAmount, takerAmount);
        }
        if (order.expiration != 0 && block.timestamp >= order.expiration) {
            revert OrderExpired(orderHash, order.expiration);
        }
        if (order.feeRateBps > MAX_FEE_RATE_BPS) {
            revert FeeTooHigh(orderHash, order.feeRateBps, MAX_FEE_RATE_BPS);
        }
        uint256 nonce = nonces[maker];
        if (order.nonce != nonce) revert InvalidNonce(orderHash, order.nonce, nonce);
        status = _statuses[orderHash];
        if (status.isDone()) revert OrderFilledOrCancelled(orderHash);
        if (!status.isApproved()) _requireSigned(orderHash, order, maker);
    }

    function _isBuy(Order calldata order) private pure returns (bool) {
        return order.side == uint8(Side.BUY);
    }

    // ------------------------------------------------------------------------------------------------ matching

    /// @inheritdoc ICTFExchange
    function matchOrders(
        Order calldata takerOrder,
        Order[] calldata makerOrders,
        uint256 takerFillAmount,
        uint256[] calldata makerFillAmounts
    ) external override nonReentrant {
        // The exchange calls itself for one reason only: to settle a match of a batch, for an operator.
        if (msg.sender != address(this)) _requireOperating();
        if (makerOrders.length == 0) revert NoMakerOrders();
        if (makerOrders.length != makerFillAmounts.length) {
            revert LengthMismatch(makerOrders.length, makerFillAmounts.length);
        }

        Tally memory m = _openMatch(takerOrder, makerOrders.length);
        for (uint256 i = 0; i < makerOrders.length; ++i) {
            Leg memory leg = _fillMaker(m, makerOrders[i], makerFillAmounts[i]);
            m.legs[i] = leg;
            m.makerHashes[i] = leg.orderHash;
        }
        uint256 takerFee = _fillTaker(m, takerOrder, takerFillAmount);
        emit OrdersMatched(m.takerHash, m.makerHashes, m.making, makerFillAmounts);

        _settle(m, takerFee);
    }

    /// @inheritdoc ICTFExchange
    function matchOrdersBatch(Match[] calldata matches) external override nonReentrantView {
        _requireOperating();
        for (uint256 i = 0; i < matches.length; ++i) {
            Match calldata one = matches[i];
            (bool settled, bytes memory reason) = _settleAlone(matches, i);
            if (!settled) emit MatchFailed(hashOrder(one.takerOrder), i, reason);
        }
    }

    /// @dev A match as a call of its own: what it changes stays or goes as one, and it has its own gas.
    function _settleAlone(Match[] calldata matches, uint256 i) private returns (bool settled, bytes memory reason) {
        uint256 gasLimit = matches[i].gasLimit;
        if (gasLimit > block.gaslimit || !BoundedCalls.canAfford(gasLimit, BATCH_RESERVE_GAS)) {
            return (false, abi.encodeWithSelector(InsufficientGas.selector, gasLimit));
        }
        uint256 start = _startOf(matches[i]);
        uint256 end = i + 1 < matches.length ? _startOf(matches[i + 1]) : msg.data.length;
        // A match's calldata ends where the next begins. Members out of sequence have all of the rest: a match reads
        // what its own offsets say. Should its parts lie behind the next member, it is cut short and fails, alone.
        if (end <= start) end = msg.data.length;
        return BoundedCalls.callSelf(this.matchOrders.selector, start, end, gasLimit);
    }

    /// @dev Where the calldata of a match begins.
    function _startOf(Match calldata one) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := one
        }
    }

    function _requireOperating() private view {
        if (!hasRole(Role.OPERATOR, msg.sender)) revert NotOperator(msg.sender);
        if (paused) revert Paused();
    }

    /// @dev First pass, opening: checks the taker order and looks its token up, once for the whole match.
    function _openMatch(Order calldata order, uint256 makers) private view returns (Tally memory m) {
        m.domain = _domainSeparatorV4();
        m.takerHash = _hash(m.domain, order);
        m.taker = order.maker;
        m.takerStatus = _requireFillable(m.takerHash, order, m.taker, order.side);
        m.wantedMaker = order.taker;
        m.buying = _isBuy(order);
        m.tokenId = order.tokenId;
        m.complement = _registrations[order.tokenId].complement;
        if (m.complement == 0) revert TokenNotRegistered(m.takerHash, order.tokenId);
        m.makerHashes = new bytes32[](makers);
        m.legs = new Leg[](makers);
    }

    /// @dev First pass, one maker order: checks it, counts it into the match, writes its status.
    function _fillMaker(Tally memory m, Order calldata order, uint256 making) private returns (Leg memory leg) {
        bytes32 orderHash = _hash(m.domain, order);
        address maker = order.maker;
        uint8 side = order.side;
        StatusWord status = _requireFillable(orderHash, order, maker, side);
        if (order.taker != address(0) && order.taker != m.taker) revert NotTaker(orderHash, order.taker, m.taker);
        if (m.wantedMaker != address(0) && m.wantedMaker != maker) revert NotTaker(m.takerHash, m.wantedMaker, maker);

        uint256 left = _leftOf(status, order);
        if (making == 0) revert ZeroFill(orderHash);
        if (making > left) revert MakingGtRemaining(orderHash, making, left);

        uint256 tokenId = order.tokenId;
        bool direct = (side == uint8(Side.BUY)) != m.buying;
        uint256 taking = FillMath.receivedUp(making, order.makerAmount, order.takerAmount);
        if (direct) {
            if (tokenId != m.tokenId) revert MismatchedTokenIds(orderHash, tokenId, m.tokenId);
        } else {
            if (tokenId != m.complement) revert InvalidComplement(orderHash, tokenId, m.complement);
        }
        leg.orderHash = orderHash;
        leg.maker = maker;
        leg.direct = direct;
        leg.making = making;
        leg.taking = taking;
        _count(m, leg, order.feeRateBps);

        unchecked {
            left -= making;
        }
        _statuses[orderHash] = status.filledTo(left);
        emit OrderFilled(orderHash, maker, tokenId, side, making, taking, left);
    }

    /// @dev Adds what a maker's fill implies for the taker. Sums cannot overflow: see FillMath.
    function _count(Tally memory m, Leg memory leg, uint256 feeRateBps) private pure {
        (uint256 making, uint256 taking) = (leg.making, leg.taking);
        unchecked {
            if (feeRateBps != 0) {
                leg.fee = FillMath.feeDown(feeRateBps, taking);
                if (leg.direct) m.directFees += leg.fee;
                else m.pairFees += leg.fee;
            }
            if (leg.direct) {
                // Each gives what the other receives.
                m.making += taking;
                m.taking += making;
            } else if (m.buying) {
                // Mint: `taking` pairs, of which the maker pays `making` and the taker the rest. A price is at most 1.
                m.pairs += taking;
                m.pairMaking += taking - making;
                m.pairTaking += taking;
            } else {
                // Merge: `making` pairs, of whose collateral the maker gets `taking` and the taker the rest.
                m.pairs += making;
                m.pairMaking += making;
                m.pairTaking += making - taking;
            }
        }
    }

    /// @dev First pass, closing: holds the taker to its limit and to the declared fill, writes its status.
    function _fillTaker(
        Tally memory m,
        Order calldata order,
        uint256 takerFillAmount
    ) private returns (uint256 takerFee) {
        bytes32 orderHash = m.takerHash;
        uint256 making;
        uint256 taking;
        unchecked {
            making = m.making += m.pairMaking;
            taking = m.taking += m.pairTaking;
        }
        uint256 left = _leftOf(m.takerStatus, order);
        if (takerFillAmount == 0) revert ZeroFill(orderHash);
        if (takerFillAmount > left) revert MakingGtRemaining(orderHash, takerFillAmount, left);
        if (making > takerFillAmount) revert TakerFillExceeded(orderHash, making, takerFillAmount);
        if (!FillMath.keepsLimit(making, taking, order.makerAmount, order.takerAmount)) {
            revert NotCrossing(orderHash, making, taking);
        }

        uint256 consumed = FillMath.consumedUp(taking, order.makerAmount, order.takerAmount);
        if (consumed > takerFillAmount) consumed = takerFillAmount;
        unchecked {
            left -= consumed;
        }
        _statuses[orderHash] = m.takerStatus.filledTo(left);
        emit OrderFilled(orderHash, m.taker, m.tokenId, order.side, making, taking, left);
        return FillMath.feeDown(order.feeRateBps, taking);
    }

    /// @dev What is left of an order that is not over.
    function _leftOf(StatusWord status, Order calldata order) private pure returns (uint256) {
        return status.isUnseen() ? order.makerAmount : status.remaining();
    }

    // ------------------------------------------------------------------------------------------------ settling

    /// @dev Second pass. Complementary makers swap with the taker directly. Mint and merge makers first bring their part
    /// here, the taker brings the rest, one split or merge turns it over, and everybody is paid from it.
    ///
    /// The taker's fee is kept from what comes out of the split or merge, and only what exceeds that from the payments of
    /// complementary makers: first come, first kept, so that it costs at most one transfer more.
    function _settle(Tally memory m, uint256 takerFee) private {
        uint256 receivedAsset = m.buying ? m.tokenId : COLLATERAL;
        if (takerFee != 0) emit FeeCharged(m.takerHash, receivedAsset, takerFee);
        uint256 takerPairFee = takerFee < m.pairTaking ? takerFee : m.pairTaking;
        unchecked {
            m.takerFeeDue = takerFee - takerPairFee;
        }

        for (uint256 i = 0; i < m.legs.length; ++i) {
            Leg memory leg = m.legs[i];
            if (leg.direct) {
                if (m.buying) _swapWithBuyer(m, leg);
                else _swapWithSeller(m, leg);
            } else if (m.buying) {
                _pullCollateral(leg.maker, address(this), leg.making, leg.orderHash, leg.orderHash);
            } else {
                _moveOutcome(m.complement, leg.maker, address(this), leg.making, leg.orderHash, leg.orderHash);
            }
        }
        if (m.directFees != 0) {
            if (m.buying) _pullCollateral(m.taker, feeReceiver, m.directFees, m.takerHash, NO_ORDER);
            else _moveOutcome(m.tokenId, m.taker, feeReceiver, m.directFees, m.takerHash, NO_ORDER);
        }
        if (m.pairs != 0) {
            if (m.buying) _pair(m, takerPairFee);
            else _unpair(m, takerPairFee);
        }
    }

    /// @dev A selling maker gives outcome tokens to the taker, who pays collateral; each less what it owes as a fee.
    function _swapWithBuyer(Tally memory m, Leg memory leg) private {
        uint256 kept = _keepTakerFee(m, leg.making);
        if (kept != 0) _moveOutcome(m.tokenId, leg.maker, feeReceiver, kept, leg.orderHash, NO_ORDER);
        if (leg.making != kept) {
            _moveOutcome(m.tokenId, leg.maker, m.taker, leg.making - kept, leg.orderHash, m.takerHash);
        }
        uint256 net = leg.taking;
        if (leg.fee != 0) {
            net -= leg.fee;
            emit FeeCharged(leg.orderHash, COLLATERAL, leg.fee);
        }
        _pullCollateral(m.taker, leg.maker, net, m.takerHash, leg.orderHash);
    }

    /// @dev A buying maker pays collateral to the taker, who gives outcome tokens; each less what it owes as a fee.
    function _swapWithSeller(Tally memory m, Leg memory leg) private {
        uint256 kept = _keepTakerFee(m, leg.making);
        if (kept != 0) _pullCollateral(leg.maker, feeReceiver, kept, leg.orderHash, NO_ORDER);
        if (leg.making != kept) {
            _pullCollateral(leg.maker, m.taker, leg.making - kept, leg.orderHash, m.takerHash);
        }
        uint256 net = leg.taking;
        if (leg.fee != 0) {
            net -= leg.fee;
            emit FeeCharged(leg.orderHash, m.tokenId, leg.fee);
        }
        _moveOutcome(m.tokenId, m.taker, leg.maker, net, m.takerHash, leg.orderHash);
    }

    /// @dev How much of a complementary maker's payment goes to the fee receiver, for the taker.
    function _keepTakerFee(Tally memory m, uint256 making) private pure returns (uint256 kept) {
        if (m.takerFeeDue == 0) return 0;
        kept = m.takerFeeDue < making ? m.takerFeeDue : making;
        m.takerFeeDue -= kept;
    }

    /// @dev Mint: the taker brings the rest of the collateral, one split makes the pairs, everybody is paid from them.
    function _pair(Tally memory m, uint256 takerPairFee) private {
        if (m.pairMaking != 0) _pullCollateral(m.taker, address(this), m.pairMaking, m.takerHash, m.takerHash);
        _split(_registrations[m.tokenId].conditionId, m.pairs);
        for (uint256 i = 0; i < m.legs.length; ++i) {
            Leg memory leg = m.legs[i];
            if (leg.direct) continue;
            if (leg.fee != 0) emit FeeCharged(leg.orderHash, m.complement, leg.fee);
            _moveOutcome(m.complement, address(this), leg.maker, leg.taking - leg.fee, leg.orderHash, leg.orderHash);
        }
        uint256 net = m.pairTaking - takerPairFee;
        if (net != 0) _moveOutcome(m.tokenId, address(this), m.taker, net, m.takerHash, m.takerHash);
        if (m.pairFees != 0) _moveOutcome(m.complement, address(this), feeReceiver, m.pairFees, NO_ORDER, NO_ORDER);
        if (takerPairFee != 0) _moveOutcome(m.tokenId, address(this), feeReceiver, takerPairFee, NO_ORDER, NO_ORDER);
    }

    /// @dev Merge: the taker brings its token, one merge frees the collateral, everybody is paid from it.
    function _unpair(Tally memory m, uint256 takerPairFee) private {
        _moveOutcome(m.tokenId, m.taker, address(this), m.pairMaking, m.takerHash, m.takerHash);
        _merge(_registrations[m.tokenId].conditionId, m.pairs);
        for (uint256 i = 0; i < m.legs.length; ++i) {
            Leg memory leg = m.legs[i];
            if (leg.direct) continue;
            if (leg.fee != 0) emit FeeCharged(leg.orderHash, COLLATERAL, leg.fee);
            _payCollateral(leg.maker, leg.taking - leg.fee, leg.orderHash);
        }
        uint256 net = m.pairTaking - takerPairFee;
        if (net != 0) _payCollateral(m.taker, net, m.takerHash);
        uint256 fees = m.pairFees + takerPairFee;
        if (fees != 0) _payCollateral(feeReceiver, fees, NO_ORDER);
    }

    // ------------------------------------------------------------------------------------------------ approving orders

    /// @inheritdoc ICTFExchange
    function approveOrder(Order calldata order) external override {
        bytes32 orderHash = _requireOwn(_domainSeparatorV4(), order);
        StatusWord status = _statuses[orderHash];
        if (status.isDone()) revert OrderFilledOrCancelled(orderHash);
        if (status.isApproved()) return;

        _statuses[orderHash] = status.approved(_leftOfValid(orderHash, status, order));
        emit OrderApproved(orderHash, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ ending orders

    /// @inheritdoc ICTFExchange
    function cancelOrder(Order calldata order) external override {
        bytes32 orderHash = _requireOwn(_domainSeparatorV4(), order);
        if (_statuses[orderHash].isDone()) revert OrderFilledOrCancelled(orderHash);
        _cancel(orderHash, order);
    }

    /// @inheritdoc ICTFExchange
    function cancelOrders(Order[] calldata orders) external override {
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i = 0; i < orders.length; ++i) {
            bytes32 orderHash = _requireOwn(domain, orders[i]);
            if (!_statuses[orderHash].isDone()) _cancel(orderHash, orders[i]);
        }
    }

    /// @inheritdoc ICTFExchange
    function incrementNonce() external override {
        uint256 nonce;
        unchecked {
            nonce = ++nonces[msg.sender];
        }
        emit NonceIncremented(msg.sender, nonce);
    }

    function _requireOwn(bytes32 domain, Order calldata order) private view returns (bytes32 orderHash) {
        orderHash = _hash(domain, order);
        if (order.maker != msg.sender) revert NotOwner(orderHash, msg.sender, order.maker);
    }

    function _cancel(bytes32 orderHash, Order calldata order) private {
        StatusWord status = _statuses[orderHash];
        _statuses[orderHash] = status.cancelledWith(_leftOfValid(orderHash, status, order));
        emit OrderCancelled(orderHash);
    }

    /// @dev As _leftOf, for an order nobody checked: one whose amount no match would take does not fit a status word.
    function _leftOfValid(
        bytes32 orderHash,
        StatusWord status,
        Order calldata order
    ) private pure returns (uint256 left) {
        left = _leftOf(status, order);
        if (left == 0 || left > MAX_AMOUNT) {
            revert InvalidAmount(orderHash, order.makerAmount, order.takerAmount);
        }
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc ICTFExchange
    function getOrderStatus(bytes32 orderHash) external view override returns (OrderStatus memory) {
        return _statuses[orderHash].unpack();
    }

    /// @inheritdoc ICTFExchange
    function getOrderStatuses(
        bytes32[] calldata orderHashes
    ) external view override returns (OrderStatus[] memory statuses) {
        statuses = new OrderStatus[](orderHashes.length);
        for (uint256 i = 0; i < orderHashes.length; ++i) {
            statuses[i] = _statuses[orderHashes[i]].unpack();
        }
    }

    /// @inheritdoc ICTFExchange
    function isOrderApproved(bytes32 orderHash) external view override returns (bool) {
        return _statuses[orderHash].isApproved();
    }

    /// @inheritdoc ICTFExchange
    function getComplement(uint256 tokenId) external view override returns (uint256) {
        return _registrations[tokenId].complement;
    }

    /// @inheritdoc ICTFExchange
    function getConditionId(uint256 tokenId) external view override returns (bytes32) {
        return _registrations[tokenId].conditionId;
    }

    /// @inheritdoc ICTFExchange
    function domainSeparator() external view override returns (bytes32) {
        return _domainSeparatorV4();
    }
}
