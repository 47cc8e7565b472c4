import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import Redis from "ioredis";
import {
  DEFAULT_LIMITS,
  MemoryLimiter,
  RedisLimiter,
  takeTokens,
  type Limit,
  type Limits,
} from "../../operator/src/http";
import { addressKey } from "../../operator/src/http/limits/limits";
import { silentLog } from "../../operator/src/log";
import { seedOr } from "../helpers/random";
import { emptyStore } from "./helpers/stores";
import { signJson, startHttp, TestClock, type TestHttp } from "./helpers/venue";

describe("operator: rate limits", () => {
  const LIMIT: Limit = { count: 3, seconds: 60 };

  describe("a bucket", () => {
    it("gives so many at once, then one as each comes back, and says when", () => {
      const bucket = { level: 3, atMs: 0 };
      const take = (nowMs: number, cost = 1) => takeTokens(bucket, LIMIT, cost, nowMs);
      expect([take(0).remaining, take(0).remaining, take(0).remaining]).to.deep.equal([2, 1, 0]);
      expect(take(0)).to.deep.equal({
        ...{ allowed: false, limit: 3, remaining: 0, resetSeconds: 60, retryAfterSeconds: 20 },
      });
      expect(take(19_999).allowed).to.equal(false);
      expect(take(20_000).allowed).to.equal(true);
      expect(take(20_000).allowed).to.equal(false);
      expect(take(10_000_000).remaining, "never more than full").to.equal(2);
      expect(take(0).remaining, "a clock that goes back gives nothing").to.equal(1);
      expect(take(10_000_000, 2).retryAfterSeconds, "for what is asked").to.equal(20);
    });

    it("never gives more than it holds and what comes back (random)", () => {
      const seed = seedOr(7);
      const step = fc.record({ wait: fc.nat(40_000), cost: fc.integer({ min: 1, max: 3 }) });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const bucket = { level: LIMIT.count, atMs: 0 };
          let now = 0;
          const taken: [number, number][] = [];
          for (const { wait, cost } of steps) {
            now += wait;
            if (takeTokens(bucket, LIMIT, cost, now).allowed) taken.push([now, cost]);
          }
          for (const [i, [from]] of taken.entries()) {
            let sum = 0;
            for (const [at, cost] of taken.slice(i)) {
              sum += cost;
              if (sum > LIMIT.count + ((at - from) * LIMIT.count) / 60_000 + 1e-6) return false;
            }
          }
          return true;
        }),
        { seed, verbose: 1 },
      );
    });
  });

  it("in memory, keeps a bounded number of buckets and drops those untouched for longest", () => {
    const clock = new TestClock();
    const limiter = new MemoryLimiter(clock, 10);
    for (let i = 0; i < 10; i++) {
      limiter.take(`key-${i}`, LIMIT, 3);
      clock.pass(1);
    }
    limiter.take("another", LIMIT);
    expect(limiter.take("key-9", LIMIT).allowed, "still empty").to.equal(false);
    expect(limiter.take("key-0", LIMIT).allowed, "forgotten").to.equal(true);
  });

  describe("an address", () => {
    for (const [given, key] of [
      ["10.1.2.3", "10.1.2.3"],
      ["::ffff:10.1.2.3", "10.1.2.3"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
      ["2001:0db8::1", "2001:db8:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ] as const) {
      it(`${given} is counted as ${key}`, () => expect(addressKey(given)).to.equal(key));
    }
  });

  describe("of requests", () => {
    const tiny = { count: 3, seconds: 60 };
    const some = { count: 20, seconds: 60 };
    const few = { read: tiny, order: tiny, cancel: tiny, auth: some, probe: some };
    const LIMITS: Limits = { ...DEFAULT_LIMITS, address: few, account: few };
    let http: TestHttp;
    const start = async (trustedProxies = 0): Promise<void> => {
      http = await startHttp(await emptyStore("pglite"), { limits: LIMITS, trustedProxies });
    };
    afterEach(() => http.app.close());
    const read = (more: Parameters<TestHttp["ask"]>[2] = {}): ReturnType<TestHttp["ask"]> =>
      http.ask("GET", "/api/markets", more);

    it("are told in each answer, and end in 429 with the seconds to wait (HT-5)", async () => {
      await start();
      const first = await read();
      expect(first.headers).to.include({
        ...{ "ratelimit-limit": 3, "ratelimit-remaining": 2, "ratelimit-reset": 20 },
      });
      await read();
      await read();
      const over = await read();
      expect(over.status).to.equal(429);
      expect(over.headers["retry-after"]).to.equal(20);
      expect(over.json.error.code).to.equal("RATE_LIMITED");
      http.venue.clock.pass(20_000);
      expect((await read()).status).to.equal(200);
    });

    it("count each address for itself, and no forged X-Forwarded-For", async () => {
      await start();
      const forge = (i: number) => ({ headers: { "x-forwarded-for": `10.0.0.${i}` } });
      for (let i = 0; i < 3; i++) await read(forge(i));
      expect((await read(forge(9))).status).to.equal(429);
      expect((await read({ address: "10.9.9.9" })).status).to.equal(200);
    });

    it("count behind our own proxy by the address that it saw, whatever was forged before it", async () => {
      await start(1);
      const via = (text: string) => ({ headers: { "x-forwarded-for": text } });
      for (let i = 0; i < 3; i++) await read(via(`10.0.0.${i}, 20.0.0.1`));
      expect((await read(via("10.0.0.9, 20.0.0.1"))).status).to.equal(429);
      expect((await read(via("10.0.0.9, 20.0.0.2"))).status).to.equal(200);
    });

    it("count an account for itself, from wherever it comes", async () => {
      await start();
      const headers = await http.signIn();
      for (let i = 0; i < 3; i++) await read({ headers, address: `10.0.0.${i}` });
      expect((await read({ headers, address: "10.0.0.9" })).status).to.equal(429);
      expect((await read()).status, "its address has its own").to.equal(200);
    });

    it("count guesses: wrong tokens empty the bucket of the address", async () => {
      await start();
      const headers = { authorization: "Bearer guess" };
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push((await read({ headers })).status);
      expect(statuses).to.deep.equal([401, 401, 401, 429]);
      for (let i = 0; i < 3; i++) {
        const key = { "nostra-key": "nk_1", "nostra-timestamp": "0" };
        const answer = await read({ headers: key, address: "10.0.0.7" });
        expect(answer.status).to.equal(401);
      }
      expect((await read({ address: "10.0.0.7" })).status).to.equal(429);
    });

    it("never starve cancels: reads and orders do not touch their bucket", async () => {
      await start();
      const headers = await http.signIn();
      const { orderHash } = (
        await http.ask("POST", "/api/orders", { body: await signJson({ price: "0.5" }), headers })
      ).json;
      for (let i = 0; i < 5; i++) {
        await read({ headers });
        await http.ask("POST", "/api/orders", { body: {}, headers });
      }
      expect((await read({ headers })).status).to.equal(429);
      const answer = await http.ask("DELETE", `/api/orders/${orderHash}`, { headers });
      expect(answer.json.success).to.equal(true);
    });

    it("count a batch as the orders it has", async () => {
      await start();
      const orders = [await signJson({ price: "0.5" }), await signJson({ price: "0.4" })];
      const send = () => http.ask("POST", "/api/orders/batch", { body: { orders } });
      expect((await send()).headers["ratelimit-remaining"]).to.equal(1);
      expect((await send()).status).to.equal(429);
    });

    it("count paths that lead nowhere, and not how the venue is", async () => {
      await start();
      for (let i = 0; i < 3; i++) {
        expect((await http.ask("GET", `/nothing/${i}`)).status).to.equal(404);
      }
      expect((await http.ask("GET", "/nothing")).status).to.equal(429);
      for (let i = 0; i < 9; i++) expect((await http.ask("GET", "/live")).status).to.equal(200);
    });
  });

  describe("in Redis", () => {
    let redis: Redis;
    beforeEach(async function () {
      redis = new Redis({ lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
      redis.on("error", () => undefined);
      redis.setMaxListeners(100);
      await redis.connect().catch(() => this.skip());
    });
    afterEach(() => redis.disconnect());

    it("are shared, and say what those in memory say (random)", async () => {
      const seed = seedOr(11);
      const step = fc.record({ wait: fc.nat(15_000), cost: fc.integer({ min: 1, max: 2 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const clock = new TestClock();
          const key = randomBytes(8).toString("hex");
          const memory = new MemoryLimiter(clock);
          const shared = [1, 2].map(() => new RedisLimiter(redis, clock, silentLog));
          for (const [i, { wait, cost }] of steps.entries()) {
            clock.pass(wait);
            const said = await shared[i % 2]!.take(key, LIMIT, cost);
            const expected = memory.take(key, LIMIT, cost);
            expect(said.allowed).to.equal(expected.allowed);
            // A process that refuses by itself does not ask what others took since: it may name a shorter wait, never a longer one.
            if (said.allowed) expect(said).to.deep.equal(expected);
            else expect(said.retryAfterSeconds).to.be.within(1, expected.retryAfterSeconds);
          }
        }),
        { seed, numRuns: 20 },
      );
    });

    it("fall back to this process while it does not answer", async () => {
      const down = new Redis({ port: 1, lazyConnect: true, retryStrategy: () => null });
      down.on("error", () => undefined);
      const limiter = new RedisLimiter(down, new TestClock(), silentLog);
      const verdicts: boolean[] = [];
      for (let i = 0; i < 4; i++) verdicts.push((await limiter.take("a", LIMIT)).allowed);
      expect(verdicts).to.deep.equal([true, true, true, false]);
      down.disconnect();
    });
  });
});
