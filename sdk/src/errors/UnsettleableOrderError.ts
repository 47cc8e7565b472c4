import { NostraError, type ErrorDetails } from "./NostraError.js";

/** An order could not settle now, for a reason without a class of its own. `details` holds the finding's values. */
export class UnsettleableOrderError extends NostraError {
  /** The code of the finding, such as "EXPIRED". */
  readonly reason: string;

  constructor(reason: string, message: string, values: ErrorDetails) {
    super("UNSETTLEABLE_ORDER", message, { details: { ...values, reason } });
    this.reason = reason;
  }
}
