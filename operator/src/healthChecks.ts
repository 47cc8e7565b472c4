import type { Redis } from "ioredis";
import type { VenueEngine } from "./engine/VenueEngine";
import type { HealthCheck } from "./http";
import type { Indexer } from "./indexer";
import type { HeadWatch } from "./HeadWatch";
import type { Rpc } from "./rpc";
import type { SettlementWatch } from "./SettlementWatch";
import type { KeptLease } from "./store";

export interface HealthCheckParams {
  readonly rpc: Rpc;
  readonly redis: Redis | undefined;
  readonly indexer: Indexer;
  readonly settlement: Pick<SettlementWatch, "reason">;
  readonly head: Pick<HeadWatch, "reason" | "lagBlocks">;
  readonly engine: VenueEngine;
  readonly engineLease: Pick<KeptLease, "isHeld">;
}

/** A single poll that fails is tried again at once, and is no reason to send traffic elsewhere. */
const INDEXER_GRACE_MS = 10_000;
/** Behind by more, what the venue knows of balances and cancels is old. */
const MAX_LAG_BLOCKS = 50n;

/** What the venue depends on beside its database. */
export function healthChecks(params: HealthCheckParams): HealthCheck[] {
  const { rpc, redis, indexer, settlement, head, engine, engineLease } = params;
  return [
    ...(redis === undefined ? [] : [redisCheck(redis)]),
    {
      name: "blockchain_rpc",
      required: false,
      check: async () => {
        await rpc.send("eth_blockNumber", []);
        return "up";
      },
    },
    {
      name: "chain_head",
      required: false,
      isNeededToBeReady: true,
      check: async () => {
        const { reason } = head;
        return reason === null ? "up" : { state: "degraded", reason };
      },
    },
    {
      name: "event_indexer",
      required: false,
      isNeededToBeReady: true,
      graceMs: INDEXER_GRACE_MS,
      check: async () => {
        const { state, reason } = await indexer.status();
        const { lagBlocks } = head;
        if (state === "RUNNING" && lagBlocks !== null && lagBlocks > MAX_LAG_BLOCKS) {
          return { state: "degraded", reason: `the indexer is ${lagBlocks} blocks behind` };
        }
        if (state === "RUNNING") return "up";
        return { state: "degraded", reason: `the indexer is ${state}: ${reason ?? "no reason"}` };
      },
    },
    {
      name: "engine",
      required: true,
      check: async () => {
        if (engine.state !== "running") {
          return { state: "down", reason: `the engine is ${engine.state}` };
        }
        if (engineLease.isHeld()) return "up";
        return { state: "down", reason: "another process may hold the engine's lease" };
      },
    },
    {
      name: "settler",
      required: false,
      isNeededToBeReady: true,
      check: async () => {
        const { reason } = settlement;
        return reason === null ? "up" : { state: "degraded", reason };
      },
    },
  ];
}

function redisCheck(redis: Redis): HealthCheck {
  return {
    name: "redis",
    required: false,
    check: async () => {
      await redis.ping();
      return "up";
    },
  };
}
