/** How loud an alert is: CRITICAL wakes people, HIGH is looked at today, the others are kept. */
export type Severity = "CRITICAL" | "HIGH" | "MEDIUM" | "LOW";

/** Something an operator must know of. `type` is stable: `foreign_nonce`, `state_discrepancy`, `stuck_market` and so on. */
export interface Alert {
  readonly type: string;
  readonly severity: Severity;
  /** `subject`, else `lane` or `endpoint`, names what it is about: see `subjectOf`. */
  readonly data: Readonly<Record<string, unknown>>;
  /**
   * True when it is raised by a change only, after a calm: then a second one of the same day is delivered too, up to the limit of
   * createAlarm. A condition that is looked at again and again leaves this out: one delivery a day.
   */
  readonly isChange?: boolean;
}

/** Takes alerts. Never throws: who raises one has other work to do. */
export type Alarm = (alert: Alert) => void;

const MAX_SUBJECT = 200;

/** What an alert is about: a market, a lane, an endpoint; empty for the venue as a whole. */
export function subjectOf({ data }: Alert): string {
  const subject = data["subject"] ?? data["lane"] ?? data["endpoint"] ?? "";
  const text = typeof subject === "object" ? JSON.stringify(subject) : String(subject as string);
  return text.slice(0, MAX_SUBJECT);
}
