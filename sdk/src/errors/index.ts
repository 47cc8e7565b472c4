export { ChainMismatchError } from "./ChainMismatchError.js";
export { ContractRevertError, UnknownContractError } from "./ContractRevertError.js";
export { decodeRevert } from "./decodeRevert.js";
export { DeploymentNotFoundError } from "./DeploymentNotFoundError.js";
export { AllowanceError, BalanceError, FundsError, type Funds } from "./FundsError.js";
export { InexactAmountError, type InexactAmountErrorDetails } from "./InexactAmountError.js";
export { InputError } from "./InputError.js";
export { JsonError, type JsonErrorCode } from "./JsonError.js";
export {
  NostraError,
  isNostraError,
  type ErrorDetails,
  type NostraErrorOptions,
} from "./NostraError.js";
export { SignatureMismatchError, type SignatureScope } from "./SignatureMismatchError.js";
export { SigningRejectedError } from "./SigningRejectedError.js";
export { StaleNonceError } from "./StaleNonceError.js";
export { TickError, type TickErrorDetails } from "./TickError.js";
export { toNostraError } from "./toNostraError.js";
export { TransportError } from "./TransportError.js";
export { UnsettleableOrderError } from "./UnsettleableOrderError.js";
