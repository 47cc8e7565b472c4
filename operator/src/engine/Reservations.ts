import type { Address } from "@nostra/sdk/order";

/** What is reserved of one asset of one account, in all and for matches. */
interface Total {
  readonly account: string;
  readonly asset: string;
  all: bigint;
  inMatches: bigint;
}

/**
 * What accounts may still have to give: by open orders, and by matches that are not on chain yet. Each reservation has the name
 * of what it is for, an order's hash or a match's id with the order's hash, and is set to what that may give now.
 *
 * Always true: a total is the sum of the reservations set, and none is below zero.
 */
export class Reservations {
  readonly #held = new Map<string, { readonly total: Total; amount: bigint }>();
  /** By account, and then by asset. */
  readonly #totals = new Map<string, Map<string, Total>>();

  /**
   * Sets what one order or match may take of an account's asset; 0n ends the reservation. A name is always of the same account and
   * asset.
   */
  set(name: string, account: Address, asset: string, amount: bigint): void {
    if (amount < 0n) throw new RangeError(`a reservation of ${amount} for ${name}`);
    const held = this.#held.get(name);
    if (held !== undefined) {
      this.#add(held.total, name, amount - held.amount);
      held.amount = amount;
      if (amount === 0n) this.#held.delete(name);
    } else if (amount > 0n) {
      const total = this.#find(account, asset) ?? this.#open(account, asset);
      this.#add(total, name, amount);
      this.#held.set(name, { total, amount });
    }
  }

  /** Units of the asset that the account's open orders and unsettled matches may take. */
  of(account: Address, asset: string): bigint {
    return this.#find(account, asset)?.all ?? 0n;
  }

  /** The part of it that open orders may take: what matches take is perhaps on chain already. */
  ofOrders(account: Address, asset: string): bigint {
    const total = this.#find(account, asset);
    return total === undefined ? 0n : total.all - total.inMatches;
  }

  /** The assets of which something of the account's is reserved. */
  assetsOf(account: Address): readonly string[] {
    return [...(this.#totals.get(account.toLowerCase())?.keys() ?? [])];
  }

  /** Every reservation anew, for checking the totals. */
  *all(): Generator<readonly [name: string, key: string, amount: bigint]> {
    for (const [name, { total, amount }] of this.#held) {
      yield [name, `${total.account} ${total.asset}`, amount];
    }
  }

  #add(total: Total, name: string, amount: bigint): void {
    total.all += amount;
    if (name.includes(" ")) total.inMatches += amount;
    if (total.all > 0n) return;
    const ofAccount = this.#totals.get(total.account);
    ofAccount?.delete(total.asset);
    if (ofAccount?.size === 0) this.#totals.delete(total.account);
  }

  #find(account: Address, asset: string): Total | undefined {
    return this.#totals.get(account.toLowerCase())?.get(asset);
  }

  #open(account: Address, asset: string): Total {
    const name = account.toLowerCase();
    const total = { account: name, asset, all: 0n, inMatches: 0n };
    const ofAccount = this.#totals.get(name);
    if (ofAccount === undefined) this.#totals.set(name, new Map([[asset, total]]));
    else ofAccount.set(asset, total);
    return total;
  }
}
