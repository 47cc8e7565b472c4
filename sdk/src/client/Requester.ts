import { InputError } from "../errors/InputError.js";
import type { ErrorDetails } from "../errors/NostraError.js";
import { ApiError, RateLimitError, UnreachableError } from "./errors.js";
import { signRequest, type ApiKey } from "./signRequest.js";
import type { ClientSession } from "./types.js";

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

/** What a request may have. */
export interface RequestParts {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** True when asking twice is the same as asking once. Default: for GET. */
  readonly isSafe?: boolean;
  /** True for what answers 503 with what was asked for. */
  readonly takes503?: boolean;
  /** False when it is sent without session or key. */
  readonly asSelf?: boolean;
}

/** How a Requester works. */
export interface RequesterOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly apiKey: ApiKey | undefined;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** Statuses that say: nothing was done, come again. */
const COME_AGAIN = [425, 429, 503];

/** A wait that the venue asks for is kept up to this; a longer one is the caller's to decide. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Asks the venue. Repeats what is safe to repeat: requests that change nothing, those that come to the same when they come
 * twice, and any that the venue says it has not looked at. Corrects the clock when the venue says that it is off, and refreshes
 * the session when its token is over; each once for a request.
 */
export class Requester {
  session: ClientSession | null = null;
  readonly #options: RequesterOptions;
  readonly #origin: string;
  readonly #prefix: string;
  #skewMs = 0;
  #refreshing: Promise<void> | null = null;

  constructor(options: RequesterOptions) {
    this.#options = options;
    let url: URL;
    try {
      url = new URL(options.url);
    } catch {
      throw new InputError("url", options.url, "where the venue is, such as https://venue.example");
    }
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, "");
  }

  get host(): string {
    return new URL(this.#origin).host;
  }

  get origin(): string {
    return this.#origin;
  }

  /** The venue's time, as far as it is known. */
  nowMs(): number {
    return Math.round(this.#options.nowMs() + this.#skewMs);
  }

  get<Answer>(path: string, query: RequestParts["query"] = {}): Promise<Answer> {
    return this.ask("GET", path, { query });
  }

  post<Answer>(path: string, body?: unknown, parts: RequestParts = {}): Promise<Answer> {
    return this.ask("POST", path, { ...parts, body });
  }

  /** @throws ApiError when the venue refuses. @throws UnreachableError when no answer came. */
  async ask<Answer>(method: string, path: string, parts: RequestParts = {}): Promise<Answer> {
    const { retries } = this.#options;
    const { isSafe = method === "GET" } = parts;
    let hasCorrected = false;
    let hasRefreshed = false;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#askOnce(method, path, parts)) as Answer;
      } catch (thrown) {
        // Only what is signed here can be signed anew with the right time.
        if (this.#correctClock(thrown) && !hasCorrected && this.#signs(parts)) {
          hasCorrected = true;
          continue;
        }
        if (!hasRefreshed && isOver(thrown) && this.session !== null && parts.asSelf !== false) {
          hasRefreshed = true;
          await this.refresh();
          continue;
        }
        const waitMs = this.#waitAfter(thrown, isSafe, attempt);
        if (waitMs === null || attempt >= retries) throw thrown;
        await this.#options.sleep(waitMs);
      }
    }
  }

  /** New tokens for the old; several who need them at once get them together. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const refreshToken = this.session?.refreshToken;
    try {
      // Not repeated: a token that comes twice ends the session.
      this.session = await this.post<ClientSession>(
        "/api/auth/refresh",
        { refreshToken },
        { asSelf: false },
      );
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) this.session = null;
      throw thrown;
    }
  }

  async #askOnce(method: string, path: string, parts: RequestParts): Promise<unknown> {
    const { query = {}, body } = parts;
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.set(name, `${value}`);
    }
    const text = search.toString();
    const target = `${this.#prefix}${path}${text === "" ? "" : `?${text}`}`;
    const payload = body === undefined ? "" : JSON.stringify(body, decimals);
    const headers: Record<string, string> = {
      accept: "application/json",
      ...(payload === "" ? {} : { "content-type": "application/json" }),
      ...(parts.asSelf === false ? {} : await this.#proofOf(method, target, payload)),
    };
    const answer = await this.#send(method, target, path, headers, payload);
    const said = parse(answer.text);
    if (
      answer.status < 300 ||
      (answer.status === 503 && parts.takes503 === true && said !== undefined)
    ) {
      if (said === undefined) throw unexpected(answer.status, answer.requestId);
      return said;
    }
    throw toError(answer, said);
  }

  async #proofOf(method: string, path: string, body: string): Promise<Record<string, string>> {
    const { apiKey } = this.#options;
    if (apiKey !== undefined) {
      return signRequest(apiKey, { timestampMs: this.nowMs(), method, path, body });
    }
    return this.session === null ? {} : { authorization: `Bearer ${this.session.accessToken}` };
  }

  async #send(
    method: string,
    target: string,
    path: string,
    headers: Record<string, string>,
    payload: string,
  ): Promise<{
    status: number;
    text: string;
    requestId: string | null;
    retryAfter: string | null;
  }> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#options.timeoutMs);
    try {
      const answer = await this.#options.fetch(this.#origin + target, {
        ...{ method, headers, signal: controller.signal },
        ...(payload === "" ? {} : { body: payload }),
      });
      return {
        status: answer.status,
        text: await answer.text(),
        requestId: answer.headers.get("x-request-id"),
        retryAfter: answer.headers.get("retry-after"),
      };
    } catch (thrown) {
      throw new UnreachableError(method, path, thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  #signs(parts: RequestParts): boolean {
    return this.#options.apiKey !== undefined && parts.asSelf !== false;
  }

  #correctClock(thrown: unknown): boolean {
    if (!(thrown instanceof ApiError) || thrown.code !== "CLOCK_SKEW") return false;
    const { serverTimeMs } = thrown.details;
    if (typeof serverTimeMs !== "number") return false;
    this.#skewMs = serverTimeMs - this.#options.nowMs();
    return true;
  }

  /** How long to wait before asking again; null when that would not be safe, or make no sense. */
  #waitAfter(thrown: unknown, isSafe: boolean, attempt: number): number | null {
    const backoffMs = 200 * 2 ** attempt * (0.5 + this.#options.random() / 2);
    if (thrown instanceof UnreachableError) return isSafe ? backoffMs : null;
    if (!(thrown instanceof ApiError)) return null;
    if (COME_AGAIN.includes(thrown.status)) {
      const askedMs = (thrown.retryAfterSeconds ?? 0) * 1000;
      return askedMs > LONGEST_WAIT_MS ? null : Math.max(askedMs, backoffMs);
    }
    return isSafe && (thrown.status === 502 || thrown.status === 504) ? backoffMs : null;
  }
}

function isOver(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.code === "TOKEN_EXPIRED";
}

function decimals(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unexpected(status: number, requestId: string | null): ApiError {
  return new ApiError({
    code: "UNEXPECTED_ANSWER",
    message: `the venue, or something before it, answered ${status} with what is none of its answers`,
    details: { status },
    ...{ status, requestId, retryAfterSeconds: null },
  });
}

function toError(
  answer: { status: number; requestId: string | null; retryAfter: string | null },
  said: unknown,
): ApiError {
  const { status, requestId } = answer;
  const error = (said as { error?: Record<string, unknown> } | undefined)?.error;
  const retryAfterSeconds = /^\d+$/.test(answer.retryAfter ?? "")
    ? Number(answer.retryAfter)
    : null;
  if (typeof error?.["code"] !== "string") {
    if (status !== 429) return unexpected(status, requestId);
    return new RateLimitError({
      ...{ code: "RATE_LIMITED", message: "too many requests", details: {} },
      ...{ status, requestId, retryAfterSeconds },
    });
  }
  const input = {
    code: error["code"],
    message: String(error["message"]),
    details: (error["details"] ?? {}) as ErrorDetails,
    ...{ status, requestId, retryAfterSeconds },
  };
  return status === 429 ? new RateLimitError(input) : new ApiError(input);
}
