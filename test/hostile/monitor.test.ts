import { expect } from "chai";
import { disputeResolution, proposeResolution, readExpectedPayouts } from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { sql } from "kysely";
import type { Alert } from "../../operator/src/alerts";
import { Bus, type MarketEvent, type VenueEvent } from "../../operator/src/bus";
import type { VenueEngine } from "../../operator/src/engine/VenueEngine";
import { Heartbeats } from "../../operator/src/intake/Heartbeats";
import { silentLog, type Log } from "../../operator/src/log";
import { MarketDirectory } from "../../operator/src/markets/MarketDirectory";
import { createAlarm, type Notifier } from "../../operator/src/monitor/createAlarm";
import { DISPUTE_TIMEOUT, SILENCE_TIMEOUT } from "../../operator/src/monitor/dueMarkets";
import { Finalizer } from "../../operator/src/monitor/Finalizer";
import { MarketEnds } from "../../operator/src/monitor/MarketEnds";
import { Monitor } from "../../operator/src/monitor/Monitor";
import { Retention, type RetainedTable } from "../../operator/src/monitor/Retention";
import { openStore, type MarketTable, type Store } from "../../operator/src/store";
import { describeStores } from "../operator/helpers/stores";
import { DAY, describeVenues, LiveVenue, until } from "./helpers/liveVenue";

/*
F1: alerts
├── a market that stands still for three days is three rows and three deliveries, however often it is looked at and restarted
├── every kind of alert is one row a day and subject; a flood of them is a bounded number of writes
├── a change that flaps is delivered four times a day at most
├── an alert is delivered although the database fails, and once
└── a notifier that hangs delays no other, and is given up
F5: the end of a market
├── HTTP says ENDED and the stream is told once, by the chain's clock, with the book closed; not again after a restart
└── a book of 3,000 orders is closed while other commands get their turn
F6: what is due
├── silent and disputed markets end by their time-outs, not a second before; the constants are the contract's
├── without a key each raises one alert
├── one that keeps failing costs no gas: it is simulated first, with growing pauses
└── gas above the cap is not paid
Retention
├── by age, in small deletes
├── a flood by strangers stays under the bound; sessions in use, valid nonces and orders that could be placed again stay
└── what cannot be removed raises an alert
*/

class TestClock {
  ms = 1_800_000_000_000;
  nowMs = (): number => this.ms;
  monotonicMs = (): number => this.ms;
}

const DAY_MS = 86_400_000;

function marketRow(market: Partial<MarketTable> = {}): MarketTable {
  return {
    ...{ condition_id: "0xc1", question_id: `0x${"01".repeat(32)}`, yes: "1", no: "2", slug: "m" },
    ...{ question: "", description: "", category: "", creator: `0x${"00".repeat(20)}` },
    ...{ end_time: 1_000n, resolution_time: 2_000n, dispute_window: 10n, created_at: 1n },
    ...{ registered: true, state: "OPEN", outcome: null, last_tx: "0x" },
    ...{ proposed_at: null, disputed_at: null, finalized_at: null },
    ...market,
  };
}

describeStores("F1: alerts", (fresh) => {
  let store: Store;
  let clock: TestClock;
  let delivered: Alert[];
  const notifier: Notifier = {
    name: "test",
    notify: async (alert) => void delivered.push(alert),
  };

  beforeEach(async () => {
    store = await fresh();
    clock = new TestClock();
    delivered = [];
  });

  const rows = () => store.db.selectFrom("alert").selectAll().orderBy("id").execute();
  const start = (notifiers: readonly Notifier[] = [notifier], log: Log = silentLog) =>
    createAlarm({ store, notifiers, log, clock, retryMs: [], notifyTimeoutMs: 50 });

  it("F1: a market that stands still is one row and one delivery a day, across restarts", async () => {
    await store.db.insertInto("market").values(marketRow()).execute();
    const defaults = { tick: "0.01", minSize: "1" };
    const engine = { markets: () => [], book: () => undefined } as unknown as VenueEngine;
    clock.ms = Math.floor(clock.ms / DAY_MS) * DAY_MS + 1;
    for (let day = 0; day < 3; day++) {
      for (let restart = 0; restart < 3; restart++) {
        const alarm = start();
        const monitor = new Monitor({
          ...{ store, engine, log: silentLog, finalizer: null, clock, alarm },
          heartbeats: await Heartbeats.load(store, clock.monotonicMs, silentLog),
          intake: { cancelAll: async () => 0 },
          markets: await MarketDirectory.load({ store, defaults, log: silentLog }),
          chainNow: () => 1_000n + 3n * DAY,
        });
        for (let look = 0; look < 5; look++) {
          await monitor.look();
          clock.ms += 1_000;
        }
        await alarm.stored();
        alarm.close();
      }
      clock.ms += DAY_MS;
    }
    const found = await rows();
    expect(found.map(({ type, subject }) => [type, subject])).to.deep.equal(
      Array(3).fill(["stuck_market", "0xc1"]),
    );
    expect(delivered.map(({ type }) => type)).to.deep.equal(Array(3).fill("stuck_market"));
  });

  it("F1: any kind of alert is one row a day and subject, and a flood is few writes", async () => {
    let writes = 0;
    const counted = new Proxy(store.db, {
      get: (db, name) => {
        if (name === "insertInto") writes += 1;
        const value = Reflect.get(db, name) as unknown;
        return typeof value === "function" ? (value.bind(db) as unknown) : value;
      },
    });
    const params = { notifiers: [notifier], log: silentLog, clock, retryMs: [] };
    const alarm = createAlarm({ ...params, store: { ...store, db: counted } });
    const kinds = ["settlement_lag", "resolution_due", "state_transition_failure", "any"];
    for (let i = 0; i < 5_000; i++) {
      for (const type of kinds) alarm({ type, severity: "HIGH", data: { subject: "s", i } });
    }
    await alarm.stored();
    expect(writes).to.equal(kinds.length);
    clock.ms += 60_000;
    for (const type of kinds) alarm({ type, severity: "HIGH", data: { subject: "s" } });
    await alarm.stored();
    const found = await rows();
    expect(found.map(({ type, count }) => [type, count])).to.deep.equal(
      kinds.map((type) => [type, 5_001n]),
    );
    expect(delivered).to.have.length(kinds.length);
  });

  it("F1: two processes that raise the same alert make one row and one delivery", async () => {
    const [one, other] = [start(), start()];
    for (const alarm of [one, other]) {
      alarm({ type: "lane_stopped", severity: "CRITICAL", data: { lane: "0x1" } });
    }
    await Promise.all([one.stored(), other.stored()]);
    expect((await rows()).map(({ count }) => count)).to.deep.equal([2n]);
    expect(delivered).to.have.length(1);
  });

  it("F1: a change that comes again after a calm is delivered, four times a day at most", async () => {
    const alarm = start();
    for (let i = 0; i < 50; i++) {
      alarm({ type: "lane_stopped", severity: "CRITICAL", isChange: true, data: { lane: "0x1" } });
      await alarm.stored();
      clock.ms += 1_000;
      await until("its row is marked", async () => (await rows()).every((row) => row.notified));
    }
    expect(delivered).to.have.length(4);
    expect(await rows()).to.have.length(1);
  });

  it("F1: an alert is delivered although the database fails, once, and stored when it works", async () => {
    let isDown = true;
    const db = new Proxy(store.db, {
      get: (inner, name) => {
        if (isDown && name === "insertInto") throw new Error("the database is down");
        const value = Reflect.get(inner, name) as unknown;
        return typeof value === "function" ? (value.bind(inner) as unknown) : value;
      },
    });
    const params = { notifiers: [notifier], log: silentLog, clock, retryMs: [] };
    const alarm = createAlarm({ ...params, store: { ...store, db } });
    const alert: Alert = { type: "settler_failing", severity: "HIGH", data: {} };
    for (let i = 0; i < 3; i++) {
      alarm(alert);
      await alarm.stored();
      clock.ms += 60_000;
    }
    expect(delivered).to.have.length(1);
    isDown = false;
    alarm(alert);
    await alarm.stored();
    expect((await rows()).map(({ count }) => count)).to.deep.equal([4n]);
    expect(delivered).to.have.length(1);
  });

  it("F1: a notifier that hangs delays no other; what it did not get is delivered after a restart", async () => {
    const hangs: Notifier = { name: "hangs", notify: () => new Promise(() => undefined) };
    const failures: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields: unknown) => void failures.push(fields) };
    const alarm = start([hangs, notifier], log);
    for (let i = 0; i < 150; i++) {
      alarm({ type: "stuck_market", severity: "HIGH", data: { subject: `${i}` } });
    }
    await alarm.stored();
    await until("the other has its alerts", () => delivered.length === 150);
    await until("one is given up, some never waited", () => failures.length > 40);
    alarm.close();
    delivered = [];
    const next = start();
    await next.recover();
    await until("they are delivered", () => delivered.length === 100);
  });
});

describeVenues("F5: the end of a market", (kind) => {
  let live: LiveVenue;
  before(async () => {
    live = await LiveVenue.open(kind);
    await live.start();
  });
  after(() => live.close());

  it("F5: HTTP and bus follow the chain's clock; the end is told once, with the book closed", async () => {
    const market = await live.newMarket(2n);
    const ends = (events: readonly VenueEvent[]): MarketEvent[] =>
      events.filter((event): event is MarketEvent => {
        return event.type === "market" && event.newState === "ENDED";
      });
    const events: VenueEvent[] = [];
    let sizeThen: number | undefined;
    live.venue.bus.subscribe((event) => {
      events.push(event);
      if (ends([event]).length > 0) sizeThen = live.venue.engine.book(market.conditionId)?.size;
    });
    const order = { by: live.account(0), tokenId: market.yes, price: "0.40", size: "5" };
    await live.place(order);
    const client = live.clientOf(live.account(0));
    expect((await client.market(market.conditionId)).state).to.equal("OPEN");

    // The chain's clock goes on by three days; the machine's does not.
    await live.sandbox.setTime((await live.sandbox.now()) + 3n * DAY);
    await until("the end is told", () => ends(events).length > 0);
    expect(sizeThen, "orders in the book at that moment").to.equal(0);
    expect((await client.market(market.conditionId)).state).to.equal("ENDED");
    await expect(live.place({ ...order, size: "6" })).to.be.rejectedWith(/no orders any more/);
    const listed: string[] = [];
    for await (const one of client.markets({ state: "ENDED" })) listed.push(one.conditionId);
    expect(listed).to.include(market.conditionId);
    expect(ends(events)[0]).to.deep.include({ oldState: "OPEN", automatic: true, outcome: null });

    await live.stop();
    await live.start();
    const later: VenueEvent[] = [];
    live.venue.bus.subscribe((event) => later.push(event));
    for (let i = 0; i < 3; i++) await live.venue.monitor.look();
    expect([...ends(events), ...ends(later)]).to.have.length(1);
    const stored = await live.venue.store.db
      .selectFrom("outbox")
      .select("payload")
      .where("topic", "=", `market:${market.conditionId}`)
      .execute();
    expect(stored.filter(({ payload }) => payload.includes('"ENDED"'))).to.have.length(1);
  });
});

describe("F5: closing a large book", () => {
  it("F5: leaves the closing of a book, a part after the other, to the engine", async () => {
    const closed: unknown[] = [];
    const engine = {
      closeBook: async (...given: unknown[]) => {
        closed.push(given);
        return 3_000;
      },
    };
    const params = { engine, store: {} as never, bus: new Bus() };
    const ends = new MarketEnds({ ...params, clock: new TestClock() });
    const market = marketRow({ state: "CANCELLED" });
    await ends.end(market);
    expect(closed).to.deep.equal([[market.condition_id, "MARKET_ENDED"]]);
  });
});

describe("F6: what is due", () => {
  let sandbox: Sandbox;
  let clock: TestClock;
  let alerts: Alert[];
  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
  });
  after(() => sandbox.close());
  beforeEach(() => {
    clock = new TestClock();
    alerts = [];
  });

  const finalizerOf = (connection: Connection, maxFeePerGas?: bigint): Finalizer =>
    new Finalizer({
      ...{ connection, clock, log: silentLog, alarm: (alert) => alerts.push(alert) },
      ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
    });
  const keyed = (): Connection => sandbox.connect(sandbox.accounts[0]!);
  const sentBy = (): Promise<unknown> =>
    sandbox.provider.send("eth_getTransactionCount", [sandbox.accounts[0]!.address, "latest"]);
  const row = (questionId: string): MarketTable => marketRow({ question_id: questionId });

  it("F6: the time-outs are the contract's", async () => {
    const { oracle } = keyed();
    expect([await oracle.SILENCE_TIMEOUT(), await oracle.DISPUTE_TIMEOUT()]).to.deep.equal([
      SILENCE_TIMEOUT,
      DISPUTE_TIMEOUT,
    ]);
  });

  it("F6: a dispute that nobody decides and a silent market end, not before they may", async () => {
    const now = await sandbox.now();
    const market = { endTimeSeconds: now + DAY, resolutionTimeSeconds: now + 2n * DAY };
    const disputed = await sandbox.createMarket(market);
    const silent = await sandbox.createMarket(market);
    await sandbox.setTime(now + 3n * DAY);
    const [one, other] = sandbox.resolvers.map((resolver) => sandbox.connect(resolver));
    const { questionId } = disputed;
    await (await proposeResolution(one!, { questionId, result: "YES" }).send()).wait();
    await (await disputeResolution(other!, { questionId }).send()).wait();
    const finalizer = finalizerOf(keyed());
    const end = async (id: string, how: "dispute-timeout" | "silence-timeout") => {
      clock.ms += 5_000;
      return finalizer.finalize(row(id), { how, dueAt: 0n });
    };

    const before = await sentBy();
    expect(await end(questionId, "dispute-timeout"), "too early").to.equal(false);
    expect(await end(silent.questionId, "silence-timeout"), "too early").to.equal(false);
    expect([await sentBy(), alerts]).to.deep.equal([before, []]);
    await sandbox.setTime((await sandbox.now()) + DISPUTE_TIMEOUT);
    expect(await end(questionId, "dispute-timeout")).to.equal(true);
    expect(await end(silent.questionId, "silence-timeout"), "too early").to.equal(false);
    await sandbox.setTime(now + 2n * DAY + SILENCE_TIMEOUT);
    expect(await end(silent.questionId, "silence-timeout")).to.equal(true);
    for (const { questionId: id } of [disputed, silent]) {
      expect(await readExpectedPayouts(keyed(), id)).to.deep.equal([1n, 1n]);
    }
    // Once final, another try finds that out without a transaction.
    const after = await sentBy();
    clock.ms += DAY_MS;
    expect(await end(questionId, "dispute-timeout")).to.equal(false);
    expect([await sentBy(), alerts]).to.deep.equal([after, []]);
  });

  it("F6: a finalization that the contract refuses for good costs no gas, and pauses grow", async () => {
    let simulations = 0;
    const signer = sandbox.accounts[0]!;
    const counted = Object.create(signer) as typeof signer;
    counted.call = (tx) => {
      simulations += 1;
      return signer.call(tx);
    };
    const finalizer = finalizerOf(connect(sandbox.deployment, counted));
    const before = await sentBy();
    // Unknown to the oracle.
    const market = row(`0x${"99".repeat(32)}`);
    for (let second = 0; second < 86_400; second += 10) {
      await finalizer.finalize(market, { how: "silence-timeout", dueAt: 0n });
      clock.ms += 10_000;
    }
    expect(await sentBy()).to.equal(before);
    expect(simulations).to.be.within(20, 40);
    expect(new Set(alerts.map(({ type }) => type))).to.deep.equal(
      new Set(["state_transition_failure"]),
    );
    expect(alerts[0]?.data).to.deep.include({ subject: "0xc1", reason: "UnknownMarket" });
  });

  it("F6: a transaction that fails on chain is repeated five times a day, no more", async () => {
    const now = await sandbox.now();
    const { questionId } = await sandbox.createMarket({
      ...{ endTimeSeconds: now + DAY, resolutionTimeSeconds: now + 2n * DAY },
    });
    await sandbox.setTime(now + 2n * DAY + SILENCE_TIMEOUT);
    const signer = sandbox.accounts[0]!;
    // Whoever says it works, and sends something that fails.
    const failing = Object.create(signer) as typeof signer;
    let nonce = 0;
    const sent: number[] = [];
    failing.getNonce = async () => nonce;
    failing.sendTransaction = async ({ nonce: used }) => {
      sent.push(Number(used));
      nonce += 1;
      return { hash: `0x${nonce}` } as never;
    };
    const finalizer = finalizerOf(connect(sandbox.deployment, failing));
    for (let second = 0; second < 86_000; second += 10) {
      await finalizer.finalize(row(questionId), { how: "silence-timeout", dueAt: 0n });
      clock.ms += 10_000;
    }
    expect(sent).to.deep.equal([0, 1, 2, 3, 4]);
    expect(alerts.map(({ type }) => type)).to.include("state_transition_failure");
  });

  it("F6: what does not get in is replaced at the same nonce with higher fees; gas above the cap is not paid", async () => {
    const now = await sandbox.now();
    const { questionId } = await sandbox.createMarket({
      ...{ endTimeSeconds: now + DAY, resolutionTimeSeconds: now + 2n * DAY },
    });
    await sandbox.setTime(now + 2n * DAY + SILENCE_TIMEOUT);
    const signer = sandbox.accounts[0]!;
    const stuck = Object.create(signer) as typeof signer;
    const sent: { nonce: unknown; fee: bigint }[] = [];
    stuck.getNonce = async () => 7;
    stuck.sendTransaction = async ({ nonce, maxFeePerGas, gasPrice }) => {
      sent.push({ nonce, fee: BigInt((maxFeePerGas ?? gasPrice) as bigint) });
      return { hash: `0x${sent.length}` } as never;
    };
    const connection = connect(sandbox.deployment, stuck);
    const finalizer = finalizerOf(connection);
    const how = { how: "silence-timeout", dueAt: 0n } as const;
    for (let i = 0; i < 3; i++) {
      await finalizer.finalize(row(questionId), how);
      clock.ms += 60_000;
    }
    expect(sent.map(({ nonce }) => nonce)).to.deep.equal([7, 7, 7]);
    for (const at of [1, 2]) {
      expect(sent[at]!.fee * 1_000n >= sent[at - 1]!.fee * 1_125n, `try ${at}`).to.equal(true);
    }
    const cheap = finalizerOf(connection, 1n);
    expect(await cheap.finalize(row(questionId), how)).to.equal(false);
    expect(sent).to.have.length(3);
    expect(alerts.at(-1)?.data["reason"]).to.match(/cap of 1 wei/);
  });

  it("F6: without a key each due market raises an alert", async () => {
    const store = await openStore();
    try {
      const markets = (
        [
          ["0xa", { state: "OPEN" }],
          ["0xb", { state: "DISPUTED", disputed_at: 5_000n }],
          ["0xc", { state: "PROPOSED", proposed_at: 5_000n }],
          ["0xd", { state: "FINALIZED" }],
        ] as const
      ).map(([condition_id, state], i) =>
        marketRow({
          ...{ ...state, condition_id, question_id: `0x${i}`, slug: `${i}`, yes: `${2 * i + 1}` },
          no: `${2 * i + 2}`,
        }),
      );
      await store.db.insertInto("market").values(markets).execute();
      let now = 2_000n + SILENCE_TIMEOUT - 1n;
      const monitor = new Monitor({
        ...{ store, log: silentLog, finalizer: null, clock, alarm: (alert) => alerts.push(alert) },
        engine: { markets: () => [], book: () => undefined } as unknown as VenueEngine,
        heartbeats: await Heartbeats.load(store, clock.monotonicMs, silentLog),
        intake: { cancelAll: async () => 0 },
        markets: await MarketDirectory.load({
          ...{ store, defaults: { tick: "0.01", minSize: "1" }, log: silentLog },
        }),
        chainNow: () => now,
      });
      const due = (): unknown[] =>
        alerts
          .filter(({ type }) => type === "resolution_due")
          .map(({ data }) => [data["subject"], data["how"]]);
      await monitor.look();
      expect(due()).to.deep.equal([
        ["0xb", "dispute-timeout"],
        ["0xc", "proposal"],
      ]);
      alerts = [];
      now += 1n;
      await monitor.look();
      expect(due()).to.deep.include(["0xa", "silence-timeout"]);
    } finally {
      await store.close();
    }
  });
});

describeVenues("F6: a running venue", (kind) => {
  it("F6: ends a disputed and a silent market by itself", async () => {
    const live = await LiveVenue.open(kind);
    try {
      await live.start();
      const [disputed, silent] = [await live.newMarket(1n), await live.newMarket(1n)];
      await live.sandbox.setTime((await live.sandbox.now()) + 40n * DAY);
      const [one, other] = live.sandbox.resolvers.map((who) => live.sandbox.connect(who));
      const { questionId } = disputed;
      await (await proposeResolution(one!, { questionId, result: "YES" }).send()).wait();
      await (await disputeResolution(other!, { questionId }).send()).wait();
      await live.sandbox.setTime((await live.sandbox.now()) + 200n * DAY);
      await until("both are final", () =>
        [disputed, silent].every(({ conditionId }) => {
          return live.venue.markets.byCondition(conditionId)?.state === "FINALIZED";
        }),
      );
    } finally {
      await live.close();
    }
  });
});

describeStores("F1: retention", (fresh) => {
  let store: Store;
  let clock: TestClock;
  let alerts: Alert[];
  const LONG = process.env["NOSTRA_LONG"] === "1";

  beforeEach(async () => {
    store = await fresh();
    clock = new TestClock();
    alerts = [];
  });

  const countOf = async (table: string): Promise<number> => {
    const { rows } = await sql<{ n: bigint }>`
      select count(*)::int8 as n from ${sql.table(table)}`.execute(store.db);
    return Number(rows[0]!.n);
  };
  const many = (): number => (store.kind === "postgres" ? 200_000 : LONG ? 200_000 : 20_000);
  const retention = (
    rules: Partial<Record<RetainedTable, { days?: number; maxRows?: number }>>,
  ) => {
    const removed: Record<string, number> = {};
    const retained = new Retention({
      ...{ store, clock, rules, log: silentLog, alarm: (alert) => alerts.push(alert) },
      chainNow: () => BigInt(Math.floor(clock.ms / 1000)),
      onRemoved: (table, reason, rows) => {
        removed[`${table} ${reason}`] = (removed[`${table} ${reason}`] ?? 0) + rows;
      },
    });
    return { retained, removed };
  };

  it("F1: old rows go by age, a few hundred in one statement", async () => {
    const n = many();
    const old = clock.ms - 200 * DAY_MS;
    await sql`insert into alert (type, severity, data, at_ms, subject, day)
      select 't', 'LOW', '{}', ${old}::int8 + i, i::text, 0 from generate_series(1, ${n}::int) as i`.execute(
      store.db,
    );
    await sql`insert into outbox (topic, type, payload, at_ms)
      select 'user:0xa', 'order', '{}', ${old}::int8 + i from generate_series(1, ${n}::int) as i`.execute(
      store.db,
    );
    await store.db
      .insertInto("outbox")
      .values({ topic: "user:0xa", type: "order", payload: "{}", at_ms: BigInt(clock.ms) })
      .execute();
    const { retained, removed } = retention({});
    let steps = 0;
    while (!(await retained.step())) {
      const gone = Object.values(removed).reduce((sum, rows) => sum + rows, 0);
      steps += 1;
      expect(gone, "rows removed by so many steps").to.be.at.most(steps * 10_000);
    }
    expect([await countOf("alert"), await countOf("outbox")]).to.deep.equal([0, 1]);
    expect(removed).to.deep.equal({ "alert age": n, "outbox age": n });
    const sizes = await retained.sizes();
    expect(sizes.get("outbox")).to.be.greaterThan(0);
  }).timeout(600_000);

  it("F1: a flood of sessions stays under the bound; those in use stay", async () => {
    const n = many();
    const week = 7 * DAY_MS;
    // Strangers' sessions, not refreshed for two hours; the last thousand are revoked.
    await sql`insert into session (id, account, refresh_hash, created_at_ms, expires_at_ms, revoked)
      select 's' || i, '0x' || i, '', 0, ${clock.ms + week - 2 * 3_600_000}::int8 - i, i <= 1000
      from generate_series(1, ${n}::int) as i`.execute(store.db);
    // One that was refreshed a minute ago, and an idle one of an account with a key.
    await sql`insert into session (id, account, refresh_hash, created_at_ms, expires_at_ms, revoked) values
      ('used', '0xused', '', 0, ${clock.ms + week - 60_000}::int8, false),
      ('keyed', '0xkeyed', '', 0, ${clock.ms + 1_000}::int8, false)`.execute(store.db);
    await sql`insert into api_key (id, account, secret, scopes, created_at_ms)
      values ('k', '0xkeyed', '', '{}', 0)`.execute(store.db);
    const { retained } = retention({ session: { maxRows: 5_000 } });
    await retained.all();
    expect(await countOf("session")).to.equal(5_000);
    const kept = await store.db
      .selectFrom("session")
      .select(["id", "revoked"])
      .where((eb) => eb.or([eb("id", "in", ["used", "keyed"]), eb("revoked", "=", true)]))
      .execute();
    expect(kept.map(({ id }) => id).sort()).to.deep.equal(["keyed", "used"]);
    expect(alerts).to.deep.equal([]);
  }).timeout(600_000);

  it("F1: nonces that could be used again stay though there are too many, and that is told", async () => {
    await sql`insert into used_nonce (nonce, expires_at_ms, used)
      select 'n' || i, ${clock.ms}::int8 + case when i <= 3000 then -1 else 60000 end, true
      from generate_series(1, 5000) as i`.execute(store.db);
    const { retained } = retention({ used_nonce: { maxRows: 500 } });
    await retained.all();
    expect(await countOf("used_nonce")).to.equal(2_000);
    expect(alerts.map(({ type, data }) => [type, data["subject"]])).to.deep.equal([
      ["table_over_bound", "used_nonce"],
    ]);
    clock.ms += 60_001;
    await retained.all();
    expect(await countOf("used_nonce")).to.equal(0);
  });

  /** Rejected orders of a maker, and what follows them in the market's log. */
  async function reject(
    n: number,
    maker: string,
    { expiration = "0", name = maker }: { expiration?: string; name?: string } = {},
  ): Promise<void> {
    await sql`insert into orders (hash, condition_id, input, salt, maker, signer, taker, token_id, maker_amount,
        taker_amount, expiration, nonce, fee_rate_bps, side, signature_type, signature, kind, time_in_force,
        post_only, self_trade, price, outcome, state, remaining, reason, accepted_at_ms, updated_at_ms)
      select ${name} || i, '0xc1', i + (select coalesce(max(input), 0) from orders), i, ${maker}, ${maker}, '0x', 1, 1,
        1, ${expiration}::numeric, 0, 0, 0, 0, '', 'limit', 'FOK', false, 'skip', 1, 'YES', 'REJECTED', 1, null,
        ${clock.ms - 1_000}::int8, ${clock.ms - 1_000}::int8 + i % 1000 from generate_series(1, ${n}::int) as i`.execute(
      store.db,
    );
    await sql`insert into line (condition_id, n, input, line)
      select '0xc1', coalesce(max(n), 0) + 1, ${10_000_000}, '' from line`.execute(store.db);
  }

  it("F1: a flood of rejected orders stays under the bound; those that could be placed again stay", async () => {
    await store.db
      .insertInto("market")
      .values(marketRow({ end_time: BigInt(Math.floor(clock.ms / 1000) + 60) }))
      .execute();
    const past = `${Math.floor(clock.ms / 1000) - 10}`;
    await reject(50, "honest");
    await reject(1_500, "expired", { expiration: past });
    await reject(many() / 10, "flood");
    const { retained, removed } = retention({ rejected_order: { maxRows: 1_000 } });
    await retained.all();
    expect(await countOf("orders")).to.equal(1_000);
    const left = await store.db
      .selectFrom("orders")
      .select((eb) => ["maker", eb.fn.countAll().as("n")])
      .groupBy("maker")
      .orderBy("maker")
      .execute();
    expect(left).to.deep.equal([
      { maker: "flood", n: 950n },
      { maker: "honest", n: 50n },
    ]);
    expect(removed["rejected_order age"]).to.equal(undefined);
    expect(alerts).to.deep.equal([]);
    // A month on, and the market over, none of them can be placed again.
    clock.ms += 31 * DAY_MS;
    await retained.all();
    expect(await countOf("orders")).to.equal(0);
  }).timeout(600_000);

  it("F1: an order in a match, and the last input of a market, stay", async () => {
    await store.db
      .insertInto("market")
      .values(marketRow({ state: "CANCELLED" }))
      .execute();
    await reject(3, "a");
    await store.db.deleteFrom("line").execute();
    await store.db
      .insertInto("line")
      .values({ condition_id: "0xc1", n: 1n, input: 3n, line: "" })
      .execute();
    await store.db
      .insertInto("match")
      .values({
        ...{ id: "m", condition_id: "0xc1", input: 1n, taker_hash: "a1", taker_fill_amount: "1" },
        ...{ making: "1", taking: "1", consumed: "1", price: 1, shares: "1", state: "FAILED" },
        ...{ matched_at_ms: 1n, updated_at_ms: 1n },
      })
      .execute();
    clock.ms += 31 * DAY_MS;
    await retention({}).retained.all();
    const left = await store.db.selectFrom("orders").select("hash").orderBy("hash").execute();
    expect(left.map(({ hash }) => hash)).to.deep.equal(["a1", "a3"]);
  });
});
