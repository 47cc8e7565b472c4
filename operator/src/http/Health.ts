import { sql } from "kysely";
import type { Clock } from "../clock";
import type { Store } from "../store";

export type ServiceState = "up" | "degraded" | "down";

/** What a check found. A bare state has no reason. */
export type Finding =
  ServiceState | { readonly state: ServiceState; readonly reason: string | null };

/** One thing the venue depends on. */
export interface HealthCheck {
  /** As it is published: `redis`, `blockchain_rpc`, `chain_head`, `event_indexer`, `engine`, `settler`. */
  readonly name: string;
  /** True when the venue cannot take orders without it: the venue is unhealthy while it is down. */
  readonly required: boolean;
  /** True when the venue is not ready unless it is up. Default: `required`. */
  readonly isNeededToBeReady?: boolean;
  /** For so long it may be less than up before it counts, in milliseconds: what mends itself at once alarms nobody. Default 0. */
  readonly graceMs?: number;
  /** Throws when it is down. */
  check(): Promise<Finding>;
}

/** A part that is less than up, and why. */
export interface FailingPart {
  readonly part: string;
  readonly state: Exclude<ServiceState, "up">;
  readonly reason: string;
}

export interface HealthReport {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly services: Readonly<Record<string, ServiceState>>;
  /** Every part that is less than up. */
  readonly failing: readonly FailingPart[];
  /** False when one of the failing parts keeps the venue from its work: orders, settlement, indexing or the lane. */
  readonly isReady: boolean;
}

/** A check that does not answer within this is down. */
const PATIENCE_MS = 2_000;
/** A report is reused for so long: however often it is asked for, the parts are asked once. */
const REMEMBERED_MS = 1_000;

const WINDOW_SECONDS = 60;
const MAX_REASON_LENGTH = 200;

/** How the venue is, and what it did in the last minute. */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** Requests and faults by second, the last minute's. */
  readonly #seconds = new Map<number, { requests: number; faults: number }>();
  /** Since when a part is less than up, by the monotonic clock. */
  readonly #failingSince = new Map<string, number>();
  #last: { readonly report: Promise<HealthReport>; readonly atMs: number } | null = null;

  constructor(store: Pick<Store, "db">, clock: Clock, checks: readonly HealthCheck[]) {
    const database: HealthCheck = {
      name: "database",
      required: true,
      check: async () => {
        await sql`select 1`.execute(store.db);
        return "up";
      },
    };
    this.#checks = [database, ...checks];
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  count(isFault: boolean): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    let counted = this.#seconds.get(second);
    if (counted === undefined) {
      counted = { requests: 0, faults: 0 };
      this.#seconds.set(second, counted);
      for (const old of this.#seconds.keys()) {
        if (old > second - WINDOW_SECONDS) break;
        this.#seconds.delete(old);
      }
    }
    counted.requests += 1;
    if (isFault) counted.faults += 1;
  }

  traffic(): { uptimeSeconds: number; requestsPerMinute: number; errorRate: number } {
    const nowMs = this.#clock.monotonicMs();
    const since = Math.floor(nowMs / 1000) - WINDOW_SECONDS;
    let requests = 0;
    let faults = 0;
    for (const [second, counted] of this.#seconds) {
      if (second <= since) continue;
      requests += counted.requests;
      faults += counted.faults;
    }
    const uptimeSeconds = Math.floor((nowMs - this.#startedMs) / 1000);
    const errorRate = requests === 0 ? 0 : faults / requests;
    return { uptimeSeconds, requestsPerMinute: requests, errorRate };
  }

  /** Unhealthy when something required is down; degraded when anything else is less than up. */
  report(): Promise<HealthReport> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last === null || nowMs - this.#last.atMs >= REMEMBERED_MS) {
      this.#last = { report: this.#ask(), atMs: nowMs };
    }
    return this.#last.report;
  }

  async #ask(): Promise<HealthReport> {
    const found = await Promise.all(
      this.#checks.map(async (check) => {
        const { state, reason } = await findingOf(check);
        return { check, ...this.#afterGrace(check, state), reason };
      }),
    );
    const failing = found.flatMap(({ check, state, reason }): FailingPart[] => {
      if (state === "up") return [];
      const text = reason ?? (state === "down" ? "it does not answer" : "it is degraded");
      return [{ part: check.name, state, reason: text.slice(0, MAX_REASON_LENGTH) }];
    });
    const isDown = found.some(({ check, state }) => check.required && state === "down");
    const isReady = found.every(({ check, state }) => {
      const isNeeded = check.isNeededToBeReady ?? check.required;
      return !isNeeded || state === "up";
    });
    return {
      status: isDown ? "unhealthy" : failing.length === 0 ? "healthy" : "degraded",
      services: Object.fromEntries(found.map(({ check, state }) => [check.name, state])),
      failing,
      isReady: isReady && !isDown,
    };
  }

  #afterGrace({ name, graceMs = 0 }: HealthCheck, state: ServiceState): { state: ServiceState } {
    if (state === "up") {
      this.#failingSince.delete(name);
      return { state };
    }
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#failingSince.get(name) ?? nowMs;
    this.#failingSince.set(name, sinceMs);
    return { state: nowMs - sinceMs < graceMs ? "up" : state };
  }
}

async function findingOf({
  check,
}: HealthCheck): Promise<{ readonly state: ServiceState; readonly reason: string | null }> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Finding>((resolve) => {
    const reason = `it did not answer within ${PATIENCE_MS} ms`;
    timer = setTimeout(() => resolve({ state: "down", reason }), PATIENCE_MS);
  });
  try {
    const found = await Promise.race([check(), patience]);
    return typeof found === "string" ? { state: found, reason: null } : found;
  } catch {
    // What was thrown may hold an address or a password: the log has it.
    return { state: "down", reason: null };
  } finally {
    clearTimeout(timer);
  }
}
