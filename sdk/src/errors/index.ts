export { ContractRevertError, UnknownContractError } from "./ContractRevertError.js";
export { decodeRevert } from "./decodeRevert.js";
export { DeploymentNotFoundError } from "./DeploymentNotFoundError.js";
export { InexactAmountError, type InexactAmountErrorDetails } from "./InexactAmountError.js";
export { InputError } from "./InputError.js";
export { JsonError, type JsonErrorCode } from "./JsonError.js";
export {
  NostraError,
  isNostraError,
  type ErrorDetails,
  type NostraErrorOptions,
} from "./NostraError.js";
export { SignatureMismatchError } from "./SignatureMismatchError.js";
export { TickError, type TickErrorDetails } from "./TickError.js";
export { SigningRejectedError, TransportError, toNostraError } from "./toNostraError.js";
