// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {Administered} from "../access/Administered.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {BinaryPositions} from "../libraries/BinaryPositions.sol";
import {FillMath} from "../libraries/FillMath.sol";
import {OrderHash} from "../libraries/OrderHash.sol";
import {Order, OrderStatus, Side, SignatureType} from "../types/Order.sol";
import {Role} from "../types/Role.sol";
import {StatusWord, doneStatus, openStatus} from "../types/StatusWord.sol";
import {Assets} from "./Assets.sol";

/// @title CTFExchange
/// @notice See ICTFExchange. A match runs in two passes: the first checks every order, counts what it gives and receives
/// and writes its status; the second moves the assets. Whatever fails, everything is undone.
contract CTFExchange is Administered, Assets, EIP712, ReentrancyGuardTransient {
    /// @dev The other id of a registered pair and their condition; zero when not registered.
    struct Registration {
        uint256 complement;
        bytes32 conditionId;
    }

    /// @dev One match while it settles. Asset ids: an outcome token, or zero for collateral.
    struct Match {
        bytes32 domain;
        bytes32 takerHash;
        address taker;
        /// What the taker gives, and what it receives.
        uint256 givenAsset;
        uint256 receivedAsset;
        /// The other outcome of the taker's token.
        uint256 complement;
        /// The taker's totals: D and G.
        uint256 making;
        uint256 taking;
        /// Pairs minted or merged, and the part of `making` and `taking` that goes through them.
        uint256 pairs;
        uint256 pairMaking;
        uint256 pairTaking;
        /// The part of the taker's fee still to be kept from complementary makers' payments.
        uint256 takerFeeDue;
        /// Fees of complementary makers, in `givenAsset`; paid by the taker, who gives that much less to the makers.
        uint256 directFees;
        /// Fees of mint and merge makers: in the complement (mint) or in collateral (merge).
        uint256 pairFees;
        bytes32[] makerHashes;
        /// What each maker order is due before its fee.
        uint256[] makerTakings;
    }

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
        _requireFillable(orderHash, order);
        if (_registrations[order.tokenId].complement == 0) revert TokenNotRegistered(orderHash, order.tokenId);
        if (_statuses[orderHash].isDone()) revert OrderFilledOrCancelled(orderHash);
    }

    /// @inheritdoc ICTFExchange
    function validateOrderSignature(bytes32 orderHash, Order calldata order) external view override {
        _requireSigned(orderHash, order);
    }

    function _hash(bytes32 domain, Order calldata order) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, OrderHash.structHash(order));
    }

    /// @dev All that can be said of an order without its status and its counterparty.
    function _requireFillable(bytes32 orderHash, Order calldata order) private view {
        uint256 makerAmount = order.makerAmount;
        uint256 takerAmount = order.takerAmount;
        if (makerAmount == 0 || takerAmount == 0 || makerAmount > MAX_AMOUNT || takerAmount > MAX_AMOUNT) {
            revert InvalidAmount(orderHash, makerAmount, takerAmount);
        }
        if (order.side > uint8(Side.SELL)) revert InvalidSide(orderHash, order.side);
        if (_isBuy(order) ? makerAmount > takerAmount : takerAmount > makerAmount) {
            revert InvalidPrice(orderHash, makerAmount, takerAmount);
        }
        if (order.expiration != 0 && block.timestamp >= order.expiration) {
            revert OrderExpired(orderHash, order.expiration);
        }
        if (order.feeRateBps > MAX_FEE_RATE_BPS) {
            revert FeeTooHigh(orderHash, order.feeRateBps, MAX_FEE_RATE_BPS);
        }
        uint256 nonce = nonces[order.maker];
        if (order.nonce != nonce) revert InvalidNonce(orderHash, order.nonce, nonce);
        _requireSigned(orderHash, order);
    }

    /// @dev ECDSA refuses signatures that are not 65 bytes, have a high s or recover to zero.
    function _requireSigned(bytes32 orderHash, Order calldata order) private view {
        if (order.signatureType != uint8(SignatureType.EOA)) {
            revert UnsupportedSignatureType(orderHash, order.signatureType);
        }
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(orderHash, order.signature);
        if (failure != ECDSA.RecoverError.NoError || recovered != order.signer || recovered != order.maker) {
            revert InvalidSignature(orderHash, order.maker, order.signer);
        }
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
        if (!hasRole(Role.OPERATOR, msg.sender)) revert NotOperator(msg.sender);
        if (paused) revert Paused();
        if (makerOrders.length == 0) revert NoMakerOrders();
        if (makerOrders.length != makerFillAmounts.length) {
            revert LengthMismatch(makerOrders.length, makerFillAmounts.length);
        }

        Match memory m = _openMatch(takerOrder, makerOrders.length);
        for (uint256 i = 0; i < makerOrders.length; ++i) {
            _fillMaker(m, i, takerOrder, makerOrders[i], makerFillAmounts[i]);
        }
        _fillTaker(m, takerOrder, takerFillAmount);
        emit OrdersMatched(m.takerHash, m.makerHashes, m.making, makerFillAmounts);

        _settle(m, takerOrder, makerOrders, makerFillAmounts);
    }

    /// @dev First pass, opening: checks the taker order and looks its token up, once for the whole match.
    function _openMatch(Order calldata takerOrder, uint256 makers) private view returns (Match memory m) {
        m.domain = _domainSeparatorV4();
        m.takerHash = _hash(m.domain, takerOrder);
        _requireFillable(m.takerHash, takerOrder);

        m.taker = takerOrder.maker;
        m.complement = _registrations[takerOrder.tokenId].complement;
        if (m.complement == 0) revert TokenNotRegistered(m.takerHash, takerOrder.tokenId);
        (m.givenAsset, m.receivedAsset) =
            _isBuy(takerOrder) ? (COLLATERAL, takerOrder.tokenId) : (takerOrder.tokenId, COLLATERAL);
        m.makerHashes = new bytes32[](makers);
        m.makerTakings = new uint256[](makers);
    }

    /// @dev First pass, one maker order: checks it, counts it into the match, writes its status.
    function _fillMaker(
        Match memory m,
        uint256 i,
        Order calldata takerOrder,
        Order calldata order,
        uint256 making
    ) private {
        bytes32 orderHash = _hash(m.domain, order);
        _requireFillable(orderHash, order);
        _requireCounterparty(orderHash, order.taker, m.taker);
        _requireCounterparty(m.takerHash, takerOrder.taker, order.maker);

        uint256 left = _remainingOf(orderHash, order);
        if (making == 0) revert ZeroFill(orderHash);
        if (making > left) revert MakingGtRemaining(orderHash, making, left);

        uint256 taking = FillMath.receivedUp(making, order.makerAmount, order.takerAmount);
        _countMaker(m, orderHash, takerOrder, order, making, taking);
        m.makerHashes[i] = orderHash;
        m.makerTakings[i] = taking;

        unchecked {
            left -= making;
        }
        _statuses[orderHash] = left == 0 ? doneStatus(0) : openStatus(left);
        emit OrderFilled(orderHash, order.maker, order.tokenId, order.side, making, taking, left);
    }

    /// @dev Adds what a maker's fill implies for the taker. Sums cannot overflow: see FillMath.
    function _countMaker(
        Match memory m,
        bytes32 orderHash,
        Order calldata takerOrder,
        Order calldata order,
        uint256 making,
        uint256 taking
    ) private pure {
        unchecked {
            if (order.side != takerOrder.side) {
                // Complementary: each gives what the other receives.
                if (order.tokenId != takerOrder.tokenId) {
                    revert MismatchedTokenIds(orderHash, order.tokenId, takerOrder.tokenId);
                }
                m.making += taking;
                m.taking += making;
                return;
            }
            if (order.tokenId != m.complement) {
                revert InvalidComplement(orderHash, order.tokenId, m.complement);
            }
            if (_isBuy(order)) {
                // Mint: `taking` pairs, of which the maker pays `making` and the taker the rest. A price is at most 1.
                m.pairs += taking;
                m.pairMaking += taking - making;
                m.pairTaking += taking;
                m.making += taking - making;
                m.taking += taking;
            } else {
                // Merge: `making` pairs, of whose collateral the maker gets `taking` and the taker the rest.
                m.pairs += making;
                m.pairMaking += making;
                m.pairTaking += making - taking;
                m.making += making;
                m.taking += making - taking;
            }
        }
    }

    /// @dev First pass, closing: holds the taker to its limit and to the declared fill, writes its status.
    function _fillTaker(Match memory m, Order calldata order, uint256 takerFillAmount) private {
        bytes32 orderHash = m.takerHash;
        uint256 left = _remainingOf(orderHash, order);
        if (takerFillAmount == 0) revert ZeroFill(orderHash);
        if (takerFillAmount > left) revert MakingGtRemaining(orderHash, takerFillAmount, left);
        if (m.making > takerFillAmount) revert TakerFillExceeded(orderHash, m.making, takerFillAmount);
        if (!FillMath.keepsLimit(m.making, m.taking, order.makerAmount, order.takerAmount)) {
            revert NotCrossing(orderHash, m.making, m.taking);
        }

        uint256 consumed = FillMath.consumedUp(m.taking, order.makerAmount, order.takerAmount);
        if (consumed > takerFillAmount) consumed = takerFillAmount;
        unchecked {
            left -= consumed;
        }
        _statuses[orderHash] = left == 0 ? doneStatus(0) : openStatus(left);
        emit OrderFilled(orderHash, order.maker, order.tokenId, order.side, m.making, m.taking, left);
    }

    function _remainingOf(bytes32 orderHash, Order calldata order) private view returns (uint256) {
        StatusWord status = _statuses[orderHash];
        if (status.isDone()) revert OrderFilledOrCancelled(orderHash);
        return status.isUnseen() ? order.makerAmount : status.remaining();
    }

    function _requireCounterparty(bytes32 orderHash, address wanted, address counterparty) private pure {
        if (wanted != address(0) && wanted != counterparty) revert NotTaker(orderHash, wanted, counterparty);
    }

    // ------------------------------------------------------------------------------------------------ settling

    /// @dev Second pass. Complementary makers swap with the taker directly. Mint and merge makers first bring their part
    /// here, the taker brings the rest, one split or merge turns it over, and everybody is paid from it.
    ///
    /// The taker's fee is kept from what comes out of the split or merge, and only what exceeds that from the payments of
    /// complementary makers: first come, first kept, so that it costs at most one transfer more.
    function _settle(
        Match memory m,
        Order calldata takerOrder,
        Order[] calldata makerOrders,
        uint256[] calldata makerFillAmounts
    ) private {
        uint256 takerFee = _charge(m.takerHash, takerOrder.feeRateBps, m.taking, m.receivedAsset);
        uint256 takerPairFee = takerFee < m.pairTaking ? takerFee : m.pairTaking;
        m.takerFeeDue = takerFee - takerPairFee;

        for (uint256 i = 0; i < makerOrders.length; ++i) {
            if (makerOrders[i].side != takerOrder.side) _swap(m, i, makerOrders[i], makerFillAmounts[i]);
            else _pullMaker(m, i, makerOrders[i], makerFillAmounts[i]);
        }
        if (m.directFees != 0) {
            _pull(m.givenAsset, m.taker, feeReceiver, m.directFees, m.takerHash, NO_ORDER);
        }
        if (m.pairs != 0) _settlePairs(m, takerOrder, makerOrders, takerPairFee);
    }

    /// @dev A complementary maker and the taker pay each other, less what each owes as a fee.
    function _swap(Match memory m, uint256 i, Order calldata order, uint256 making) private {
        bytes32 makerHash = m.makerHashes[i];
        uint256 makerFee = _charge(makerHash, order.feeRateBps, m.makerTakings[i], m.givenAsset);
        m.directFees += makerFee;

        uint256 takerFee = m.takerFeeDue < making ? m.takerFeeDue : making;
        if (takerFee != 0) {
            m.takerFeeDue -= takerFee;
            _pull(m.receivedAsset, order.maker, feeReceiver, takerFee, makerHash, NO_ORDER);
        }
        if (making != takerFee) {
            _pull(m.receivedAsset, order.maker, m.taker, making - takerFee, makerHash, m.takerHash);
        }
        _pull(m.givenAsset, m.taker, order.maker, m.makerTakings[i] - makerFee, m.takerHash, makerHash);
    }

    /// @dev A mint maker brings collateral, a merge maker the complement.
    function _pullMaker(Match memory m, uint256 i, Order calldata order, uint256 making) private {
        uint256 asset = _isBuy(order) ? COLLATERAL : m.complement;
        _pull(asset, order.maker, address(this), making, m.makerHashes[i], m.makerHashes[i]);
    }

    /// @dev The taker brings its part, the pairs are split or merged, makers, taker and fee receiver are paid.
    function _settlePairs(
        Match memory m,
        Order calldata takerOrder,
        Order[] calldata makerOrders,
        uint256 takerPairFee
    ) private {
        if (m.pairMaking != 0) {
            _pull(m.givenAsset, m.taker, address(this), m.pairMaking, m.takerHash, m.takerHash);
        }
        bytes32 conditionId = _registrations[takerOrder.tokenId].conditionId;
        bool minting = _isBuy(takerOrder);
        if (minting) _split(conditionId, m.pairs);
        else _merge(conditionId, m.pairs);

        uint256 makerAsset = minting ? m.complement : COLLATERAL;
        for (uint256 i = 0; i < makerOrders.length; ++i) {
            if (makerOrders[i].side == takerOrder.side) _payMaker(m, i, makerOrders[i], makerAsset);
        }
        if (m.pairTaking != takerPairFee) {
            _pay(m.receivedAsset, m.taker, m.pairTaking - takerPairFee, m.takerHash);
        }

        if (makerAsset == m.receivedAsset) {
            takerPairFee += m.pairFees;
        } else if (m.pairFees != 0) {
            _pay(makerAsset, feeReceiver, m.pairFees, NO_ORDER);
        }
        if (takerPairFee != 0) _pay(m.receivedAsset, feeReceiver, takerPairFee, NO_ORDER);
    }

    function _payMaker(Match memory m, uint256 i, Order calldata order, uint256 asset) private {
        uint256 fee = _charge(m.makerHashes[i], order.feeRateBps, m.makerTakings[i], asset);
        m.pairFees += fee;
        _pay(asset, order.maker, m.makerTakings[i] - fee, m.makerHashes[i]);
    }

    function _charge(
        bytes32 orderHash,
        uint256 feeRateBps,
        uint256 received,
        uint256 asset
    ) private returns (uint256 fee) {
        if (feeRateBps == 0) return 0;
        fee = FillMath.feeDown(feeRateBps, received);
        if (fee != 0) emit FeeCharged(orderHash, asset, fee);
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

    /// @dev An order that was never seen and could never fill is not worth a word; others keep what remains.
    function _cancel(bytes32 orderHash, Order calldata order) private {
        StatusWord status = _statuses[orderHash];
        uint256 left = status.isUnseen() ? order.makerAmount : status.remaining();
        if (left == 0 || left > MAX_AMOUNT) {
            revert InvalidAmount(orderHash, order.makerAmount, order.takerAmount);
        }
        _statuses[orderHash] = doneStatus(left);
        emit OrderCancelled(orderHash);
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
