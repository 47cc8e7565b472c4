import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import type { Address } from "@nostra/sdk/order";
import type { Alert } from "../../operator/src/alerts";
import type { Clock } from "../../operator/src/clock";
import { ClockAges } from "../../operator/src/clockAges";
import { ChainClock } from "../../operator/src/chainClock";
import type { VenueEngine } from "../../operator/src/engine/VenueEngine";
import { Health } from "../../operator/src/http/Health";
import { MemoryLimiter } from "../../operator/src/http/limits/RateLimiter";
import { Heartbeats } from "../../operator/src/intake/Heartbeats";
import { silentLog } from "../../operator/src/log";
import { MarketDirectory } from "../../operator/src/markets/MarketDirectory";
import { Monitor } from "../../operator/src/monitor/Monitor";
import type { Store } from "../../operator/src/store";
import { describeStores } from "../operator/helpers/stores";

/*
K5: the machine's clock is set while the venue runs; `wall` is what it says, `passed` what really went by
├── a dead man's switch fires on time, not before and not after, whichever way the clock is set; after a restart it starts afresh
├── settlement_lag is raised by the real age of a match
├── uptime never is negative, and what Health remembers neither stays nor goes
├── a rate limit's bucket fills by real time
├── the chain's clock goes on
└── wall time is read where timestamps are made, and nowhere else
*/

const HOUR = 3_600_000;

class SetClock implements Clock {
  wall = 1_800_000_000_000;
  passed = 50_000;
  nowMs(): number {
    return this.wall;
  }
  monotonicMs(): number {
    return this.passed;
  }
  pass(ms: number): void {
    this.wall += ms;
    this.passed += ms;
  }
  /** Somebody sets the machine's clock; no time passes. */
  set(byMs: number): void {
    this.wall += byMs;
  }
}

const ADA: Address = `0x${"ad".repeat(20)}`;

describeStores("K5: clocks that jump", (fresh) => {
  let store: Store;
  let clock: SetClock;
  let alerts: Alert[];
  let cancelled: { readonly account: string; readonly atMs: number }[];

  beforeEach(async () => {
    store = await fresh();
    clock = new SetClock();
    alerts = [];
    cancelled = [];
  });

  async function monitorWith(heartbeats: Heartbeats): Promise<Monitor> {
    const engine = { markets: () => [], book: () => undefined } as unknown as VenueEngine;
    const defaults = { tick: "0.01", minSize: "1" };
    return new Monitor({
      ...{ store, engine, heartbeats, log: silentLog, finalizer: null, clock },
      intake: {
        cancelAll: async (account) => {
          cancelled.push({ account, atMs: clock.passed });
          return 1;
        },
      },
      markets: await MarketDirectory.load({ store, defaults, log: silentLog }),
      chainNow: () => 1_000n,
      alarm: (alert) => alerts.push(alert),
    });
  }

  const load = (): Promise<Heartbeats> =>
    Heartbeats.load(store, () => clock.monotonicMs(), silentLog);

  for (const [title, byMs] of [
    ["set back one hour", -HOUR],
    ["set forward one hour", HOUR],
    ["set back to 1970", -1_800_000_000_000],
    ["set forward ten years", 10 * 365 * 24 * HOUR],
  ] as const) {
    it(`K5: a dead man's switch fires on time when the clock is ${title}`, async () => {
      const heartbeats = await load();
      const monitor = await monitorWith(heartbeats);
      heartbeats.beat(ADA, 5);
      const dueMs = clock.passed + 5_000;
      clock.pass(2_000);
      await monitor.look();
      clock.set(byMs);
      for (let i = 0; i < 5; i++) {
        await monitor.look();
        if (clock.passed < dueMs) expect(cancelled, `at ${clock.passed}`).to.deep.equal([]);
        clock.pass(1_000);
      }
      expect(cancelled).to.deep.equal([{ account: ADA, atMs: dueMs }]);
    });

    it(`K5: settlement_lag is of real time when the clock is ${title}`, async () => {
      const monitor = await monitorWith(await load());
      await monitor.look();
      clock.pass(10_000);
      await store.db
        .insertInto("match")
        .values({
          ...{ id: "a", condition_id: "0xc1", input: 1n, taker_hash: "0x", taker_fill_amount: "1" },
          ...{ making: "1", taking: "1", consumed: "1", price: 1, shares: "1", state: "MATCHED" },
          ...{ matched_at_ms: BigInt(clock.wall), updated_at_ms: BigInt(clock.wall) },
        })
        .execute();
      clock.pass(1_000);
      await monitor.look();
      clock.set(byMs);
      await monitor.look();
      clock.pass(58_000);
      await monitor.look();
      expect(alerts, "after 59 s").to.deep.equal([]);
      clock.pass(1_000);
      await monitor.look();
      expect(alerts.map(({ type, data }) => [type, data["lagMs"]])).to.deep.equal([
        ["settlement_lag", 60_000],
      ]);
    });

    it(`K5: uptime and the last minute's traffic are right when the clock is ${title}`, async () => {
      const health = new Health(store, clock, []);
      clock.pass(10_000);
      health.count(true);
      clock.set(byMs);
      const { uptimeSeconds, requestsPerMinute } = health.traffic();
      expect([uptimeSeconds, requestsPerMinute]).to.deep.equal([10, 1]);
      clock.pass(61_000);
      expect(health.traffic()).to.deep.include({ uptimeSeconds: 71, requestsPerMinute: 0 });
    });

    it(`K5: a bucket fills by real time when the clock is ${title}`, () => {
      const limiter = new MemoryLimiter(clock);
      const take = (): boolean => limiter.take("address", { count: 2, seconds: 2 }).allowed;
      expect([take(), take(), take()]).to.deep.equal([true, true, false]);
      clock.set(byMs);
      expect(take(), "no time has passed").to.equal(false);
      clock.pass(1_000);
      expect([take(), take()]).to.deep.equal([true, false]);
    });

    it(`K5: the chain's clock goes on when the clock is ${title}`, () => {
      const chain = new ChainClock(1_000n, () => clock.monotonicMs());
      clock.pass(3_000);
      clock.set(byMs);
      expect(chain.now()).to.equal(1_003n);
      chain.see(2_000n);
      clock.pass(500);
      expect(chain.now()).to.equal(2_000n);
    });
  }

  it("K5: a stored switch starts afresh after a restart, whatever the clocks of the processes say", async () => {
    (await load()).beat(ADA, 5);
    await new Promise((resolve) => setTimeout(resolve, 0));
    while ((await store.db.selectFrom("heartbeat").selectAll().execute()).length === 0);
    // Another process, and another machine's monotonic clock.
    clock.passed = 7;
    clock.set(-HOUR);
    const heartbeats = await load();
    const monitor = await monitorWith(heartbeats);
    clock.pass(4_999);
    await monitor.look();
    expect(cancelled).to.deep.equal([]);
    clock.pass(1);
    await monitor.look();
    expect(cancelled.map(({ account }) => account)).to.deep.equal([ADA]);
  });

  it("K5: ages of any number of steps, forward and back, are real", () => {
    const seed = Number(process.env["NOSTRA_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`      NOSTRA_SEED=${seed}`);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state % below;
    };
    const ages = new ClockAges(clock);
    // Steps that do not overlap what was stamped before: which of two moments a doubled time means, nobody can say.
    for (let i = 0; i < 50; i++) {
      const [stamp, atMs] = [clock.wall, clock.passed];
      clock.pass(6_000);
      ages.look();
      clock.set(random(2) === 0 ? HOUR + random(HOUR) : -HOUR - random(HOUR));
      expect(ages.ageMs(stamp), `after step ${i}`).to.equal(clock.passed - atMs);
      clock.pass(6_000 + random(1_000));
      expect(ages.ageMs(stamp), `later, after step ${i}`).to.equal(clock.passed - atMs);
      // So far ahead that the next stamps were never seen before.
      clock.set(10 * HOUR);
      ages.look();
    }
  });
});

describe("K5: who reads the wall clock", () => {
  const SOURCES = path.resolve(__dirname, "../../operator/src");
  /** Files that may read the wall clock, and what for. A duration, a time-out or an age never is a reason. */
  const ALLOWED: Readonly<Record<string, string>> = {
    "clock.ts": "is the clock",
    "clockAges.ts": "compares it with the monotonic one",
    "setMode.ts": "timestamp of a row",
    "modes/Modes.ts": "since when and until when, as people read it",
    "modes/watches.ts": "until when a mode holds, as people read it",
    "startChecks/index.ts": "the machine's clock is compared with the chain's",
    "http/operations/modes.ts": "the server's time, timestamp of a row",
    "http/reads/StatsCache.ts": "the last 24 hours of candles",
    "settler/CoolDown.ts": "timestamps of rows; what is left of a stored rest at a start",
    "settler/GasBudget.ts": "timestamps of rows; what is left of stored charges at a start",
    "settler/PairRests.ts": "timestamps of rows; what is left of a stored rest at a start",
    "settler/Suspects.ts": "timestamps of rows, ages of stored rows",
    "stream/Authorities.ts": "expiry of stored sessions",
    "indexer/takeIn.ts": "timestamps of events",
    "indexer/undoBlock.ts": "timestamps of events",
    "indexer/rewind.ts": "timestamps of events",
    "indexer/Indexer.ts": "leases, timestamps of rows",
    "indexer/MatchReconciler.ts": "timestamps of rows and events",
    "engine/VenueEngine.ts": "timestamps of orders and events",
    "http/limits/RedisLimiter.ts": "shared with other processes",
    "http/auth/UsedNonces.ts": "expiry of stored nonces",
    "http/auth/ApiKeys.ts": "the window of signed requests, timestamps of rows",
    "http/auth/SignIn.ts": "expiry of sign-in messages",
    "http/auth/Auth.ts": "expiry of tokens",
    "http/auth/Sessions.ts": "expiry of stored sessions",
    "http/operations/stats.ts": "the last 24 hours of candles",
    "http/operations/auth.ts": "expiry of cookies, the server's time",
    "http/operations/candles.ts": "the default end of a query",
    "http/operations/orders.ts": "the window of signed cancels, the due time that is answered",
    "http/operations/system.ts": "the server's time",
    "settler/Journal.ts": "timestamps of rows and events",
    "settler/Settler.ts": "ages of stored rows",
    "monitor/MarketEnds.ts": "timestamps of events",
    "monitor/Retention.ts": "ages of stored rows, in days",
    "monitor/createAlarm.ts": "the day of an alert",
    "stream/createStream.ts": "expiry of tokens, the server's time",
  };

  it("K5: wall time is read in the files of this list, and in no other", () => {
    const found = (readdirSync(SOURCES, { recursive: true }) as string[])
      .filter((file) => file.endsWith(".ts"))
      .filter((file) =>
        /\bnowMs\(\)|Date\.now\(/.test(readFileSync(path.join(SOURCES, file), "utf8")),
      )
      .map((file) => file.split(path.sep).join("/"));
    expect(found.sort()).to.deep.equal(Object.keys(ALLOWED).sort());
  });

  it("K5: durations are not taken from the wall clock directly", () => {
    for (const file of readdirSync(SOURCES, { recursive: true }) as string[]) {
      if (!file.endsWith(".ts") || file.startsWith("clock")) continue;
      const text = readFileSync(path.join(SOURCES, file), "utf8");
      expect(text, file).not.to.match(/Date\.now\(/);
    }
  });
});
