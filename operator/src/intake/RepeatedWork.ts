/**
 * Work that many events ask for, by name. While work of a name waits, asking again changes nothing; while it runs, asking again
 * makes it run once more afterwards. At most a number of names run at a time.
 */
export class RepeatedWork {
  readonly #mostAtOnce: number;
  readonly #waiting = new Map<string, () => Promise<void>>();
  readonly #running = new Set<string>();

  constructor(mostAtOnce: number) {
    this.#mostAtOnce = mostAtOnce;
  }

  /**
   * @returns null when other work under way does it; else a promise of all the work that is taken on with it. It rejects with
   * the first failure, when all of that work was tried.
   */
  run(name: string, work: () => Promise<void>): Promise<void> | null {
    this.#waiting.set(name, work);
    return this.#running.size >= this.#mostAtOnce ? null : this.#drain();
  }

  async #drain(): Promise<void> {
    let failure: { readonly cause: unknown } | null = null;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [name, work] = next;
      this.#waiting.delete(name);
      this.#running.add(name);
      try {
        await work();
      } catch (cause) {
        failure ??= { cause };
      } finally {
        this.#running.delete(name);
      }
    }
    if (failure !== null) throw failure.cause;
  }

  /** The first that waits and does not run. */
  #next(): [string, () => Promise<void>] | undefined {
    for (const entry of this.#waiting) if (!this.#running.has(entry[0])) return entry;
    return undefined;
  }
}
