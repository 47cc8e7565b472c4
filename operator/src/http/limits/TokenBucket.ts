/** So many in so many seconds: as many at once, and then as they come back, evenly. */
export interface Limit {
  readonly count: number;
  readonly seconds: number;
}

/** What a limit says to one request. */
export interface Verdict {
  readonly allowed: boolean;
  readonly limit: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Seconds until the bucket is full again, rounded up. */
  readonly resetSeconds: number;
  /** Seconds until what was asked for is there, rounded up; 0 when it was. */
  readonly retryAfterSeconds: number;
}

/** What a bucket holds: `level` tokens at `atMs`. */
export interface Bucket {
  level: number;
  atMs: number;
}

/** Takes `cost` tokens out of a bucket, if they are there; the bucket is brought up to `nowMs`. */
export function takeTokens(bucket: Bucket, limit: Limit, cost: number, nowMs: number): Verdict {
  const perMs = limit.count / (limit.seconds * 1000);
  // A clock that goes back gives nothing and takes nothing.
  const passed = Math.max(0, nowMs - bucket.atMs);
  bucket.level = Math.min(limit.count, bucket.level + passed * perMs);
  bucket.atMs = Math.max(bucket.atMs, nowMs);
  const allowed = bucket.level >= cost;
  if (allowed) bucket.level -= cost;
  const secondsFor = (tokens: number): number => Math.ceil(Math.max(0, tokens) / perMs / 1000);
  return {
    allowed,
    limit: limit.count,
    remaining: Math.floor(bucket.level),
    resetSeconds: secondsFor(limit.count - bucket.level),
    retryAfterSeconds: allowed ? 0 : Math.max(1, secondsFor(cost - bucket.level)),
  };
}
