import { AllowanceError, BalanceError } from "../errors/FundsError.js";
import type { NostraError } from "../errors/NostraError.js";
import { SignatureMismatchError } from "../errors/SignatureMismatchError.js";
import { StaleNonceError } from "../errors/StaleNonceError.js";
import { UnsettleableOrderError } from "../errors/UnsettleableOrderError.js";
import type { OrderReport } from "./checkOrder.js";
import type { Finding } from "./Finding.js";

/**
 * Throws the first of a report's findings that blocks; does nothing when there is none.
 * @throws BalanceError, AllowanceError, SignatureMismatchError, StaleNonceError (of a nonce ahead, too).
 * @throws UnsettleableOrderError for every other; its `reason` is the finding's code.
 */
export function requireSettleable({ findings }: OrderReport): void {
  const blocking = findings.find(({ severity }) => severity === "BLOCKS");
  if (blocking !== undefined) throw errorOf(blocking);
}

function errorOf(finding: Finding): NostraError {
  const { code, message } = finding;
  switch (code) {
    case "INSUFFICIENT_BALANCE":
      return new BalanceError(message, finding.values);
    case "INSUFFICIENT_ALLOWANCE":
      return new AllowanceError(message, finding.values);
    case "STALE_NONCE":
    case "FUTURE_NONCE": {
      const { maker, nonce, currentNonce } = finding.values;
      return new StaleNonceError(maker, nonce, currentNonce);
    }
    case "INVALID_SIGNATURE": {
      const { expected, recovered, reason } = finding.values;
      return new SignatureMismatchError(expected, recovered, finding.values, reason);
    }
    default:
      return new UnsettleableOrderError(code, message, { ...finding.values });
  }
}
