import type { Alarm } from "../alerts";
import type { VenueEngine } from "../engine/VenueEngine";
import type { Log } from "../log";
import type { Store } from "../store";
import type { Clock } from "../clock";
import type { Mode } from "./modeTable";
import type { Modes } from "./Modes";
import { readOperatorMode, writeOperatorMode, type OperatorMode } from "./operatorMode";

/** What restricts the venue by itself, and what the operator asked for. Each starts something and returns how to end it. */

const LOOK_EVERY_MS = 1_000;

/** For so long after a start that finds orders only post-only orders are taken, so that makers can look after theirs. */
export function warmUp(
  seconds: number,
  {
    modes,
    engine,
    clock,
  }: { readonly modes: Modes; readonly engine: VenueEngine; readonly clock: Clock },
): () => void {
  const hasOrders = engine.openOrders().next().done !== true;
  if (seconds === 0 || !hasOrders) return () => undefined;
  modes.restrict("warm_up", {
    mode: "warm-up",
    reason: "makers look after the orders that the restart found in the books",
    untilMs: clock.nowMs() + seconds * 1000,
  });
  const timer = setTimeout(() => modes.restrict("warm_up", null), seconds * 1000);
  return () => clearTimeout(timer);
}

/** Restricts the venue by how much of what it matched is not on chain yet: from the cap on, and from twice as much. */
export function watchUnsettled(
  cap: bigint,
  {
    modes,
    work,
    alarm,
  }: {
    readonly modes: Modes;
    readonly work: { readonly unsettledWorth: { readonly total: bigint } };
    readonly alarm: Alarm;
  },
): () => void {
  let last: Mode = "open";
  const look = (): void => {
    const unsettled = work.unsettledWorth.total;
    const mode: Mode =
      unsettled >= 2n * cap ? "cancel-only" : unsettled >= cap ? "post-only" : "open";
    if (mode === last) return;
    const reason = `matches worth more than ${mode === "post-only" ? cap : 2n * cap} collateral units wait for settlement`;
    if (mode !== "open") {
      const data = { from: last, to: mode, unsettledUnits: unsettled.toString() };
      alarm({ type: "unsettled_cap", severity: "HIGH", data });
    }
    last = mode;
    modes.restrict("unsettled_cap", mode === "open" ? null : { mode, reason });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** Obeys what the operator stored, also from another process. */
export class OperatorModeWatch {
  readonly #store: Store;
  readonly #modes: Modes;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;

  constructor(params: { readonly store: Store; readonly modes: Modes; readonly log: Log }) {
    this.#store = params.store;
    this.#modes = params.modes;
    this.#log = params.log;
  }

  /** Obeys what is stored before it returns, so that a start never takes what the operator forbade. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => {
      // A database that does not answer changes nothing: the mode stays as it is.
      this.#look().catch((err: unknown) => this.#log.debug({ err }, "the mode was not read"));
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Stores it, then obeys it. */
  async set(mode: OperatorMode): Promise<void> {
    await writeOperatorMode(this.#store, mode);
    await this.#look();
  }

  async #look(): Promise<void> {
    const stored = await readOperatorMode(this.#store);
    const isOpen = stored === undefined || stored.mode === "open";
    this.#modes.restrict("operator", isOpen ? null : { mode: stored.mode, reason: stored.reason });
  }
}

/** One write that fails may be a connection that was cut; after so many in a row the database takes none. */
const MIN_FAILED_WRITES = 2;

/** Makes the venue read-only while the writes that keep its lease fail. */
export function watchWrites(modes: Modes): {
  readonly succeeded: () => void;
  readonly failed: () => void;
} {
  let failures = 0;
  return {
    succeeded: () => {
      failures = 0;
      modes.restrict("database", null);
    },
    failed: () => {
      failures += 1;
      if (failures < MIN_FAILED_WRITES) return;
      const reason = "the database takes no writes";
      modes.restrict("database", { mode: "read-only", reason, code: "DATABASE_UNAVAILABLE" });
    },
  };
}
