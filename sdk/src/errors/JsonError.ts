import { InputError } from "./InputError.js";

/** What is wrong with the shape of a JSON value. */
export type JsonErrorCode = "INVALID_JSON" | "DUPLICATE_FIELD" | "UNKNOWN_FIELD" | "MISSING_FIELD";

/** A JSON value has the wrong shape: no JSON at all, or a field too many, too few or twice. `field` names it. */
export class JsonError extends InputError {
  constructor(code: JsonErrorCode, field: string, value: unknown, expected: string) {
    super(field, value, expected, code);
  }
}
