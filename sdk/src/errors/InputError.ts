import { NostraError } from "./NostraError.js";

/**
 * A value given to the SDK is not what it must be. Nothing was sent, signed or changed.
 * `details`: `field` (its path, such as "order.makerAmount"), `value` as given, `expected` in words.
 */
export class InputError extends NostraError {
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string, code = "INVALID_INPUT") {
    super(code, `${field} is ${describe(value)}; expected ${expected}`, {
      details: { field, value, expected },
    });
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

const LONGEST_SHOWN = 80;

function describe(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
