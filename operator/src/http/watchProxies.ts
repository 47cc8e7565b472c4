import type { FastifyRequest } from "fastify";
import type { Alarm } from "../alerts";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Metrics } from "./Metrics";

const DAY_MS = 86_400_000;

export interface WatchProxiesOptions {
  readonly trustedProxies: number;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly alarm: Alarm;
}

/**
 * Looks for a wrong TRUSTED_PROXIES. When none is trusted and requests come through one, all its users share one address and so
 * one rate limit. When some are trusted and a request comes past them, it may name any address as its own. Each is counted, and
 * reported at most once a day: any sender can write these headers.
 */
export function watchProxies(options: WatchProxiesOptions): (request: FastifyRequest) => void {
  const { trustedProxies, metrics, clock, log, alarm } = options;
  let reportedMs = -Infinity;
  const report = (type: string, advice: string, address: string | undefined): void => {
    metrics.proxyMismatches.inc({ kind: type });
    const nowMs = clock.monotonicMs();
    if (nowMs - reportedMs < DAY_MS) return;
    reportedMs = nowMs;
    const data = { trustedProxies, address: address ?? "unknown" };
    log.warn(data, advice);
    alarm({ type, severity: "HIGH", data: { ...data, advice } });
  };
  return (request) => {
    const { headers, socket } = request.raw;
    const forwarded = headers["x-forwarded-for"];
    if (trustedProxies === 0) {
      if (forwarded === undefined && headers.forwarded === undefined && headers.via === undefined) {
        return;
      }
      report(
        "proxy_not_trusted",
        "requests come through a proxy and TRUSTED_PROXIES is 0, so all its users share one rate limit; set TRUSTED_PROXIES to the number of your proxies",
        socket.remoteAddress,
      );
    } else if (
      forwarded === undefined &&
      request.routeOptions.config.operation?.bucket !== "probe"
    ) {
      report(
        "proxy_header_missing",
        "a request came without X-Forwarded-For though TRUSTED_PROXIES is set; let nothing but your proxies reach the venue's port, or set TRUSTED_PROXIES to 0",
        socket.remoteAddress,
      );
    }
  };
}
