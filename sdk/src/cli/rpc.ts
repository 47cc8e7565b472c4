import { CommandError } from "./CommandError.js";

/** What a node answered instead of a result. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(method: string, error: { code: number; message: string; data?: unknown }) {
    super(`${method}: ${error.message}`);
    this.name = "RpcError";
    this.code = error.code;
    this.data = error.data;
  }
}

const TIMEOUT_MS = 20_000;

/**
 * One JSON-RPC request, without a library's silent retries.
 * @throws RpcError when the node refuses, CommandError when it cannot be reached.
 */
export async function rpc(
  url: string,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new CommandError(`the RPC at ${hostOf(url)} cannot be reached`, { cause });
  }
  const body = (await response.json().catch(() => undefined)) as
    { result?: unknown; error?: { code: number; message: string; data?: unknown } } | undefined;
  if (body?.error !== undefined) throw new RpcError(method, body.error);
  if (!response.ok || body === undefined || !("result" in body)) {
    throw new CommandError(
      `the RPC at ${hostOf(url)} answers ${method} with HTTP ${response.status} and no result`,
    );
  }
  return body.result;
}

/** The part of an RPC address that may be shown: the rest often is a key. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an address that is none";
}
