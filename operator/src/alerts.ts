/** How loud an alert is: CRITICAL wakes people, HIGH is looked at today, the others are kept. */
export type Severity = "CRITICAL" | "HIGH" | "MEDIUM" | "LOW";

/** Something an operator must know of. `type` is stable: `foreign_nonce`, `state_discrepancy`, `stuck_market` and so on. */
export interface Alert {
  readonly type: string;
  readonly severity: Severity;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Takes alerts. Never throws: who raises one has other work to do. */
export type Alarm = (alert: Alert) => void;
