import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { addressKey } from "../http/limits/limits";
import type { RateLimiter } from "../http/limits/RateLimiter";
import type { Limit } from "../http/limits/TokenBucket";
import type { Log } from "../log";

export const PATH = "/ws";

/** Characters that an upgrade's address, and each of its Sec-WebSocket headers, may have. */
const MAX_TARGET = 1_024;
const MAX_HEADER = 512;
/** A refused socket is destroyed when the answer is sent, or after this: the sender cannot keep it. */
const REFUSED_MS = 1_000;

export interface UpgradeOptions {
  readonly limiter: RateLimiter;
  readonly opening: Limit;
  readonly trustedProxies: number;
  readonly log: Log;
  /** The status that refuses one more connection of this address, or null when there is room. */
  readonly refuses: (address: string) => 429 | 503 | null;
  readonly onRefused: (status: number) => void;
  readonly accept: (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ) => void;
}

/**
 * Looks at each upgrade before a connection comes of it. The address is charged first, whatever the rest of the request is;
 * what is wrong with the rest is answered with a status and is no fault of the venue.
 */
export function onUpgrade(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { limiter, opening, trustedProxies, log, refuses, onRefused, accept } = options;
  const refuse = (socket: Duplex, status: number, retryAfterSeconds?: number): void => {
    onRefused(status);
    answer(socket, status, retryAfterSeconds);
  };
  const look = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const address = addressKey(clientAddress(request, trustedProxies));
    const verdict = await limiter.take(`address:${address}:connect`, opening);
    if (!verdict.allowed) return refuse(socket, 429, verdict.retryAfterSeconds);
    const status = statusOf(request);
    if (status !== null) return refuse(socket, status);
    const full = refuses(address);
    if (full !== null) return refuse(socket, full, 60);
    accept(request, socket, head, address);
  };
  return (request, socket, head) => {
    socket.on("error", () => undefined);
    look(request, socket, head).catch((fault: unknown) => {
      const { code, name } = (fault ?? {}) as { code?: string; name?: string };
      log.error({ code: code ?? name ?? "UNKNOWN" }, "stream: opening failed");
      refuse(socket, 500);
    });
  };
}

/** What is wrong with an upgrade, as a status; null when it may open a stream. */
function statusOf({ url = "", headers }: IncomingMessage): 400 | 404 | 431 | null {
  if (url.length > MAX_TARGET || !url.startsWith("/")) return 400;
  for (const [name, value] of Object.entries(headers)) {
    const isLong = (value?.length ?? 0) > MAX_HEADER;
    if (name.startsWith("sec-websocket-") && isLong) return 431;
  }
  const mark = url.indexOf("?");
  if ((mark === -1 ? url : url.slice(0, mark)) !== PATH) return 404;
  // An address is written down by every proxy on the way: no place for a token.
  if (mark !== -1 && new URLSearchParams(url.slice(mark)).has("token")) return 400;
  return null;
}

/** The address that the outermost proxy of ours saw. */
function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const own = request.socket.remoteAddress ?? "";
  if (trustedProxies === 0) return own;
  const forwarded = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = forwarded.split(",").map((hop) => hop.trim());
  const chain = [...hops.filter((hop) => hop !== ""), own];
  return chain[Math.max(0, chain.length - 1 - trustedProxies)] ?? "";
}

function answer(socket: Duplex, status: number, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  const cut = setTimeout(() => socket.destroy(), REFUSED_MS);
  socket.once("close", () => clearTimeout(cut));
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${retry}Connection: close\r\n\r\n`);
}
