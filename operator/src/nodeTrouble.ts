import { toNostraError, TransportError } from "@nostra/sdk/errors";
import { classifyCallError } from "./callErrors";
import { OperatorError } from "./errors";
import { ResponseBoundError } from "./httpRpc";

/*
 * What a node's error means: its answer (a revert, a nonce too low), which asking again does not change, or its trouble (overload, a
 * lost connection), which passes.
 */

/** JSON-RPC errors that are trouble: internal error, resource unavailable, limit exceeded; and what providers use for rate limits. */
const TROUBLE_CODES: ReadonlySet<number> = new Set([
  ...[-32603, -32001, -32002, -32005, 429, -32016, -32029, -32090, -32097],
]);

/** The request itself is wrong, or the node has no such method. */
const REQUEST_FAULTS: ReadonlySet<number> = new Set([-32600, -32601, -32602]);

/** Nodes and providers report most of their trouble as -32000 or a code of their own, with one of these texts. */
const TROUBLE_TEXTS =
  /internal error|internal server error|time[d]?[ -]?out|try again|temporar|rate.?limit|too many requests|request limit|capacity|overload|busy|unavailable|header not found|missing trie node|upstream|backend|bad gateway|connection|not ready|syncing|still loading|shutting down|failed to (?:get|fetch)|eof/i;

/** An answer about a transaction or a range, whatever else its text says. */
const ANSWER_TEXTS =
  /revert|gas|nonce|underpriced|insufficient|already known|known transaction|more than|range|too large|too many (?:results|logs|blocks)|response size|invalid|not supported|does not exist|stack|opcode|execution aborted/i;

/** HTTP statuses that asking again does not change: the URL or its key is wrong. */
const PERMANENT_HTTP: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 405, 410]);

/** True when the node has answered, if only with no. */
export function isRefusal(method: string, thrown: unknown): boolean {
  // A range of logs that is too large is asked for in halves; any other answer of that size is trouble.
  if (thrown instanceof ResponseBoundError) return method === "eth_getLogs";
  if (!(toNostraError(method, thrown) instanceof TransportError)) return true;
  // Some nodes report a call that ran out of gas as an internal error: a stranger's wallet must not open the breaker.
  const isCall = method === "eth_call" || method === "eth_estimateGas";
  if (isCall && classifyCallError(method, thrown).kind !== "transport") return true;
  const code = jsonRpcCodeOf(thrown);
  if (code === undefined) return false;
  if (REQUEST_FAULTS.has(code)) return true;
  const text =
    thrown instanceof Error ? thrown.message : String((thrown as { message?: unknown }).message);
  if (ANSWER_TEXTS.test(text.slice(0, 1_000))) return code !== -32603 && code !== 429;
  return !TROUBLE_CODES.has(code) && !TROUBLE_TEXTS.test(text.slice(0, 1_000));
}

/** True of trouble that may pass: worth waiting for. */
export function isPassing(method: string, thrown: unknown): boolean {
  if (thrown instanceof OperatorError) {
    const { httpStatus } = thrown.details as { httpStatus?: unknown };
    if (typeof httpStatus === "number") return !PERMANENT_HTTP.has(httpStatus);
    if (thrown.code.startsWith("NODE_")) return true;
  }
  return !isRefusal(method, thrown);
}

/** A node's failure in a few words, without the URL: it may hold a key. */
export function describeTrouble(thrown: unknown): string {
  const parts: string[] = [];
  for (
    let at: unknown = thrown, depth = 0;
    at instanceof Error && depth < 4;
    at = at.cause, depth++
  ) {
    const { code } = at as { code?: unknown };
    const text = at.message === "" && typeof code === "string" ? code : at.message;
    if (text !== "" && !parts.includes(text)) parts.push(text);
  }
  const text = parts.length === 0 ? String(thrown) : parts.join(": ");
  return text
    .replace(/https?:\/\/\S+/g, "<url>")
    .replace(/\s+/g, " ")
    .slice(0, 200);
}

/** The code of JSON-RPC, where providers put it: at the top, or in what they wrap. */
function jsonRpcCodeOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { code, error, info } = thrown as { code?: unknown; error?: unknown; info?: unknown };
  if (typeof code === "number") return code;
  return jsonRpcCodeOf(error ?? (info as { error?: unknown } | undefined)?.error);
}
