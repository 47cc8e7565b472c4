import { verifyTypedData, Wallet } from "ethers";
import type { Deployment } from "@nostra/sdk/deployments";
import { hashOrder, ORDER_TYPES, orderDomain, type Hex } from "@nostra/sdk/order";
import { finalizedTag, startVenue, type Venue } from "@nostra/operator";
import pino from "pino";
import { answerParent } from "../lib/child";

/** How a venue is run. */
export interface VenueTask {
  readonly deployment: Deployment;
  readonly node: string;
  readonly operatorKey: Hex;
  readonly store: { readonly url?: string; readonly directory?: string };
  /** What programs do that have only ethers. */
  readonly ethersVerification?: boolean;
  readonly maxBatch?: number;
  /** Stands in for the settlement: every match counts as final a moment later. */
  readonly settles?: boolean;
}

export interface Usage {
  readonly cpuMicroseconds: number;
  readonly rss: number;
  readonly heap: number;
}

let venue: Venue | undefined;

const NO_LIMIT = { count: 1_000_000_000, seconds: 60 };
const BUCKETS = {
  read: NO_LIMIT,
  order: NO_LIMIT,
  cancel: NO_LIMIT,
  auth: NO_LIMIT,
  probe: NO_LIMIT,
};

export const tasks = {
  /** @returns its address, and how long it took since this process was started. */
  async start(task: VenueTask): Promise<{ url: string; ms: number; openOrders: number }> {
    const { deployment, node, operatorKey, store, ethersVerification, maxBatch } = task;
    venue = await startVenue({
      ...{ deployment, nodes: [node], store, finality: finalizedTag },
      operator: new Wallet(operatorKey) as never,
      http: {
        ...{ port: 0, host: "127.0.0.1", domains: ["localhost"], secureCookies: false },
        secret: "bench".repeat(8),
        limits: {
          ...{ address: BUCKETS, addressTotal: BUCKETS, account: BUCKETS, service: NO_LIMIT },
          ...{ connections: NO_LIMIT, sockets: 10_000 },
        },
      },
      unsettledCap: 10n ** 30n,
      reconcileEveryMs: 0,
      // Settlement off: it is measured elsewhere, and a chain in the same machine would be measured here.
      serves: false,
      log: pino({ level: process.env["LOG_LEVEL"] ?? "error" }),
      ...(maxBatch === undefined ? {} : { maxBatch }),
      ...(ethersVerification === true ? { verifier: verifierOfEthers(deployment) } : {}),
    });
    if (task.settles === true) settle(venue);
    const url = await venue.server.app.listen({ port: 0, host: "127.0.0.1" });
    const ms = process.uptime() * 1000;
    return { url, ms, openOrders: [...venue.engine.openOrders()].length };
  },

  /** When nothing is under way. */
  async idle(): Promise<void> {
    await venue!.engine.idle();
  },

  usage(): Usage {
    (globalThis as { gc?: () => void }).gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpuMicroseconds: user + system, rss, heap: heapUsed };
  },

  async stop(): Promise<void> {
    await venue!.stop();
  },
};
export type ServerTasks = typeof tasks;

function verifierOfEthers({ chainId, contracts }: Deployment) {
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  return {
    backend: "ethers",
    verify: (order: Parameters<typeof hashOrder>[0] & { signature: Hex }) => {
      const orderHash = hashOrder(order, domain);
      const signer = verifyTypedData(domain, ORDER_TYPES, order, order.signature);
      return signer === order.signer
        ? ({ ok: true, orderHash } as const)
        : ({ ok: false, reason: "NOT_BY_SIGNER", orderHash } as never);
    },
  } as never;
}

const SETTLE_EVERY_MS = 200;

/** What the settler and the indexer do to a match in the end, without a chain. */
function settle({ bus, store }: Venue): void {
  type Match = Extract<Parameters<typeof bus.publish>[0], { type: "match" }>;
  let matched: Match[] = [];
  bus.subscribe((event) => {
    if (event.type === "match" && event.state === "MATCHED") matched.push(event);
  });
  setInterval(() => {
    const batch = matched;
    matched = [];
    if (batch.length === 0) return;
    const ids = batch.map(({ matchId }) => matchId);
    void store.db
      .updateTable("match")
      .set({ state: "CONFIRMED" })
      .where("id", "in", ids)
      .execute()
      .then(() => {
        for (const event of batch) bus.publish({ ...event, state: "CONFIRMED" });
      });
  }, SETTLE_EVERY_MS);
}

answerParent(tasks);
