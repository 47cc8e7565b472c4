import { InputError } from "./InputError.js";

/** What an InexactAmountError carries besides its message. */
export interface InexactAmountErrorDetails {
  readonly [key: string]: unknown;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
  readonly price: string;
  /** The sizes next to the one given whose cost is a whole number of collateral units, ascending. */
  readonly nearest: readonly string[];
}

/** Price times size is not a whole number of collateral units. Nothing was rounded: `nearest` names exact sizes. */
export class InexactAmountError extends InputError {
  override readonly details: InexactAmountErrorDetails;

  constructor(field: string, value: unknown, price: string, nearest: readonly string[]) {
    const expected = `a size with an exact cost at price ${price}, such as ${nearest.join(" or ")}`;
    super(field, value, expected, "INEXACT_AMOUNT");
    this.details = { field, value, expected, price, nearest };
  }
}
