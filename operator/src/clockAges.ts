import type { Clock } from "./clock";

/** A wall clock that moved against the monotonic one by no more than this was not set: it was slewed, or read late. */
const STEP_MS = 1_000;
/** How far apart two looks may be: a time stamped between them may belong to either side of a step. */
const SLACK_MS = 5_000;
const MAX_STEPS = 100;

/**
 * How long ago something was that carries a wall-clock timestamp of this machine, by the monotonic clock: when the machine's clock
 * is set forward or back, ages do not jump. `look` must be called every few seconds, or steps of the clock are noticed late.
 *
 * Times from before this process started are taken by the wall clock as it was at the start: nothing better is known of them.
 */
export class ClockAges {
  readonly #clock: Clock;
  /** What the wall clock was ahead of the monotonic one, and from which monotonic moment on. The latest last. */
  readonly #offsets: { readonly offsetMs: number; readonly sinceMs: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsets.push({ offsetMs: clock.nowMs() - clock.monotonicMs(), sinceMs: -Infinity });
  }

  /** Notices whether the wall clock was set. */
  look(): void {
    const monotonicMs = this.#clock.monotonicMs();
    const offsetMs = this.#clock.nowMs() - monotonicMs;
    if (Math.abs(offsetMs - this.#offsets.at(-1)!.offsetMs) <= STEP_MS) return;
    this.#offsets.push({ offsetMs, sinceMs: monotonicMs });
    if (this.#offsets.length > MAX_STEPS) this.#offsets.shift();
  }

  /** Milliseconds since a wall-clock time; never negative. */
  ageMs(wallMs: number): number {
    this.look();
    const nowMs = this.#clock.monotonicMs();
    for (const { offsetMs, sinceMs } of [...this.#offsets].reverse()) {
      const atMs = wallMs - offsetMs;
      if (atMs <= nowMs && atMs >= sinceMs - SLACK_MS) return nowMs - atMs;
    }
    return Math.max(0, nowMs - (wallMs - this.#offsets[0]!.offsetMs));
  }
}
