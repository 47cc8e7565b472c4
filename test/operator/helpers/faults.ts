import type { KyselyPlugin } from "kysely";
import type { Rpc } from "../../../operator/src/rpc";
import type { TransactionSigner } from "../../../operator/src/settler";
import type { Store } from "../../../operator/src/store";

/** The process has died: nothing of it works any more. */
export class Crash extends Error {}

/**
 * A process that dies when told. Everything that it does to the world passes a point before and one after; at the chosen point
 * it dies, and from then on everything it tries fails.
 */
export class Mortal {
  /** Points passed. */
  passed = 0;
  isDead = false;
  readonly #decides: (point: number) => boolean;

  constructor(decides: (point: number) => boolean) {
    this.#decides = decides;
  }

  /** A point at which it may die. */
  point(): void {
    if (!this.isDead) {
      this.passed += 1;
      this.isDead = this.#decides(this.passed);
    }
    if (this.isDead) throw new Crash(`died at point ${this.passed}`);
  }

  async #around<T>(act: () => Promise<T>): Promise<T> {
    this.point();
    const result = await act();
    this.point();
    return result;
  }

  rpc(inner: Rpc): Rpc {
    return { send: (method, params) => this.#around(() => inner.send(method, params)) };
  }

  /** Every statement, and every transaction before it begins and after it is committed. */
  store(inner: Store): Store {
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => {
        this.point();
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const db = inner.db.withPlugin(plugin);
    return {
      ...inner,
      db,
      transaction: (work) => this.#around(() => db.transaction().execute(work)),
    };
  }

  signer(inner: TransactionSigner): TransactionSigner {
    const { address } = inner;
    return {
      address,
      signTransaction: (tx) => this.#around(() => inner.signTransaction(tx)),
    };
  }

  engine<E extends { command(...args: never[]): Promise<unknown> }>(inner: E): E {
    const command = (...args: never[]): Promise<unknown> =>
      this.#around(() => inner.command(...args));
    return { command } as unknown as E;
  }
}
