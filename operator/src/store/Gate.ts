import { BusyError } from "../errors";

export interface GateOptions {
  /** What is behind it, for the refusal's text. */
  readonly what: string;
  /** How many may be inside at one time. */
  readonly places: number;
  /** How many may wait for a place. */
  readonly maxWaiting: number;
  /** The longest that one of them waits. */
  readonly maxWaitMs: number;
  readonly onRefused?: (() => void) | undefined;
}

interface Waiting {
  readonly admit: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Admits a limited number at a time; a limited number wait, each for a limited time, first come first served. All others are
 * refused, so that a flood costs a refusal each and neither memory nor patience.
 */
export class Gate {
  readonly #options: GateOptions;
  /** In the order of arrival: a Set, because one whose time is up leaves from the middle. */
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @returns how to leave; call it once. @throws BusyError */
  async enter(): Promise<() => void> {
    const { places, maxWaiting } = this.#options;
    if (this.#inside < places) this.#inside += 1;
    else if (this.#waiting.size >= maxWaiting) throw this.#refusal();
    // The place is handed over by the one who leaves.
    else await this.#wait();
    let isInside = true;
    return () => {
      if (isInside) this.#leave();
      isInside = false;
    };
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(this.#refusal());
      }, this.#options.maxWaitMs);
      const waiting = { admit: resolve, timer };
      this.#waiting.add(waiting);
    });
  }

  #leave(): void {
    const next = this.#waiting.values().next().value;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.admit();
  }

  #refusal(): BusyError {
    this.#options.onRefused?.();
    return new BusyError(this.#options.what);
  }
}
