import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Metrics } from "../http/Metrics";

/** What is needed of an ioredis client to see whether it answers. */
export interface RedisPing {
  ping(): Promise<unknown>;
  /** Gives the connection up, with all that waits for an answer on it, and makes another. */
  disconnect?(reconnect?: boolean): void;
  /** `ready` when it can be asked. */
  readonly status?: string;
  on?(event: "ready", listener: () => void): unknown;
}

/** What Redis is asked for. */
export type RedisUse = "limit" | "publish";

const TIMEOUT_MS = 100;
const PROBE_TIMEOUT_MS = 1_000;
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 30_000;
const LATE = Symbol("late");

/**
 * Asks Redis, and does without it while it does not answer.
 *
 * Always true: after an answer that is late or a fault, nothing is asked for a while, at first a second, at most 30; whoever asks
 * in between goes on at once. Then a ping, for which nobody waits, decides. So a Redis that stalls delays the requests under
 * way by at most 100 ms, once.
 */
export class RedisLink {
  readonly #redis: Partial<RedisPing>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Metrics | undefined;
  #isUp = true;
  #restMs = MIN_REST_MS;
  #probeAtMs = 0;
  #isProbing = false;

  constructor(redis: Partial<RedisPing>, clock: Clock, log: Log, metrics?: Metrics) {
    this.#redis = redis;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = metrics;
    // A client that connects in the background is no trouble yet: nothing is asked before it is ready.
    this.#isUp = redis.status === undefined || redis.status === "ready" || redis.on === undefined;
    redis.on?.("ready", () => this.#ready());
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** @returns the answer; undefined when there is none in time, or none is waited for now. */
  async ask<T>(use: RedisUse, question: () => Promise<T>): Promise<T | undefined> {
    if (!this.#isUp) {
      this.#probe();
      return undefined;
    }
    try {
      const answer = await inTime(question(), TIMEOUT_MS);
      if (answer !== LATE) return answer;
      this.count(use, "late");
    } catch {
      this.count(use, "failed");
    }
    this.#rest();
    return undefined;
  }

  /** Counts a fault; what was wrong is not logged, since answers and commands may hold what nobody may read. */
  count(use: RedisUse, fault: "late" | "failed" | "malformed" | "dropped"): void {
    this.#metrics?.redisFaults.inc({ use, fault });
  }

  /** The client has connected: it is asked at once, whatever the rest. */
  #ready(): void {
    if (this.#isUp) return;
    this.#restMs = MIN_REST_MS;
    this.#probeAtMs = this.#clock.monotonicMs();
    this.#probe();
  }

  #rest(): void {
    if (this.#isUp)
      this.#log.warn("Redis does not answer: limits are counted by this process alone");
    this.#isUp = false;
    this.#probeAtMs = this.#clock.monotonicMs() + this.#restMs;
  }

  #probe(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#isProbing || nowMs < this.#probeAtMs) return;
    this.#isProbing = true;
    const { ping } = this.#redis;
    const asked = ping === undefined ? Promise.resolve("PONG") : ping.call(this.#redis);
    inTime(asked, PROBE_TIMEOUT_MS)
      .then(
        (answer) => {
          if (answer === LATE) this.#redis.disconnect?.(true);
          return answer !== LATE;
        },
        () => false,
      )
      .then((isUp) => {
        this.#isProbing = false;
        if (isUp) {
          this.#isUp = true;
          this.#restMs = MIN_REST_MS;
          this.#log.info("Redis answers again");
          return;
        }
        this.#restMs = Math.min(MAX_REST_MS, this.#restMs * 2);
        this.#probeAtMs = this.#clock.monotonicMs() + this.#restMs;
      })
      .catch(() => undefined);
  }
}

/** An answer that has come in while this process was busy is in time, whatever the timer says. */
function inTime<T>(answer: Promise<T>, ms: number): Promise<T | typeof LATE> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => resolve(LATE)), ms);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (thrown: unknown) => {
        clearTimeout(timer);
        reject(thrown as Error);
      },
    );
  });
}
