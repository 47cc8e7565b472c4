import type { FastifyReply, FastifyRequest } from "fastify";
import { OperatorError } from "../../errors";
import type { Identity } from "../operation";
import { addressKey, type BucketName, type Limits } from "./limits";
import type { RateLimiter } from "./RateLimiter";
import type { Limit, Verdict } from "./TokenBucket";

/** Where requests are counted, and how many are allowed. */
export interface Counting {
  readonly limiter: RateLimiter;
  readonly limits: Limits;
}

/** Undefined at once when the buckets are of this process, so that a request waits for nothing. */
type Paid = void | Promise<void>;

/** Counts a request without credentials, or one whose credentials prove nothing. @throws OperatorError with status 429. */
export function chargeAddress(
  { limiter, limits }: Counting,
  bucket: BucketName,
  request: FastifyRequest,
  reply: FastifyReply,
  cost = 1,
): Paid {
  const key = `address:${addressKey(request.ip)}:${bucket}`;
  return pay(
    limiter.take(key, limits.address[bucket], cost),
    bucket,
    limits.address[bucket],
    reply,
  );
}

/** Counts a request that presents credentials, whatever they prove. @throws OperatorError with status 429. */
export function chargeTotal(
  { limiter, limits }: Counting,
  bucket: BucketName,
  request: FastifyRequest,
  reply: FastifyReply,
  cost = 1,
): Paid {
  const limit = limits.addressTotal[bucket];
  const key = `address:${addressKey(request.ip)}:total:${bucket}`;
  return pay(limiter.take(key, limit, cost), bucket, limit, reply);
}

/** Counts a request whose sender is known. @throws OperatorError with status 429. */
export function chargeIdentity(
  { limiter, limits }: Counting,
  bucket: BucketName,
  { kind, account }: Identity,
  reply: FastifyReply,
  cost = 1,
): Paid {
  const isService = kind === "service" || account === undefined;
  const limit = isService ? limits.service : limits.account[bucket];
  const key = isService ? `service:${bucket}` : `account:${account}:${bucket}`;
  return pay(limiter.take(key, limit, cost), bucket, limit, reply);
}

function pay(
  verdict: Verdict | Promise<Verdict>,
  bucket: BucketName,
  limit: Limit,
  reply: FastifyReply,
): Paid {
  if (verdict instanceof Promise)
    return verdict.then((given) => settle(given, bucket, limit, reply));
  return settle(verdict, bucket, limit, reply);
}

/** Reports in the answer what is left. */
function settle(verdict: Verdict, bucket: BucketName, limit: Limit, reply: FastifyReply): void {
  void reply.headers({
    "ratelimit-limit": verdict.limit,
    "ratelimit-remaining": verdict.remaining,
    "ratelimit-reset": verdict.resetSeconds,
  });
  if (verdict.allowed) return;
  throw new OperatorError("RATE_LIMITED", "too many requests; wait as long as it says", {
    status: 429,
    details: { bucket, limit: limit.count, seconds: limit.seconds },
    retryAfterSeconds: verdict.retryAfterSeconds,
  });
}
