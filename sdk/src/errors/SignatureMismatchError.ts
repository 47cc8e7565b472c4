import { NostraError } from "./NostraError.js";

/** What was signed does not prove the order: another key signed, or another message was signed. The order was not sent. */
export class SignatureMismatchError extends NostraError {
  /** The order's signer. */
  readonly expected: string;
  /** The account that the signature really names; null when it names none. */
  readonly recovered: string | null;

  constructor(expected: string, recovered: string | null) {
    super(
      "SIGNATURE_MISMATCH",
      recovered === null
        ? `The signature for ${expected} is not one the exchange accepts`
        : `The signature is of ${recovered}; expected ${expected}`,
      { details: { expected, recovered } },
    );
    this.expected = expected;
    this.recovered = recovered;
  }
}
