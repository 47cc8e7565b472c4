import type { Address } from "../../order/Order.js";
import { NO_OWNER } from "./TickBook.js";

/** Numbers for the accounts that have resting orders, so that two orders' makers compare as integers. */
export class Owners {
  readonly #numbers = new Map<string, number>();
  readonly #accounts: string[] = [];
  /** By number: how many resting orders the account has. */
  readonly #orders: number[] = [];
  readonly #free: number[] = [];

  /** The account's number, or NO_OWNER when it has no resting order. Capitals of the checksum do not matter. */
  find(account: Address): number {
    return this.#numbers.get(account.toLowerCase()) ?? NO_OWNER;
  }

  /** The account's number, for one more order of it. */
  hold(account: Address): number {
    const key = account.toLowerCase();
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      this.#orders[known]! += 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#accounts.length;
    this.#numbers.set(key, number);
    this.#accounts[number] = key;
    this.#orders[number] = 1;
    return number;
  }

  /** One order less of an account; its number is free when that was the last. */
  release(number: number): void {
    const left = this.#orders[number]! - 1;
    this.#orders[number] = left;
    if (left > 0) return;
    this.#numbers.delete(this.#accounts[number]!);
    this.#accounts[number] = "";
    this.#free.push(number);
  }
}
