/** Values an error carries so that a program can act on them: what was wrong, and what was expected. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** What every error of the tree may be given. */
export interface NostraErrorOptions {
  readonly details?: ErrorDetails;
  /** The original failure, kept whole. */
  readonly cause?: unknown;
}

/**
 * Root of every error the SDK throws. `code` is stable and meant for programs; `message` is one short sentence for
 * people; `details` holds the values.
 */
export class NostraError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, options: NostraErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True when `value` is a Nostra error, with this `code` if one is given. Works across copies of the package. */
export function isNostraError(value: unknown, code?: string): value is NostraError {
  return (
    value instanceof Error &&
    typeof (value as Partial<NostraError>).code === "string" &&
    typeof (value as Partial<NostraError>).details === "object" &&
    (code === undefined || (value as NostraError).code === code)
  );
}
