import { expect } from "chai";
import { sql } from "kysely";
import { replay, type IncomingOrder } from "@nostra/sdk/matcher";
import { hashOrder, orderDomain, orderToJson, type Address, type Hex } from "@nostra/sdk/order";
import type { RestingPairs } from "../../operator/src/engine/RestingPairs";
import type { MatchingRules } from "../../operator/src/engine/MarketEngine";
import type { VenueEngine } from "../../operator/src/engine/VenueEngine";
import {
  DEFAULT_ACCOUNT_LIMITS,
  type AccountLimits,
} from "../../operator/src/intake/AccountLimits";
import type { SubmitOptions } from "../../operator/src/intake/Intake";
import { RepeatedWork } from "../../operator/src/intake/RepeatedWork";
import { VenueIntake } from "../../operator/src/intake/VenueIntake";
import { Bus } from "../../operator/src/bus";
import { silentLog } from "../../operator/src/log";
import { Modes, watchUnsettled } from "../../operator/src/modes";
import { MarketDirectory, type MarketTerms } from "../../operator/src/markets/MarketDirectory";
import { parseTerms } from "../../operator/src/markets/parseTerms";
import { termsInForce } from "../../operator/src/markets/termsInForce";
import type { Store } from "../../operator/src/store";
import { account, ALICE, BOB, buy, CAROL, NO, sell, TAKER, UNIT, YES } from "../helpers/bookOrders";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { asNew, MARKET, startEngine, type TestEngine } from "../operator/helpers/engines";
import { describeStores } from "../operator/helpers/stores";
import { TestClock } from "../operator/helpers/venue";

/*
hostile: intake
├── S9: orders that name a counterparty are refused, whatever is asked for them; legacy ones leave the book at the start
├── S11: least fee and least notional, from defaults and single markets, exactly at the bound; published
├── open orders of an account are capped by market and in all, with those that arrive, and after a restart
├── M4: unsettled value is counted in collateral, kept in memory, and restricts the venue
├── unsettled matches of the account that took them are capped by number and collateral
├── FOK and FAK orders that come to nothing are capped by the hour
├── thousands of orders that die at once expire in parts, before anybody is matched
├── a book that closes is emptied in parts
├── an order stopped at a limit of work goes on by itself, and the log replays
├── S2: accounts that rest from each other are not matched, on arrival and after a release, and the log replays
└── events about one account are looked at once
*/

const SEED = seedOr(20_261_201);
const RUNS = runsOr(400);
const DOMAIN = orderDomain({ chainId: 31337n, exchange: account("e") });
const PRIVATE: Address = account("9");

interface Options {
  readonly limits?: Partial<AccountLimits>;
  readonly terms?: Partial<MarketTerms>;
  readonly rules?: Partial<MatchingRules>;
  readonly pairs?: RestingPairs;
}

interface TestIntake extends TestEngine {
  readonly intake: VenueIntake;
  readonly markets: MarketDirectory;
  readonly limits: AccountLimits;
  send(order: IncomingOrder, options?: SubmitOptions): Promise<Hex>;
}

describeStores(`hostile: intake (seed ${SEED})`, (fresh) => {
  let store: Store;
  const engines: VenueEngine[] = [];

  beforeEach(async () => {
    store = await fresh();
    await store.db
      .insertInto("market")
      .values({
        ...{ condition_id: MARKET, question_id: `0x${"78".repeat(32)}`, slug: "rain" },
        ...{ yes: `${YES}`, no: `${NO}`, question: "Rain?", description: "", category: "" },
        ...{ creator: "0x", end_time: 100_000n, resolution_time: 100_001n, dispute_window: 1n },
        ...{ created_at: 1n, registered: true, state: "OPEN", last_tx: "0x" },
      })
      .execute();
  });
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.stop();
  });

  /** An intake whose chain holds every account rich and at nonce 0, and whose verifier holds every signature good. */
  async function open({
    limits: given = {},
    terms = {},
    rules,
    pairs,
  }: Options = {}): Promise<TestIntake> {
    const test = await startEngine(store, {
      ...(rules === undefined ? {} : { rules }),
      ...(pairs === undefined ? {} : { pairs }),
    });
    const { engine } = test;
    engines.push(engine);
    const defaults = { tick: "0.01", minSize: "1", ...terms };
    const markets = await MarketDirectory.load({ store, defaults, log: silentLog });
    const limits = { ...DEFAULT_ACCOUNT_LIMITS, ...given };
    const rich = { balance: 10n ** 30n, allowance: 10n ** 30n };
    const intake = new VenueIntake({
      ...{ engine, markets, store, limits },
      chain: { knownNonce: () => 0n, knownFunds: () => rich } as never,
      connection: {} as never,
      heartbeats: {} as never,
      verifier: {
        backend: "none",
        verify: async (order) => ({ ok: true, orderHash: hashOrder(order, DOMAIN) }) as never,
      },
      chainNow: () => 1_000n,
      minLifeSeconds: 0n,
      modes: new Modes({ clock: test.clock, bus: new Bus(), log: silentLog }),
      isCoolingDown: () => false,
      patienceMs: 60_000,
    });
    const send = async ({ order }: IncomingOrder, options?: SubmitOptions): Promise<Hex> => {
      const signed = { ...order, signature: `0x${"11".repeat(65)}` as Hex };
      const request = { ...orderToJson(signed), ...(options === undefined ? {} : { options }) };
      return (await intake.submit(request, {})).hash;
    };
    return { ...test, intake, markets, limits, send };
  }

  const refusal = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const thrown = await work.then(
      () => expect.fail("was taken"),
      (fault: unknown) => fault as { code: string; status: number; details: object },
    );
    const { code, status, details } = thrown;
    return { code, status, ...details };
  };
  const logOf = async (): Promise<string[]> =>
    (await store.db.selectFrom("line").select("line").orderBy("n").execute()).map(
      ({ line }) => line,
    );
  const expectReplays = async (engine: VenueEngine): Promise<void> => {
    await engine.idle();
    expect(replay(await logOf()).status).to.equal("agrees");
  };
  const stateOf = (hash: Hex) =>
    store.db
      .selectFrom("orders")
      .select(["state", "reason"])
      .where("hash", "=", hash)
      .executeTakeFirstOrThrow();

  it("S9: an order that names a counterparty is refused, whatever is asked for it, and leaves no trace", async () => {
    const { send, engine } = await open();
    const wishes: readonly SubmitOptions[] = [
      {},
      { postOnly: true },
      { timeInForce: "FAK" },
      { timeInForce: "FOK" },
      { kind: "market" },
      { selfTrade: "cancel-oldest" },
    ];
    for (const options of wishes) {
      for (const taker of [PRIVATE, ALICE, TAKER, account("f")]) {
        const thrown = await refusal(send(buy(YES, 5_000n, 99n, { taker }), options));
        expect(thrown).to.include({ code: "TAKER_NOT_ZERO", status: 422 });
        expect(String(thrown["taker"]).toLowerCase()).to.equal(taker);
      }
    }
    await engine.idle();
    expect(engine.book(MARKET)?.size).to.equal(0);
    expect(await store.db.selectFrom("orders").selectAll().execute()).to.deep.equal([]);
  });

  it("S9: orders that named a counterparty when the venue took them leave the book at the next start", async () => {
    const before = await open();
    const legacy = asNew(buy(YES, 5_000n, 99n, { taker: PRIVATE }));
    const honest = asNew(buy(YES, 5n, 30n, { maker: BOB }));
    await before.engine.submit(legacy);
    await before.engine.submit(honest);
    await before.engine.stop();

    const { engine } = await open();
    expect(await stateOf(legacy.hash)).to.deep.equal({
      state: "CANCELLED",
      reason: "TAKER_NOT_ZERO",
    });
    expect(
      engine
        .book(MARKET)
        ?.depth()
        .bids.map(({ price }) => price),
    ).to.deep.equal([300_000n]);
    expect(engine.reservations.of(legacy.order.maker, "0")).to.equal(0n);
    await expectReplays(engine);
  });

  it("S11: a market's least fee rate and least notional hold, exactly at the bound, for every kind of order", async () => {
    const test = await open({ terms: { minFeeBps: "10", minNotional: "0.5" } });
    const { send, engine } = test;
    const withFee = (order: IncomingOrder, feeRateBps: bigint): IncomingOrder => ({
      ...order,
      order: { ...order.order, feeRateBps },
    });
    for (const options of [{}, { timeInForce: "FAK" }, { postOnly: true }] as const) {
      for (const make of [buy, sell]) {
        const low = withFee(make(YES, 1n, 60n), 9n);
        expect(await refusal(send(low, options))).to.include({
          ...{ code: "FEE_TOO_LOW", status: 422, feeRateBps: "9", minFeeBps: "10" },
        });
        const small = withFee(make(NO, 1n, 49n), 10n);
        expect(await refusal(send(small, options))).to.include({
          ...{ code: "NOTIONAL_TOO_SMALL", status: 422, notional: "490000", minNotional: "500000" },
        });
      }
    }
    await send(withFee(buy(YES, 1n, 50n), 10n));
    await engine.idle();
    expect(engine.book(MARKET)?.size).to.equal(1);
    expect(termsInForce({ condition_id: MARKET }, test.markets, engine, test.limits)).to.deep.equal(
      {
        ...{ tick: 10_000, minSize: "1000000", minFeeBps: 10, minNotional: "500000" },
        maxOpenOrders: 1_000,
      },
    );
  });

  it("S11: terms of single markets fill up from the defaults, and a value out of place is named", () => {
    expect(parseTerms({ [MARKET]: { minFeeBps: 25, minNotional: "1" } })).to.deep.equal({
      [MARKET]: { minFeeBps: "25", minNotional: "1" },
    });
    for (const [terms, named] of [
      [{ [MARKET]: { minFeeBps: 1_001 } }, "minFeeBps"],
      [{ [MARKET]: { minNotional: "-1" } }, "minNotional"],
      [{ [MARKET]: { fee: "1" } }, "fee"],
      [{ rain: { tick: "0.01" } }, "condition ids"],
    ] as const) {
      expect(() => parseTerms(terms)).to.throw(named);
    }
  });

  it("caps the open orders of an account in a market, those that arrive at once among them", async () => {
    const { send, engine, intake } = await open({ limits: { maxOpenOrders: 4 } });
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, () => send(buy(YES, 1n, 30n))),
    );
    expect(results.filter(({ status }) => status === "fulfilled").length).to.equal(4);
    expect(await refusal(send(buy(YES, 1n, 30n)))).to.include({
      ...{ code: "TOO_MANY_OPEN_ORDERS", status: 422, scope: "market", open: 4, limit: 4 },
    });
    // Others, and orders that never rest, are not concerned.
    await send(buy(YES, 1n, 30n, { maker: BOB }));
    await send(buy(YES, 1n, 30n), { timeInForce: "FAK" });
    await engine.idle();
    const some = [...engine.openOrders(ALICE)][0]!;
    await intake.cancel(ALICE, [some.hash]);
    await send(buy(YES, 1n, 30n));

    await engine.stop();
    const again = await open({ limits: { maxOpenOrders: 4 } });
    expect(await refusal(again.send(buy(YES, 1n, 30n)))).to.include({
      code: "TOO_MANY_OPEN_ORDERS",
    });
    expect(await again.intake.cancelAll(ALICE)).to.equal(4);
    await again.send(buy(YES, 1n, 30n));
  });

  it("caps the open orders of an account in all markets", async () => {
    const { send } = await open({ limits: { maxOpenOrdersInAll: 2 } });
    await send(buy(YES, 1n, 30n));
    await send(buy(NO, 1n, 30n));
    expect(await refusal(send(buy(YES, 1n, 31n)))).to.include({
      ...{ code: "TOO_MANY_OPEN_ORDERS", scope: "account", open: 2, limit: 2 },
    });
  });

  it(`counts as a recount does, over ${RUNS} random orders, cancels, matches, releases and a restart`, async function () {
    this.timeout(600_000);
    const chance = new Chance(SEED);
    const makers = [ALICE, BOB, CAROL, TAKER];
    let { engine } = await open();
    const check = async (): Promise<void> => {
      await engine.idle();
      for (const maker of makers) {
        const open = [...engine.openOrders(maker)].length;
        expect(engine.work.openOrders.of(maker), `orders of ${maker}`).to.equal(open);
        expect(engine.work.openOrders.inGroup(maker, MARKET)).to.equal(open);
        const taken = [...engine.market(MARKET)!.unsettled.values()].filter(
          ({ told }) => told.taker.toLowerCase() === maker,
        );
        expect(engine.work.unsettled.of(maker), `matches of ${maker}`).to.equal(taken.length);
      }
      // A buyer's payment for a share, and one for a pair.
      const { worth } = await store.db
        .selectFrom("match")
        .innerJoin("match_maker", "match_maker.match_id", "match.id")
        .innerJoin("orders", "orders.hash", "match_maker.order_hash")
        .select(
          sql<string | null>`sum(case when (match_maker.kind = 'COMPLEMENTARY') = (orders.side = 0)
            then match_maker.making else match_maker.taking end)`.as("worth"),
        )
        .where("match.state", "=", "MATCHED")
        .executeTakeFirstOrThrow();
      expect(engine.work.unsettledWorth.total).to.equal(BigInt(worth ?? 0));
    };
    for (let run = 0; run < RUNS; run++) {
      const dice = chance.int(1, 100);
      const known = [...engine.openOrders()];
      const matches = [...engine.market(MARKET)!.unsettled.keys()];
      if (dice <= 70 || known.length === 0) {
        const make = chance.pick([buy, sell]);
        const token = chance.pick([YES, NO]);
        const order = make(token, BigInt(chance.int(1, 4)), BigInt(chance.int(45, 55)), {
          maker: chance.pick(makers),
        });
        const timeInForce = chance.pick(["GTC", "GTC", "FAK", "FOK"] as const);
        void engine.submit(asNew(order, { timeInForce }));
      } else if (dice <= 85) {
        const { hash } = chance.pick(known);
        void engine.command(MARKET, { op: "cancel", hash, reason: "BY_MAKER" });
      } else if (dice <= 92 && matches.length > 0) {
        const matchId = chance.pick(matches);
        const reason = "test";
        void engine.command(MARKET, { op: "release", matchId, guilty: [], reason, now: 1_000n });
      } else if (dice <= 97 && matches.length > 0) {
        await engine.idle();
        const id = chance.pick([...engine.market(MARKET)!.unsettled.keys(), ...matches]);
        engine.market(MARKET)!.conclude(id);
        await store.db
          .updateTable("match")
          .set({ state: "CONFIRMED" })
          .where("id", "=", id)
          .where("state", "=", "MATCHED")
          .execute();
      }
      if (run % 50 === 49) await check();
    }
    await check();
    await engine.stop();
    ({ engine } = await open());
    await check();
    await expectReplays(engine);
  });

  it("M4: the unsettled value is what is paid for shares and one for pairs, and restricts the venue", async () => {
    const { send, engine } = await open();
    const worth = (): bigint => engine.work.unsettledWorth.total;
    // Ten shares at 0.30 change hands.
    await send(sell(YES, 10n, 30n, { maker: BOB }));
    await send(buy(YES, 10n, 30n, { maker: ALICE }));
    expect(worth()).to.equal(3n * UNIT);
    await send(buy(YES, 10n, 30n, { maker: BOB }));
    await send(sell(YES, 10n, 30n, { maker: ALICE }));
    expect(worth()).to.equal(6n * UNIT);
    // Ten pairs come into being, and ten are undone.
    await send(buy(YES, 10n, 30n, { maker: BOB }));
    await send(buy(NO, 10n, 70n, { maker: ALICE }));
    expect(worth()).to.equal(16n * UNIT);
    await send(sell(YES, 10n, 30n, { maker: BOB }));
    await send(sell(NO, 10n, 70n, { maker: ALICE }));
    expect(worth()).to.equal(26n * UNIT);

    const bus = new Bus();
    const modes = new Modes({ clock: new TestClock(), bus, log: silentLog });
    const alerts: unknown[] = [];
    const changed = (): Promise<string> =>
      new Promise((resolve) => {
        const stop = bus.subscribe((event) => {
          if (event.type !== "mode") return;
          stop();
          resolve(event.mode);
        });
      });
    const { work } = engine;
    const stop = watchUnsettled(13n * UNIT, { modes, work, alarm: (alert) => alerts.push(alert) });
    try {
      expect(await changed()).to.equal("cancel-only");
      const market = engine.market(MARKET)!;
      const conclude = async (): Promise<void> => {
        const [id] = [...market.unsettled.keys()];
        market.conclude(id!);
        await engine.idle();
      };
      await conclude();
      expect(worth()).to.equal(23n * UNIT);
      expect(await changed()).to.equal("post-only");
      for (let i = 0; i < 3; i++) await conclude();
      expect(worth()).to.equal(0n);
      expect(await changed()).to.equal("open");
      expect(alerts).to.have.length(2);
    } finally {
      stop();
    }
  });

  it("S11: an account that trades with itself cannot fill the lane: its unsettled matches are capped", async () => {
    const { send, engine } = await open({ limits: { maxUnsettledMatches: 3 } });
    for (let i = 0; i < 3; i++) {
      await send(sell(YES, 1n, 50n, { maker: BOB }));
      await send(buy(YES, 1n, 50n, { maker: ALICE }));
    }
    const next = (): Promise<Hex> => send(buy(YES, 1n, 50n, { maker: ALICE }));
    expect(await refusal(next())).to.include({
      ...{ code: "TOO_MANY_UNSETTLED", status: 429, matches: 3, limit: 3 },
    });
    // The one whose orders it took is not concerned, and post-only orders are taken.
    await send(sell(YES, 1n, 50n, { maker: BOB }));
    await send(buy(YES, 1n, 40n, { maker: ALICE }), { postOnly: true });
    // One of them is mined: there is room.
    await engine.idle();
    const market = engine.market(MARKET)!;
    const [match] = [...market.unsettled.values()];
    market.settleReservation(match!.id, match!.parts[0]!.hash);
    await next();
    // A reorg undoes it: it counts again.
    market.restoreReservation(match!.id);
    expect(engine.work.unsettled.of(ALICE)).to.equal(4);
  });

  it("S11: and so is their collateral, for buys and sells of both outcomes", async () => {
    const limits = { maxUnsettledCollateral: 2n * UNIT };
    for (const [make, mirror, token] of [
      [buy, sell, YES],
      [sell, buy, YES],
      [buy, sell, NO],
      [sell, buy, NO],
    ] as const) {
      store = await fresh();
      await store.db
        .insertInto("market")
        .values({
          ...{ condition_id: MARKET, question_id: `0x${"78".repeat(32)}`, slug: "rain" },
          ...{ yes: `${YES}`, no: `${NO}`, question: "Rain?", description: "", category: "" },
          ...{ creator: "0x", end_time: 100_000n, resolution_time: 100_001n, dispute_window: 1n },
          ...{ created_at: 1n, registered: true, state: "OPEN", last_tx: "0x" },
        })
        .execute();
      const { send, engine } = await open({ limits });
      await send(mirror(token, 10n, 20n, { maker: BOB }));
      await send(make(token, 9n, 20n, { maker: ALICE }));
      await engine.idle();
      expect(engine.work.unsettled.amountOf(ALICE)).to.equal(1_800_000n);
      await send(make(token, 1n, 20n, { maker: ALICE }));
      expect(await refusal(send(make(token, 1n, 20n, { maker: ALICE })))).to.include({
        ...{ code: "TOO_MANY_UNSETTLED", collateral: "2000000", collateralLimit: "2000000" },
      });
    }
  });

  it("S8: FOK and FAK orders that come to nothing are capped by the hour, and the hour ends", async () => {
    const { send, engine, clock } = await open({ limits: { maxRejectedAnHour: 3 } });
    const miss = (): Promise<Hex> => send(buy(YES, 1n, 50n), { timeInForce: "FAK" });
    for (let i = 0; i < 3; i++) await miss();
    await engine.idle();
    expect(await refusal(miss())).to.include({
      ...{ code: "TOO_MANY_REJECTED", status: 429, rejected: 3, limit: 3 },
    });
    await send(buy(YES, 1n, 50n));
    clock.ms += 3_600_000;
    await miss();
  });

  it("S9: thousands of orders that die at once expire in parts, and none of them is looked at by who comes next", async function () {
    this.timeout(120_000);
    const { engine } = await open({ rules: { marginSeconds: 5n, maxPassedBy: 10 } });
    const count = 1_700;
    const dying = Array.from({ length: count }, () =>
      asNew(sell(YES, 1n, 40n, { maker: BOB, expiration: 1_005n })),
    );
    // Alive when they come, dead within the margin when the next one does: the engine's second stands at 1,000.
    const market = engine.market(MARKET)!;
    expect(market.hasDead(1_000n)).to.equal(false);
    await Promise.all(dying.map((order) => engine.submit(order)));
    const honest = asNew(sell(YES, 1n, 40n, { maker: CAROL }));
    await engine.submit(honest);
    const taker = asNew(buy(YES, 1n, 40n, { maker: ALICE }));
    await engine.submit(taker);
    await engine.command(MARKET, { op: "expire", now: 1_000n });
    await engine.idle();
    expect([...engine.openOrders(BOB)]).to.deep.equal([]);
    const states = await store.db
      .selectFrom("orders")
      .select(["state", (eb) => eb.fn.countAll<string>().as("count")])
      .where("maker", "=", BOB)
      .groupBy("state")
      .execute();
    expect(states.map(({ state, count: of }) => [state, Number(of)])).to.deep.equal([
      ["EXPIRED", count],
    ]);
    expect((await stateOf(taker.hash)).state).to.equal("FILLED");
    const parts = (await logOf()).filter((line) => line.includes('"op":"expire"'));
    for (const line of parts) {
      const { decision } = JSON.parse(line) as { decision: { expired: string[] } };
      expect(decision.expired.length).to.be.at.most(500);
    }
    await expectReplays(engine);
  });

  it("S9: a book of thousands closes in parts, while others are served", async function () {
    this.timeout(120_000);
    const { engine, intake, send } = await open();
    const orders = Array.from({ length: 1_500 }, () => asNew(sell(YES, 1n, 60n, { maker: BOB })));
    await Promise.all(orders.map((order) => engine.submit(order)));
    let most = 0;
    const look = setInterval(() => (most = Math.max(most, engine.waiting)), 1);
    const cancelled = intake.cancelAll(BOB);
    await send(buy(YES, 1n, 30n, { maker: ALICE }));
    expect(await cancelled).to.equal(1_500);
    expect(await engine.closeBook(MARKET, "MARKET_ENDED")).to.equal(1);
    clearInterval(look);
    expect(most).to.be.at.most(300);
    expect(engine.book(MARKET)?.size).to.equal(0);
    await expectReplays(engine);
  });

  it("S9: an order that stopped at a limit of work goes on by itself until the book does not cross", async () => {
    const { engine } = await open({ rules: { maxMakers: 2, maxPlans: 2 } });
    const makers = Array.from({ length: 23 }, () => asNew(sell(YES, 1n, 40n, { maker: BOB })));
    await Promise.all(makers.map((order) => engine.submit(order)));
    const taker = asNew(buy(YES, 30n, 40n, { maker: ALICE }));
    await engine.submit(taker);
    await engine.idle();
    expect(await stateOf(taker.hash)).to.deep.equal({ state: "PARTIALLY_FILLED", reason: null });
    expect(engine.book(MARKET)?.get(taker.hash)?.remaining).to.equal((7n * 40n * UNIT) / 100n);
    expect(engine.book(MARKET)?.depth().asks).to.deep.equal([]);
    await expectReplays(engine);
  });

  it("S2: accounts that rest from each other are not matched, on arrival and after a release", async () => {
    const resting = new Map<Address, Address[]>();
    const pairs: RestingPairs = { partnersOf: (of) => resting.get(of) ?? [] };
    const { engine } = await open({ pairs });
    const first = asNew(sell(YES, 1n, 40n, { maker: BOB }));
    const taker = asNew(buy(YES, 1n, 40n, { maker: ALICE }));
    await engine.submit(first);
    await engine.submit(taker);
    await engine.idle();
    const [matchId] = [...engine.market(MARKET)!.unsettled.keys()];
    resting.set(ALICE, [BOB]);
    resting.set(BOB, [ALICE]);
    const reason = "came to nothing";
    await engine.command(MARKET, {
      op: "release",
      matchId: matchId!,
      guilty: [],
      reason,
      now: 1_000n,
    });
    await engine.idle();
    expect(engine.market(MARKET)!.unsettled.size).to.equal(0);
    expect([first, taker].map(({ hash }) => engine.book(MARKET)!.has(hash))).to.deep.equal([
      true,
      true,
    ]);
    // Somebody else takes both as ever.
    await engine.submit(asNew(buy(YES, 1n, 40n, { maker: CAROL })));
    await engine.idle();
    expect(engine.book(MARKET)!.has(first.hash)).to.equal(false);
    expect((await logOf()).some((line) => line.includes(`"skipped":["${first.hash}"]`))).to.equal(
      true,
    );
    await expectReplays(engine);
  });
});

describe("hostile: repeated work", () => {
  it("a thousand events about one account cause one look, and one more for what came during it", async () => {
    const work = new RepeatedWork(2);
    let looks = 0;
    let atOnce = 0;
    let most = 0;
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const look = async (): Promise<void> => {
      looks += 1;
      most = Math.max(most, ++atOnce);
      await gate;
      atOnce -= 1;
    };
    const runs: Promise<void>[] = [];
    for (let i = 0; i < 1_000; i++) {
      const run = work.run("one", look);
      if (run !== null) runs.push(run);
    }
    for (let i = 0; i < 50; i++) {
      const run = work.run(`other ${i}`, look);
      if (run !== null) runs.push(run);
    }
    go();
    await Promise.all(runs);
    expect(looks).to.be.within(51, 52);
    expect(most).to.be.at.most(2);
  });

  it("a failure of one does not keep the others from being looked at", async () => {
    const work = new RepeatedWork(1);
    const done: string[] = [];
    const first = work.run("bad", async () => {
      await Promise.resolve();
      throw new Error("no answer");
    });
    expect(work.run("good", async () => void done.push("good"))).to.equal(null);
    await expect(first).to.be.rejectedWith("no answer");
    expect(done).to.deep.equal(["good"]);
  });
});
