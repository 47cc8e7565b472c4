import type { Alarm, Alert, Severity } from "../alerts";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Store } from "../store";

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
      // Its address is a secret, so it is not told.
      if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
    },
  };
}

export interface CreateAlarmParams {
  readonly store: Store;
  readonly notifiers: readonly Notifier[];
  readonly log: Log;
  readonly clock: Clock;
  /** The same alert again within so long is stored and not sent. Default ten minutes. */
  readonly quietMs?: number;
}

const LOUD: readonly Severity[] = ["CRITICAL", "HIGH"];

/**
 * Makes an alarm: every alert is stored; loud ones go to all notifiers, the same one (by type and subject) once in a while. A
 * notifier that fails is logged and hurts nobody else.
 */
export function createAlarm(params: CreateAlarmParams): Alarm {
  const { store, notifiers, log, clock, quietMs = 600_000 } = params;
  const sent = new Map<string, number>();
  return (alert) => {
    const nowMs = clock.nowMs();
    const { type, severity, data } = alert;
    store.db
      .insertInto("alert")
      .values({ type, severity, data: textOf(data), at_ms: BigInt(nowMs) })
      .execute()
      .catch((err: unknown) => log.error({ err, alert: type }, "an alert was not stored"));

    const key = `${type} ${String(data["subject"] ?? "")}`;
    const last = sent.get(key);
    if (!LOUD.includes(severity) || (last !== undefined && nowMs - last < quietMs)) return;
    sent.set(key, nowMs);
    for (const notifier of notifiers) {
      notifier.notify(alert).catch((err: unknown) => {
        log.error({ err, alert: type, notifier: notifier.name }, "an alert was not delivered");
      });
    }
  };
}

function textOf(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
