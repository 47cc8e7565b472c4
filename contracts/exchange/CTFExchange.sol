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
import {Legs} from "../libraries/Legs.sol";
import {OrderHash} from "../libraries/OrderHash.sol";
import {Leg} from "../types/Leg.sol";
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

    /// @dev One match while it settles: what its orders add up to.
    struct Tally {
        bytes32 domain;
        StatusWord takerStatus;
        /// True when the taker buys: it gives collateral and receives its token. Else the reverse.
        bool buying;
        /// The other outcome of the taker's token.
        uint256 complement;
        /// Pairs minted or merged, and the part of what the taker gives and receives that goes through them.
        uint256 pairs;
        uint256 pairMaking;
        uint256 pairTaking;
        /// Fees of complementary makers, in the asset the taker gives: it gives that much less to the makers.
        uint256 directFees;
        /// Fees of mint and merge makers: in the complement (mint) or in collateral (merge).
        uint256 pairFees;
        /// The part of the taker's fee still to be kept from complementary makers' payments.
        uint256 takerFeeDue;
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
        Leg memory leg;
        _read(leg, _domainSeparatorV4(), order);
        _requireFillable(leg, order);
        if (_registrations[leg.tokenId].complement == 0) revert TokenNotRegistered(leg.orderHash, leg.tokenId);
    }

    /// @inheritdoc ICTFExchange
    function validateOrderSignature(bytes32 orderHash, Order calldata order) external view override {
        Leg memory leg;
        _read(leg, _domainSeparatorV4(), order);
        leg.orderHash = orderHash;
        if (!_statuses[orderHash].isApproved()) _requireSigned(leg, order.signature);
    }

    function _hash(bytes32 domain, Order calldata order) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, OrderHash.structHash(order));
    }

    /// @dev Copies what is signed into the leg, with its hash.
    function _read(Leg memory leg, bytes32 domain, Order calldata order) private pure {
        leg.orderHash = MessageHashUtils.toTypedDataHash(domain, OrderHash.read(order, leg));
        if (!OrderHash.isClean(leg)) revert MalformedOrder(leg.orderHash);
    }

    /// @dev All that can be said of an order without its counterparty. Returns its status.
    function _requireFillable(Leg memory leg, Order calldata order) private view returns (StatusWord status) {
        (bytes32 orderHash, uint256 makerAmount, uint256 takerAmount) = (
            leg.orderHash,
            leg.makerAmount,
            leg.takerAmount
        );
        if (makerAmount == 0 || takerAmount == 0 || makerAmount > MAX_AMOUNT || takerAmount > MAX_AMOUNT) {
            revert InvalidAmount(orderHash, makerAmount, takerAmount);
        }
        if (leg.side > uint8(Side.SELL)) revert InvalidSide(orderHash, leg.side);
        if (leg.side == uint8(Side.BUY) ? makerAmount > takerAmount : takerAmount > makerAmount) {
            revert InvalidPrice(orderHash, makerAmount, takerAmount);
        }
        if (leg.expiration != 0 && block.timestamp >= leg.expiration) revert OrderExpired(orderHash, leg.expiration);
        if (leg.feeRateBps > MAX_FEE_RATE_BPS) revert FeeTooHigh(orderHash, leg.feeRateBps, MAX_FEE_RATE_BPS);
        uint256 nonce = nonces[leg.maker];
        if (leg.nonce != nonce) revert InvalidNonce(orderHash, leg.nonce, nonce);
        status = _statuses[orderHash];
        if (status.isDone()) revert OrderFilledOrCancelled(orderHash);
        if (!status.isApproved()) _requireSigned(leg, order.signature);
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

        uint256 makers = makerOrders.length;
        // One for each maker order, in their order, and the taker's behind them.
        Leg[] memory legs = Legs.uncleared(makers + 1);
        Leg memory taker = legs[makers];
        Tally memory m;
        _openMatch(m, taker, takerOrder);
        for (uint256 i = 0; i < makers; ++i) {
            _fillMaker(m, taker, legs[i], makerOrders[i], makerFillAmounts[i]);
        }
        _fillTaker(m, taker, takerFillAmount);
        emit OrdersMatched(taker.orderHash, Legs.hashes(legs, makers), taker.making, makerFillAmounts);

        _settle(m, taker, legs);
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
    function _openMatch(Tally memory m, Leg memory taker, Order calldata order) private view {
        m.domain = _domainSeparatorV4();
        _read(taker, m.domain, order);
        m.takerStatus = _requireFillable(taker, order);
        m.buying = taker.side == uint8(Side.BUY);
        m.complement = _registrations[taker.tokenId].complement;
        if (m.complement == 0) revert TokenNotRegistered(taker.orderHash, taker.tokenId);
        taker.making = 0;
        taker.taking = 0;
    }

    /// @dev First pass, one maker order: checks it, counts it into the match, writes its status.
    function _fillMaker(
        Tally memory m,
        Leg memory taker,
        Leg memory leg,
        Order calldata order,
        uint256 making
    ) private {
        _read(leg, m.domain, order);
        StatusWord status = _requireFillable(leg, order);
        (bytes32 orderHash, address maker) = (leg.orderHash, leg.maker);
        if (leg.taker != address(0) && leg.taker != taker.maker) revert NotTaker(orderHash, leg.taker, taker.maker);
        if (taker.taker != address(0) && taker.taker != maker) revert NotTaker(taker.orderHash, taker.taker, maker);

        uint256 left = _leftOf(status, leg.makerAmount);
        if (making == 0) revert ZeroFill(orderHash);
        if (making > left) revert MakingGtRemaining(orderHash, making, left);

        uint256 taking = FillMath.receivedUp(making, leg.makerAmount, leg.takerAmount);
        leg.making = making;
        leg.taking = taking;
        leg.fee = FillMath.feeDown(leg.feeRateBps, taking);
        _count(m, taker, leg);

        unchecked {
            left -= making;
        }
        _statuses[orderHash] = status.filledTo(left);
        emit OrderFilled(orderHash, maker, leg.tokenId, leg.side, making, taking, left);
    }

    /// @dev Adds what a maker's fill implies for the taker. Sums cannot overflow: see FillMath.
    function _count(Tally memory m, Leg memory taker, Leg memory leg) private pure {
        (uint256 making, uint256 taking) = (leg.making, leg.taking);
        unchecked {
            if (leg.side != taker.side) {
                // Complementary: each gives what the other receives.
                if (leg.tokenId != taker.tokenId) revert MismatchedTokenIds(leg.orderHash, leg.tokenId, taker.tokenId);
                taker.making += taking;
                taker.taking += making;
                m.directFees += leg.fee;
                return;
            }
            if (leg.tokenId != m.complement) revert InvalidComplement(leg.orderHash, leg.tokenId, m.complement);
            m.pairFees += leg.fee;
            if (m.buying) {
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
    function _fillTaker(Tally memory m, Leg memory taker, uint256 takerFillAmount) private {
        bytes32 orderHash = taker.orderHash;
        uint256 making;
        uint256 taking;
        unchecked {
            making = taker.making += m.pairMaking;
            taking = taker.taking += m.pairTaking;
        }
        uint256 left = _leftOf(m.takerStatus, taker.makerAmount);
        if (takerFillAmount == 0) revert ZeroFill(orderHash);
        if (takerFillAmount > left) revert MakingGtRemaining(orderHash, takerFillAmount, left);
        if (making > takerFillAmount) revert TakerFillExceeded(orderHash, making, takerFillAmount);
        if (!FillMath.keepsLimit(making, taking, taker.makerAmount, taker.takerAmount)) {
            revert NotCrossing(orderHash, making, taking);
        }

        uint256 consumed = FillMath.consumedUp(taking, taker.makerAmount, taker.takerAmount);
        if (consumed > takerFillAmount) consumed = takerFillAmount;
        unchecked {
            left -= consumed;
        }
        _statuses[orderHash] = m.takerStatus.filledTo(left);
        emit OrderFilled(orderHash, taker.maker, taker.tokenId, taker.side, making, taking, left);
        taker.fee = FillMath.feeDown(taker.feeRateBps, taking);
    }

    /// @dev What is left of an order that is not over.
    function _leftOf(StatusWord status, uint256 makerAmount) private pure returns (uint256) {
        return status.isUnseen() ? makerAmount : status.remaining();
    }

    // ------------------------------------------------------------------------------------------------ settling

    /// @dev Second pass. Complementary makers swap with the taker directly. Mint and merge makers first bring their part
    /// here, the taker brings the rest, one split or merge turns it over, and everybody is paid from it.
    ///
    /// The taker's fee is kept from what comes out of the split or merge, and only what exceeds that from the payments of
    /// complementary makers: first come, first kept, so that it costs at most one transfer more.
    function _settle(Tally memory m, Leg memory taker, Leg[] memory legs) private {
        uint256 makers = legs.length - 1;
        uint256 takerFee = taker.fee;
        if (takerFee != 0) emit FeeCharged(taker.orderHash, m.buying ? taker.tokenId : COLLATERAL, takerFee);
        uint256 takerPairFee = takerFee < m.pairTaking ? takerFee : m.pairTaking;
        unchecked {
            m.takerFeeDue = takerFee - takerPairFee;
        }

        for (uint256 i = 0; i < makers; ++i) {
            Leg memory leg = legs[i];
            if (leg.side != taker.side) {
                if (m.buying) _swapWithBuyer(m, taker, leg);
                else _swapWithSeller(m, taker, leg);
            } else if (m.buying) {
                _pullCollateral(leg.maker, address(this), leg.making, leg.orderHash, leg.orderHash);
            } else {
                _moveOutcome(leg.tokenId, leg.maker, address(this), leg.making, leg.orderHash, leg.orderHash);
            }
        }
        if (m.directFees != 0) {
            if (m.buying) _pullCollateral(taker.maker, feeReceiver, m.directFees, taker.orderHash, NO_ORDER);
            else _moveOutcome(taker.tokenId, taker.maker, feeReceiver, m.directFees, taker.orderHash, NO_ORDER);
        }
        if (m.pairs != 0) {
            if (m.buying) _pair(m, taker, legs, takerPairFee);
            else _unpair(m, taker, legs, takerPairFee);
        }
    }

    /// @dev A selling maker gives outcome tokens to the taker, who pays collateral; each less what it owes as a fee.
    function _swapWithBuyer(Tally memory m, Leg memory taker, Leg memory leg) private {
        uint256 making = leg.making;
        if (m.takerFeeDue != 0) {
            uint256 kept = _keepTakerFee(m, making);
            _moveOutcome(leg.tokenId, leg.maker, feeReceiver, kept, leg.orderHash, NO_ORDER);
            making -= kept;
        }
        if (making != 0) _moveOutcome(leg.tokenId, leg.maker, taker.maker, making, leg.orderHash, taker.orderHash);
        if (leg.fee != 0) emit FeeCharged(leg.orderHash, COLLATERAL, leg.fee);
        _pullCollateral(taker.maker, leg.maker, leg.taking - leg.fee, taker.orderHash, leg.orderHash);
    }

    /// @dev A buying maker pays collateral to the taker, who gives outcome tokens; each less what it owes as a fee.
    function _swapWithSeller(Tally memory m, Leg memory taker, Leg memory leg) private {
        uint256 making = leg.making;
        if (m.takerFeeDue != 0) {
            uint256 kept = _keepTakerFee(m, making);
            _pullCollateral(leg.maker, feeReceiver, kept, leg.orderHash, NO_ORDER);
            making -= kept;
        }
        if (making != 0) _pullCollateral(leg.maker, taker.maker, making, leg.orderHash, taker.orderHash);
        if (leg.fee != 0) emit FeeCharged(leg.orderHash, leg.tokenId, leg.fee);
        _moveOutcome(leg.tokenId, taker.maker, leg.maker, leg.taking - leg.fee, taker.orderHash, leg.orderHash);
    }

    /// @dev How much of a complementary maker's payment goes to the fee receiver, for the taker.
    function _keepTakerFee(Tally memory m, uint256 making) private pure returns (uint256 kept) {
        kept = m.takerFeeDue < making ? m.takerFeeDue : making;
        m.takerFeeDue -= kept;
    }

    /// @dev Mint: the taker brings the rest of the collateral, one split makes the pairs, everybody is paid from them.
    function _pair(Tally memory m, Leg memory taker, Leg[] memory legs, uint256 takerPairFee) private {
        uint256 makers = legs.length - 1;
        bytes32 takerHash = taker.orderHash;
        if (m.pairMaking != 0) _pullCollateral(taker.maker, address(this), m.pairMaking, takerHash, takerHash);
        _split(_registrations[taker.tokenId].conditionId, m.pairs);
        for (uint256 i = 0; i < makers; ++i) {
            Leg memory leg = legs[i];
            if (leg.side != taker.side) continue;
            if (leg.fee != 0) emit FeeCharged(leg.orderHash, leg.tokenId, leg.fee);
            _moveOutcome(leg.tokenId, address(this), leg.maker, leg.taking - leg.fee, leg.orderHash, leg.orderHash);
        }
        uint256 net = m.pairTaking - takerPairFee;
        if (net != 0) _moveOutcome(taker.tokenId, address(this), taker.maker, net, takerHash, takerHash);
        if (m.pairFees != 0) _moveOutcome(m.complement, address(this), feeReceiver, m.pairFees, NO_ORDER, NO_ORDER);
        if (takerPairFee != 0) {
            _moveOutcome(taker.tokenId, address(this), feeReceiver, takerPairFee, NO_ORDER, NO_ORDER);
        }
    }

    /// @dev Merge: the taker brings its token, one merge frees the collateral, everybody is paid from it.
    function _unpair(Tally memory m, Leg memory taker, Leg[] memory legs, uint256 takerPairFee) private {
        uint256 makers = legs.length - 1;
        bytes32 takerHash = taker.orderHash;
        _moveOutcome(taker.tokenId, taker.maker, address(this), m.pairMaking, takerHash, takerHash);
        _merge(_registrations[taker.tokenId].conditionId, m.pairs);
        for (uint256 i = 0; i < makers; ++i) {
            Leg memory leg = legs[i];
            if (leg.side != taker.side) continue;
            if (leg.fee != 0) emit FeeCharged(leg.orderHash, COLLATERAL, leg.fee);
            _payCollateral(leg.maker, leg.taking - leg.fee, leg.orderHash);
        }
        uint256 net = m.pairTaking - takerPairFee;
        if (net != 0) _payCollateral(taker.maker, net, takerHash);
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
        left = _leftOf(status, order.makerAmount);
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
