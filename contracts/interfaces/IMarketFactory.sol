// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Market, MarketStatus, NewMarket} from "../types/Market.sol";
import {IAdministered} from "./IAdministered.sol";

/// @title IMarketFactory
/// @notice Creates binary markets: prepares the condition, opens the question at the oracle and, when it holds the
/// exchange's registrar role, registers the two outcome tokens, all in one transaction.
///
/// What a market was created with never changes. Its creator and the admin may add clarifications while it is undecided:
/// a log of notes beside the text, each for ever. A pauser may stop creation, and nothing else: cancelling, clarifying,
/// resolution and redemption go on.
/// @dev The factory keeps what only it knows (texts' hash, creator, count of clarifications, cancellation). A market's times,
/// status and payouts are read from the oracle and ConditionalTokens, never copied.
interface IMarketFactory is IAdministered {
    /// @notice A market exists. `token0` is YES (index set 1), `token1` is NO (index set 2).
    event MarketCreated(
        bytes32 indexed questionId,
        bytes32 indexed conditionId,
        address indexed creator,
        uint256 token0,
        uint256 token1,
        string question,
        string description,
        string category,
        uint256 endTime,
        uint256 resolutionTime
    );

    /// @notice A market was cancelled: its payouts are [1,1].
    event MarketCancelled(bytes32 indexed questionId, bytes32 indexed conditionId);

    /// @notice A note was added to what the market says; it explains and replaces nothing.
    /// @param author The market's creator or the admin.
    /// @param index Its place in the market's log, from zero.
    event MarketClarified(bytes32 indexed questionId, address indexed author, uint256 index, string text);

    /// @notice Creation stopped. Cancelling, clarifying, resolution and redemption go on.
    event CreationPaused(address indexed account);

    /// @notice Creation started again.
    event CreationUnpaused(address indexed account);

    /// @notice New markets are registered at `exchange`, if it lets this factory.
    event ExchangeSet(address indexed exchange);

    /// @notice A market with this question id exists.
    error MarketExists(bytes32 questionId);

    /// @notice No market has this question id.
    error UnknownMarket(bytes32 questionId);

    /// @notice No market has this condition.
    error UnknownCondition(bytes32 conditionId);

    /// @notice Needed: timestamp < endTime <= resolutionTime <= timestamp + MAX_DURATION.
    error InvalidTimes(bytes32 questionId, uint256 endTime, uint256 resolutionTime, uint256 timestamp);

    /// @notice A text is empty or longer than `maximum` bytes. `field` is "question", "description", "category" or
    /// "clarification".
    error InvalidText(bytes32 questionId, string field, uint256 length, uint256 maximum);

    /// @notice Nothing is left to clarify: the market is RESOLVED or CANCELLED.
    error MarketOver(bytes32 questionId, MarketStatus status);

    /// @notice The exchange trades another collateral or other outcome tokens than this factory's.
    error ExchangeMismatch(address exchange);

    /// @notice The caller may not create markets.
    error NotCreator(address caller);

    /// @notice The caller is neither the admin nor the market's creator with its role still held.
    error NotClarifier(bytes32 questionId, address caller);

    /// @notice The caller may not stop creation.
    error NotPauser(address caller);

    /// @notice Creation is stopped.
    error Paused();

    /// @notice Creation is not stopped.
    error NotPaused();

    // ------------------------------------------------------------------------------------------------ life of a market

    /// @notice Creates a market with the oracle's default dispute window. Creators and the admin, while not paused.
    /// @dev A condition that somebody prepared first is used as it is: its id already binds oracle, question and
    /// two outcomes.
    /// @param questionId Any value not used before; the SDK derives it from the text.
    /// @param question 1 to 512 bytes.
    /// @param description The rules of resolution, 1 to 8192 bytes.
    /// @param category 1 to 64 bytes.
    /// @param endTime Unix second from which on a result may be proposed.
    /// @param resolutionTime Unix second at which a result is expected at the latest; not before `endTime`.
    /// @return conditionId The condition in ConditionalTokens.
    function createBinaryMarket(
        bytes32 questionId,
        string calldata question,
        string calldata description,
        string calldata category,
        uint256 endTime,
        uint256 resolutionTime
    ) external returns (bytes32 conditionId);

    /// @notice Creates markets, all or none: each as `createBinaryMarket` would, with a dispute window of its own choice.
    /// An error names the question that cannot be created. Creators and the admin, while not paused.
    /// @dev Each costs 300k gas or more, mostly for its texts and token ids: keep a list well inside the block's limit.
    /// @return conditionIds The conditions in ConditionalTokens, in the order of `markets`; none for an empty list.
    function createBinaryMarkets(NewMarket[] calldata markets) external returns (bytes32[] memory conditionIds);

    /// @notice Adds a note to what a market says, until it is RESOLVED or CANCELLED. The admin; and the account that created
    /// it, as long as it may create markets: a creator whose role was taken back has lost this too. The admin of the day
    /// counts, so one that handed over has no say left in markets it created.
    /// @dev Notes can neither be changed nor removed. Only their number is stored; they are for people, who decide.
    /// @param text 1 to 2048 bytes.
    function clarifyMarket(bytes32 questionId, string calldata text) external;

    /// @notice Ends a market on which no proposal stands: holders redeem half a unit of collateral per token. Admin only.
    function cancelMarket(bytes32 questionId) external;

    // ------------------------------------------------------------------------------------------------ administration

    /// @notice Links the exchange; zero unlinks it. Admin only.
    function setExchange(address exchange) external;

    /// @notice Lets `creator` create markets. Admin only.
    function addCreator(address creator) external;

    /// @notice Takes the creator role back. Admin only.
    function removeCreator(address creator) external;

    /// @notice Lets `pauser` stop creation. Admin only.
    function addPauser(address pauser) external;

    /// @notice Takes the pauser role back. Admin only.
    function removePauser(address pauser) external;

    /// @notice Stops creation. Pausers and the admin.
    function pauseCreation() external;

    /// @notice Starts creation again. Admin only.
    function unpauseCreation() external;

    // ------------------------------------------------------------------------------------------------ views

    /// @notice A market by its question id.
    function getMarket(bytes32 questionId) external view returns (Market memory);

    /// @notice A market by its condition id.
    function getMarketByCondition(bytes32 conditionId) external view returns (Market memory);

    /// @notice A page of markets in order of creation: at most `limit`, from `offset` on; empty past the end.
    function getMarkets(uint256 offset, uint256 limit) external view returns (Market[] memory);

    /// @notice How many markets there are.
    function marketCount() external view returns (uint256);

    /// @notice Where a market stands; NONE for an unknown question.
    function getStatus(bytes32 questionId) external view returns (MarketStatus);

    /// @notice True when these are the texts the market was created with.
    function verifyText(
        bytes32 questionId,
        string calldata question,
        string calldata description,
        string calldata category
    ) external view returns (bool);

    /// @notice True while creation is stopped.
    function creationPaused() external view returns (bool);

    /// @notice The exchange new markets are registered at; zero for none.
    function exchange() external view returns (address);

    /// @notice The oracle of every market.
    function oracle() external view returns (address);

    /// @notice The outcome tokens.
    function conditionalTokens() external view returns (address);

    /// @notice The token that backs every market.
    function collateral() external view returns (address);

    /// @notice The furthest a resolution time may lie ahead, in seconds.
    function MAX_DURATION() external view returns (uint256);
}
