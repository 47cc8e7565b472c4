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

/**
 * A node behind a URL.
 * @throws RpcResponseError when it answers with an error; anything else it throws is no answer.
 */
export function httpRpc(url: string, options: HttpRpcOptions | number = {}): Rpc {
  const given = typeof options === "number" ? { timeoutMs: options } : options;
  const { timeoutMs = 10_000, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = given;
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
      const text = await readBounded(response, method, maxResponseBytes);
      const body = parse(text, method);
      if (response.status !== RATE_LIMITED && body?.error !== undefined && body.error !== null) {
        const { code, message, data } = body.error;
        throw new RpcResponseError(
          method,
          Number(code),
          String(message).slice(0, MAX_MESSAGE_LENGTH),
          data,
        );
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

/** The body as text; reading stops at the bound, and the connection is closed. */
async function readBounded(response: Response, method: string, maxBytes: number): Promise<string> {
  const tooLarge = (): ResponseBoundError => new ResponseBoundError(method, `${maxBytes} bytes`);
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
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
