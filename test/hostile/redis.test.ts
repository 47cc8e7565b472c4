import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect } from "chai";
import Redis from "ioredis";
import { createClient } from "@nostra/sdk/client";
import { buildOrder, orderDomain, signOrder } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { Bus } from "../../operator/src/bus";
import { systemClock } from "../../operator/src/clock";
import { DEFAULT_LIMITS, Metrics, RedisLimiter, scaleLimits } from "../../operator/src/http";
import { silentLog, type Log } from "../../operator/src/log";
import { openRedis, publishByRedis, RedisLink, venueNamespace } from "../../operator/src/redis";
import { finalizedTag } from "../../operator/src/rpc";
import { startVenue, type Venue } from "../../operator/src/startVenue";
import { Listener } from "../operator/helpers/Listener";
import { ADA, TestClock } from "../operator/helpers/venue";

const REDIS_URL = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
const until = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const dueMs = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > dueMs) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** A server that answers each command with one line, or with nothing. */
async function fakeRedis(answer: (command: string) => string | null): Promise<{
  readonly url: string;
  close(): void;
}> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      for (const command of data.toString().split(/(?=\*\d+\r\n)/)) {
        const line = answer(command);
        if (line !== null) socket.write(`${line}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://someuser:S3cretRedisPassword@127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe("hostile: Redis", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  describe("S7, F7: a venue with Redis", () => {
    let sandbox: Sandbox;
    let venue: Venue;
    let redis: Redis;
    let market: Awaited<ReturnType<Sandbox["createMarket"]>>;
    const lines: string[] = [];

    before(async function () {
      redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
      redis.on("error", () => undefined);
      await redis.connect().catch(() => this.skip());
      sandbox = await createSandbox({ accounts: 4 });
      market = await sandbox.createMarket();
      const note = (...values: unknown[]): void => void lines.push(JSON.stringify(values));
      venue = await startVenue({
        ...{ deployment: sandbox.deployment, nodes: [sandbox.provider] },
        ...{ operator: sandbox.operator as never, finality: finalizedTag, store: {} },
        http: {
          ...{ port: 0, host: "127.0.0.1", secret: "a secret of tests, long enough for it" },
          ...{ domains: ["venue.test"], secureCookies: false },
          limits: scaleLimits(DEFAULT_LIMITS, 100),
        },
        ...{ pollMs: 50, verifyThreads: 0, redisUrl: REDIS_URL },
        log: { ...silentLog, error: note },
      });
    });
    after(async () => {
      await venue?.stop();
      redis.disconnect();
    });

    const place = async (account: number, price: string, outcome: "yes" | "no" = "yes") => {
      const wallet = sandbox.accounts[account]!;
      const { chainId, contracts } = sandbox.deployment;
      const order = buildOrder({
        ...{ tokenId: market[outcome], side: "BUY", price, size: "10", nonce: 0n },
        ...{ maker: wallet.address as never, expiration: 0n },
      } as never);
      const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
      const client = createClient({ url: venue.url });
      return client.placeOrder(await signOrder(order, wallet as never, domain));
    };

    it("S7: nothing that is sent to Redis ends the process, changes an order, or moves a clock", async () => {
      const placed = await place(1, "0.12");
      const hash = placed.orderHash;
      const { chainId, contracts } = sandbox.deployment;
      const namespace = venueNamespace(chainId, contracts.ctfExchange);
      const maker = sandbox.accounts[1]!.address;
      const block = {
        type: "block",
        number: 1,
        hash: `0x${"0".repeat(64)}`,
        timestamp: 4102444800,
      };
      const forged = [
        "hello",
        "{",
        "null",
        JSON.stringify({ from: "x" }),
        JSON.stringify({ from: "x", event: { type: "chain-nonce", account: maker, nonce: "5" } }),
        JSON.stringify({ event: { type: "chain-order", hash, cancelled: true, remaining: "0" } }),
        JSON.stringify({ event: { ...block, finalNumber: 1, generation: 1, undone: false } }),
        "x".repeat(1_000_000),
      ];
      let heard = 0;
      for (const prefix of ["nostra", namespace]) {
        for (const topic of ["orderbook", "trades", "markets", "accounts", "blocks", "venue"]) {
          for (const text of forged) heard += await redis.publish(`${prefix}:${topic}`, text);
        }
      }
      expect(heard, "the venue listens to nothing there").to.equal(0);
      const response = await fetch(`${venue.url}/api/orders/${hash}`);
      expect(((await response.json()) as { status: string }).status).to.equal("OPEN");
      expect(lines).to.deep.equal([]);
    });

    it("S7: names carry chain and exchange, those of limits too", async () => {
      const { chainId, contracts } = sandbox.deployment;
      const namespace = `nostra:${chainId}:${contracts.ctfExchange.toLowerCase()}`;
      const subscriber = redis.duplicate();
      closers.push(() => subscriber.disconnect());
      const channels: string[] = [];
      subscriber.on("pmessage", (_: string, channel: string) => channels.push(channel));
      await subscriber.psubscribe("nostra:*");
      await place(2, "0.11");
      await until(() => channels.includes(`${namespace}:orderbook`), "a published order");
      await until(
        async () => (await redis.keys(`${namespace}:limit:*`)).length > 0,
        "a bucket by the venue's name",
      );
    });

    it("F7: an order that fills on arrival is placed, then filled, and leaves no book that it never entered", async () => {
      const listener = new Listener(`${venue.url.replace("http", "ws")}/ws`);
      closers.push(() => listener.socket.terminate());
      await listener.open();
      for (const channel of ["m", "orderbook:update", "orders"]) {
        listener.say({ type: "subscribe", channel, market: market.conditionId });
      }
      await listener.settled();
      const maker = (await place(1, "0.60")).orderHash;
      const taker = (await place(2, "0.40", "no")).orderHash;
      await listener.of("trade_executed");
      await listener.settled();
      const kinds = listener.told.flatMap(({ type, orderHash, hash, state }) =>
        type === "trade_executed"
          ? [type]
          : orderHash === taker || hash === taker
            ? [type === "order" ? `order ${state}` : type]
            : [],
      );
      expect(
        kinds.filter((kind) => kind === "order_placed" || kind === "trade_executed"),
      ).to.deep.equal(["order_placed", "trade_executed"]);
      expect(kinds.filter((kind) => kind.startsWith("order "))).to.deep.equal([
        "order OPEN",
        "order FILLED",
      ]);
      const updates = listener.told.filter(({ type }) => type === "orderbook:update");
      expect(updates.map(({ action, orderHash }) => [action, orderHash])).to.deep.equal([
        ["ADD", maker],
        ["REMOVE", maker],
      ]);
    });
  });

  describe("M1: what goes wrong with Redis is logged without what was sent", () => {
    const opened = (url: string): { readonly lines: string[]; readonly redis: Redis } => {
      const lines: string[] = [];
      const note = (...values: unknown[]): void => {
        lines.push(
          JSON.stringify(values, (_, value: unknown) =>
            value instanceof Error
              ? { ...value, message: value.message, stack: value.stack }
              : value,
          ),
        );
      };
      const log: Log = { debug: note, info: note, warn: note, error: note };
      const redis = openRedis(url, log);
      closers.push(() => redis.disconnect());
      return { lines, redis };
    };
    const isClean = (lines: readonly string[]): void => {
      for (const line of lines) expect(line).not.to.match(/S3cret|someuser/);
    };

    it("M1: a wrong password", async function () {
      const probe = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
      probe.on("error", () => undefined);
      await probe.connect().catch(() => this.skip());
      probe.disconnect();
      const { host } = new URL(REDIS_URL);
      const { lines } = opened(`redis://someuser:S3cretRedisPassword@${host}`);
      await until(() => lines.length > 0, "a line");
      expect(lines.join()).to.match(/WRONGPASS|invalid/i);
      isClean(lines);
    });

    for (const [what, answer] of [
      [
        "a server that repeats the arguments",
        "-ERR unknown command 'AUTH', with args beginning with: 'S3cretRedisPassword'",
      ],
      ["a server that repeats the password", "-ERR no S3cretRedisPassword for someuser"],
      ["a failover", "-READONLY You can't write against a read only replica."],
      ["what is no answer of Redis", "HTTP/1.1 400 Bad Request"],
    ] as const) {
      it(`M1: ${what}`, async () => {
        const fake = await fakeRedis(() => answer);
        closers.push(() => fake.close());
        const { lines, redis } = opened(fake.url);
        await redis.eval("return 1", 0).catch(() => undefined);
        await until(() => lines.length > 0, "a line");
        isClean(lines);
        const again = lines.length;
        await new Promise((resolve) => setTimeout(resolve, 600));
        expect(lines.length - again, "the same trouble is not logged at each try").to.be.below(3);
      });
    }

    it("M1: nobody at the address: the start does not wait, and what is asked fails at once", async () => {
      const { lines, redis } = opened("redis://someuser:S3cretRedisPassword@127.0.0.1:1");
      const failed = await redis.ping().then(
        () => false,
        () => true,
      );
      expect(failed).to.equal(true);
      await until(() => lines.length > 0, "a line");
      isClean(lines);
    });
  });

  describe("M8: limits go on while Redis stalls, goes away or is emptied", () => {
    const LIMIT = { count: 5, seconds: 60 };
    class Stalling {
      asked = 0;
      mode: "well" | "stalls" | "fails" | "lies" = "well";
      level = LIMIT.count;
      eval(): Promise<unknown> {
        this.asked += 1;
        switch (this.mode) {
          case "well": {
            const allowed = this.level >= 1;
            if (allowed) this.level -= 1;
            return Promise.resolve([allowed ? 1 : 0, `${this.level}`]);
          }
          case "stalls":
            return new Promise(() => undefined);
          case "fails":
            return Promise.reject(new Error("it failed"));
          case "lies":
            return Promise.resolve(["yes", "1e99"]);
        }
      }
      ping(): Promise<unknown> {
        return this.mode === "well" ? Promise.resolve("PONG") : new Promise(() => undefined);
      }
    }

    for (const mode of ["stalls", "fails", "lies"] as const) {
      it(`M8: a Redis that ${mode} hands out no fresh bucket`, async () => {
        const redis = new Stalling();
        const metrics = new Metrics();
        const clock = new TestClock();
        const link = new RedisLink(redis, clock, silentLog, metrics);
        const limiter = new RedisLimiter(redis, clock, silentLog, { link });
        const take = async () => (await limiter.take("a", LIMIT)).allowed;
        for (let i = 0; i < 4; i++) expect(await take()).to.equal(true);
        redis.mode = mode;
        const rest = [await take(), await take(), await take()];
        expect(rest).to.deep.equal([true, false, false]);
        const asked = redis.asked;
        for (let i = 0; i < 50; i++) await take();
        if (mode !== "lies") expect(redis.asked, "asked no more while it rests").to.equal(asked);
        expect(await metrics.registry.metrics()).to.match(
          /^redis_faults_total\{use="limit".*\} [1-9]/m,
        );
      });
    }

    it("M8: what other processes took is known here when Redis stalls", async () => {
      const redis = new Stalling();
      const limiter = new RedisLimiter(redis, new TestClock(), silentLog);
      redis.level = 2;
      expect((await limiter.take("a", LIMIT)).allowed).to.equal(true);
      redis.mode = "stalls";
      const rest = [await limiter.take("a", LIMIT), await limiter.take("a", LIMIT)];
      expect(rest.map(({ allowed }) => allowed)).to.deep.equal([true, false]);
    });

    it("M8: a Redis that is emptied gives nothing back", async () => {
      const redis = new Stalling();
      const limiter = new RedisLimiter(redis, new TestClock(), silentLog);
      for (let i = 0; i < 5; i++) await limiter.take("a", LIMIT);
      redis.level = LIMIT.count;
      expect((await limiter.take("a", LIMIT)).allowed).to.equal(false);
    });

    it("M8: it is asked again after a while, in the background", async () => {
      const redis = new Stalling();
      const clock = new TestClock();
      const link = new RedisLink(redis, clock, silentLog);
      const limiter = new RedisLimiter(redis, clock, silentLog, { link });
      redis.mode = "stalls";
      await limiter.take("a", LIMIT);
      expect(link.isUp).to.equal(false);
      redis.mode = "well";
      clock.pass(1_001);
      await limiter.take("a", LIMIT);
      await until(() => link.isUp, "its being asked again");
    });

    it("M8: requests wait for a stalled Redis once, not each", async () => {
      const redis = new Stalling();
      redis.mode = "stalls";
      const limiter = new RedisLimiter(redis, systemClock, silentLog);
      await limiter.take("first", LIMIT);
      let turns = 0;
      const counting = setInterval(() => (turns += 1), 10);
      for (let i = 0; i < 1_000; i++) await limiter.take(`key-${i}`, LIMIT);
      clearInterval(counting);
      expect(turns, "no timer had to be waited for").to.be.below(100);
      expect(redis.asked).to.be.below(5);
    });

    it("M8: events for a stalled Redis are dropped and counted, and do not pile up", async () => {
      const metrics = new Metrics();
      const bus = new Bus();
      let asked = 0;
      const redis = { publish: () => ((asked += 1), new Promise(() => undefined)) };
      const link = new RedisLink(redis as never, new TestClock(), silentLog, metrics);
      closers.push(
        publishByRedis(bus, redis, `nostra:test:${randomBytes(4).toString("hex")}`, link),
      );
      const event = { type: "funds", account: ADA.address, asset: null, blockNumber: 1 } as never;
      for (let i = 0; i < 5_000; i++) bus.publish(event);
      expect(asked).to.equal(1_000);
      await until(() => !link.isUp, "its rest");
      for (let i = 0; i < 100; i++) bus.publish(event);
      expect(asked).to.equal(1_000);
      expect(await metrics.registry.metrics()).to.match(
        /^redis_faults_total\{use="publish",fault="dropped"\} 4100$/m,
      );
    });
  });
});
