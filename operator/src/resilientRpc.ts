import { toNostraError, TransportError } from "@nostra/sdk/errors";
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
import { classifyCallError } from "./callErrors";
import { httpRpc } from "./httpRpc";
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
}

/** A node that is asked with patience, and left alone when it is down. */
export interface ResilientRpc extends Rpc {
  /** True when every endpoint is left alone. */
  isOpen(): boolean;
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
 * JSON-RPC errors that are the node's trouble and not its answer: internal error, resource not found or unavailable, limit
 * exceeded.
 */
const TROUBLE: ReadonlySet<number> = new Set([-32603, -32001, -32002, -32005]);

/**
 * Puts one or more nodes behind timeouts, bounded repeats and a breaker for each. The first endpoint that is not left alone is
 * asked; a repeat goes to the next one. A refusal of the node (a revert, a nonce too low) is an answer: it is thrown at once
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
  const isClosed = ({ breaker }: Endpoint): boolean => breaker.state !== CircuitState.Open;

  const ask = async (method: string, params: unknown[], attempt: number): Promise<Answer> => {
    const healthy = endpoints.filter(isClosed);
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
  breaker.onBreak((reason) => {
    const error = "error" in reason ? reason.error.message : "unknown";
    alarm?.({ type: "rpc_breaker_open", severity: "HIGH", data: { endpoint: index, error } });
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

/** True when the node has answered, if only with no. */
function isRefusal(method: string, thrown: unknown): boolean {
  if (!(toNostraError(method, thrown) instanceof TransportError)) return true;
  // Some nodes report a call that ran out of gas as an internal error: a stranger's wallet must not open the breaker.
  const isCall = method === "eth_call" || method === "eth_estimateGas";
  if (isCall && classifyCallError(method, thrown).kind !== "transport") return true;
  const code = jsonRpcCodeOf(thrown);
  return code !== undefined && !TROUBLE.has(code);
}

/** The code of JSON-RPC, where providers put it: at the top, or in what they wrap. */
function jsonRpcCodeOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { code, error, info } = thrown as { code?: unknown; error?: unknown; info?: unknown };
  if (typeof code === "number") return code;
  return jsonRpcCodeOf(error ?? (info as { error?: unknown } | undefined)?.error);
}
