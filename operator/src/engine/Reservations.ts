import type { Address } from "@nostra/sdk/order";

/**
 * What accounts may still have to give: by open orders, and by matches that are not on chain yet. Each reservation has the name
 * of what it is for, an order's hash or a match's id with the order's hash, and is set to what that may give now.
 *
 * Always true: a total is the sum of the reservations set, and none is below zero.
 */
export class Reservations {
  readonly #held = new Map<string, { readonly key: string; readonly amount: bigint }>();
  readonly #totals = new Map<string, bigint>();
  /** The part of the totals that is for matches. */
  readonly #inMatches = new Map<string, bigint>();

  /** Sets what one order or match may take of an account's asset; 0n ends the reservation. */
  set(name: string, account: Address, asset: string, amount: bigint): void {
    if (amount < 0n) throw new RangeError(`a reservation of ${amount} for ${name}`);
    const key = keyOf(account, asset);
    const before = this.#held.get(name);
    if (before !== undefined) this.#add(name, before.key, -before.amount);
    if (amount === 0n) this.#held.delete(name);
    else {
      this.#held.set(name, { key, amount });
      this.#add(name, key, amount);
    }
  }

  /** Units of the asset that the account's open orders and unsettled matches may take. */
  of(account: Address, asset: string): bigint {
    return this.#totals.get(keyOf(account, asset)) ?? 0n;
  }

  /** The part of it that open orders may take: what matches take is perhaps on chain already. */
  ofOrders(account: Address, asset: string): bigint {
    const key = keyOf(account, asset);
    return (this.#totals.get(key) ?? 0n) - (this.#inMatches.get(key) ?? 0n);
  }

  /** Every reservation anew, for checking the totals. */
  *all(): Generator<readonly [name: string, key: string, amount: bigint]> {
    for (const [name, { key, amount }] of this.#held) yield [name, key, amount];
  }

  #add(name: string, key: string, amount: bigint): void {
    addTo(this.#totals, key, amount);
    if (name.includes(" ")) addTo(this.#inMatches, key, amount);
  }
}

function addTo(totals: Map<string, bigint>, key: string, amount: bigint): void {
  const total = (totals.get(key) ?? 0n) + amount;
  if (total === 0n) totals.delete(key);
  else totals.set(key, total);
}

function keyOf(account: Address, asset: string): string {
  return `${account.toLowerCase()} ${asset}`;
}
