import { z } from "zod";
import { MODES } from "../../modes";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import * as s from "../schemas";

const serviceState = z.enum(["up", "degraded", "down"]);
const services = z.record(z.string(), serviceState);
const failing = z
  .array(z.object({ part: z.string(), state: z.enum(["degraded", "down"]), reason: z.string() }))
  .describe("every part that is less than up, and why");
const mode = z.enum(MODES).describe("what the venue takes now: see /api/status");

/** The venue itself: how it is, and which contracts it trades on. */
export function systemOperations(deps: Deps): readonly Operation[] {
  const { health, metrics, deployment, domain, clock, modes } = deps;
  const figures = shareForAMoment(() => metrics.registry.metrics());
  return [
    operation({
      id: "getHealth",
      method: "GET",
      paths: ["/health"],
      tag: "Venue",
      summary: "How the venue and what it depends on are; 503 when it cannot take orders",
      access: "anyone",
      bucket: "probe",
      alsoAnswers: [503],
      answer: z.object({
        status: z.enum(["healthy", "degraded", "unhealthy"]),
        mode,
        services,
        failing,
        metrics: z.object({
          uptime_seconds: z.number(),
          active_connections: z.number(),
          requests_per_minute: z.number(),
          error_rate: z.number(),
        }),
      }),
      handle: async ({ reply }) => {
        const { status, services, failing } = await health.report();
        const { uptimeSeconds, requestsPerMinute, errorRate } = health.traffic();
        const open = await metrics.connections.get();
        if (status === "unhealthy") void reply.code(503);
        return {
          status,
          mode: modes.current.mode,
          services,
          failing: [...failing],
          metrics: {
            uptime_seconds: uptimeSeconds,
            active_connections: open.values[0]?.value ?? 0,
            requests_per_minute: requestsPerMinute,
            error_rate: errorRate,
          },
        };
      },
    }),
    operation({
      id: "getLive",
      method: "GET",
      paths: ["/live"],
      tag: "Venue",
      summary: "Answers while the process does",
      access: "anyone",
      bucket: "probe",
      answer: z.object({ status: z.literal("live") }),
      handle: () => ({ status: "live" as const }),
    }),
    operation({
      id: "getReady",
      method: "GET",
      paths: ["/ready"],
      tag: "Venue",
      summary:
        "200 when the venue can take orders, settle and follow the chain; 503 with every part that cannot",
      access: "anyone",
      bucket: "probe",
      alsoAnswers: [503],
      answer: z.object({ ready: z.boolean(), mode, services, failing }),
      handle: async ({ reply }) => {
        const { isReady, services, failing } = await health.report();
        if (!isReady) void reply.code(503);
        return {
          ...{ ready: isReady, mode: modes.current.mode, services },
          failing: [...failing],
        };
      },
    }),
    operation({
      id: "getMetrics",
      method: "GET",
      paths: ["/metrics"],
      tag: "Venue",
      summary: "Figures for Prometheus, as text",
      access: "anyone",
      bucket: "probe",
      answer: z.string(),
      mediaType: "text/plain",
      handle: async ({ reply }) => {
        void reply.type(metrics.registry.contentType);
        return reply.send(await figures());
      },
    }),
    operation({
      id: "getDeployment",
      method: "GET",
      paths: ["/api/deployment"],
      tag: "Venue",
      summary:
        "The chain, the contracts, the domain that orders are signed for, and the venue's time",
      access: "anyone",
      bucket: "read",
      answer: z.object({
        network: z.string(),
        chainId: z.number().int(),
        startBlock: z.number().int(),
        contracts: z.record(z.string(), s.addressOut),
        domain: z.object({
          name: z.string(),
          version: z.string(),
          chainId: z.number().int(),
          verifyingContract: s.addressOut,
        }),
        serverTimeMs: s.timeMs,
      }),
      handle: () => ({
        network: deployment.network,
        chainId: deployment.chainId,
        startBlock: deployment.startBlock,
        contracts: { ...deployment.contracts },
        domain: { ...domain, chainId: Number(domain.chainId) },
        serverTimeMs: clock.nowMs(),
      }),
    }),
  ];
}

/** Writing the figures out takes milliseconds, so those who ask within this time share one text. */
const SHARED_MS = 250;

function shareForAMoment<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  let untilMs = 0;
  return () => {
    const nowMs = performance.now();
    if (made !== undefined && nowMs < untilMs) return made;
    untilMs = nowMs + SHARED_MS;
    made = make();
    return made;
  };
}
