import type * as CTFExchange from "../generated/contracts/CTFExchange.js";
import type * as Collateral from "../generated/contracts/Collateral.js";
import type * as ConditionalTokens from "../generated/contracts/ConditionalTokens.js";
import type * as MarketFactory from "../generated/contracts/MarketFactory.js";
import type * as PositionRedeemer from "../generated/contracts/PositionRedeemer.js";
import type * as ResolutionOracle from "../generated/contracts/ResolutionOracle.js";
import type { Address, Hex } from "../order/Order.js";

/** Every event of Nostra's contracts, ConditionalTokens and the collateral included, with its values by name. */
export interface NostraEventArgs {
  // CTFExchange
  OrderFilled: CTFExchange.OrderFilledEvent.OutputObject;
  OrdersMatched: CTFExchange.OrdersMatchedEvent.OutputObject;
  MatchFailed: CTFExchange.MatchFailedEvent.OutputObject;
  FeeCharged: CTFExchange.FeeChargedEvent.OutputObject;
  OrderCancelled: CTFExchange.OrderCancelledEvent.OutputObject;
  OrderApproved: CTFExchange.OrderApprovedEvent.OutputObject;
  SignerAuthorized: CTFExchange.SignerAuthorizedEvent.OutputObject;
  SignerRevoked: CTFExchange.SignerRevokedEvent.OutputObject;
  NonceIncremented: CTFExchange.NonceIncrementedEvent.OutputObject;
  TokenRegistered: CTFExchange.TokenRegisteredEvent.OutputObject;
  FeeReceiverSet: CTFExchange.FeeReceiverSetEvent.OutputObject;
  TradingPaused: CTFExchange.TradingPausedEvent.OutputObject;
  TradingUnpaused: CTFExchange.TradingUnpausedEvent.OutputObject;
  EIP712DomainChanged: CTFExchange.EIP712DomainChangedEvent.OutputObject;
  // CTFExchange, MarketFactory, ResolutionOracle: roles and admin
  AdminOffered: CTFExchange.AdminOfferedEvent.OutputObject;
  AdminChanged: CTFExchange.AdminChangedEvent.OutputObject;
  RoleGranted: CTFExchange.RoleGrantedEvent.OutputObject;
  RoleRevoked: CTFExchange.RoleRevokedEvent.OutputObject;
  // MarketFactory
  MarketCreated: MarketFactory.MarketCreatedEvent.OutputObject;
  MarketCancelled: MarketFactory.MarketCancelledEvent.OutputObject;
  MarketClarified: MarketFactory.MarketClarifiedEvent.OutputObject;
  CreationPaused: MarketFactory.CreationPausedEvent.OutputObject;
  CreationUnpaused: MarketFactory.CreationUnpausedEvent.OutputObject;
  ExchangeSet: MarketFactory.ExchangeSetEvent.OutputObject;
  // ResolutionOracle
  QuestionOpened: ResolutionOracle.QuestionOpenedEvent.OutputObject;
  ResolutionProposed: ResolutionOracle.ResolutionProposedEvent.OutputObject;
  ResolutionDisputed: ResolutionOracle.ResolutionDisputedEvent.OutputObject;
  ResolutionFinalized: ResolutionOracle.ResolutionFinalizedEvent.OutputObject;
  MarketFactorySet: ResolutionOracle.MarketFactorySetEvent.OutputObject;
  DisputeWindowSet: ResolutionOracle.DisputeWindowSetEvent.OutputObject;
  // PositionRedeemer
  PositionsRedeemed: PositionRedeemer.PositionsRedeemedEvent.OutputObject;
  // ConditionalTokens
  ConditionPreparation: ConditionalTokens.ConditionPreparationEvent.OutputObject;
  ConditionResolution: ConditionalTokens.ConditionResolutionEvent.OutputObject;
  PositionSplit: ConditionalTokens.PositionSplitEvent.OutputObject;
  PositionsMerge: ConditionalTokens.PositionsMergeEvent.OutputObject;
  PayoutRedemption: ConditionalTokens.PayoutRedemptionEvent.OutputObject;
  TransferSingle: ConditionalTokens.TransferSingleEvent.OutputObject;
  TransferBatch: ConditionalTokens.TransferBatchEvent.OutputObject;
  ApprovalForAll: ConditionalTokens.ApprovalForAllEvent.OutputObject;
  URI: ConditionalTokens.URIEvent.OutputObject;
  // Collateral
  Transfer: Collateral.TransferEvent.OutputObject;
  Approval: Collateral.ApprovalEvent.OutputObject;
}

/** The name of any event of our contracts. */
export type NostraEventName = keyof NostraEventArgs;

/** A decoded log. A union over `name`, so that checking the name gives the type of `args`. */
export type NostraEvent<Name extends NostraEventName = NostraEventName> = {
  [N in Name]: {
    readonly name: N;
    readonly args: Readonly<NostraEventArgs[N]>;
    /** The contract that emitted it. */
    readonly address: Address;
    readonly blockNumber: number;
    readonly transactionHash: Hex;
    /** Position among the block's logs: unique within a chain together with the transaction hash. */
    readonly logIndex: number;
  };
}[Name];
