import { InputError } from "../errors/InputError.js";
import { DECIMALS, MAX_AMOUNT } from "./constants.js";

/** A decimal number as text, such as "12.5"; or a bigint that counts units of 1e-6 already. */
export type DecimalInput = string | bigint;

const DECIMAL = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

// MAX_AMOUNT has 31 digits before the point; whatever is longer cannot be valid, and is not worth converting.
const LONGEST_TEXT = 40;

/**
 * Reads a plain decimal number of at most six decimals into units of 1e-6, from 0 to MAX_AMOUNT. Nothing is rounded.
 * @throws InputError naming `field` for anything else: a `number`, a sign, an exponent, hex, spaces, surplus zeros in
 * front, a seventh decimal.
 */
export function parseDecimal(field: string, input: DecimalInput): bigint {
  const units = typeof input === "bigint" ? input : parseText(field, input);
  if (units < 0n || units > MAX_AMOUNT) {
    throw new InputError(field, input, "an amount from 0 to 2^120 - 1 units of 1e-6");
  }
  return units;
}

/** The same, and zero is refused too. */
export function parsePositiveDecimal(field: string, input: DecimalInput): bigint {
  const units = parseDecimal(field, input);
  if (units === 0n) throw new InputError(field, input, "more than zero");
  return units;
}

function parseText(field: string, text: string): bigint {
  if (typeof text !== "string") {
    throw new InputError(
      field,
      text,
      'a decimal number as text such as "12.5", or units as bigint',
    );
  }
  if (text.length > LONGEST_TEXT) {
    throw new InputError(field, text, `decimal text of at most ${LONGEST_TEXT} characters`);
  }
  const match = DECIMAL.exec(text);
  if (match === null) {
    throw new InputError(field, text, 'plain decimal text such as "12.5"');
  }
  const [, whole = "", decimals = ""] = match;
  if (decimals.length > DECIMALS) {
    throw new InputError(field, text, `at most ${DECIMALS} decimals`);
  }
  return BigInt(whole + decimals.padEnd(DECIMALS, "0"));
}
