import type { Address } from "@nostra/sdk/order";

const HOUR_MS = 3_600_000;
const MAX_ACCOUNTS = 100_000;

/** How often something happened to each account in its present hour, which begins with the first time. */
export class HourlyCounts {
  readonly #monotonicMs: () => number;
  readonly #hours = new Map<string, { readonly startMs: number; count: number }>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  add(address: Address): void {
    const account = address.toLowerCase();
    const hour = this.#current(account);
    if (hour !== undefined) {
      hour.count += 1;
      return;
    }
    // Maps keep the order of insertion: the hour that began first goes first.
    if (this.#hours.size >= MAX_ACCOUNTS) this.#hours.delete(this.#hours.keys().next().value!);
    this.#hours.set(account, { startMs: this.#monotonicMs(), count: 1 });
  }

  of(address: Address): number {
    return this.#current(address.toLowerCase())?.count ?? 0;
  }

  #current(account: string): { count: number } | undefined {
    const hour = this.#hours.get(account);
    if (hour === undefined || this.#monotonicMs() - hour.startMs < HOUR_MS) return hour;
    this.#hours.delete(account);
    return undefined;
  }
}
