import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
  type CircuitBreakerPolicy,
  type IPolicy,
} from "cockatiel";
import type { Alarm } from "./alerts";
import { systemClock, type Clock } from "./clock";
import { EndpointHeads } from "./EndpointHeads";
import { httpRpc } from "./httpRpc";
import { isRefusal } from "./nodeTrouble";
import type { Rpc } from "./rpc";

export interface ResilientRpcOptions {
  /** How long a call may take. Default 10,000. */
  readonly timeoutMs?: number;
  /** How often a read is tried again. Default 3. */
  readonly retries?: number;
  /** Wait before the first repeat; it doubles, with some chance in it, up to `mostDelayMs`. Default 100 and 2,000. */
  readonly delayMs?: number;
  readonly mostDelayMs?: number;
  /** Failures in a row after which an endpoint is left alone. Default 5. */
  readonly breakAfter?: number;
  /** For how long. Then one call tries it. Default 10,000. */
  readonly breakMs?: number;
  readonly alarm?: Alarm;
  /** An endpoint this many blocks behind another one is left for it. Default 5. */
  readonly maxLagBlocks?: bigint;
  readonly clock?: Clock;
}

/** A node that is asked with patience, and left alone when it is down. */
export interface ResilientRpc extends Rpc {
  /** True when every endpoint is left alone. */
  isOpen(): boolean;
  /** The endpoints' heads, compared whenever `look` is called: an endpoint that is ill by them is asked only when all are. */
  readonly heads: EndpointHeads;
}

interface Endpoint {
  readonly rpc: Rpc;
  readonly policy: IPolicy;
  readonly breaker: CircuitBreakerPolicy;
}

/** What a node said, be it no: both are answers, and neither is asked again. */
type Answer = { readonly result: unknown } | { readonly refusal: unknown };

/** Methods that are sent once: the caller has the bytes stored, and looks before it sends them again. */
const SENT_ONCE: ReadonlySet<string> = new Set(["eth_sendRawTransaction", "eth_sendTransaction"]);

/**
 * Puts one or more nodes behind timeouts, bounded repeats and a breaker for each. The first endpoint that is not left alone is
 * asked; a repeat goes to the next one. An endpoint whose head stands still or lags is asked when no other is left. A refusal of the node (a revert, a nonce too low) is an answer: it is thrown at once
 * and counts as health.
 */
export function resilientRpc(
  nodes: readonly (string | Rpc)[],
  options: ResilientRpcOptions = {},
): ResilientRpc {
  const endpoints = nodes.map((node, index) => endpointOf(node, index, options));
  const { retries = 3, delayMs = 100, mostDelayMs = 2_000 } = options;
  const again = retry(handleAll, {
    maxAttempts: retries,
    backoff: new ExponentialBackoff({ initialDelay: delayMs, maxDelay: mostDelayMs }),
  });
  const { clock = systemClock, alarm, maxLagBlocks } = options;
  const heads = new EndpointHeads({
    // Past the breakers: comparing neither opens nor closes them.
    endpoints: endpoints.map(({ rpc }) => withTimeout(rpc, options.timeoutMs ?? 10_000)),
    ...{ clock, alarm },
    ...(maxLagBlocks === undefined ? {} : { maxLagBlocks }),
  });
  const isClosed = ({ breaker }: Endpoint): boolean => breaker.state !== CircuitState.Open;

  const ask = async (method: string, params: unknown[], attempt: number): Promise<Answer> => {
    const closed = endpoints.filter(isClosed);
    const well = closed.filter((endpoint) => !heads.isIll(endpoints.indexOf(endpoint)));
    const healthy = well.length > 0 ? well : closed;
    // A breaker that is due lets one call through by itself, so with none healthy the first is asked all the same.
    const candidates = healthy.length > 0 ? healthy : endpoints;
    const { rpc, policy } = candidates[attempt % candidates.length] as Endpoint;
    return policy.execute(() => answerOf(rpc, method, params), unending());
  };
  return {
    send: async (method, params) => {
      const answer = SENT_ONCE.has(method)
        ? await ask(method, params, 0)
        : await again.execute(({ attempt }) => ask(method, params, attempt), unending());
      if ("refusal" in answer) throw answer.refusal;
      return answer.result;
    },
    isOpen: () => !endpoints.some(isClosed),
    heads,
  };
}

/** Nobody calls a request off. Without a signal of its own each would listen to one that all share, and Node warns of a leak. */
function unending(): AbortSignal {
  return new AbortController().signal;
}

function endpointOf(node: string | Rpc, index: number, options: ResilientRpcOptions): Endpoint {
  const { timeoutMs = 10_000, breakAfter = 5, breakMs = 10_000, alarm } = options;
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: breakMs,
    breaker: new ConsecutiveBreaker(breakAfter),
  });
  // Half open, it breaks again every few seconds: that is no news.
  let isCalm = true;
  breaker.onReset(() => (isCalm = true));
  breaker.onBreak((reason) => {
    if (!isCalm) return;
    isCalm = false;
    const error = "error" in reason ? reason.error.message : "unknown";
    const data = { endpoint: index, error };
    alarm?.({ type: "rpc_breaker_open", severity: "HIGH", isChange: true, data });
  });
  const policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));
  return { rpc: typeof node === "string" ? httpRpc(node, timeoutMs) : node, policy, breaker };
}

async function answerOf(rpc: Rpc, method: string, params: unknown[]): Promise<Answer> {
  try {
    return { result: await rpc.send(method, params) };
  } catch (thrown) {
    if (isRefusal(method, thrown)) return { refusal: thrown };
    throw thrown;
  }
}

/** A node given as an object may never answer. */
function withTimeout(rpc: Rpc, timeoutMs: number): Rpc {
  return {
    send: async (method, params) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const fault = new Error(`${method}: no answer within ${timeoutMs} ms`);
        timer = setTimeout(() => reject(fault), timeoutMs);
      });
      try {
        return await Promise.race([rpc.send(method, params), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
