// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Market, MarketStatus} from "../types/Market.sol";
import {IAdministered} from "./IAdministered.sol";

/// @title IMarketFactory
/// @notice Creates binary markets: prepares the condition, opens the question at the oracle and, when it holds the
/// exchange's registrar role, registers the two outcome tokens, all in one transaction.
/// @dev The factory keeps what only it knows (texts' hash, creator, times, cancellation). A market's status and payouts
/// are read from the oracle and ConditionalTokens, never copied.
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

    /// @notice New markets are registered at `exchange`, if it lets this factory.
    event ExchangeSet(address indexed exchange);

    /// @notice A market with this question id exists.
    error MarketExists(bytes32 questionId);

    /// @notice No market has this question id.
    error UnknownMarket(bytes32 questionId);

    /// @notice No market has this condition.
    error UnknownCondition(bytes32 conditionId);

    /// @notice Needed: timestamp < endTime <= resolutionTime <= timestamp + MAX_DURATION.
    error InvalidTimes(uint256 endTime, uint256 resolutionTime, uint256 timestamp);

    /// @notice A text is empty or longer than `maximum` bytes. `field` is "question", "description" or "category".
    error InvalidText(string field, uint256 length, uint256 maximum);

    /// @notice The exchange trades another collateral or other outcome tokens than this factory's.
    error ExchangeMismatch(address exchange);

    /// @notice The caller may not create markets.
    error NotCreator(address caller);

    /// @notice Creates a market. Creators and the admin.
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

    /// @notice Ends a market on which no proposal stands: holders redeem half a unit of collateral per token. Admin only.
    function cancelMarket(bytes32 questionId) external;

    /// @notice Links the exchange; zero unlinks it. Admin only.
    function setExchange(address exchange) external;

    /// @notice Lets `creator` create markets. Admin only.
    function addCreator(address creator) external;

    /// @notice Takes the creator role back. Admin only.
    function removeCreator(address creator) external;

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
