import type { Address } from "@nostra/sdk/order";

interface Total {
  count: number;
  amount: bigint;
  readonly groups: Map<string, number>;
}

interface Held {
  readonly account: string;
  readonly group: string;
  readonly amount: bigint;
}

/**
 * Counts things of accounts, in all and by group, such as open orders by market. Each thing has a name: to hold it twice, or to
 * release it twice, counts once. Every answer takes the same time, however many there are.
 */
export class AccountCounts {
  readonly #held = new Map<string, Held>();
  readonly #totals = new Map<string, Total>();

  has(name: string): boolean {
    return this.#held.has(name);
  }

  hold(name: string, address: Address, group: string, amount = 0n): void {
    if (this.#held.has(name)) return;
    const account = address.toLowerCase();
    this.#held.set(name, { account, group, amount });
    let total = this.#totals.get(account);
    if (total === undefined) {
      total = { count: 0, amount: 0n, groups: new Map() };
      this.#totals.set(account, total);
    }
    total.count += 1;
    total.amount += amount;
    total.groups.set(group, (total.groups.get(group) ?? 0) + 1);
  }

  release(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    this.#held.delete(name);
    const { account, group, amount } = held;
    const total = this.#totals.get(account)!;
    total.count -= 1;
    total.amount -= amount;
    if (total.count === 0) {
      this.#totals.delete(account);
      return;
    }
    const left = total.groups.get(group)! - 1;
    if (left === 0) total.groups.delete(group);
    else total.groups.set(group, left);
  }

  /** How many things an account has, in all. */
  of(account: Address): number {
    return this.#totals.get(account.toLowerCase())?.count ?? 0;
  }

  /** How many it has in one group. */
  inGroup(account: Address, group: string): number {
    return this.#totals.get(account.toLowerCase())?.groups.get(group) ?? 0;
  }

  /** The sum of their amounts. */
  amountOf(account: Address): bigint {
    return this.#totals.get(account.toLowerCase())?.amount ?? 0n;
  }
}
