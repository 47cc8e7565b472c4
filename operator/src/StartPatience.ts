import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "./clock";
import { OperatorError } from "./errors";
import type { Log } from "./log";
import { describeTrouble, isPassing } from "./nodeTrouble";
import type { Rpc } from "./rpc";

export interface StartPatienceParams {
  /** For so long after it was made a failing node is waited for. */
  readonly limitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A start gave up waiting for the node. `details`: `method`, `seconds`, `reason`. */
export class NodeUnreachableError extends OperatorError {
  constructor(what: string, seconds: number, cause: unknown) {
    const reason = describeTrouble(cause);
    super(
      "NODE_UNREACHABLE",
      `RPC_URL: the node did not answer ${what} within ${seconds} s of the start: ${reason}; ` +
        "check the node, or raise START_PATIENCE_SECONDS",
      { status: 503, details: { what, seconds, reason }, cause },
    );
  }
}

const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;
const REPORT_EVERY_MS = 5_000;

/**
 * A start is as patient with a weak node as a running operator: what fails for a passing reason is tried again, less and less often,
 * until the limit. What asking again does not change (a wrong chain, a revert) is thrown at once. After `end` calls pass through.
 */
export class StartPatience {
  readonly #params: StartPatienceParams;
  readonly #startedMs: number;
  #isOver = false;
  #reportedMs = -Infinity;

  constructor(params: StartPatienceParams) {
    this.#params = params;
    this.#startedMs = params.clock.monotonicMs();
  }

  /** The start is over: from now on parts have their own patience. */
  end(): void {
    this.#isOver = true;
  }

  around(rpc: Rpc): Rpc {
    return {
      send: (method, params) => {
        // A transaction is sent once, and a range of logs is asked for in halves by who asks.
        const isOnce = method.startsWith("eth_send") || isRange(method, params);
        if (this.#isOver || isOnce) return rpc.send(method, params);
        return this.#attempt(
          method,
          () => rpc.send(method, params),
          (thrown) => isPassing(method, thrown),
        );
      },
    };
  }

  /**
   * A step of the start that asks the node for several things, which a weak node may answer so that they do not fit together.
   * @throws NodeUnreachableError at the limit; whatever is no fault of the node at once.
   */
  attempt<T>(what: string, step: () => Promise<T>): Promise<T> {
    return this.#attempt(what, step, (thrown) => {
      return thrown instanceof OperatorError && thrown.code.startsWith("NODE_");
    });
  }

  async #attempt<T>(
    what: string,
    work: () => Promise<T>,
    mayPass: (thrown: unknown) => boolean,
  ): Promise<T> {
    const { clock, limitMs, log } = this.#params;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      try {
        return await work();
      } catch (thrown) {
        if (this.#isOver || thrown instanceof NodeUnreachableError) throw thrown;
        if (!mayPass(thrown)) throw thrown;
        const nowMs = clock.monotonicMs();
        const leftMs = this.#startedMs + limitMs - nowMs;
        if (leftMs <= 0) throw new NodeUnreachableError(what, limitMs / 1000, thrown);
        if (nowMs - this.#reportedMs >= REPORT_EVERY_MS) {
          this.#reportedMs = nowMs;
          const secondsLeft = Math.ceil(leftMs / 1000);
          const details = { what, reason: describeTrouble(thrown), secondsLeft };
          log.warn(details, "the start waits for the node");
        }
        await pause(Math.min(waitMs, leftMs));
      }
    }
  }
}

function isRange(method: string, params: unknown[]): boolean {
  if (method !== "eth_getLogs") return false;
  const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: unknown; toBlock?: unknown };
  return fromBlock !== toBlock;
}
