import type { Bus } from "../bus";
import type { Clock } from "../clock";
import { OperatorError } from "../errors";
import type { Log } from "../log";
import { MODE_TABLE, severityOf, type Action, type Mode } from "./modeTable";

/** One cause that restricts the venue. */
export interface Restriction {
  readonly mode: Mode;
  /** Why, in words for traders. */
  readonly reason: string;
  /** Wall time at which it will end by itself, in milliseconds; null when nothing is known. */
  readonly untilMs?: number | null;
  /** Code of refusals, where the mode's own does not say enough. */
  readonly code?: string;
}

/** A restriction that holds now. */
export interface ModeReason {
  /** Who restricts: `operator`, `warm_up`, `unsettled_cap`, `settlement`, `chain_head`, `database` or `lease`. */
  readonly source: string;
  readonly mode: Mode;
  readonly reason: string;
  /** Wall time since when, in milliseconds. */
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

export interface ModeState {
  /** The most restrictive mode that any source asks for. */
  readonly mode: Mode;
  /** Wall time since when the venue is in it, in milliseconds. */
  readonly sinceMs: number;
  /** Everything that restricts the venue now, the most restrictive first. Empty when it is open. */
  readonly reasons: readonly ModeReason[];
  /** The mode that follows by itself, and when. Null when nothing is known. */
  readonly next: { readonly mode: Mode; readonly atMs: number } | null;
}

export interface ModesParams {
  readonly clock: Clock;
  readonly bus: Pick<Bus, "publish">;
  readonly log: Log;
}

const MIN_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 300;

/**
 * What the venue takes now. Each source (the operator, and each automatic watch) restricts it or not; the most restrictive source
 * decides. A change is logged and published on the bus.
 */
export class Modes {
  readonly #params: ModesParams;
  readonly #restrictions = new Map<string, Restriction & { readonly sinceMs: number }>();
  #state: ModeState;

  constructor(params: ModesParams) {
    this.#params = params;
    this.#state = { mode: "open", sinceMs: params.clock.nowMs(), reasons: [], next: null };
  }

  get current(): ModeState {
    return this.#state;
  }

  /** Restricts the venue on behalf of a source; null lifts what that source asked for. The same again changes nothing. */
  restrict(source: string, restriction: Restriction | null): void {
    const before = this.#restrictions.get(source);
    if (restriction === null || restriction.mode === "open") {
      if (!this.#restrictions.delete(source)) return;
    } else {
      if (before !== undefined && isSame(before, restriction)) return;
      const sinceMs =
        before?.mode === restriction.mode ? before.sinceMs : this.#params.clock.nowMs();
      this.#restrictions.set(source, { ...restriction, sinceMs });
    }
    this.#decide();
  }

  takes(action: Action): boolean {
    return MODE_TABLE[this.#state.mode].takes.includes(action);
  }

  /** @throws OperatorError naming the mode, why and since when, when the venue does not take this now. */
  require(action: Action): void {
    if (this.takes(action)) return;
    const { mode, sinceMs, reasons, next } = this.#state;
    const { code, status, says } = MODE_TABLE[mode];
    const why = reasons.filter((one) => one.mode === mode).map(({ reason }) => reason);
    const since = new Date(sinceMs).toISOString();
    const [source] = reasons.map((one) => this.#restrictions.get(one.source));
    const leftSeconds =
      next === null ? 0 : Math.ceil((next.atMs - this.#params.clock.nowMs()) / 1000);
    throw new OperatorError(
      source?.code ?? code,
      `the venue is in mode ${mode} since ${since} (${why.join("; ")}): ${says}; ask again later`,
      {
        status,
        details: { mode, reasons: why, sinceMs, action },
        retryAfterSeconds: Math.min(Math.max(leftSeconds, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS),
      },
    );
  }

  #decide(): void {
    const { clock, bus, log } = this.#params;
    const reasons = [...this.#restrictions]
      .map(([source, { mode, reason, sinceMs, untilMs = null }]) => {
        return { source, mode, reason, sinceMs, untilMs };
      })
      .sort((a, b) => severityOf(b.mode) - severityOf(a.mode));
    const mode = reasons[0]?.mode ?? "open";
    const previous = this.#state;
    const isChange = mode !== previous.mode;
    const sinceMs = isChange ? clock.nowMs() : previous.sinceMs;
    this.#state = { mode, sinceMs, reasons, next: nextOf(mode, reasons) };
    const texts = reasons.map(({ reason }) => reason);
    if (isChange) log.warn({ mode, previous: previous.mode, reasons: texts }, "the venue's mode");
    bus.publish({
      type: "mode",
      ...{ mode, previous: previous.mode, reasons, next: this.#state.next, atMs: clock.nowMs() },
    });
  }
}

/** When all that asks for this mode has an end, the venue goes on to the next less restrictive one by itself. */
function nextOf(mode: Mode, reasons: readonly ModeReason[]): ModeState["next"] {
  const deciding = reasons.filter((one) => one.mode === mode);
  if (deciding.length === 0 || deciding.some(({ untilMs }) => untilMs === null)) return null;
  const after = reasons.find((one) => one.mode !== mode)?.mode ?? "open";
  return { mode: after, atMs: Math.max(...deciding.map(({ untilMs }) => untilMs ?? 0)) };
}

function isSame(a: Restriction, b: Restriction): boolean {
  return (
    a.mode === b.mode &&
    a.reason === b.reason &&
    (a.untilMs ?? null) === (b.untilMs ?? null) &&
    a.code === b.code
  );
}
