import type { Bus, VenueEvent } from "../bus";
import type { RedisLink } from "./RedisLink";

/** What is needed of an ioredis client. */
export interface RedisPublish {
  publish(channel: string, message: string): Promise<unknown>;
}

/** By what they are about, as other parts of the field name them. Events of other types go to `venue`. */
const TOPIC: Readonly<Record<string, string>> = {
  book: "orderbook",
  order: "orderbook",
  match: "trades",
  market: "markets",
  position: "accounts",
  funds: "accounts",
  "chain-order": "accounts",
  "chain-nonce": "accounts",
  block: "blocks",
};

/** Events that wait for Redis to take them; beyond it they are dropped and counted. */
const MAX_UNDER_WAY = 1_000;

/** What all names of a venue in Redis begin with: two venues on one Redis have nothing in common. */
export function venueNamespace(chainId: number | bigint, exchange: string): string {
  return `nostra:${chainId}:${exchange.toLowerCase()}`;
}

/**
 * Publishes what the bus carries, for others to read. It is a copy: the venue itself subscribes to nothing in Redis, so nothing
 * that anybody sends there changes a book, a clock, or what is known of the chain. Redis gives no promise that everything
 * arrives; what is missed is in the database.
 * @returns how to stop.
 */
export function publishByRedis(
  bus: Bus,
  redis: RedisPublish,
  namespace: string,
  link: RedisLink,
): () => void {
  let underWay = 0;
  return bus.subscribe((event: VenueEvent) => {
    if (underWay >= MAX_UNDER_WAY) return link.count("publish", "dropped");
    if (!link.isUp) link.count("publish", "dropped");
    underWay += 1;
    const channel = `${namespace}:${TOPIC[event.type] ?? "venue"}`;
    void link
      .ask("publish", () => redis.publish(channel, JSON.stringify({ event })))
      .finally(() => (underWay -= 1));
  });
}
