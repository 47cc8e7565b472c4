/** What a start check found. */
export interface CheckResult {
  /** What was looked at: `chain`, `role`, `gas money`. */
  readonly check: string;
  readonly state: "ok" | "warning" | "failed";
  /** For a failure: the variable, its problem and the command that fixes it, in one line. Never a secret. */
  readonly text: string;
  /** True when the environment is wrong, false when the world is: then a later start may succeed as it is. */
  readonly isConfiguration: boolean;
}

export function ok(check: string, text: string): CheckResult {
  return { check, state: "ok", text, isConfiguration: false };
}

export function warning(check: string, text: string): CheckResult {
  return { check, state: "warning", text, isConfiguration: false };
}

/** Something that a person or another system must change before a start can succeed. */
export function failed(check: string, text: string): CheckResult {
  return { check, state: "failed", text, isConfiguration: false };
}

/** A variable that is wrong: starting again without changing it is in vain. */
export function misconfigured(check: string, text: string): CheckResult {
  return { check, state: "failed", text, isConfiguration: true };
}
