export type { TypedDataSigner } from "../order/TypedDataSigner.js";
export { fastSigner, type FastSigner, type FastSignerOptions } from "./fastSigner.js";
export type {
  EthersV5Signer,
  OrderTypedData,
  OrderTypedDataJson,
  OrderWallet,
  SignTypedData,
  TypedDataAccount,
  TypedDataClient,
} from "./OrderWallet.js";
export { toSigner, type ToSignerOptions } from "./toSigner.js";
