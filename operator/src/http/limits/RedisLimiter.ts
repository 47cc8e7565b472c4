import type { Clock } from "../../clock";
import type { Log } from "../../log";
import { RedisLink, type RedisPing } from "../../redis/RedisLink";
import { MemoryLimiter, type RateLimiter } from "./RateLimiter";
import type { Limit, Verdict } from "./TokenBucket";

/** What is needed of an ioredis client. */
export interface RedisEval extends Partial<RedisPing> {
  eval(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
}

export interface RedisLimiterOptions {
  /** What the names of the buckets begin with: chain and exchange, so that venues on one Redis do not share them. */
  readonly namespace?: string;
  /** True: buckets go by the clock of Redis, which all processes share. Default: by the clock that is handed in. */
  readonly byRedisTime?: boolean;
  readonly link?: RedisLink;
}

/**
 * The same arithmetic as takeTokens, where all processes meet. Levels are text: Redis cuts the decimals of numbers off. A level
 * that is no number counts as a full bucket.
 */
const SCRIPT = `
local count, windowMs, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if now == nil then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1] or count) or count, tonumber(kept[2] or now) or now
level = math.min(count, level + math.max(0, now - at) * count / windowMs)
local allowed = 0
if level >= cost then level = level - cost allowed = 1 end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(math.max(at, now)))
redis.call('PEXPIRE', KEYS[1], windowMs)
return { allowed, tostring(level) }`;

/** Levels in Redis are decimal text: what is lost by that must not make the bucket here the tighter one. */
const ROUNDING = 1e-6;

/**
 * Buckets that several processes share. Each process keeps its own beside them, charged by every request and brought down to what
 * Redis says is left. A request needs both. So a Redis that stalls, goes away or is emptied gives nothing back: this process
 * goes on counting from what was known.
 */
export class RedisLimiter implements RateLimiter {
  readonly #redis: RedisEval;
  readonly #clock: Clock;
  readonly #own: MemoryLimiter;
  readonly #link: RedisLink;
  readonly #namespace: string;
  readonly #byRedisTime: boolean;

  constructor(redis: RedisEval, clock: Clock, log: Log, options: RedisLimiterOptions = {}) {
    this.#redis = redis;
    this.#clock = clock;
    this.#own = new MemoryLimiter(clock);
    this.#link = options.link ?? new RedisLink(redis, clock, log);
    this.#namespace = options.namespace ?? "nostra";
    this.#byRedisTime = options.byRedisTime ?? false;
  }

  async take(key: string, limit: Limit, cost = 1): Promise<Verdict> {
    const own = this.#own.take(key, limit, cost);
    // A request needs both, so a flood that this process refuses does not reach Redis.
    if (!own.allowed) return own;
    const windowMs = limit.seconds * 1000;
    const now = this.#byRedisTime ? "" : this.#clock.nowMs();
    const answer = await this.#link.ask("limit", () =>
      this.#redis.eval(
        SCRIPT,
        1,
        ...[`${this.#namespace}:limit:${key}`, limit.count, windowMs, cost, now],
      ),
    );
    if (answer === undefined) return own;
    const shared = readAnswer(answer, limit);
    if (shared === undefined) {
      this.#link.count("limit", "malformed");
      return own;
    }
    const { allowed, level } = shared;
    // What is refused costs nothing, here neither.
    this.#own.settle(key, level + ROUNDING, allowed ? 0 : cost);
    const secondsFor = (tokens: number): number =>
      Math.ceil((Math.max(0, tokens) * limit.seconds) / limit.count);
    return {
      allowed,
      limit: limit.count,
      remaining: Math.floor(level),
      resetSeconds: secondsFor(limit.count - level),
      retryAfterSeconds: allowed ? 0 : Math.max(1, secondsFor(cost - level)),
    };
  }
}

/** What the script answered; undefined when it is anything else. */
function readAnswer(
  answer: unknown,
  { count }: Limit,
): { readonly allowed: boolean; readonly level: number } | undefined {
  if (!Array.isArray(answer) || answer.length !== 2) return undefined;
  const [allowed, text] = answer as [unknown, unknown];
  const level = typeof text === "string" ? Number(text) : NaN;
  if ((allowed !== 0 && allowed !== 1) || !(level >= 0 && level <= count)) return undefined;
  return { allowed: allowed === 1, level };
}
