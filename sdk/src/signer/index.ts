export type { TypedDataSigner } from "../order/TypedDataSigner.js";
export { fastSigner, type FastSigner } from "./fastSigner.js";
export { toSigner } from "./toSigner.js";
