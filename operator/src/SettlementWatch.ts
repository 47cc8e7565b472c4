import { Role } from "@nostra/sdk/contracts";
import type { Connection } from "@nostra/sdk";
import type { Clock } from "./clock";
import type { Modes } from "./modes";
import type { Rpc } from "./rpc";
import type { Settler } from "./settler";
import { readHead } from "./settler/chain";
import { suggestFees } from "./settler/fees";

export interface SettlementWatchParams {
  readonly settler: Pick<Settler, "readiness">;
  readonly connection: Connection;
  readonly rpc: Rpc;
  /** The account that sends settlements. */
  readonly operator: string;
  /** The most a unit of gas may cost, in wei. */
  readonly maxFeeCap: bigint;
  readonly modes: Pick<Modes, "restrict">;
  readonly clock: Clock;
  /** Between two looks. Default 5,000. */
  readonly everyMs?: number;
  /** After so long without settlement the venue takes no orders. Default 120,000. */
  readonly maxStallMs?: number;
}

/** Why nothing can settle now. `isLasting` is true of what only a person can end. */
interface Obstacle {
  readonly reason: string;
  readonly isLasting: boolean;
}

const DEFAULT_EVERY_MS = 5_000;
const DEFAULT_MAX_STALL_MS = 120_000;
const GWEI = 1_000_000_000n;

/**
 * Whether matches can settle now: the lane runs and can pay, gas costs less than the cap, matching is not paused, and the account is
 * an operator of the exchange. It asks the chain before a match fails, so that an idle venue knows it too. What stops settlement
 * makes the venue cancel-only: at once when only a person can end it, otherwise when it lasts.
 */
export class SettlementWatch {
  readonly #params: SettlementWatchParams;
  #obstacle: Obstacle | null = null;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(params: SettlementWatchParams) {
    this.#params = params;
  }

  /** Why nothing can settle; null when matches can. */
  get reason(): string | null {
    return this.#obstacle?.reason ?? null;
  }

  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), this.#params.everyMs ?? DEFAULT_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look; looks do not overlap. */
  look(): Promise<void> {
    this.#looking ??= this.#find()
      .then((obstacle) => this.#judge(obstacle))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  #judge(obstacle: Obstacle | null): void {
    const { modes, clock, maxStallMs = DEFAULT_MAX_STALL_MS } = this.#params;
    const nowMs = clock.monotonicMs();
    if (obstacle === null || this.#obstacle === null) this.#sinceMs = nowMs;
    this.#obstacle = obstacle;
    const isToStop =
      obstacle !== null && (obstacle.isLasting || nowMs - this.#sinceMs >= maxStallMs);
    modes.restrict(
      "settlement",
      isToStop
        ? { mode: "cancel-only", reason: `matches cannot settle: ${obstacle.reason}` }
        : null,
    );
  }

  async #find(): Promise<Obstacle | null> {
    try {
      return (await this.#ofLane()) ?? (await this.#ofChain()) ?? (await this.#ofSettler());
    } catch {
      // A node or database that fails for a moment is reported by its own part.
      return { reason: "the node or the database did not answer", isLasting: false };
    }
  }

  async #ofLane(): Promise<Obstacle | null> {
    const readiness = await this.#params.settler.readiness();
    const { laneState, laneReason, gasBalance, breakerOpen } = readiness;
    if (laneState !== "RUNNING") {
      const reason = `the lane is stopped (${laneReason ?? "unknown"}); run nostra-operator resume-lane`;
      return { reason, isLasting: true };
    }
    if (breakerOpen) return { reason: "no node answers", isLasting: false };
    if (gasBalance === 0n) return { reason: "the operator has no gas money", isLasting: true };
    return null;
  }

  /** What the settler met itself: failing questions, a node that contradicts itself. */
  async #ofSettler(): Promise<Obstacle | null> {
    const { canSettle, reason } = await this.#params.settler.readiness();
    return canSettle ? null : { reason: reason ?? "unknown", isLasting: false };
  }

  async #ofChain(): Promise<Obstacle | null> {
    const { connection, rpc, operator, maxFeeCap } = this.#params;
    const { exchange } = connection;
    const [isPaused, isOperator, head] = await Promise.all([
      exchange.paused(),
      exchange.hasRole(Role.OPERATOR, operator),
      readHead(rpc),
    ]);
    if (isPaused) return { reason: "matching is paused on chain", isLasting: true };
    if (!isOperator) {
      return { reason: `${operator} is no operator of the exchange`, isLasting: true };
    }
    if ((await suggestFees(rpc, head.baseFee, maxFeeCap)) === undefined) {
      const reason = `gas costs more than the cap of ${maxFeeCap / GWEI} gwei; the base fee is ${head.baseFee / GWEI}`;
      return { reason, isLasting: false };
    }
    return null;
  }
}
