import { OperatorError } from "./errors";
import type { Rpc } from "./rpc";

/** The node answered, with an error. `code` and `data` are those of JSON-RPC; revert bytes are in `data`. */
export class RpcResponseError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(method: string, code: number, message: string, data: unknown) {
    super(`${method}: ${message}`);
    this.code = code;
    this.data = data;
  }
}

/**
 * A node behind a URL.
 * @throws RpcResponseError when it answers with an error; anything else it throws is no answer.
 */
export function httpRpc(url: string, timeoutMs = 10_000): Rpc {
  let id = 0;
  return {
    send: async (method, params) => {
      id += 1;
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      const body = parse(text);
      if (body?.error !== undefined && body.error !== null) {
        const { code, message, data } = body.error;
        throw new RpcResponseError(method, code, message, data);
      }
      if (body === undefined || !("result" in body)) {
        throw new OperatorError("NODE_FAILED", `${method}: HTTP ${response.status}`, {
          ...{ status: 503, details: { method, httpStatus: response.status } },
        });
      }
      return body.result;
    },
  };
}

interface ResponseBody {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: unknown;
  } | null;
}

function parse(text: string): ResponseBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
