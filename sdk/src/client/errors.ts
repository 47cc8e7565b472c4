import { NostraError, type ErrorDetails } from "../errors/NostraError.js";

/** What the venue said when it refused. */
export interface ApiErrorInput {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly status: number;
  readonly requestId: string | null;
  /** Seconds after which the venue says to try again; null when it does not. */
  readonly retryAfterSeconds: number | null;
}

/** The venue refused, or failed. `code` is the venue's, `details` its values; `requestId` finds it in the venue's log. */
export class ApiError extends NostraError {
  readonly status: number;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor({ code, message, details, status, requestId, retryAfterSeconds }: ApiErrorInput) {
    super(code, message, { details });
    this.status = status;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Too many requests. `retryAfterSeconds` says how long to wait. */
export class RateLimitError extends ApiError {
  declare readonly retryAfterSeconds: number;

  constructor(input: ApiErrorInput) {
    super({ ...input, retryAfterSeconds: input.retryAfterSeconds ?? 1 });
  }
}

/**
 * No answer came: the venue could not be reached, or not in time. Whether the request arrived is not known; the client repeats
 * what is safe to repeat before it throws this. `details`: `method`, `path`.
 */
export class UnreachableError extends NostraError {
  constructor(method: string, path: string, cause: unknown) {
    super("UNREACHABLE", `${method} ${path}: no answer from the venue`, {
      details: { method, path },
      cause,
    });
  }
}
