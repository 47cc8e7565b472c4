import { randomBytes } from "node:crypto";
import type { Hex } from "@nostra/sdk/order";
import { expect } from "chai";
import Redis from "ioredis";
import { Bus, type VenueEvent } from "../../operator/src/bus";
import { silentLog } from "../../operator/src/log";
import { publishByRedis, RedisLink, venueNamespace } from "../../operator/src/redis";
import { ADA, TestClock } from "./helpers/venue";

describe("operator: events in Redis", () => {
  const clients: Redis[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  const open = async (): Promise<Redis | null> => {
    const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => undefined);
    clients.push(client);
    return client.connect().then(
      () => client,
      () => null,
    );
  };

  it("are published by what they are about, under the venue's own names, each once", async function () {
    const [publisher, subscriber] = [await open(), await open()];
    if (publisher === null || subscriber === null) return this.skip();
    const namespace = venueNamespace(31337, `0x${randomBytes(20).toString("hex").toUpperCase()}`);
    const heard: [string, VenueEvent][] = [];
    const done = new Promise<void>((resolve) => {
      subscriber.on("pmessage", (_pattern: string, channel: string, text: string) => {
        heard.push([channel, (JSON.parse(text) as { event: VenueEvent }).event]);
        if (heard.length === 3) resolve();
      });
    });
    await subscriber.psubscribe(`${namespace}:*`);
    const bus = new Bus();
    const link = new RedisLink(publisher, new TestClock(), silentLog);
    const leave = publishByRedis(bus, publisher, namespace, link);
    const funds: VenueEvent = {
      ...{ type: "funds", account: ADA.address as Hex, asset: null, blockNumber: 1 },
    };
    const nonce: VenueEvent = { type: "chain-nonce", account: ADA.address as Hex, nonce: "5" };
    const later = { type: "of a later version" } as unknown as VenueEvent;
    for (const event of [funds, nonce, later]) bus.publish(event);
    await done;
    leave();
    bus.publish(funds);
    await subscriber.ping();
    expect(namespace).to.match(/^nostra:31337:0x[0-9a-f]{40}$/);
    expect(heard).to.deep.equal([
      [`${namespace}:accounts`, funds],
      [`${namespace}:accounts`, nonce],
      [`${namespace}:venue`, later],
    ]);
  });
});
