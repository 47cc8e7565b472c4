import { NostraError } from "./NostraError.js";
import { decodeRevert } from "./decodeRevert.js";
import { findRevertData } from "./findRevertData.js";
import { isRejection, SigningRejectedError } from "./SigningRejectedError.js";
import { TransportError } from "./TransportError.js";

export { TransportError };

/**
 * Turns whatever a provider or signer threw into a Nostra error: a decoded revert when revert data is found in it, a
 * declined signature, else a TransportError. A Nostra error is returned as it is.
 * @param action What was being done, in a few words, such as "matchOrders".
 */
export function toNostraError(action: string, thrown: unknown): NostraError {
  if (thrown instanceof NostraError) return thrown;
  const data = findRevertData(thrown);
  if (data !== undefined) return decodeRevert(data, thrown);
  if (isRejection(thrown)) return new SigningRejectedError(action, thrown);
  return new TransportError(action, thrown);
}
