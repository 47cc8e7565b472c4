// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Administered} from "../access/Administered.sol";
import {IConditionalTokens} from "../interfaces/IConditionalTokens.sol";
import {IResolutionOracle} from "../interfaces/IResolutionOracle.sol";
import {Payouts} from "../libraries/Payouts.sol";
import {Outcome, Resolution, ResolutionState} from "../types/Resolution.sol";
import {Role} from "../types/Role.sol";

/// @title ResolutionOracle
/// @notice See IResolutionOracle.
///
///   UNKNOWN --open--> OPEN --propose--> PROPOSED --finalize (after window)--------------------> FINALIZED
///                      |                   |                                                        ^
///                      |                   +--dispute (in window)--> DISPUTED --admin or time-out---+
///                      +--cancel or time-out--------------------------------------------------------+
///
/// @dev Each condition in ConditionalTokens has this contract in its id, so only `_finalize` can report its payouts.
contract ResolutionOracle is Administered, IResolutionOracle {
    using Payouts for Outcome;
    using Payouts for uint256[];

    /// @inheritdoc IResolutionOracle
    /// @dev Two hours were judged too short in a public audit of a sister system; a day lets every time zone look.
    uint256 public constant override MIN_DISPUTE_WINDOW = 1 days;

    /// @inheritdoc IResolutionOracle
    uint256 public constant override MAX_DISPUTE_WINDOW = 30 days;

    /// @inheritdoc IResolutionOracle
    uint256 public constant override SILENCE_TIMEOUT = 90 days;

    /// @inheritdoc IResolutionOracle
    uint256 public constant override DISPUTE_TIMEOUT = 30 days;

    /// @inheritdoc IResolutionOracle
    address public immutable override conditionalTokens;

    /// @inheritdoc IResolutionOracle
    address public override marketFactory;

    /// @inheritdoc IResolutionOracle
    uint256 public override disputeWindow = 7 days;

    mapping(bytes32 questionId => Resolution) private _resolutions;

    /// @param conditionalTokens_ The published Gnosis ConditionalTokens.
    constructor(address conditionalTokens_) {
        if (conditionalTokens_ == address(0)) revert ZeroAddress();
        conditionalTokens = conditionalTokens_;
    }

    modifier onlyMarketFactory() {
        if (msg.sender != marketFactory) revert NotMarketFactory(msg.sender);
        _;
    }

    modifier onlyResolver() {
        if (!hasRole(Role.RESOLVER, msg.sender)) revert NotResolver(msg.sender);
        _;
    }

    // ------------------------------------------------------------------------------------------------ administration

    /// @inheritdoc IResolutionOracle
    function setMarketFactory(address marketFactory_) external override onlyAdmin {
        if (marketFactory_ == address(0)) revert ZeroAddress();
        if (marketFactory != address(0)) revert MarketFactoryAlreadySet(marketFactory);

        marketFactory = marketFactory_;
        emit MarketFactorySet(marketFactory_);
    }

    /// @inheritdoc IResolutionOracle
    function setDisputeWindow(uint256 disputeWindow_) external override onlyAdmin {
        if (!_isWithinBounds(disputeWindow_)) {
            revert InvalidDisputeWindow(disputeWindow_, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW);
        }

        disputeWindow = disputeWindow_;
        emit DisputeWindowSet(disputeWindow_);
    }

    /// @inheritdoc IResolutionOracle
    function addResolver(address resolver) external override onlyAdmin {
        _grantRole(Role.RESOLVER, resolver);
    }

    /// @inheritdoc IResolutionOracle
    function removeResolver(address resolver) external override onlyAdmin {
        _revokeRole(Role.RESOLVER, resolver);
    }

    // ------------------------------------------------------------------------------------------------ opening

    /// @inheritdoc IResolutionOracle
    /// @dev The factory bounds its times, so they fit 40 bits; the window's bounds fit 32.
    function openQuestion(
        bytes32 questionId,
        uint256 endTime,
        uint256 resolutionTime,
        uint256 disputeWindow_
    ) external override onlyMarketFactory {
        Resolution storage question = _resolutions[questionId];
        if (question.state != ResolutionState.UNKNOWN) revert MarketAlreadyOpened(questionId);
        uint256 window = disputeWindow_ == 0 ? disputeWindow : disputeWindow_;
        if (!_isWithinBounds(window)) {
            revert InvalidQuestionWindow(questionId, window, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW);
        }

        question.state = ResolutionState.OPEN;
        question.endTime = uint40(endTime);
        question.resolutionTime = uint40(resolutionTime);
        question.disputeWindow = uint32(window);
        emit QuestionOpened(questionId, endTime, resolutionTime, window);
    }

    /// @inheritdoc IResolutionOracle
    function cancelQuestion(bytes32 questionId) external override onlyMarketFactory {
        Resolution storage question = _known(questionId);
        _requireOpen(questionId, question);

        _finalize(questionId, question, Outcome.SPLIT);
    }

    // ------------------------------------------------------------------------------------------------ proposing

    /// @inheritdoc IResolutionOracle
    function proposeResolution(bytes32 questionId, uint256[] calldata payouts) external override onlyResolver {
        Resolution storage question = _known(questionId);
        _requireOpen(questionId, question);
        if (block.timestamp < question.endTime) {
            revert TooEarly(questionId, question.endTime, block.timestamp);
        }
        Outcome outcome = _requireOutcome(payouts);

        question.state = ResolutionState.PROPOSED;
        question.outcome = outcome;
        question.proposer = msg.sender;
        question.proposedAt = uint40(block.timestamp);
        emit ResolutionProposed(questionId, msg.sender, payouts, _disputeDeadline(question));
    }

    /// @inheritdoc IResolutionOracle
    function disputeResolution(bytes32 questionId) external override onlyResolver {
        Resolution storage question = _known(questionId);
        _requireProposed(questionId, question);
        uint256 deadline = _disputeDeadline(question);
        if (block.timestamp >= deadline) revert DisputeWindowClosed(questionId, deadline, block.timestamp);
        if (msg.sender == question.proposer) revert SelfDispute(questionId, msg.sender);

        question.state = ResolutionState.DISPUTED;
        question.disputer = msg.sender;
        question.disputedAt = uint40(block.timestamp);
        emit ResolutionDisputed(questionId, msg.sender, block.timestamp + DISPUTE_TIMEOUT);
    }

    // ------------------------------------------------------------------------------------------------ finalizing

    /// @inheritdoc IResolutionOracle
    function finalizeResolution(bytes32 questionId) external override {
        Resolution storage question = _known(questionId);
        _requireProposed(questionId, question);
        uint256 deadline = _disputeDeadline(question);
        if (block.timestamp < deadline) revert DisputeWindowOpen(questionId, deadline, block.timestamp);

        _finalize(questionId, question, question.outcome);
    }

    /// @inheritdoc IResolutionOracle
    function adminFinalizeResolution(bytes32 questionId, uint256[] calldata payouts) external override onlyAdmin {
        Resolution storage question = _known(questionId);
        if (question.state == ResolutionState.FINALIZED) revert AlreadyFinalized(questionId);
        if (question.state != ResolutionState.DISPUTED) revert NotDisputed(questionId);

        _finalize(questionId, question, _requireOutcome(payouts));
    }

    /// @inheritdoc IResolutionOracle
    function finalizeByTimeout(bytes32 questionId) external override {
        Resolution storage question = _known(questionId);
        if (question.state == ResolutionState.FINALIZED) revert AlreadyFinalized(questionId);
        if (question.state == ResolutionState.PROPOSED) revert AlreadyProposed(questionId);
        uint256 timeout = _timeoutOf(question);
        if (block.timestamp < timeout) revert TimeoutNotReached(questionId, timeout, block.timestamp);

        _finalize(questionId, question, Outcome.SPLIT);
    }

    function _finalize(bytes32 questionId, Resolution storage question, Outcome outcome) private {
        question.state = ResolutionState.FINALIZED;
        question.outcome = outcome;
        uint256[] memory payouts = outcome.toVector();
        emit ResolutionFinalized(questionId, msg.sender, payouts);

        IConditionalTokens(conditionalTokens).reportPayouts(questionId, payouts);
    }

    // ------------------------------------------------------------------------------------------------ rules

    function _known(bytes32 questionId) private view returns (Resolution storage question) {
        question = _resolutions[questionId];
        if (question.state == ResolutionState.UNKNOWN) revert UnknownMarket(questionId);
    }

    function _requireOpen(bytes32 questionId, Resolution storage question) private view {
        if (question.state == ResolutionState.FINALIZED) revert AlreadyFinalized(questionId);
        if (question.state != ResolutionState.OPEN) revert AlreadyProposed(questionId);
    }

    function _requireProposed(bytes32 questionId, Resolution storage question) private view {
        if (question.state == ResolutionState.FINALIZED) revert AlreadyFinalized(questionId);
        if (question.state == ResolutionState.DISPUTED) revert Disputed(questionId);
        if (question.state != ResolutionState.PROPOSED) revert NotProposed(questionId);
    }

    function _requireOutcome(uint256[] calldata payouts) private pure returns (Outcome outcome) {
        outcome = payouts.toOutcome();
        if (outcome == Outcome.NONE) revert InvalidPayouts(payouts);
    }

    function _isWithinBounds(uint256 window) private pure returns (bool) {
        return window >= MIN_DISPUTE_WINDOW && window <= MAX_DISPUTE_WINDOW;
    }

    function _disputeDeadline(Resolution storage question) private view returns (uint256) {
        return uint256(question.proposedAt) + question.disputeWindow;
    }

    function _timeoutOf(Resolution storage question) private view returns (uint256) {
        if (question.state == ResolutionState.OPEN) return question.resolutionTime + SILENCE_TIMEOUT;
        if (question.state == ResolutionState.DISPUTED) return question.disputedAt + DISPUTE_TIMEOUT;
        return 0;
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IResolutionOracle
    function getResolution(bytes32 questionId) external view override returns (Resolution memory) {
        return _resolutions[questionId];
    }

    /// @inheritdoc IResolutionOracle
    function expectedPayouts(bytes32 questionId) external view override returns (uint256[] memory) {
        Resolution storage question = _known(questionId);
        uint256 timeout = _timeoutOf(question);
        // No time-out runs for what is proposed or final: the record says the outcome.
        if (timeout == 0) return question.outcome.toVector();
        return (block.timestamp < timeout ? Outcome.NONE : Outcome.SPLIT).toVector();
    }

    /// @inheritdoc IResolutionOracle
    function payoutsOf(Outcome outcome) external pure override returns (uint256[] memory) {
        return outcome.toVector();
    }

    /// @inheritdoc IResolutionOracle
    function timeoutOf(bytes32 questionId) external view override returns (uint256) {
        return _timeoutOf(_resolutions[questionId]);
    }
}
