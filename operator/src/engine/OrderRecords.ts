import type { Address, Hex } from "@nostra/sdk/order";
import type { OrderRecord } from "./OrderRecord";

/** Records by hash, and by maker. */
export class OrderRecords {
  readonly #byHash = new Map<Hex, OrderRecord>();
  readonly #byMaker = new Map<string, Set<OrderRecord>>();

  get(hash: Hex): OrderRecord | undefined {
    return this.#byHash.get(hash);
  }

  has(hash: Hex): boolean {
    return this.#byHash.has(hash);
  }

  set(record: OrderRecord): void {
    this.#byHash.set(record.hash, record);
    const maker = record.order.maker.toLowerCase();
    const own = this.#byMaker.get(maker);
    if (own === undefined) this.#byMaker.set(maker, new Set([record]));
    else own.add(record);
  }

  delete(record: OrderRecord): void {
    this.#byHash.delete(record.hash);
    const maker = record.order.maker.toLowerCase();
    const own = this.#byMaker.get(maker);
    own?.delete(record);
    if (own?.size === 0) this.#byMaker.delete(maker);
  }

  /** Those of an account, or all. */
  of(account?: Address): Iterable<OrderRecord> {
    if (account === undefined) return this.#byHash.values();
    return this.#byMaker.get(account.toLowerCase()) ?? [];
  }
}
