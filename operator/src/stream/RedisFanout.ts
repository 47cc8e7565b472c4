import { randomUUID } from "node:crypto";
import type { Bus, VenueEvent } from "../bus";
import type { Log } from "../log";

/** What is needed of an ioredis client; subscribing takes a connection of its own. */
export interface RedisPubSub {
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string, message: string) => void): unknown;
  off(event: "message", listener: (channel: string, message: string) => void): unknown;
}

/** By what they are about, as other parts of the field name them. */
const CHANNEL: Readonly<Record<Exclude<VenueEvent["type"], "mode">, string>> = {
  book: "nostra:orderbook",
  order: "nostra:orderbook",
  match: "nostra:trades",
  market: "nostra:markets",
  position: "nostra:accounts",
  funds: "nostra:accounts",
  "chain-order": "nostra:accounts",
  "chain-nonce": "nostra:accounts",
  block: "nostra:blocks",
};

/**
 * Joins the buses of several processes: what is published on one is heard on all. Redis gives no promise that everything
 * arrives; a follower of a book notices by its numbers, and who follows an account replays from the outbox.
 * @returns how to leave.
 */
export async function joinByRedis(
  bus: Bus,
  publisher: Pick<RedisPubSub, "publish">,
  subscriber: Omit<RedisPubSub, "publish">,
  log: Log,
): Promise<() => Promise<void>> {
  const self = randomUUID();
  const channels = [...new Set(Object.values(CHANNEL))];
  /** Events from elsewhere, which are not sent back. */
  const foreign = new WeakSet<VenueEvent>();
  const leave = bus.subscribe((event) => {
    // A mode is of this process alone.
    if (foreign.has(event) || event.type === "mode") return;
    publisher.publish(CHANNEL[event.type], JSON.stringify({ from: self, event })).catch(() => {
      log.warn(
        { type: event.type },
        "fan-out: Redis does not answer; other processes miss an event",
      );
    });
  });
  const listener = (_channel: string, text: string): void => {
    const { from, event } = JSON.parse(text) as { from: string; event: VenueEvent };
    if (from === self) return;
    foreign.add(event);
    bus.publish(event);
  };
  subscriber.on("message", listener);
  for (const channel of channels) await subscriber.subscribe(channel);
  return async () => {
    leave();
    subscriber.off("message", listener);
    for (const channel of channels) await subscriber.unsubscribe(channel);
  };
}
