export { checksumAddress, parseAddress, ZERO_ADDRESS } from "../ids/address.js";
export { buildOrder, MAX_FEE_RATE_BPS, type OrderInput, type OrderTrade } from "./buildOrder.js";
export { createOrderHasher, type OrderHasher } from "./createOrderHasher.js";
export { hashOrder } from "./hashOrder.js";
export {
  Side,
  SignatureType,
  type Address,
  type Hex,
  type Order,
  type SignedOrder,
} from "./Order.js";
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
export { recoverOrderSigner } from "./recoverOrderSigner.js";
export type { SignatureFault } from "./signature.js";
export { signOrder } from "./signOrder.js";
export type { TypedDataSigner } from "./TypedDataSigner.js";
export { verifyOrder, type VerifyFailure, type VerifyResult } from "./verifyOrder.js";
