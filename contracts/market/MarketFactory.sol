// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Administered} from "../access/Administered.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {ICTFExchange} from "../interfaces/ICTFExchange.sol";
import {IMarketFactory} from "../interfaces/IMarketFactory.sol";
import {IResolutionOracle} from "../interfaces/IResolutionOracle.sol";
import {BinaryPositions} from "../libraries/BinaryPositions.sol";
import {Market, MarketStatus, NewMarket} from "../types/Market.sol";
import {Resolution, ResolutionState} from "../types/Resolution.sol";
import {Role} from "../types/Role.sol";

/// @title MarketFactory
/// @notice See IMarketFactory.
contract MarketFactory is Administered, IMarketFactory {
    /// @dev What only the factory knows of a market; `creator` is zero for an unknown question.
    struct MarketRecord {
        bytes32 textHash;
        address creator;
        uint40 createdAt;
        uint32 clarifications;
        bool cancelled;
    }

    uint256 private constant MAX_QUESTION_BYTES = 512;
    uint256 private constant MAX_DESCRIPTION_BYTES = 8192;
    uint256 private constant MAX_CATEGORY_BYTES = 64;
    uint256 private constant MAX_CLARIFICATION_BYTES = 2048;

    /// @dev How a question asks the oracle for its default.
    uint256 private constant DEFAULT_DISPUTE_WINDOW = 0;

    /// @inheritdoc IMarketFactory
    /// @dev Keeps a time given in milliseconds, and a market nobody will live to see resolved, from being created.
    uint256 public constant override MAX_DURATION = 3650 days;

    /// @inheritdoc IMarketFactory
    address public immutable override conditionalTokens;

    /// @inheritdoc IMarketFactory
    address public immutable override collateral;

    /// @inheritdoc IMarketFactory
    address public immutable override oracle;

    /// @inheritdoc IMarketFactory
    address public override exchange;

    /// @inheritdoc IMarketFactory
    bool public override creationPaused;

    mapping(bytes32 questionId => MarketRecord) private _records;
    mapping(bytes32 conditionId => bytes32 questionId) private _questionOf;
    bytes32[] private _questionIds;

    /// @param conditionalTokens_ The published Gnosis ConditionalTokens.
    /// @param collateral_ The token that backs every market created here.
    /// @param oracle_ Resolves every market created here; it must take questions from this factory.
    constructor(address conditionalTokens_, address collateral_, address oracle_) {
        if (conditionalTokens_ == address(0) || collateral_ == address(0) || oracle_ == address(0)) {
            revert ZeroAddress();
        }
        conditionalTokens = conditionalTokens_;
        collateral = collateral_;
        oracle = oracle_;
    }

    modifier whenCreating() {
        if (!_mayCreate(msg.sender)) revert NotCreator(msg.sender);
        if (creationPaused) revert Paused();
        _;
    }

    // ------------------------------------------------------------------------------------------------ administration

    /// @inheritdoc IMarketFactory
    function setExchange(address exchange_) external override onlyAdmin {
        if (exchange_ != address(0)) {
            bool fits =
                exchange_.code.length != 0 &&
                    ICTFExchange(exchange_).conditionalTokens() == conditionalTokens &&
                    ICTFExchange(exchange_).collateral() == collateral;
            if (!fits) revert ExchangeMismatch(exchange_);
        }

        exchange = exchange_;
        emit ExchangeSet(exchange_);
    }

    /// @inheritdoc IMarketFactory
    function addCreator(address creator) external override onlyAdmin {
        _grantRole(Role.CREATOR, creator);
    }

    /// @inheritdoc IMarketFactory
    function removeCreator(address creator) external override onlyAdmin {
        _revokeRole(Role.CREATOR, creator);
    }

    /// @inheritdoc IMarketFactory
    function addPauser(address pauser) external override onlyAdmin {
        _grantRole(Role.PAUSER, pauser);
    }

    /// @inheritdoc IMarketFactory
    function removePauser(address pauser) external override onlyAdmin {
        _revokeRole(Role.PAUSER, pauser);
    }

    /// @inheritdoc IMarketFactory
    function pauseCreation() external override {
        if (msg.sender != admin && !hasRole(Role.PAUSER, msg.sender)) revert NotPauser(msg.sender);
        if (creationPaused) revert Paused();

        creationPaused = true;
        emit CreationPaused(msg.sender);
    }

    /// @inheritdoc IMarketFactory
    function unpauseCreation() external override onlyAdmin {
        if (!creationPaused) revert NotPaused();

        creationPaused = false;
        emit CreationUnpaused(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ creating

    /// @inheritdoc IMarketFactory
    function createBinaryMarket(
        bytes32 questionId,
        string calldata question,
        string calldata description,
        string calldata category,
        uint256 endTime,
        uint256 resolutionTime
    ) external override whenCreating returns (bytes32 conditionId) {
        return _create(questionId, question, description, category, endTime, resolutionTime, DEFAULT_DISPUTE_WINDOW);
    }

    /// @inheritdoc IMarketFactory
    function createBinaryMarkets(
        NewMarket[] calldata markets
    ) external override whenCreating returns (bytes32[] memory conditionIds) {
        conditionIds = new bytes32[](markets.length);
        for (uint256 i = 0; i < markets.length; ++i) {
            NewMarket calldata one = markets[i];
            conditionIds[i] = _create(
                one.questionId,
                one.question,
                one.description,
                one.category,
                one.endTime,
                one.resolutionTime,
                one.disputeWindow
            );
        }
    }

    function _create(
        bytes32 questionId,
        string calldata question,
        string calldata description,
        string calldata category,
        uint256 endTime,
        uint256 resolutionTime,
        uint256 disputeWindow
    ) private returns (bytes32 conditionId) {
        if (_records[questionId].creator != address(0)) revert MarketExists(questionId);
        _requireText(questionId, "question", question, MAX_QUESTION_BYTES);
        _requireText(questionId, "description", description, MAX_DESCRIPTION_BYTES);
        _requireText(questionId, "category", category, MAX_CATEGORY_BYTES);
        _requireTimes(questionId, endTime, resolutionTime);

        conditionId = _conditionOf(questionId);
        _records[questionId] = MarketRecord({
            textHash: _textHash(question, description, category),
            creator: msg.sender,
            createdAt: uint40(block.timestamp),
            clarifications: 0,
            cancelled: false
        });
        _questionOf[conditionId] = questionId;
        _questionIds.push(questionId);

        (uint256 token0, uint256 token1) = _open(questionId, conditionId, endTime, resolutionTime, disputeWindow);
        emit MarketCreated(
            questionId,
            conditionId,
            msg.sender,
            token0,
            token1,
            question,
            description,
            category,
            endTime,
            resolutionTime
        );
    }

    /// @dev Opens the market in the other contracts. Whether the exchange lets the factory register is its admin's choice.
    function _open(
        bytes32 questionId,
        bytes32 conditionId,
        uint256 endTime,
        uint256 resolutionTime,
        uint256 disputeWindow
    ) private returns (uint256 token0, uint256 token1) {
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        if (tokens.getOutcomeSlotCount(conditionId) == 0) {
            tokens.prepareCondition(oracle, questionId, BinaryPositions.OUTCOMES);
        }
        IResolutionOracle(oracle).openQuestion(questionId, endTime, resolutionTime, disputeWindow);

        if (exchange != address(0) && ICTFExchange(exchange).hasRole(Role.REGISTRAR, address(this))) {
            return ICTFExchange(exchange).registerCondition(conditionId);
        }
        return BinaryPositions.tokenIds(tokens, collateral, conditionId);
    }

    function _mayCreate(address account) private view returns (bool) {
        return account == admin || hasRole(Role.CREATOR, account);
    }

    function _requireText(bytes32 questionId, string memory field, string calldata text, uint256 maximum) private pure {
        uint256 length = bytes(text).length;
        if (length == 0 || length > maximum) revert InvalidText(questionId, field, length, maximum);
    }

    function _requireTimes(bytes32 questionId, uint256 endTime, uint256 resolutionTime) private view {
        bool valid =
            block.timestamp < endTime && endTime <= resolutionTime && resolutionTime <= block.timestamp + MAX_DURATION;
        if (!valid) revert InvalidTimes(questionId, endTime, resolutionTime, block.timestamp);
    }

    // ------------------------------------------------------------------------------------------------ clarifying

    /// @inheritdoc IMarketFactory
    /// @dev Four billion notes would overflow the count and be refused.
    function clarifyMarket(bytes32 questionId, string calldata text) external override {
        _requireKnown(questionId);
        MarketRecord storage record = _records[questionId];
        bool mayClarify = msg.sender == admin || (msg.sender == record.creator && hasRole(Role.CREATOR, msg.sender));
        if (!mayClarify) revert NotClarifier(questionId, msg.sender);
        _requireText(questionId, "clarification", text, MAX_CLARIFICATION_BYTES);
        MarketStatus status = getStatus(questionId);
        if (status == MarketStatus.RESOLVED || status == MarketStatus.CANCELLED) {
            revert MarketOver(questionId, status);
        }

        uint256 index = record.clarifications++;
        emit MarketClarified(questionId, msg.sender, index, text);
    }

    // ------------------------------------------------------------------------------------------------ cancelling

    /// @inheritdoc IMarketFactory
    /// @dev The oracle refuses when a proposal stands or the result is final.
    function cancelMarket(bytes32 questionId) external override onlyAdmin {
        _requireKnown(questionId);

        _records[questionId].cancelled = true;
        emit MarketCancelled(questionId, _conditionOf(questionId));

        IResolutionOracle(oracle).cancelQuestion(questionId);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IMarketFactory
    function getMarket(bytes32 questionId) public view override returns (Market memory market) {
        _requireKnown(questionId);
        MarketRecord storage record = _records[questionId];
        Resolution memory resolution = IResolutionOracle(oracle).getResolution(questionId);

        market.questionId = questionId;
        market.conditionId = _conditionOf(questionId);
        (market.token0, market.token1) = BinaryPositions.tokenIds(
            IConditionalTokens(conditionalTokens),
            collateral,
            market.conditionId
        );
        market.textHash = record.textHash;
        market.creator = record.creator;
        market.createdAt = record.createdAt;
        market.endTime = resolution.endTime;
        market.resolutionTime = resolution.resolutionTime;
        market.disputeWindow = resolution.disputeWindow;
        market.clarifications = record.clarifications;
        market.status = _statusOf(record.cancelled, resolution);
        market.payouts = _payoutsOf(market.conditionId);
    }

    /// @inheritdoc IMarketFactory
    function getMarketByCondition(bytes32 conditionId) external view override returns (Market memory) {
        bytes32 questionId = _questionOf[conditionId];
        // Without an entry `questionId` is zero, which is also a question anybody may ask.
        bool known = _records[questionId].creator != address(0) && _conditionOf(questionId) == conditionId;
        if (!known) revert UnknownCondition(conditionId);
        return getMarket(questionId);
    }

    /// @inheritdoc IMarketFactory
    function getMarkets(uint256 offset, uint256 limit) external view override returns (Market[] memory markets) {
        uint256 count = _questionIds.length;
        uint256 available = offset < count ? count - offset : 0;
        uint256 size = limit < available ? limit : available;
        markets = new Market[](size);
        for (uint256 i = 0; i < size; ++i) {
            markets[i] = getMarket(_questionIds[offset + i]);
        }
    }

    /// @inheritdoc IMarketFactory
    function marketCount() external view override returns (uint256) {
        return _questionIds.length;
    }

    /// @inheritdoc IMarketFactory
    function getStatus(bytes32 questionId) public view override returns (MarketStatus) {
        return _statusOf(_records[questionId].cancelled, IResolutionOracle(oracle).getResolution(questionId));
    }

    /// @inheritdoc IMarketFactory
    function verifyText(
        bytes32 questionId,
        string calldata question,
        string calldata description,
        string calldata category
    ) external view override returns (bool) {
        return _records[questionId].textHash == _textHash(question, description, category);
    }

    function _requireKnown(bytes32 questionId) private view {
        if (_records[questionId].creator == address(0)) revert UnknownMarket(questionId);
    }

    function _statusOf(bool cancelled, Resolution memory resolution) private view returns (MarketStatus) {
        if (cancelled) return MarketStatus.CANCELLED;
        if (resolution.state == ResolutionState.FINALIZED) return MarketStatus.RESOLVED;
        if (resolution.state == ResolutionState.DISPUTED) return MarketStatus.DISPUTED;
        if (resolution.state == ResolutionState.PROPOSED) return MarketStatus.PROPOSED;
        if (resolution.state == ResolutionState.UNKNOWN) return MarketStatus.NONE;
        return block.timestamp < resolution.endTime ? MarketStatus.ACTIVE : MarketStatus.ENDED;
    }

    function _payoutsOf(bytes32 conditionId) private view returns (uint256[2] memory payouts) {
        IConditionalTokens tokens = IConditionalTokens(conditionalTokens);
        payouts[0] = tokens.payoutNumerators(conditionId, 0);
        payouts[1] = tokens.payoutNumerators(conditionId, 1);
    }

    /// @dev As ConditionalTokens computes it.
    function _conditionOf(bytes32 questionId) private view returns (bytes32) {
        return keccak256(abi.encodePacked(oracle, questionId, BinaryPositions.OUTCOMES));
    }

    function _textHash(
        string calldata question,
        string calldata description,
        string calldata category
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(question, description, category));
    }
}
