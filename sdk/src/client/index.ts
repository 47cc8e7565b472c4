export type { AccountMethods, SignInOptions } from "./accountMethods.js";
export { CANCEL_ORDERS_TYPES, type CancelOrders } from "./cancelOrders.js";
export type { ClientSigner, EthersSigner, ViemAccount } from "./ClientSigner.js";
export { createClient, type Client, type ClientOptions } from "./createClient.js";
export { ApiError, RateLimitError, UnreachableError, type ApiErrorInput } from "./errors.js";
export type {
  CandlesQuery,
  EventsQuery,
  MarketMethods,
  MarketsQuery,
  VenueSpread,
} from "./marketMethods.js";
export type { OrderMethods } from "./orderMethods.js";
export type { ClientPage, Paged } from "./pages.js";
export type { Fetch } from "./Requester.js";
export { signRequest, type ApiKey, type RequestToSign } from "./signRequest.js";
export type {
  AcceptedOrder,
  BatchResult,
  CancelledOrder,
  CancelOutcome,
  CancelResults,
  Candle,
  ChainEvent,
  ClientSession,
  KeyInfo,
  KeyScope,
  MarketStats,
  OrderStatus,
  OutcomeName,
  PlaceOptions,
  Portfolio,
  SideName,
  TradeProof,
  TradeState,
  VenueBalance,
  VenueBook,
  VenueDeployment,
  VenueHealth,
  VenueMode,
  VenueStatus,
  VenueMarket,
  VenueTerms,
  VenueOrder,
  VenuePosition,
  VenueTrade,
} from "./types.js";
