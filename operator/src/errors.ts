import { NostraError, type ErrorDetails } from "@nostra/sdk/errors";

/** What went wrong inside the operator, or was refused by it. `status` is what HTTP answers. */
export class OperatorError extends NostraError {
  readonly status: number;
  /** Seconds after which asking again makes sense; undefined when it never does. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: string,
    message: string,
    options: {
      readonly status: number;
      readonly details?: ErrorDetails;
      readonly cause?: unknown;
      readonly retryAfterSeconds?: number;
    },
  ) {
    const { details, cause } = options;
    super(code, message, {
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/**
 * Something else holds what only one process may have. `details`: `what`, `holder`, and `isLocked` when the holder is in the middle
 * of a transaction, which the database ends if it hangs.
 */
export class InUseError extends OperatorError {
  constructor(what: string, holder: string, isLocked = false) {
    const message = isLocked
      ? `${what}'s lease row is locked by ${holder}; the database ends the transaction if its client is silent`
      : `${what} is in use by ${holder}`;
    super("IN_USE", message, { status: 503, details: { what, holder, isLocked } });
  }
}

/** More was asked than is done at a time, or it took too long: the same again later may succeed. `details`: `what`. */
export class BusyError extends OperatorError {
  constructor(what: string, cause?: unknown) {
    super("BUSY", `${what} has no room now; try again after the time in Retry-After`, {
      ...{ status: 503, retryAfterSeconds: 1, details: { what } },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** This process is not the writer any more: another took over. `details`: `lease`. */
export class FencedError extends OperatorError {
  constructor(lease: string) {
    super("FENCED", `another process has taken over ${lease}; this one must not write`, {
      status: 503,
      details: { lease },
    });
  }
}

/** The embedded database ended by itself: this process has none any more, and a new one must be started. */
export class DatabaseEndedError extends OperatorError {
  constructor(cause: unknown) {
    super("DATABASE_ENDED", "the thread of the embedded database has ended", {
      ...{ status: 503, retryAfterSeconds: 5, cause },
    });
  }
}

/** The database belongs to another deployment. `details`: `key`, `found`, `expected`. */
export class ForeignDatabaseError extends OperatorError {
  constructor(key: string, found: string, expected: string) {
    super(
      "FOREIGN_DATABASE",
      `the database was made for ${key} ${found}, not ${expected}; use another database`,
      { status: 500, details: { key, found, expected } },
    );
  }
}
