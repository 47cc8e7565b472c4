/** The sum of amounts that have names. To add a name twice, or to remove it twice, counts once. */
export class RunningSum {
  readonly #amounts = new Map<string, bigint>();
  #total = 0n;

  get total(): bigint {
    return this.#total;
  }

  add(name: string, amount: bigint): void {
    if (this.#amounts.has(name)) return;
    this.#amounts.set(name, amount);
    this.#total += amount;
  }

  remove(name: string): void {
    this.#total -= this.#amounts.get(name) ?? 0n;
    this.#amounts.delete(name);
  }
}
