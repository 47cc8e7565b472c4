import type { ErrorDetails } from "@nostra/sdk/errors";
import { OperatorError } from "../../errors";

/** Who asks is not known, or what was to prove it does not. */
export function unauthorized(code: string, message: string, details: ErrorDetails = {}): Error {
  return new OperatorError(code, message, { status: 401, details });
}

/** Who asks is known, and may not. */
export function forbidden(code: string, message: string, details: ErrorDetails = {}): Error {
  return new OperatorError(code, message, { status: 403, details });
}
