/** Where time comes from, so that tests can have their own. */
export interface Clock {
  /** Milliseconds since 1970. The machine's owner, or NTP, may set it forward and back: for timestamps, never for durations. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment, by a clock that only goes forward: for durations, time-outs and ages. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
