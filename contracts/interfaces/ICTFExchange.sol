// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Match, Order, OrderStatus} from "../types/Order.sol";
import {IAdministered} from "./IAdministered.sol";

/// @title ICTFExchange
/// @notice Settles matches of signed orders over Gnosis ConditionalTokens. The order book lives off chain.
///
/// An order gives at most `makerAmount` (M) and wants at least `takerAmount` (T) for all of it. Amounts are units of the
/// asset's smallest part (six decimals for USDC, and so for its outcome tokens). BUY gives collateral and receives the
/// outcome token; SELL the reverse. In a match one taker order meets maker orders, each in one of three kinds:
///
/// - complementary: the other side, the same token. The two accounts swap directly.
/// - mint: both BUY, complementary tokens. Their collateral is split into new pairs.
/// - merge: both SELL, complementary tokens. Their pairs are merged back into collateral.
///
/// @dev Assumptions needed for safety: the collateral is a plain ERC-20 (no fee on transfer, no rebasing, no hooks) and
/// ConditionalTokens is the published 1.0.3. Needed for liveness only: the operator, and makers that keep their balances,
/// allowances and receiver hooks in order. A failing token call always names the order to blame.
interface ICTFExchange is IAdministered {
    // ------------------------------------------------------------------------------------------------ events

    /// @notice An order moved assets. One per order and match; amounts are what really moved.
    /// @param orderHash EIP-712 hash of the order.
    /// @param maker The account that traded.
    /// @param tokenId The outcome token traded.
    /// @param side 0 BUY, 1 SELL.
    /// @param making What the account gave: collateral units for BUY, token units for SELL.
    /// @param taking What it was due in return, before the fee: token units for BUY, collateral units for SELL.
    /// @param remaining What is left of the order's makerAmount. A taker order may consume more than `making`.
    event OrderFilled(
        bytes32 indexed orderHash,
        address indexed maker,
        uint256 indexed tokenId,
        uint8 side,
        uint256 making,
        uint256 taking,
        uint256 remaining
    );

    /// @notice A match settled. Emitted after the OrderFilled of its makers, in their order, and of its taker.
    /// @param takerFillAmount What the taker order really gave (its `making`), not the declared maximum.
    /// @param makerFillAmounts What each maker order gave.
    event OrdersMatched(
        bytes32 indexed takerOrderHash,
        bytes32[] makerOrderHashes,
        uint256 takerFillAmount,
        uint256[] makerFillAmounts
    );

    /// @notice A match of a batch did not settle; the others are not touched.
    /// @param index Its place in the batch, from zero.
    /// @param reason What it reverted with, cut at 1,024 bytes: one of the errors below, naming the order to blame.
    event MatchFailed(bytes32 indexed takerOrderHash, uint256 index, bytes reason);

    /// @notice A fee was kept from what an order received. Absent when the fee is zero.
    /// @param assetId The outcome token for a BUY order; zero, meaning collateral, for a SELL order.
    event FeeCharged(bytes32 indexed orderHash, uint256 assetId, uint256 amount);

    /// @notice The maker ended the order.
    event OrderCancelled(bytes32 indexed orderHash);

    /// @notice The maker approved the order on chain: it needs no signature any more.
    event OrderApproved(bytes32 indexed orderHash, address indexed maker);

    /// @notice `signer` may sign orders for `maker` before the Unix second `expiration`.
    event SignerAuthorized(address indexed maker, address indexed signer, uint256 expiration);

    /// @notice `signer` may no longer sign orders for `maker`; those it signed are dead.
    event SignerRevoked(address indexed maker, address indexed signer);

    /// @notice Orders of `maker` signed with a nonce other than `nonce` are dead.
    event NonceIncremented(address indexed maker, uint256 nonce);

    /// @notice The two ids trade as YES and NO of the condition.
    event TokenRegistered(uint256 indexed token0, uint256 indexed token1, bytes32 indexed conditionId);

    /// @notice Fees go to `feeReceiver` from now on.
    event FeeReceiverSet(address indexed feeReceiver);

    /// @notice Matching stopped. Cancelling and raising a nonce go on.
    event TradingPaused(address indexed account);

    /// @notice Matching started again.
    event TradingUnpaused(address indexed account);

    // ------------------------------------------------------------------------------------------------ errors

    /// @notice There is no contract at this address.
    error NoCode(address account);

    /// @notice An address or uint8 field of the order has bits set beyond its size.
    error MalformedOrder(bytes32 orderHash);

    /// @notice An amount of the order is zero, or above 2^120 - 1.
    error InvalidAmount(bytes32 orderHash, uint256 makerAmount, uint256 takerAmount);

    /// @notice The order asks more than 1 unit of collateral per outcome token, or offers it.
    error InvalidPrice(bytes32 orderHash, uint256 makerAmount, uint256 takerAmount);

    /// @notice `side` is neither 0 (BUY) nor 1 (SELL).
    error InvalidSide(bytes32 orderHash, uint8 side);

    /// @notice The signature does not prove that `maker` wants this order.
    error InvalidSignature(bytes32 orderHash, address maker, address signer);

    /// @notice There is no such kind of signature.
    error UnsupportedSignatureType(bytes32 orderHash, uint8 signatureType);

    /// @notice `signer` is not, or no longer, authorised to sign for `maker`; `expiration` is zero when it never was.
    error SignerNotAuthorized(bytes32 orderHash, address maker, address signer, uint256 expiration);

    /// @notice The caller authorised no such signer.
    error UnknownSigner(address maker, address signer);

    /// @notice An authorisation must end in the future; type(uint256).max is never.
    error InvalidExpiration(uint256 expiration, uint256 timestamp);

    /// @notice Less gas is left than a bounded call needs to have its full allowance. No order is to blame.
    error InsufficientGas(uint256 needed);

    /// @notice The order is dead from `expiration` on.
    error OrderExpired(bytes32 orderHash, uint256 expiration);

    /// @notice The order was signed with another nonce than the maker's current one.
    error InvalidNonce(bytes32 orderHash, uint256 nonce, uint256 currentNonce);

    /// @notice Nothing is left of the order.
    error OrderFilledOrCancelled(bytes32 orderHash);

    /// @notice The signed fee rate is above the hard maximum.
    error FeeTooHigh(bytes32 orderHash, uint256 feeRateBps, uint256 maxFeeRateBps);

    /// @notice The order's token was never registered.
    error TokenNotRegistered(bytes32 orderHash, uint256 tokenId);

    /// @notice The order names `taker` as its only counterparty, and met `counterparty`.
    error NotTaker(bytes32 orderHash, address taker, address counterparty);

    /// @notice Only the order's maker may cancel it.
    error NotOwner(bytes32 orderHash, address caller, address maker);

    /// @notice Maker order on the taker's side whose token is not the complement of the taker's token.
    error InvalidComplement(bytes32 orderHash, uint256 tokenId, uint256 complement);

    /// @notice Maker order on the other side whose token is not the taker's token.
    error MismatchedTokenIds(bytes32 orderHash, uint256 tokenId, uint256 takerTokenId);

    /// @notice The fill asks more of an order than is left of it.
    error MakingGtRemaining(bytes32 orderHash, uint256 fillAmount, uint256 remaining);

    /// @notice A fill of zero.
    error ZeroFill(bytes32 orderHash);

    /// @notice The makers' signed prices need more of the taker than the match declares.
    error TakerFillExceeded(bytes32 orderHash, uint256 making, uint256 takerFillAmount);

    /// @notice At the makers' signed prices the taker would give `making` for `taking`: worse than it signed.
    error NotCrossing(bytes32 orderHash, uint256 making, uint256 taking);

    /// @notice A match without maker orders.
    error NoMakerOrders();

    /// @notice As many fill amounts as maker orders are needed.
    error LengthMismatch(uint256 makerOrders, uint256 makerFillAmounts);

    /// @notice Moving collateral failed, and `orderHash` is to blame: the payer's order when its maker lacks balance or
    /// allowance, else the receiver's. `reason` is what the token said, cut at 512 bytes.
    error CollateralTransferFailed(bytes32 orderHash, address from, address to, uint256 amount, bytes reason);

    /// @notice Moving an outcome token failed, and `orderHash` is to blame: the sender's order when its maker lacks
    /// balance or approval, else the receiver's (its ERC-1155 hook refused). `reason` is cut at 512 bytes.
    error OutcomeTransferFailed(
        bytes32 orderHash,
        address from,
        address to,
        uint256 tokenId,
        uint256 amount,
        bytes reason
    );

    /// @notice An ERC-1155 token that no match asked for.
    error StrayToken(address token, address operator, uint256 tokenId);

    /// @notice A pair needs two different ids, neither zero, and a condition.
    error InvalidTokenPair(uint256 token0, uint256 token1, bytes32 conditionId);

    /// @notice The id belongs to a registered pair already.
    error AlreadyRegistered(uint256 tokenId);

    /// @notice The condition is not prepared with two outcomes in ConditionalTokens.
    error ConditionNotBinary(bytes32 conditionId, uint256 outcomeSlotCount);

    /// @notice The address has code but does not take ERC-1155 tokens, so fees could not reach it.
    error FeeReceiverRefusesTokens(address feeReceiver);

    /// @notice The caller may not settle matches.
    error NotOperator(address caller);

    /// @notice The caller may not register conditions.
    error NotRegistrar(address caller);

    /// @notice The caller may not stop matching.
    error NotPauser(address caller);

    /// @notice Matching is stopped.
    error Paused();

    /// @notice Matching is not stopped.
    error NotPaused();

    // ------------------------------------------------------------------------------------------------ settlement

    /// @notice Settles one taker order against maker orders, all or nothing. Operators only.
    ///
    /// Maker i gives exactly m = makerFillAmounts[i] and receives g = ceil(m * T / M), never a worse price than signed.
    /// The taker gives D and receives G, the sums that the makers' fills imply, and G * M >= D * T must hold for its own
    /// M and T: the whole price improvement is the taker's. The taker order consumes
    /// min(takerFillAmount, ceil(G * M / T)), and D may not exceed takerFillAmount. So declare the order's remaining amount
    /// for a limit BUY, which then ends when its size is bought; and exactly D for a SELL, which is for a size it gives,
    /// and for a market BUY, which is for an amount it may spend.
    ///
    /// Fees are kept from what each order receives: floor(feeRateBps * received / 10000), in the asset received.
    /// @param takerFillAmount The most the taker order may give and consume, in units of what it gives.
    /// @param makerFillAmounts What each maker order gives, in units of what that order gives.
    function matchOrders(
        Order calldata takerOrder,
        Order[] calldata makerOrders,
        uint256 takerFillAmount,
        uint256[] calldata makerFillAmounts
    ) external;

    /// @notice Settles independent matches, each in a frame of its own: all or nothing within a match, and a failing match
    /// leaves a MatchFailed event and nothing else. Operators only.
    /// @dev A match gets at most its own `gasLimit`, so none can use up the gas of the others; when not that much is left,
    /// it fails with InsufficientGas. The array must be encoded with its members one after the other, as every ABI
    /// encoder does; a match whose parts lie elsewhere fails.
    function matchOrdersBatch(Match[] calldata matches) external;

    // ------------------------------------------------------------------------------------------------ orders

    /// @notice Approves an order of the caller's own on chain, so that it needs no signature: for accounts that cannot
    /// sign. Expiration, nonce and cancelling hold for it as for any other. A repeat changes nothing.
    function approveOrder(Order calldata order) external;

    /// @notice Lets `signer` sign orders for the caller (SignatureType.DELEGATE) before the Unix second `expiration`,
    /// replacing an earlier authorisation of the same signer; type(uint256).max is never. For session keys.
    function authorizeSigner(address signer, uint256 expiration) external;

    /// @notice Takes the authorisation back, at once: orders that `signer` signed for the caller are dead.
    function revokeSigner(address signer) external;

    /// @notice Ends an order. Only its maker; effective at once. Refuses an order that is already over.
    function cancelOrder(Order calldata order) external;

    /// @notice Ends many orders. Only their maker; orders already over are passed by, a foreign one refuses the whole.
    function cancelOrders(Order[] calldata orders) external;

    /// @notice Raises the caller's nonce by one: every order it signed with the old one is dead at once.
    function incrementNonce() external;

    // ------------------------------------------------------------------------------------------------ administration

    /// @notice Pairs two ids as YES and NO of a condition. Admin only; the ids are taken on trust.
    function registerToken(uint256 token0, uint256 token1, bytes32 conditionId) external;

    /// @notice Derives the two ids of a prepared binary condition and pairs them; a repeat changes nothing.
    /// Registrars and the admin. No trust in the caller is needed: ids are computed from the condition.
    /// @return token0 Position id of YES (index set 1).
    /// @return token1 Position id of NO (index set 2).
    function registerCondition(bytes32 conditionId) external returns (uint256 token0, uint256 token1);

    /// @notice Lets `operator` settle matches. Admin only.
    function addOperator(address operator) external;

    /// @notice Takes the operator role back. Admin only.
    function removeOperator(address operator) external;

    /// @notice Lets `registrar` register conditions. Admin only.
    function addRegistrar(address registrar) external;

    /// @notice Takes the registrar role back. Admin only.
    function removeRegistrar(address registrar) external;

    /// @notice Lets `pauser` stop matching. Admin only.
    function addPauser(address pauser) external;

    /// @notice Takes the pauser role back. Admin only.
    function removePauser(address pauser) external;

    /// @notice Sends fees to `feeReceiver` from now on. Admin only; a contract must take ERC-1155 tokens.
    function setFeeReceiver(address feeReceiver) external;

    /// @notice Stops matching. Pausers and the admin.
    function pause() external;

    /// @notice Starts matching again. Admin only.
    function unpause() external;

    // ------------------------------------------------------------------------------------------------ views

    /// @notice The EIP-712 hash of the order in this exchange's domain; `signature` does not enter.
    function hashOrder(Order calldata order) external view returns (bytes32);

    /// @notice Reverts when the order could not be filled now whatever the counterparty: amounts, price, side, signature,
    /// expiry, nonce, fee rate, registration, status. Balances and approvals are not looked at.
    function validateOrder(Order calldata order) external view;

    /// @notice Reverts when the signature does not prove that the maker wants the order with this hash.
    function validateOrderSignature(bytes32 orderHash, Order calldata order) external view;

    /// @notice What is remembered of an order hash.
    function getOrderStatus(bytes32 orderHash) external view returns (OrderStatus memory);

    /// @notice The same for many, in the order asked.
    function getOrderStatuses(bytes32[] calldata orderHashes) external view returns (OrderStatus[] memory);

    /// @notice True when the maker approved the order on chain and it is not over.
    function isOrderApproved(bytes32 orderHash) external view returns (bool);

    /// @notice The Unix second from which on `signer` may no longer sign for `maker`; zero when it may not at all.
    function signerExpiration(address maker, address signer) external view returns (uint256);

    /// @notice The nonce an order of `maker` must be signed with.
    function nonces(address maker) external view returns (uint256);

    /// @notice The other id of a registered pair; zero when `tokenId` is not registered.
    function getComplement(uint256 tokenId) external view returns (uint256);

    /// @notice The condition of a registered id; zero when `tokenId` is not registered.
    function getConditionId(uint256 tokenId) external view returns (bytes32);

    /// @notice EIP-712 domain separator: name "Nostra CTF Exchange", version "1", this chain, this contract.
    function domainSeparator() external view returns (bytes32);

    /// @notice True while matching is stopped.
    function paused() external view returns (bool);

    /// @notice Where fees go.
    function feeReceiver() external view returns (address);

    /// @notice The token that pays for outcome tokens.
    function collateral() external view returns (address);

    /// @notice The outcome tokens.
    function conditionalTokens() external view returns (address);

    /// @notice The highest fee rate an order may sign, in basis points.
    function MAX_FEE_RATE_BPS() external view returns (uint256);

    /// @notice The most gas a transfer of an outcome token may use, the receiver's hook included.
    function OUTCOME_TRANSFER_GAS() external view returns (uint256);

    /// @notice The most gas a contract may use to confirm a signature (EIP-1271).
    function SIGNATURE_GAS() external view returns (uint256);

    /// @notice The highest makerAmount and takerAmount, in units.
    function MAX_AMOUNT() external view returns (uint256);
}
