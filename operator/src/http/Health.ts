import { sql } from "kysely";
import type { Clock } from "../clock";
import type { Store } from "../store";

/** One thing the venue depends on. */
export interface HealthCheck {
  /** As it is told: `redis`, `blockchain_rpc`, `event_indexer`, `engine`. */
  readonly name: string;
  /** True when the venue cannot take orders without it. */
  readonly required: boolean;
  /** Throws when it is down. May say `degraded`. */
  check(): Promise<"up" | "degraded">;
}

export type ServiceState = "up" | "degraded" | "down";

export interface HealthReport {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly services: Readonly<Record<string, ServiceState>>;
}

/** A check that does not answer within this is down. */
const PATIENCE_MS = 2_000;
/** What was found is told for so long: asking costs the venue little, however often. */
const REMEMBERED_MS = 1_000;

const WINDOW_SECONDS = 60;

/** How the venue is, and what it did in the last minute. */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** Requests and faults by second, the last minute's. */
  readonly #seconds = new Map<number, { requests: number; faults: number }>();
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
    const states = await Promise.all(
      this.#checks.map(async (check) => [check, await stateOf(check)] as const),
    );
    const isDown = states.some(([{ required }, state]) => required && state === "down");
    const isWell = states.every(([, state]) => state === "up");
    return {
      status: isDown ? "unhealthy" : isWell ? "healthy" : "degraded",
      services: Object.fromEntries(states.map(([{ name }, state]) => [name, state])),
    };
  }
}

async function stateOf({ check }: HealthCheck): Promise<ServiceState> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<"down">((resolve) => {
    timer = setTimeout(() => resolve("down"), PATIENCE_MS);
  });
  try {
    return await Promise.race([check(), patience]);
  } catch {
    return "down";
  } finally {
    clearTimeout(timer);
  }
}
