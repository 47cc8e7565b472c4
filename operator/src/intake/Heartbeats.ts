import type { Address } from "@nostra/sdk/order";
import type { Log } from "../log";
import type { Store } from "../store";

/** How much later than asked for a switch may go off: its monitor looks this often, in milliseconds. */
export const HEARTBEAT_CHECK_MS = 1_000;

/**
 * Dead man's switches: an account that asked for one must be heard of in time, or all its orders are cancelled. Deadlines are of the
 * monotonic clock, so setting the machine's clock neither fires a switch nor holds one back. A monotonic time means nothing to
 * another process: what is stored is which switches are on and their length, and after a restart each account has its whole time
 * again, from the moment the switches were loaded.
 */
export class Heartbeats {
  readonly #switches = new Map<string, { readonly seconds: number; deadlineMs: number }>();
  readonly #monotonicMs: () => number;
  readonly #store: Store;
  readonly #log: Log;
  /** One write after the other, or an older one could be the last. */
  #written: Promise<unknown> = Promise.resolve();

  private constructor(store: Store, monotonicMs: () => number, log: Log) {
    this.#store = store;
    this.#monotonicMs = monotonicMs;
    this.#log = log;
  }

  static async load(store: Store, monotonicMs: () => number, log: Log): Promise<Heartbeats> {
    const heartbeats = new Heartbeats(store, monotonicMs, log);
    for (const { account, seconds } of await store.db
      .selectFrom("heartbeat")
      .selectAll()
      .execute()) {
      heartbeats.#switches.set(account, { seconds, deadlineMs: monotonicMs() + seconds * 1000 });
    }
    return heartbeats;
  }

  /** The account is there; unless it beats again within so many seconds it counts as lost. 0 ends the switch. */
  beat(account: Address, seconds: number): void {
    const key = account.toLowerCase();
    const before = this.#switches.get(key);
    if (seconds === 0) this.#switches.delete(key);
    else this.#switches.set(key, { seconds, deadlineMs: this.#monotonicMs() + seconds * 1000 });
    if ((before?.seconds ?? 0) !== seconds) this.#keep(key, seconds);
  }

  /** Accounts that were not heard of in time: until they beat again, or it is over with them. */
  lost(): readonly Address[] {
    const nowMs = this.#monotonicMs();
    const lost = [...this.#switches].filter(([, { deadlineMs }]) => deadlineMs <= nowMs);
    return lost.map(([account]) => account as Address);
  }

  /** The orders of a lost account are cancelled: its switch is off, unless it has beaten meanwhile. */
  end(account: Address): void {
    const key = account.toLowerCase();
    const found = this.#switches.get(key);
    if (found === undefined || found.deadlineMs > this.#monotonicMs()) return;
    this.#switches.delete(key);
    this.#keep(key, 0);
  }

  #keep(account: string, seconds: number): void {
    const { db } = this.#store;
    const write = (): Promise<unknown> =>
      seconds === 0
        ? db.deleteFrom("heartbeat").where("account", "=", account).execute()
        : db
            .insertInto("heartbeat")
            .values({ account, seconds })
            .onConflict((conflict) => conflict.column("account").doUpdateSet({ seconds }))
            .execute();
    this.#written = this.#written.then(write).catch((err: unknown) => {
      this.#log.warn({ err, account }, "a heartbeat was not stored");
    });
  }
}
