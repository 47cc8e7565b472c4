export {
  createVerifier,
  type CreateVerifierOptions,
  type OrderVerifier,
} from "./createVerifier.js";
export type { CurveBackend, Parity, RecoverableSignature } from "./CurveBackend.js";
export { nativeSecp256k1Backend, type NativeSecp256k1 } from "./nativeSecp256k1Backend.js";
export { recoverOrderSigner } from "./recoverOrderSigner.js";
export type { SignatureFault } from "./signature.js";
export { tinySecp256k1Backend, type TinySecp256k1 } from "./tinySecp256k1Backend.js";
export { verifyOrder, type VerifyFailure, type VerifyResult } from "./verifyOrder.js";
export {
  verifyOrderOnChain,
  type ChainVerifyFailure,
  type ChainVerifyResult,
} from "./verifyOrderOnChain.js";
