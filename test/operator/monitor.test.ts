import { expect } from "chai";
import type { Address } from "@nostra/sdk/order";
import type { Alert } from "../../operator/src/alerts";
import type { VenueEngine } from "../../operator/src/engine/VenueEngine";
import { Heartbeats } from "../../operator/src/intake/Heartbeats";
import { silentLog } from "../../operator/src/log";
import { MarketDirectory } from "../../operator/src/markets/MarketDirectory";
import { Monitor } from "../../operator/src/monitor/Monitor";
import type { MarketTable, Store } from "../../operator/src/store";
import { describeStores } from "./helpers/stores";

/*
monitor (expirations, switches, closing and finalizing are in venueLife.test.ts)
├── tells of a due result when it has no key to finalize it with
├── tells of a failure to finalize, and tries again after a minute
├── tells of markets that stand still: ended, due, disputed; not a second before
├── tells of matches that do not reach the chain
└── forgets what followers could have asked for a week
*/

const DAY = 86_400n;

describeStores("monitor", (fresh) => {
  let store: Store;
  let now: bigint;
  let nowMs: number;
  let alerts: Alert[];

  async function monitorOf(
    market: Partial<MarketTable>,
    finalizer: unknown = null,
    cancelAll: (account: Address) => Promise<number> = async () => 0,
    silent?: Address,
  ): Promise<Monitor> {
    await store.db
      .insertInto("market")
      .values({
        ...{
          condition_id: "0xc1",
          question_id: `0x${"01".repeat(32)}`,
          yes: "1",
          no: "2",
          slug: "m",
        },
        ...{ question: "", description: "", category: "", creator: "0x", last_tx: "0x" },
        ...{ end_time: 1_000n, resolution_time: 2_000n, dispute_window: 10n, created_at: 1n },
        ...{ registered: true, state: "OPEN" },
        ...market,
      })
      .execute();
    const engine = { markets: () => [], book: () => undefined } as unknown as VenueEngine;
    const defaults = { tick: "0.01", minSize: "1" };
    const heartbeats = await Heartbeats.load(store, () => nowMs, silentLog);
    if (silent !== undefined) heartbeats.beat(silent, 5);
    return new Monitor({
      ...{ store, engine, heartbeats, log: silentLog, finalizer: finalizer as never },
      intake: { cancelAll },
      markets: await MarketDirectory.load({ store, defaults, log: silentLog }),
      chainNow: () => now,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      alarm: (alert) => alerts.push(alert),
    });
  }

  beforeEach(async () => {
    store = await fresh();
    now = 1_000n;
    nowMs = 0;
    alerts = [];
  });

  const types = (): string[] => alerts.map(({ type }) => type);

  it("tells of a due result when it has no key to finalize it with", async () => {
    const monitor = await monitorOf({ state: "PROPOSED", proposed_at: 1_000n });
    now = 1_009n;
    await monitor.look();
    expect(types()).to.deep.equal([]);
    now = 1_010n;
    await monitor.look();
    expect(types()).to.deep.equal(["resolution_due"]);
  });

  it("tells of a failure to finalize, and tries again after a minute", async () => {
    // Nothing to send with: what is asked of it fails.
    const monitor = await monitorOf({ state: "PROPOSED", proposed_at: 1_000n }, {});
    now = 1_010n;
    for (const ms of [0, 59_999, 60_000]) {
      nowMs = ms;
      await monitor.look();
    }
    expect(types()).to.deep.equal(["state_transition_failure", "state_transition_failure"]);
  });

  const stuck: readonly [string, Partial<MarketTable>, bigint][] = [
    ["ended without a proposal", { state: "OPEN" }, 1_000n + 2n * DAY],
    ["due and not finalized", { state: "PROPOSED", proposed_at: 1_000n }, 1_010n + 3_600n],
    ["disputed and not decided", { state: "DISPUTED", disputed_at: 1_000n }, 1_000n + 3n * DAY],
  ];
  for (const [what, market, since] of stuck) {
    it(`tells of a market that is ${what}, and not a second before`, async () => {
      const monitor = await monitorOf(market);
      now = since - 1n;
      await monitor.look();
      expect(types()).not.to.include("stuck_market");
      now = since;
      await monitor.look();
      expect(alerts.find(({ type }) => type === "stuck_market")?.data).to.deep.include({
        subject: "0xc1",
        state: market.state,
      });
    });
  }

  it("cancels the orders of a silent account, again until the engine has taken it", async () => {
    const silent: Address = `0x${"5a".repeat(20)}`;
    const asked: string[] = [];
    const monitor = await monitorOf(
      { state: "FINALIZED" },
      null,
      async (account) => {
        asked.push(account);
        if (asked.length === 1) throw new Error("the database does not take writes now");
        return 1;
      },
      silent,
    );
    nowMs = 5_000;
    for (let i = 0; i < 3; i++) await monitor.look();
    expect(asked).to.deep.equal([silent, silent]);
  });

  it("tells of matches that do not reach the chain", async () => {
    const monitor = await monitorOf({ state: "FINALIZED" });
    await store.db
      .insertInto("match")
      .values({
        ...{ id: "a", condition_id: "0xc1", input: 1n, taker_hash: "0x", taker_fill_amount: "1" },
        ...{ making: "1", taking: "1", consumed: "1", price: 1, shares: "1", state: "MATCHED" },
        ...{ matched_at_ms: 1_000n, updated_at_ms: 1_000n },
      })
      .execute();
    nowMs = 60_999;
    await monitor.look();
    expect(types()).to.deep.equal([]);
    nowMs = 61_000;
    await monitor.look();
    expect(alerts[0]).to.deep.include({
      type: "settlement_lag",
      data: { lagMs: 60_000, matches: 1 },
    });
  });

  it("forgets what followers could have asked for a week", async () => {
    const monitor = await monitorOf({ state: "FINALIZED" });
    const week = 7 * 86_400_000;
    const row = { topic: "user:0xa", type: "order", payload: "{}" };
    await store.db
      .insertInto("outbox")
      .values([
        { ...row, at_ms: 0n },
        { ...row, at_ms: 1n },
      ])
      .execute();
    nowMs = week + 1;
    await monitor.look();
    const left = await store.db.selectFrom("outbox").select("at_ms").execute();
    expect(left).to.deep.equal([{ at_ms: 1n }]);
  });
});
