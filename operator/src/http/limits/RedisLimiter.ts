import type { Clock } from "../../clock";
import type { Log } from "../../log";
import { MemoryLimiter, type RateLimiter } from "./RateLimiter";
import type { Limit, Verdict } from "./TokenBucket";

/** What is needed of an ioredis client. */
export interface RedisEval {
  eval(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
}

/** The same arithmetic as takeTokens, where all processes meet. Levels are text: Redis cuts the decimals of numbers off. */
const SCRIPT = `
local count, windowMs, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1] or count), tonumber(kept[2] or now)
level = math.min(count, level + math.max(0, now - at) * count / windowMs)
local allowed = 0
if level >= cost then level = level - cost allowed = 1 end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', math.max(at, now))
redis.call('PEXPIRE', KEYS[1], windowMs)
return { allowed, tostring(level) }`;

/**
 * Buckets that several processes share. While Redis does not answer, each process counts for itself: a limit that is too
 * generous for a while is better than a venue that answers nobody.
 */
export class RedisLimiter implements RateLimiter {
  readonly #redis: RedisEval;
  readonly #clock: Clock;
  readonly #own: MemoryLimiter;
  readonly #log: Log;
  #isDown = false;

  constructor(redis: RedisEval, clock: Clock, log: Log) {
    this.#redis = redis;
    this.#clock = clock;
    this.#own = new MemoryLimiter(clock);
    this.#log = log;
  }

  async take(key: string, limit: Limit, cost = 1): Promise<Verdict> {
    const windowMs = limit.seconds * 1000;
    const now = this.#clock.nowMs();
    let answer: [number, string];
    try {
      const name = `nostra:limit:${key}`;
      answer = (await this.#redis.eval(SCRIPT, 1, name, limit.count, windowMs, cost, now)) as [
        number,
        string,
      ];
      this.#isDown = false;
    } catch {
      if (!this.#isDown) this.#log.warn("rate limits: Redis does not answer, counting alone");
      this.#isDown = true;
      return this.#own.take(key, limit, cost);
    }
    const allowed = answer[0] === 1;
    const level = Number(answer[1]);
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
