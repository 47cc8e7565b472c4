import type { FastifyReply, FastifyRequest } from "fastify";
import { OperatorError } from "../../errors";
import type { Identity } from "../operation";
import { addressKey, type BucketName, type Limits } from "./limits";
import type { RateLimiter } from "./RateLimiter";
import type { Limit } from "./TokenBucket";

/** Whose bucket it is, and how large: by account when it is known, whichever key or session it uses. */
function bucketOf(
  identity: Identity | undefined,
  address: string,
  name: Exclude<BucketName, "free">,
  limits: Limits,
): readonly [key: string, limit: Limit] {
  if (identity?.kind === "service") return [`service:${name}`, limits.service];
  if (identity?.account !== undefined) {
    return [`account:${identity.account}:${name}`, limits.account[name]];
  }
  return [`address:${addressKey(address)}:${name}`, limits.address[name]];
}

/** Counts a request, and says in its answer what is left. @throws OperatorError with status 429. */
export async function limitRequest(
  limiter: RateLimiter,
  limits: Limits,
  name: BucketName,
  request: FastifyRequest,
  reply: FastifyReply,
  cost = 1,
): Promise<void> {
  if (name === "free") return;
  const [key, limit] = bucketOf(request.identity, request.ip, name, limits);
  const verdict = await limiter.take(key, limit, cost);
  void reply.headers({
    "ratelimit-limit": verdict.limit,
    "ratelimit-remaining": verdict.remaining,
    "ratelimit-reset": verdict.resetSeconds,
  });
  if (verdict.allowed) return;
  throw new OperatorError("RATE_LIMITED", "too many requests; wait as long as it says", {
    status: 429,
    details: { bucket: name, limit: limit.count, seconds: limit.seconds },
    retryAfterSeconds: verdict.retryAfterSeconds,
  });
}
