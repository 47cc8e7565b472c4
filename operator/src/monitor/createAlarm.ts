import { subjectOf, type Alarm, type Alert, type Severity } from "../alerts";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Store } from "../store";
import { Deliveries } from "./Deliveries";

/** Brings alerts to people. */
export interface Notifier {
  readonly name: string;
  notify(alert: Alert): Promise<void>;
}

/** To the log: CRITICAL and HIGH as errors, the others as warnings. */
export function consoleNotifier(log: Log): Notifier {
  return {
    name: "console",
    notify: async ({ type, severity, data }) => {
      const level = severity === "CRITICAL" || severity === "HIGH" ? "error" : "warn";
      log[level]({ alert: type, severity, ...data }, `alert: ${type}`);
    },
  };
}

/** To a chat's incoming webhook: JSON with `text`, and the alert itself. */
export function webhookNotifier(
  url: string,
  { userName = "Nostra", timeoutMs = 5_000 }: { userName?: string; timeoutMs?: number } = {},
): Notifier {
  return {
    name: "webhook",
    notify: async (alert) => {
      const { type, severity, data } = alert;
      const text = `[${severity}] ${type} ${JSON.stringify(data)}`;
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username: userName, text, alert }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Its address is a secret: the error leaves it out.
      if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
    },
  };
}

export interface CreateAlarmParams {
  readonly store: Store;
  readonly notifiers: readonly Notifier[];
  readonly log: Log;
  readonly clock: Clock;
  /** How long one call of a notifier may take. Default 10 s. */
  readonly notifyTimeoutMs?: number;
  /** Pauses before a notifier that failed is called again with the same alert. Default 1 s, 10 s, 60 s; then it gives up. */
  readonly retryMs?: readonly number[];
}

/** Takes alerts, and can be waited for. */
export interface AlarmDesk extends Alarm {
  /** Delivers the loud alerts of the last day that an earlier process stored and did not deliver. */
  recover(): Promise<void>;
  /** Resolves when every alert raised so far is stored, or its storing has failed. */
  stored(): Promise<void>;
  /** Ends the retries of notifiers. */
  close(): void;
}

const LOUD: readonly Severity[] = ["CRITICAL", "HIGH"];
const DAY_MS = 86_400_000;
/** A type and subject that flaps between alarm and calm is delivered so many times a day. */
const MAX_DELIVERIES_A_DAY = 4;
/** Repetitions are counted in memory and written at most this often. */
const WRITE_EVERY_MS = 60_000;
/** Types and subjects that are remembered; the database holds all of them to one a day. */
const MAX_REMEMBERED = 10_000;
const MAX_DATA = 16_000;

/** A type and subject on a day, as this process knows it. */
interface Entry {
  readonly day: bigint;
  readonly subject: string;
  alert: Alert;
  readonly firstAtMs: number;
  lastAtMs: number;
  /** How often it was raised since it was last written. */
  unwritten: number;
  /** How often it was raised that day, over all processes, as far as is known. */
  count: number;
  writtenAtMs: number;
  isQueued: boolean;
  /** Delivered without its row: the database had failed. */
  isDelivered: boolean;
}

/**
 * Makes an alarm. A type and subject is one row a day (UTC), by a unique key of the database, and one delivery, whoever raises it
 * how often and however often the process starts; repetitions raise the row's count. An alert of a change (`isChange`) is delivered
 * again after a calm, at most four times a day.
 *
 * What is decided first is whether there is anything to write: repetitions cost one write a minute and subject. When the database
 * fails, the alert is delivered all the same, and its row follows when it is raised again.
 */
export function createAlarm(params: CreateAlarmParams): AlarmDesk {
  const { store, log, clock } = params;
  const entries = new Map<string, Entry>();
  const deliveries = new Deliveries(params);
  const queue: Entry[] = [];
  let writing: Promise<void> | null = null;

  const write = async (entry: Entry): Promise<void> => {
    const { alert, day, subject, lastAtMs, unwritten } = entry;
    const { type, severity } = alert;
    entry.unwritten = 0;
    entry.writtenAtMs = clock.monotonicMs();
    const isLoud = LOUD.includes(severity);
    try {
      const row = await store.db
        .insertInto("alert")
        .values({
          ...{ type, severity, subject, day, data: textOf(alert.data), count: BigInt(unwritten) },
          ...{ at_ms: BigInt(entry.firstAtMs), last_at_ms: BigInt(lastAtMs), notified: !isLoud },
        })
        .onConflict((conflict) =>
          conflict.columns(["type", "subject", "day"]).doUpdateSet((eb) => ({
            count: eb("alert.count", "+", eb.ref("excluded.count")),
            data: eb.ref("excluded.data"),
            last_at_ms: eb.ref("excluded.last_at_ms"),
          })),
        )
        .returning(["id", "count"])
        .executeTakeFirstOrThrow();
      entry.count = Number(row.count);
      const before = entry.count - unwritten;
      const most = alert.isChange === true ? MAX_DELIVERIES_A_DAY : 1;
      if (!isLoud) return;
      if (before < most && !entry.isDelivered) deliveries.add(alert, row.id);
      else if (entry.isDelivered) deliveries.done(row.id);
      entry.isDelivered = false;
    } catch (err) {
      log.error({ err, alert: type }, "an alert was not stored");
      entry.unwritten += unwritten;
      const isFirst = entry.count === 0 && !entry.isDelivered;
      if (!isLoud || !isFirst) return;
      entry.isDelivered = true;
      deliveries.add(alert, null);
    }
  };

  const enqueue = (entry: Entry): void => {
    if (entry.isQueued) return;
    entry.isQueued = true;
    queue.push(entry);
    writing ??= (async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        next.isQueued = false;
        await write(next);
      }
    })().finally(() => {
      writing = null;
    });
  };

  const raise = (alert: Alert): void => {
    const nowMs = clock.nowMs();
    const day = BigInt(Math.floor(nowMs / DAY_MS));
    const subject = subjectOf(alert);
    const key = `${alert.type} ${subject}`;
    let entry = entries.get(key);
    if (entry === undefined || entry.day !== day) {
      entry = {
        ...{ day, subject, alert, firstAtMs: nowMs, lastAtMs: nowMs, unwritten: 1, count: 0 },
        ...{ writtenAtMs: -Infinity, isQueued: false, isDelivered: false },
      };
      entries.delete(key);
      entries.set(key, entry);
      const [oldest] = entries.keys();
      if (entries.size > MAX_REMEMBERED && oldest !== undefined) entries.delete(oldest);
      enqueue(entry);
      return;
    }
    entry.alert = alert;
    entry.lastAtMs = nowMs;
    entry.unwritten += 1;
    const isNews = alert.isChange === true && entry.count < MAX_DELIVERIES_A_DAY;
    if (isNews || clock.monotonicMs() - entry.writtenAtMs >= WRITE_EVERY_MS) enqueue(entry);
  };

  const recover = async (): Promise<void> => {
    const rows = await store.db
      .selectFrom("alert")
      .select(["id", "type", "severity", "data"])
      .where("notified", "=", false)
      .where("at_ms", ">=", BigInt(clock.nowMs() - DAY_MS))
      .orderBy("id", "desc")
      .limit(Deliveries.MAX_WAITING)
      .execute();
    for (const { id, type, severity, data } of rows.reverse()) {
      deliveries.add({ type, severity, data: data as Alert["data"] }, id);
    }
  };

  return Object.assign(raise, {
    recover,
    stored: async () => {
      while (writing !== null) await writing;
    },
    close: () => deliveries.close(),
  });
}

function textOf(data: unknown): string {
  const text = JSON.stringify(data, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return text.length <= MAX_DATA ? text : JSON.stringify({ cut: text.slice(0, MAX_DATA) });
}
