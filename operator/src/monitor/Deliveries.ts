import type { Alert } from "../alerts";
import type { Log } from "../log";
import type { Store } from "../store";
import type { Notifier } from "./createAlarm";

interface Delivery {
  readonly alert: Alert;
  /** Its row; null while it is not stored. */
  readonly id: bigint | null;
  /** Notifiers that have not had it. */
  left: number;
  hasFailed: boolean;
}

interface DeliveriesParams {
  readonly store: Store;
  readonly notifiers: readonly Notifier[];
  readonly log: Log;
  readonly notifyTimeoutMs?: number;
  readonly retryMs?: readonly number[];
}

/**
 * Brings alerts to notifiers: each has a bounded queue of its own and takes one alert at a time, so that a slow one delays no other.
 * A call that fails or takes too long is repeated after each of the pauses, then given up and logged. The row of an alert that every
 * notifier has had is marked; one that is not marked is delivered again after a restart.
 */
export class Deliveries {
  /** Alerts that may wait for one notifier. More are logged and left to the next start. */
  static readonly MAX_WAITING = 100;
  readonly #params: DeliveriesParams;
  readonly #timeoutMs: number;
  readonly #retryMs: readonly number[];
  readonly #queues: readonly { readonly notifier: Notifier; readonly waiting: Delivery[] }[];
  readonly #busy = new Set<Notifier>();
  readonly #known = new Set<bigint>();
  readonly #closing = new AbortController();

  constructor(params: DeliveriesParams) {
    this.#params = params;
    this.#timeoutMs = params.notifyTimeoutMs ?? 10_000;
    this.#retryMs = params.retryMs ?? [1_000, 10_000, 60_000];
    this.#queues = params.notifiers.map((notifier) => ({ notifier, waiting: [] }));
  }

  add(alert: Alert, id: bigint | null): void {
    if (id !== null) {
      if (this.#known.has(id)) return;
      this.#known.add(id);
    }
    const delivery = { alert, id, left: this.#queues.length, hasFailed: false };
    if (delivery.left === 0) this.#finish(delivery);
    for (const { notifier, waiting } of this.#queues) {
      if (waiting.length >= Deliveries.MAX_WAITING) {
        this.#params.log.error(
          { alert: alert.type, notifier: notifier.name, waiting: waiting.length },
          "an alert was not delivered: too many wait for the notifier",
        );
        this.#had(delivery, false);
        continue;
      }
      waiting.push(delivery);
      void this.#work(notifier, waiting);
    }
  }

  /** The row of an alert that was delivered before it could be stored. */
  done(id: bigint): void {
    this.#mark(id);
  }

  close(): void {
    this.#closing.abort();
  }

  async #work(notifier: Notifier, waiting: Delivery[]): Promise<void> {
    if (this.#busy.has(notifier)) return;
    this.#busy.add(notifier);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      this.#had(next, await this.#notify(notifier, next.alert));
    }
    this.#busy.delete(notifier);
  }

  async #notify(notifier: Notifier, alert: Alert): Promise<boolean> {
    for (let tries = 0; ; tries++) {
      try {
        await withTimeout(notifier.notify(alert), this.#timeoutMs, notifier.name);
        return true;
      } catch (err) {
        const pauseMs = this.#retryMs[tries];
        const details = { err, alert: alert.type, notifier: notifier.name, tries: tries + 1 };
        if (pauseMs === undefined || this.#closing.signal.aborted) {
          this.#params.log.error(details, "an alert was not delivered");
          return false;
        }
        this.#params.log.warn(details, "a notifier failed; it is called again");
        await this.#pause(pauseMs);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  #had(delivery: Delivery, isDelivered: boolean): void {
    delivery.left -= 1;
    delivery.hasFailed ||= !isDelivered;
    if (delivery.left === 0) this.#finish(delivery);
  }

  #finish({ id, hasFailed }: Delivery): void {
    if (id === null) return;
    this.#known.delete(id);
    if (!hasFailed) this.#mark(id);
  }

  #mark(id: bigint): void {
    const { store, log } = this.#params;
    store.db
      .updateTable("alert")
      .set({ notified: true })
      .where("id", "=", id)
      .execute()
      .catch((err: unknown) => log.warn({ err }, "a delivered alert was not marked"));
  }
}

async function withTimeout(work: Promise<void>, ms: number, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not answer within ${ms} ms`)), ms);
    timer.unref();
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
