import { MAX_ECHOED, cutText } from "./cutText.js";
import { NostraError } from "./NostraError.js";

/**
 * A value given to the SDK is not what it must be. Nothing was sent, signed or changed.
 * `details`: `field` (its path, such as "order.makerAmount"), `value` as given, `expected` in words. Text is cut at 80 characters
 * in `field` and `details`, and of an object only its kind is named, so that an error is small whatever was given.
 */
export class InputError extends NostraError {
  readonly field: string;
  /** As given, whole. */
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string, code = "INVALID_INPUT") {
    const name = cutText(field);
    super(code, `${name} is ${describe(value)}; expected ${expected}`, {
      details: { field: name, value: echo(value), expected },
    });
    this.field = name;
    this.value = value;
    this.expected = expected;
  }
}

/** Far above every integer of the chain; a longer one takes time in the square of its digits to write out. */
const MAX_SHOWN_INTEGER = 2n ** 512n;

/** The value for `details`: small, and without running code of the value's own such as `toString`. */
function echo(value: unknown): unknown {
  if (typeof value === "string") return cutText(value);
  if (typeof value === "bigint") return isHuge(value) ? "an integer of over 512 bits" : value;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Array.isArray(value) ? `a list of ${value.length}` : "an object";
}

function describe(value: unknown): string {
  if (typeof value === "bigint") return isHuge(value) ? "an integer of over 512 bits" : `${value}n`;
  if (typeof value === "string") return cutText(JSON.stringify(value.slice(0, MAX_ECHOED + 1)));
  return String(echo(value));
}

function isHuge(value: bigint): boolean {
  return value > MAX_SHOWN_INTEGER || value < -MAX_SHOWN_INTEGER;
}
