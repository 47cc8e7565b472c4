// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Outcome, Resolution} from "../types/Resolution.sol";
import {IAdministered} from "./IAdministered.sol";

/// @title IResolutionOracle
/// @notice Decides the questions of a market factory and reports them to ConditionalTokens.
///
/// A question is OPEN from its creation. From `endTime` on a resolver proposes a result (PROPOSED). For the question's own
/// `disputeWindow`, 1 to 30 days and fixed when it was opened, another resolver may dispute it (DISPUTED); after that anyone
/// finalizes it. A disputed question is decided by the admin. At each second exactly one of dispute and finalize is possible:
/// dispute before proposedAt + disputeWindow, finalize from that second on.
///
/// Nothing hangs for ever. Anyone may end as [1,1] a question that has no proposal 90 days after its `resolutionTime`
/// (SILENCE_TIMEOUT), and a dispute that has no decision 30 days after it was raised (DISPUTE_TIMEOUT). Until somebody does,
/// a proposal and the admin's decision are still taken. A proposal that nobody disputes needs no time-out: anyone can
/// finalize it.
///
/// A resolver whose role was taken back or given up can neither propose nor dispute; a proposal or dispute it made while it
/// held the role stands.
///
/// @dev Assumption needed for safety: at least one resolver other than the proposer watches each proposal during its
/// window, and the admin is trusted inside a dispute window: it appoints the resolvers, so it can have a proposal disputed
/// and then decide it. It cannot touch an undisputed question, nor a finalized one.
interface IResolutionOracle is IAdministered {
    /// @notice The factory opened a question.
    event QuestionOpened(bytes32 indexed questionId, uint256 endTime, uint256 resolutionTime, uint256 disputeWindow);

    /// @notice A result is proposed; dispute is possible before `disputeDeadline`, finalizing from it on.
    event ResolutionProposed(
        bytes32 indexed questionId,
        address indexed proposer,
        uint256[] payouts,
        uint256 disputeDeadline
    );

    /// @notice The proposed result is disputed; the admin decides, and from `decisionDeadline` on anyone may end it.
    event ResolutionDisputed(bytes32 indexed questionId, address indexed disputer, uint256 decisionDeadline);

    /// @notice The result is final and reported to ConditionalTokens. `account` is who made the call that ended it.
    event ResolutionFinalized(bytes32 indexed questionId, address indexed account, uint256[] payouts);

    /// @notice Questions are taken from `marketFactory`, for good.
    event MarketFactorySet(address indexed marketFactory);

    /// @notice Questions opened from now on without a window of their own have this one, in seconds.
    event DisputeWindowSet(uint256 disputeWindow);

    /// @notice The factory never opened this question.
    error UnknownMarket(bytes32 questionId);

    /// @notice The question was opened before.
    error MarketAlreadyOpened(bytes32 questionId);

    /// @notice Results are taken from `endTime` on.
    error TooEarly(bytes32 questionId, uint256 endTime, uint256 timestamp);

    /// @notice The payout vector is none of [1,0], [0,1], [1,1].
    error InvalidPayouts(uint256[] payouts);

    /// @notice A proposal was made before.
    error AlreadyProposed(bytes32 questionId);

    /// @notice No proposal stands.
    error NotProposed(bytes32 questionId);

    /// @notice The proposal may still be disputed, before `disputeDeadline`.
    error DisputeWindowOpen(bytes32 questionId, uint256 disputeDeadline, uint256 timestamp);

    /// @notice The proposal can no longer be disputed: `disputeDeadline` has come.
    error DisputeWindowClosed(bytes32 questionId, uint256 disputeDeadline, uint256 timestamp);

    /// @notice A resolver may not dispute its own proposal.
    error SelfDispute(bytes32 questionId, address resolver);

    /// @notice The proposal is disputed: the admin decides.
    error Disputed(bytes32 questionId);

    /// @notice The admin decides only what is disputed.
    error NotDisputed(bytes32 questionId);

    /// @notice The result is final.
    error AlreadyFinalized(bytes32 questionId);

    /// @notice The time-out has not come.
    error TimeoutNotReached(bytes32 questionId, uint256 timeout, uint256 timestamp);

    /// @notice The default window is outside its bounds.
    error InvalidDisputeWindow(uint256 disputeWindow, uint256 minimum, uint256 maximum);

    /// @notice The window chosen for the question is outside its bounds.
    error InvalidQuestionWindow(bytes32 questionId, uint256 disputeWindow, uint256 minimum, uint256 maximum);

    /// @notice The caller is not the market factory.
    error NotMarketFactory(address caller);

    /// @notice The market factory is set once.
    error MarketFactoryAlreadySet(address marketFactory);

    /// @notice The caller may not propose or dispute.
    error NotResolver(address caller);

    // ------------------------------------------------------------------------------------------------ life of a question

    /// @notice Opens a question. Market factory only.
    /// @param endTime Unix second from which on a result may be proposed.
    /// @param resolutionTime Unix second at which a result is expected; not before `endTime`.
    /// @param disputeWindow Seconds a proposal stays open to dispute, MIN_DISPUTE_WINDOW to MAX_DISPUTE_WINDOW; zero for the
    /// default of now.
    function openQuestion(bytes32 questionId, uint256 endTime, uint256 resolutionTime, uint256 disputeWindow) external;

    /// @notice Ends a question on which no proposal stands as [1,1]. Market factory only: a cancelled market.
    function cancelQuestion(bytes32 questionId) external;

    /// @notice Proposes a payout vector. Resolvers only, from `endTime` on, once.
    /// @param payouts [1,0] for YES, [0,1] for NO, [1,1] when neither can be said.
    function proposeResolution(bytes32 questionId, uint256[] calldata payouts) external;

    /// @notice Disputes the proposal inside its window. Resolvers only, not the proposer.
    function disputeResolution(bytes32 questionId) external;

    /// @notice Makes an undisputed proposal final after its window and reports it. Anyone.
    function finalizeResolution(bytes32 questionId) external;

    /// @notice Decides a disputed question, with the proposed payouts or others. Admin only.
    function adminFinalizeResolution(bytes32 questionId, uint256[] calldata payouts) external;

    /// @notice Ends a silent or undecided question as [1,1] after its time-out. Anyone.
    function finalizeByTimeout(bytes32 questionId) external;

    // ------------------------------------------------------------------------------------------------ administration

    /// @notice Takes questions from this factory. Admin only, once.
    function setMarketFactory(address marketFactory) external;

    /// @notice Sets the default dispute window, in seconds. Questions opened before keep theirs. Admin only.
    function setDisputeWindow(uint256 disputeWindow) external;

    /// @notice Lets `resolver` propose and dispute. Admin only.
    function addResolver(address resolver) external;

    /// @notice Takes the resolver role back. Proposals it made stand. Admin only.
    function removeResolver(address resolver) external;

    // ------------------------------------------------------------------------------------------------ views

    /// @notice The record of a question.
    function getResolution(bytes32 questionId) external view returns (Resolution memory);

    /// @notice The payout vector of a result: [1,0], [0,1], [1,1]; [0,0] for NONE.
    function payoutsOf(Outcome outcome) external pure returns (uint256[] memory);

    /// @notice From this second on anyone may end the question as [1,1]; zero when no time-out is running.
    function timeoutOf(bytes32 questionId) external view returns (uint256);

    /// @notice What holders would be paid if from now on nobody did anything but what is open to everyone now or later:
    /// - FINALIZED: the final result, which is what they are paid;
    /// - PROPOSED: the proposal, inside its window and after it;
    /// - OPEN or DISPUTED with its time-out reached: [1,1];
    /// - OPEN or DISPUTED before that: [0,0], undecided. Left alone, it becomes [1,1] at `timeoutOf`.
    /// Only FINALIZED is certain: a proposal can be disputed inside its window, and after a time-out a proposal or the admin's
    /// decision may still come first. A view of the latest block, not to be settled on. Refuses an unknown question.
    /// @return The parts that YES and NO are paid; ConditionalTokens pays part / sum of parts, in units of collateral per token.
    function expectedPayouts(bytes32 questionId) external view returns (uint256[] memory);

    /// @notice The dispute window given to new questions that choose none, in seconds; 7 days at deployment.
    function disputeWindow() external view returns (uint256);

    /// @notice The factory whose questions are decided here; zero before it is set.
    function marketFactory() external view returns (address);

    /// @notice Where results are reported.
    function conditionalTokens() external view returns (address);

    /// @notice The shortest dispute window, in seconds: 1 day.
    function MIN_DISPUTE_WINDOW() external view returns (uint256);

    /// @notice The longest dispute window, in seconds: 30 days.
    function MAX_DISPUTE_WINDOW() external view returns (uint256);

    /// @notice Seconds after `resolutionTime` without a proposal until anyone may end the question: 90 days.
    function SILENCE_TIMEOUT() external view returns (uint256);

    /// @notice Seconds after a dispute without a decision until anyone may end the question: 30 days.
    function DISPUTE_TIMEOUT() external view returns (uint256);
}
