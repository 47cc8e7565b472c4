export { checksumAddress, parseAddress, ZERO_ADDRESS } from "../ids/address.js";
export { buildOrder, MAX_FEE_RATE_BPS, type OrderInput, type OrderTrade } from "./buildOrder.js";
export type { OrderOptions } from "./completeOrder.js";
export { createLimitOrder, type LimitOrderInput } from "./createLimitOrder.js";
export { createMarketOrder, type MarketOrderInput } from "./createMarketOrder.js";
export {
  createOrderHasher,
  type OrderHasher,
  type OrderHasherOptions,
} from "./createOrderHasher.js";
export { estimateOrder, type EstimateOptions, type OrderEstimate } from "./estimateOrder.js";
export { hashOrder } from "./hashOrder.js";
export {
  Side,
  SignatureType,
  type Address,
  type Hex,
  type Order,
  type SignedOrder,
} from "./Order.js";
export { domainOf, type OrderConnection, type OrderTarget } from "./OrderConnection.js";
export { orderDomain, type OrderDomain, type OrderDomainParams } from "./orderDomain.js";
export { orderFromJson } from "./orderFromJson.js";
export { orderToJson, type OrderFieldsJson, type OrderJson } from "./orderToJson.js";
export {
  ORDER_TYPE_STRING,
  ORDER_TYPES,
  type OrderTypes,
  type TypedDataField,
} from "./orderTypes.js";
export type { ExpirationInput } from "./parseExpiration.js";
export { requireFreshOrder } from "./requireFreshOrder.js";
export { signOrder } from "./signOrder.js";
export { signOrders } from "./signOrders.js";
export type { TypedDataSigner } from "./TypedDataSigner.js";
