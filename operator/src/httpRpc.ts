import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { urlToHttpOptions } from "node:url";
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

/** The node's answer is larger or deeper than any honest one. `details`: `method`, `limit`. */
export class ResponseBoundError extends OperatorError {
  constructor(method: string, limit: string) {
    super("NODE_ANSWER_TOO_LARGE", `${method}: the node's answer exceeds ${limit}`, {
      ...{ status: 503, details: { method, limit } },
    });
  }
}

export interface HttpRpcOptions {
  /** How long a call may take, the body included. Default 10,000. */
  readonly timeoutMs?: number;
  /** Default 64 MiB: logs of 2,000 blocks fit in it several times over. */
  readonly maxResponseBytes?: number;
}

const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** What is asked for nests four levels deep. */
const MAX_RESPONSE_DEPTH = 32;
/** An error's text goes to logs and alerts. */
const MAX_MESSAGE_LENGTH = 300;

const RATE_LIMITED = 429;

/** Connections to one node. What is asked beyond them waits, for as long as a call may take. */
const MAX_CONNECTIONS = 256;
/** An unused connection is given up before nodes and their proxies usually do it: 5 seconds and more. */
const IDLE_MS = 4_000;

/**
 * A node behind a URL, over kept connections.
 * @throws RpcResponseError when it answers with an error; anything else it throws is no answer.
 */
export function httpRpc(url: string, options: HttpRpcOptions | number = {}): Rpc {
  const given = typeof options === "number" ? { timeoutMs: options } : options;
  const { timeoutMs = 10_000, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = given;
  const target = urlToHttpOptions(new URL(url));
  const isSecure = target.protocol === "https:";
  const kept = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_MS };
  const agent = isSecure ? new HttpsAgent(kept) : new HttpAgent(kept);
  const open = isSecure ? httpsRequest : httpRequest;
  let id = 0;

  /** Sends a body and reads the whole answer, within the bounds. */
  const post = (method: string, body: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const request = open({
        ...target,
        ...{ method: "POST", agent },
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      });
      const fail = (fault: Error): void => {
        clearTimeout(timer);
        reject(fault);
        request.destroy();
      };
      const timer = setTimeout(() => {
        fail(new Error(`${method}: the node did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const requireBound = (count: number): void => {
          if (count > maxResponseBytes) {
            fail(new ResponseBoundError(method, `${maxResponseBytes} bytes`));
          }
        };
        requireBound(Number(response.headers["content-length"] ?? 0));
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          requireBound(bytes);
        });
        response.on("error", fail);
        response.on("end", () => {
          clearTimeout(timer);
          const text = Buffer.concat(chunks, bytes).toString("utf8");
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      request.end(body);
    });

  return {
    send: async (method, params) => {
      id += 1;
      const { status, text } = await post(
        method,
        JSON.stringify({ jsonrpc: "2.0", id, method, params }),
      );
      const body = parse(text, method);
      if (status !== RATE_LIMITED && body?.error !== undefined && body.error !== null) {
        const { code, message, data } = body.error;
        throw new RpcResponseError(
          method,
          Number(code),
          String(message).slice(0, MAX_MESSAGE_LENGTH),
          data,
        );
      }
      if (body === undefined || !("result" in body)) {
        throw new OperatorError("NODE_FAILED", `${method}: HTTP ${status}`, {
          ...{ status: 503, details: { method, httpStatus: status } },
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

function parse(text: string, method: string): ResponseBody | undefined {
  if (depthOf(text) > MAX_RESPONSE_DEPTH) {
    throw new ResponseBoundError(method, `${MAX_RESPONSE_DEPTH} levels of nesting`);
  }
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** How deep brackets nest, outside of strings; counting ends above the limit. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= MAX_RESPONSE_DEPTH; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x22) {
      // A string ends at the next quote that no odd run of backslashes precedes.
      do {
        i = text.indexOf('"', i + 1);
        if (i === -1) return deepest;
      } while (isEscaped(text, i));
    } else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (char === 0x7d || char === 0x5d) {
      depth -= 1;
    }
  }
  return deepest;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}
