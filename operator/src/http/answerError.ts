import { isNostraError, type ErrorDetails } from "@nostra/sdk/errors";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { OperatorError } from "../errors";
import { boundDetails, boundMessage, cut } from "./boundAnswer";
import { redact } from "./redact";

/** What every refusal and failure is told as. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryAfterSeconds?: number | undefined;
  /** True when it is the venue's fault and must be looked at. */
  readonly isFault: boolean;
}

/** What Fastify refuses by itself, in our words. */
const BY_FASTIFY: Readonly<Record<string, readonly [number, string, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "INVALID_JSON", "the body is no JSON"],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, "INVALID_JSON", "the body is empty"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, "INVALID_BODY", "the body is not as long as it says"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    "the body must be application/json",
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "BODY_TOO_LARGE", "the body is too large"],
  FST_ERR_BAD_URL: [400, "INVALID_URL", "the path is no path"],
  FST_ERR_MAX_PARAM_LENGTH: [414, "INVALID_URL", "a part of the path is too long"],
};

/** What errors of the SDK mean to who sent the request. Others of the SDK, not named here, are the venue's fault. */
const BY_CODE: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  INVALID_JSON: 400,
  DUPLICATE_FIELD: 400,
  UNKNOWN_FIELD: 400,
  MISSING_FIELD: 400,
  OFF_TICK: 400,
  INEXACT_AMOUNT: 400,
  SIGNATURE_MISMATCH: 400,
  INSUFFICIENT_BALANCE: 422,
  INSUFFICIENT_ALLOWANCE: 422,
  STALE_NONCE: 422,
  UNSETTLEABLE_ORDER: 422,
};

/** Turns whatever was thrown into what may be told: nothing of a surprise is, but that it happened. */
export function answerError(thrown: unknown): ErrorAnswer {
  if (hasZodFastifySchemaValidationErrors(thrown)) return answerValidation(thrown);
  if (thrown instanceof OperatorError && thrown.status !== 500) {
    const { status, code, message, details, retryAfterSeconds } = thrown;
    const retry = retryAfterSeconds ?? (status === 503 || status === 425 ? 1 : undefined);
    return { status, code, message, details, retryAfterSeconds: retry, isFault: status >= 500 };
  }
  if (isNostraError(thrown)) {
    const status = BY_CODE[thrown.code];
    const { code, message, details } = thrown;
    if (status !== undefined) return { status, code, message, details, isFault: false };
    if (code === "TRANSPORT") return unavailable();
  }
  const known = BY_FASTIFY[(thrown as { code?: string } | null)?.code ?? ""];
  if (known !== undefined) {
    const [status, code, message] = known;
    return { status, code, message, details: {}, isFault: false };
  }
  return {
    status: 500,
    code: "INTERNAL",
    message: "the venue failed; name the request id when you ask about it",
    details: {},
    isFault: true,
  };
}

function unavailable(): ErrorAnswer {
  return {
    status: 503,
    code: "UNAVAILABLE",
    message: "what the venue depends on does not answer; try again",
    details: {},
    retryAfterSeconds: 1,
    isFault: true,
  };
}

interface Invalid {
  readonly validation: readonly { keyword?: string; instancePath: string; message?: string }[];
  readonly validationContext?: string;
}

/** The most faults of one request that are listed. */
const MAX_ISSUES = 10;

function answerValidation(thrown: unknown): ErrorAnswer {
  const { validation, validationContext } = thrown as Invalid;
  const issues = validation.slice(0, MAX_ISSUES).map((issue) => ({
    field: cut(pathOf(issue.instancePath)) || (validationContext ?? "body"),
    problem: problemOf(issue),
  }));
  const first = issues[0] ?? { field: "body", problem: "is not valid" };
  return {
    status: 400,
    code: "INVALID_INPUT",
    message: `${first.field}: ${first.problem}`,
    details: { field: first.field, issues },
    isFault: false,
  };
}

function pathOf(instancePath: string): string {
  return instancePath.replace(/^\//, "").replaceAll("/", ".");
}

/** Zod's words, which repeat nothing of the sender's but the names of fields that are too many. */
function problemOf({ keyword, message = "is not valid" }: Invalid["validation"][number]): string {
  return keyword === "unrecognized_keys" ? cut(message) : boundMessage(message);
}

/**
 * The same, of bounded size and as plain JSON: integers of the chain become text. The redactor goes through what a dependency may
 * have said: faults, and refusals that name a cause. Other refusals are in the venue's words and repeat what was sent.
 */
export function safeAnswer(thrown: unknown, secrets: readonly string[]): ErrorAnswer {
  const answer = answerError(thrown);
  const isOfDependency =
    answer.isFault || (thrown as { cause?: unknown } | null | undefined)?.cause !== undefined;
  const clean = isOfDependency ? redactAnswer(answer, secrets) : answer;
  return {
    ...clean,
    message: boundMessage(clean.message),
    details: boundDetails(clean.details),
  };
}

function redactAnswer(answer: ErrorAnswer, secrets: readonly string[]): ErrorAnswer {
  const clean = (value: unknown): unknown => {
    if (typeof value === "string") return redact(value, secrets);
    return typeof value === "bigint" ? value.toString() : value;
  };
  const details = JSON.stringify(answer.details, (_, value: unknown) => clean(value));
  return {
    ...answer,
    message: redact(answer.message, secrets),
    details: JSON.parse(details) as ErrorAnswer["details"],
  };
}

/** What is sent. */
export function toErrorBody({ code, message, details }: ErrorAnswer, requestId: string): string {
  return JSON.stringify({ error: { code, message, details, requestId } });
}
