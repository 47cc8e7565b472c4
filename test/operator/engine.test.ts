import { expect } from "chai";
import { replay } from "@nostra/sdk/matcher";
import type { Hex } from "@nostra/sdk/order";
import type { Command } from "../../operator/src/engine/commands";
import type { NewOrder } from "../../operator/src/engine/Engine";
import { assetOf, isOpen, placeOf } from "../../operator/src/engine/OrderRecord";
import type { VenueEngine } from "../../operator/src/engine/VenueEngine";
import type { Store } from "../../operator/src/store";
import { account, ALICE, BOB, buy, CAROL, NO, sell, TAKER, UNIT, YES } from "../helpers/bookOrders";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { describeStores, takeOver, withCommits } from "./helpers/stores";
import { asNew, MARKET, startEngine } from "./helpers/engines";

/*
engine
├── an order
│   ├── is stored with what it led to before it is answered
│   ├── that is matched as it comes is stored once, as it is by then
│   ├── sent again is answered with where it stands, and not matched again
│   ├── sent again while it is about to be matched keeps what it reserves
│   └── that is not to rest is REJECTED with the reason when nothing meets it
├── a match is stored with its makers and told after it
├── a cancel takes what is left, once
├── a failed match
│   ├── takes the guilty order out, and gives the others their old place
│   ├── lets them be matched anew
│   └── does not bring back an order that its maker cancelled meanwhile
├── levels and reservations are what orders and matches say
├── a database that fails
│   ├── for a while: new orders are refused, waiting ones are stored once
│   ├── after it stored: nothing is told twice
│   └── and says that a row is there already: the engine gives up
├── a fault in matching ends the engine; nothing of that input is stored, and the next one goes on
├── a writer that another replaced stops, and what waits is refused
└── a process that dies at any commit: the next one has the same book, matches and log
*/

const PRICES = [38n, 40n, 41n, 42n, 43n, 45n];

describeStores("engine", (fresh) => {
  const lines = async ({ db }: Store): Promise<string[]> =>
    (await db.selectFrom("line").select("line").orderBy("n").execute()).map(({ line }) => line);
  const stateOf = async ({ db }: Store, hash: string) =>
    db
      .selectFrom("orders")
      .select(["state", "remaining", "reason"])
      .where("hash", "=", hash)
      .executeTakeFirst();

  it("stores an order with what it led to before it answers", async () => {
    const store = await fresh();
    const { engine, events } = await startEngine(store);
    const order = asNew(buy(YES, 5n, 40n));
    const accepted = await engine.submit(order);
    expect(accepted).to.include({ isNew: true, state: "OPEN", input: 1 });
    expect(await stateOf(store, order.hash)).to.include({ state: "OPEN" });
    await engine.idle();
    expect(engine.book(MARKET)?.has(order.hash)).to.equal(true);
    expect(events.map(({ type }) => type)).to.deep.equal(["order", "book"]);
  });

  it("stores an order once that is matched as it comes", async () => {
    const store = await fresh();
    const { engine, events } = await startEngine(store);
    const [ask, bid] = [asNew(sell(YES, 5n, 40n)), asNew(buy(YES, 8n, 40n, { maker: BOB }))];
    await Promise.all([engine.submit(ask), engine.submit(bid)]);
    // Both answers came after the one commit that has all of it.
    expect(await stateOf(store, ask.hash)).to.include({ state: "FILLED", remaining: "0" });
    expect(await stateOf(store, bid.hash)).to.include({ state: "PARTIALLY_FILLED" });
    expect(await store.db.selectFrom("match").select("id").execute()).to.have.length(1);
    const position = await store.db.selectFrom("lease").select("position").execute();
    // The first was the opening of the market.
    expect(position).to.deep.equal([{ position: 2n }]);
    expect(events.filter(({ type }) => type === "match")).to.have.length(1);
  });

  it("answers an order sent again with where it stands, and does not match it again", async () => {
    const store = await fresh();
    const { engine } = await startEngine(store);
    const [ask, bid] = [asNew(sell(YES, 5n, 40n)), asNew(buy(YES, 5n, 40n, { maker: BOB }))];
    const both = await Promise.all([engine.submit(ask), engine.submit(ask)]);
    expect(both.map(({ isNew }) => isNew)).to.deep.equal([true, false]);
    await engine.submit(bid);
    await engine.idle();
    const [match] = await store.db.selectFrom("match").select("id").execute();
    engine.market(MARKET)?.conclude(match!.id);

    const again = await engine.submit(ask);
    expect(again).to.include({ isNew: false, state: "FILLED", input: 1 });
    await engine.idle();
    expect(engine.book(MARKET)?.size).to.equal(0);
    expect([...engine.reservations.all()]).to.deep.equal([]);
    expect(await lines(store)).to.have.length(3);
  });

  it("keeps what an order reserves when it is sent again between its answer and its match", async () => {
    const store = await fresh();
    const { engine } = await startEngine(store);
    const [old, order] = [asNew(buy(YES, 1n, 40n)), asNew(buy(YES, 5n, 40n))];
    await engine.submit(old);
    await engine.command(MARKET, { op: "cancel", hash: old.hash, reason: "BY_MAKER" });
    // A batch with an order of long ago asks the database before it is done.
    const repeat = engine.submit(old);
    const again = await engine.submit(order).then(() => engine.submit(order));
    expect(again).to.include({ isNew: false, state: "OPEN" });
    await repeat;
    await engine.idle();
    expect(engine.book(MARKET)?.has(order.hash)).to.equal(true);
    expect(engine.reservations.of(ALICE, "0")).to.equal(2_000_000n);
  });

  it("rejects an order that is not to rest when nothing meets it, with the reason", async () => {
    const store = await fresh();
    const { engine } = await startEngine(store);
    const order = asNew(buy(YES, 5n, 40n), { timeInForce: "FAK" });
    await engine.submit(order);
    await engine.idle();
    expect(await stateOf(store, order.hash)).to.include({
      state: "REJECTED",
      reason: "NOT_CROSSING",
    });
    expect([...engine.reservations.all()]).to.deep.equal([]);
  });

  it("stores a match with its makers, and tells of it after", async () => {
    const store = await fresh();
    const { engine, events } = await startEngine(store);
    const [ask, mirrored] = [sell(YES, 5n, 40n), buy(NO, 5n, 58n, { maker: BOB })];
    const taker = asNew(buy(YES, 8n, 45n, { maker: TAKER }));
    for (const order of [asNew(ask), asNew(mirrored), taker]) await engine.submit(order);
    await engine.idle();

    const [match] = await store.db.selectFrom("match").selectAll().execute();
    expect(match).to.include({
      id: `${MARKET}:3:0`,
      taker_hash: taker.hash,
      state: "MATCHED",
      making: String(5n * 400_000n + 3n * 420_000n),
      taking: String(8n * UNIT),
      price: 407_500,
    });
    const makers = await store.db.selectFrom("match_maker").selectAll().orderBy("index").execute();
    expect(makers.map(({ order_hash, kind }) => [order_hash, kind])).to.deep.equal([
      [ask.hash, "COMPLEMENTARY"],
      [mirrored.hash, "MINT"],
    ]);
    expect(await stateOf(store, taker.hash)).to.include({ state: "FILLED" });
    expect(await stateOf(store, mirrored.hash)).to.include({
      state: "PARTIALLY_FILLED",
      remaining: String(2n * 580_000n),
    });
    const told = events.filter(({ type }) => type === "match");
    expect(told).to.have.length(1);
    const told3 = await store.db
      .selectFrom("outbox")
      .select("topic")
      .where("type", "=", "match")
      .execute();
    expect(told3.map(({ topic }) => topic)).to.have.members([
      `user:${TAKER}`,
      `user:${ALICE}`,
      `user:${BOB}`,
    ]);
  });

  it("takes out what is left of a cancelled order, once", async () => {
    const store = await fresh();
    const { engine } = await startEngine(store);
    const order = asNew(buy(YES, 5n, 40n));
    await engine.submit(order);
    const cancel: Command = { op: "cancel", hash: order.hash, reason: "BY_MAKER" };
    expect(await engine.command(MARKET, cancel)).to.deep.equal({ done: true });
    expect(await engine.command(MARKET, cancel)).to.deep.equal({ done: false });
    expect(await stateOf(store, order.hash)).to.deep.equal({
      state: "CANCELLED",
      remaining: "2000000",
      reason: "BY_MAKER",
    });
  });

  describe("a failed match", () => {
    const release = (guilty: Hex[]): Command => ({
      op: "release",
      matchId: `${MARKET}:4:0`,
      guilty,
      reason: "OutcomeTransferFailed",
      now: 1_000n,
    });

    it("takes the guilty order out and gives the others their old place", async () => {
      const store = await fresh();
      const { engine } = await startEngine(store);
      const guilty = asNew(sell(YES, 2n, 40n));
      const innocent = asNew(sell(YES, 2n, 40n, { maker: BOB }));
      const behind = asNew(sell(YES, 2n, 40n, { maker: CAROL }));
      const taker = asNew(buy(YES, 4n, 40n, { maker: TAKER }), { timeInForce: "FOK" });
      for (const order of [guilty, innocent, behind, taker]) await engine.submit(order);
      await engine.idle();
      expect(engine.book(MARKET)?.asks()).to.have.length(1);

      expect(await engine.command(MARKET, release([guilty.hash]))).to.deep.equal({ done: true });
      expect(await engine.command(MARKET, release([guilty.hash]))).to.deep.equal({ done: false });
      expect(await stateOf(store, guilty.hash)).to.include({
        state: "INVALIDATED",
        reason: "OutcomeTransferFailed",
      });
      // The taker is matched anew: with the innocent one first, then with the one behind.
      const rows = await store.db.selectFrom("match").selectAll().orderBy("number").execute();
      expect(rows.map(({ id, state, guilty_hash }) => [id, state, guilty_hash])).to.deep.equal([
        [`${MARKET}:4:0`, "FAILED", guilty.hash],
        [`${MARKET}:5:0`, "MATCHED", null],
      ]);
      const makers = await store.db
        .selectFrom("match_maker")
        .select("order_hash")
        .where("match_id", "=", `${MARKET}:5:0`)
        .orderBy("index")
        .execute();
      expect(makers.map(({ order_hash }) => order_hash)).to.deep.equal([
        innocent.hash,
        behind.hash,
      ]);
      const result = replay(await lines(store));
      expect(result.status).to.equal("agrees");
    });

    for (const isRestarted of [false, true]) {
      it(`is told as FAILED${isRestarted ? ", also by the process after" : ""}`, async () => {
        const store = await fresh();
        let { engine, events } = await startEngine(store);
        const guilty = asNew(sell(YES, 2n, 40n));
        for (const order of [guilty, asNew(buy(YES, 2n, 40n, { maker: TAKER }))])
          await engine.submit(order);
        await engine.idle();
        const [made] = events.filter(({ type }) => type === "match");
        if (isRestarted) ({ engine, events } = await startEngine(store));
        const matchId = `${MARKET}:2:0`;
        await engine.command(MARKET, { ...release([guilty.hash]), matchId } as Command);
        const told = events.filter((event) => event.type === "match" && event.state === "FAILED");
        const failed = { state: "FAILED", reason: "OutcomeTransferFailed" };
        expect(told).to.deep.equal([{ ...made, ...failed, guiltyHash: guilty.hash }]);
        const rows = await store.db
          .selectFrom("outbox")
          .select("topic")
          .where("type", "=", "match")
          .execute();
        expect(rows).to.have.length(4);
      });
    }

    it("leaves a maker at the head of its queue when it is the taker who is guilty", async () => {
      const store = await fresh();
      const { engine } = await startEngine(store);
      const first = asNew(sell(YES, 2n, 40n));
      const second = asNew(sell(YES, 2n, 40n, { maker: BOB }));
      const third = asNew(sell(YES, 2n, 40n, { maker: CAROL }));
      const taker = asNew(buy(YES, 3n, 40n, { maker: TAKER }));
      for (const order of [first, second, third, taker]) await engine.submit(order);
      await engine.command(MARKET, release([taker.hash]));
      const queue = engine
        .book(MARKET)
        ?.asks()
        .map(({ hash, remaining }) => [hash, remaining]);
      expect(queue).to.deep.equal([first, second, third].map(({ hash }) => [hash, 2n * UNIT]));
      expect(await stateOf(store, second.hash)).to.include({ state: "OPEN" });
    });

    it("does not bring back an order that its maker cancelled meanwhile", async () => {
      const store = await fresh();
      const { engine } = await startEngine(store);
      const cancelled = asNew(sell(YES, 4n, 40n));
      const guilty = asNew(sell(YES, 1n, 40n, { maker: BOB }));
      const other = asNew(buy(YES, 1n, 10n));
      const taker = asNew(buy(YES, 5n, 40n, { maker: TAKER }));
      for (const order of [guilty, cancelled, other, taker]) await engine.submit(order);
      await engine.command(MARKET, { op: "cancel", hash: cancelled.hash, reason: "BY_MAKER" });
      await engine.command(MARKET, release([guilty.hash]));
      expect(engine.book(MARKET)?.asks()).to.deep.equal([]);
      expect(engine.book(MARKET)?.bids()[0]).to.include({ hash: taker.hash });
    });
  });

  describe("a database that fails", () => {
    it("has waiting orders stored once when it comes back; new ones are refused meanwhile", async () => {
      const store = await fresh();
      let failures = 3;
      const failing = withCommits(store, async (commit) => {
        if (failures-- > 0) throw new Error("connection refused");
        return commit();
      });
      const { engine } = await startEngine(store);
      await engine.stop();
      const again = await startEngine(failing);
      failures = 3;
      const order = asNew(buy(YES, 5n, 40n));
      const waiting = again.engine.submit(order);
      while (again.engine.state !== "stalled") await new Promise(setImmediate);
      const refused = again.engine.submit(asNew(buy(YES, 1n, 40n)));
      await expect(refused).to.be.rejectedWith(/does not take writes/);
      expect(await waiting).to.include({ isNew: true });
      await again.engine.idle();
      expect(again.engine.state).to.equal("running");
      expect(await store.db.selectFrom("orders").select("hash").execute()).to.have.length(1);
    });

    it("tells nothing twice when only its answer was lost", async () => {
      const store = await fresh();
      let lost = 0;
      const forgetful = withCommits(store, async (commit) => {
        const result = await commit();
        if (lost++ % 2 === 0) throw new Error("connection reset");
        return result;
      });
      const { engine } = await startEngine(forgetful);
      const [ask, bid] = [asNew(sell(YES, 5n, 40n)), asNew(buy(YES, 5n, 40n, { maker: BOB }))];
      for (const order of [ask, bid])
        expect(await engine.submit(order)).to.include({ isNew: true });
      await engine.idle();
      const told = await store.db
        .selectFrom("outbox")
        .select("type")
        .where("type", "=", "match")
        .execute();
      expect(told).to.have.length(2);
      expect(replay(await lines(store)).status).to.equal("agrees");
    });
  });

  it("gives up when the database has a row already that it would store", async () => {
    const store = await fresh();
    const given: unknown[] = [];
    const { engine } = await startEngine(store, { onGivenUp: (fault) => given.push(fault) });
    const foreign = { condition_id: MARKET, n: 1n, input: 1n, line: "{}" };
    await store.db.insertInto("line").values(foreign).execute();
    const [first, second] = [asNew(buy(YES, 5n, 40n)), asNew(buy(YES, 6n, 40n))];
    await expect(engine.submit(first)).to.be.rejectedWith(/cannot be trusted/);
    await expect(engine.submit(second)).to.be.rejectedWith(/cannot be trusted/);
    expect(given).to.have.length(1);
    expect(await store.db.selectFrom("orders").select("hash").execute()).to.deep.equal([]);
  });

  it("ends with a fault in matching; the next one goes on without that input", async () => {
    const store = await fresh();
    const given: unknown[] = [];
    const { engine, events } = await startEngine(store, {
      onGivenUp: (fault) => given.push(fault),
    });
    const good = asNew(buy(YES, 5n, 40n));
    await engine.submit(good);
    const told = events.length;
    const market = engine.market(MARKET)!;
    const arrive = market.arrive.bind(market);
    let left = 1;
    market.arrive = (...order) => {
      arrive(...order);
      if (left-- === 0) throw new Error("a fault of the matcher");
    };
    const orders = [2n, 3n, 4n].map((size) => asNew(buy(YES, size, 40n)));
    for (const answer of await Promise.allSettled(orders.map((order) => engine.submit(order)))) {
      expect(answer.status).to.equal("rejected");
    }
    expect(given).to.have.length(1);
    expect(engine.state).to.equal("stopped");
    expect(events).to.have.length(told);

    const next = await startEngine(store);
    expect(next.engine.book(MARKET)!.bids()).to.have.length(1);
    expect(await next.engine.submit(orders[1]!)).to.include({ isNew: true, input: 2 });
    expect(replay(await lines(store)).status).to.equal("agrees");
  });

  it("stops a writer that another has replaced, and refuses what waits", async () => {
    const store = await fresh();
    const first = await startEngine(store);
    await first.engine.submit(asNew(buy(YES, 5n, 40n)));
    await startEngine(store);
    const late = first.engine.submit(asNew(buy(YES, 6n, 40n)));
    await expect(late).to.be.rejectedWith(/taken over engine/);
    expect(first.engine.state).to.equal("stopped");
    expect(await store.db.selectFrom("orders").select("hash").execute()).to.have.length(1);
  });

  it("refuses also a command that is done and cannot be stored, when it is replaced in between", async () => {
    const store = await fresh();
    let left = Infinity;
    const taken = withCommits(store, async (commit) => {
      if (--left === 0) await takeOver(store, "engine", "another");
      return commit();
    });
    const { engine } = await startEngine(taken);
    const order = asNew(buy(YES, 5n, 40n));
    await engine.submit(order);
    await engine.idle();
    left = 1;
    const cancel = engine.command(MARKET, { op: "cancel", hash: order.hash, reason: "BY_MAKER" });
    await expect(cancel).to.be.rejectedWith(/taken over engine/);
  });

  const seed = seedOr(20261121);
  it(`dies at any commit, and the next process goes on the same (seed ${seed})`, async () => {
    const store = await fresh();
    for (let run = 0; run < runsOr(3); run++)
      await liveTwice(await clean(store), new Chance(seed + run));
  });

  async function clean(store: Store): Promise<Store> {
    for (const table of [
      ...(["orders", "line", "match", "match_maker", "match_account", "outbox", "lease"] as const),
    ]) {
      await store.db.deleteFrom(table).execute();
    }
    return store;
  }

  /** The same inputs, once in one life and once with deaths; the same ends. */
  async function liveTwice(store: Store, chance: Chance): Promise<void> {
    const inputs = randomInputs(chance, 60);
    const uncut = await live(store, inputs, () => false);
    await clean(store);
    const cut = await live(store, inputs, () => chance.below(6) === 0);
    expect(cut).to.deep.equal(uncut);
  }

  type Input = { order: NewOrder } | { cancel: number } | { release: number; guilty: number };

  function randomInputs(chance: Chance, count: number): Input[] {
    return Array.from({ length: count }, (): Input => {
      const kind = chance.below(10);
      if (kind === 0) return { cancel: chance.below(30) };
      if (kind === 1) return { release: chance.below(12), guilty: chance.below(4) };
      const cents = PRICES[chance.below(PRICES.length)]!;
      const maker = account("abcdef"[chance.below(6)]!);
      const [token, make] = [chance.below(2) === 0 ? YES : NO, chance.below(2) === 0 ? buy : sell];
      const price = token === YES ? cents : 100n - cents;
      return { order: asNew(make(token, BigInt(chance.int(1, 9)), price, { maker })) };
    });
  }

  async function live(
    store: Store,
    inputs: readonly Input[],
    dies: () => boolean,
  ): Promise<unknown> {
    let doomed = { commits: Infinity };
    const mortal = (): Store => {
      const mine = (doomed = { commits: Infinity });
      return withCommits(store, async (commit) => {
        // A dead process does nothing more: its commit is made, or not, and it hears no answer.
        if (mine.commits-- <= 0) return new Promise(() => undefined);
        return commit();
      });
    };
    let { engine } = await startEngine(mortal(), { maxMakers: 3 });
    const orders = inputs.flatMap((input) => ("order" in input ? [input.order] : []));
    for (const input of inputs) {
      if (dies()) doomed.commits = inputs.indexOf(input) % 2;
      const asked = ask(engine, input);
      const isDead = await Promise.race([
        asked.then(async () => engine.idle()).then(() => false),
        new Promise<boolean>((resolve) => {
          const poll = (): void => void (doomed.commits < 0 ? resolve(true) : setTimeout(poll, 1));
          poll();
        }),
      ]);
      if (isDead) {
        ({ engine } = await startEngine(mortal(), { maxMakers: 3 }));
        // Who heard no answer asks again.
        await ask(engine, input);
        await engine.idle();
      }
      expectBooks(engine);
    }
    const { db } = store;
    const rows = await db
      .selectFrom("orders")
      .select(["hash", "state", "remaining"])
      .orderBy("hash")
      .execute();
    const matches = await db
      .selectFrom("match")
      .innerJoin("match_maker", "match.id", "match_id")
      .select(["taker_hash", "order_hash", "match_maker.making", "state"])
      .orderBy("number")
      .orderBy("index")
      .execute();
    const log = await lines(store);
    expect(replay(log).status).to.equal("agrees");
    expect(orders.length).to.be.greaterThan(0);
    // Inputs are numbered anew where an order was asked for twice, so books are compared by what stands in them.
    const standing = [...engine.book(MARKET)!.bids(), ...engine.book(MARKET)!.asks()];
    return { rows, matches, standing: standing.map(({ hash, remaining }) => [hash, remaining]) };

    async function ask(on: VenueEngine, input: Input): Promise<unknown> {
      if ("order" in input) return on.submit(input.order);
      if ("cancel" in input) {
        const hash = orders[input.cancel % orders.length]!.hash;
        return on.command(MARKET, { op: "cancel", hash, reason: "BY_MAKER" });
      }
      const made = await store.db
        .selectFrom("match")
        .select(["id", "taker_hash"])
        .orderBy("number")
        .execute();
      const match = made[input.release];
      if (match === undefined) return undefined;
      const guilty = [match.taker_hash as Hex].slice(0, input.guilty % 2);
      const { id: matchId } = match;
      return on.command(MARKET, { op: "release", matchId, guilty, reason: "test", now: 1_000n });
    }
  }

  /** Levels, records and reservations are what the book and the matches say. */
  function expectBooks(engine: VenueEngine): void {
    const market = engine.market(MARKET)!;
    const { book } = market.recorder;
    for (const side of ["bid", "ask"] as const) {
      const levels = [...book.levels(side)].map(({ price, shares }) => [Number(price), shares]);
      const kept = [...market.levels.of(side)].sort(([a], [b]) => (side === "bid" ? b - a : a - b));
      expect(kept).to.deep.equal(levels);
    }
    const expected = new Map<string, bigint>();
    const resting = [...book.bids(), ...book.asks()];
    for (const { hash, order, remaining } of resting) {
      const record = engine.record(hash)!;
      expect(isOpen(record) && record.rests).to.equal(true);
      expect(record.remaining).to.equal(remaining);
      expected.set(`${order.maker} ${assetOf(order as never)}`, 0n);
    }
    expect([...engine.openOrders()]).to.have.length(resting.length);
    const totals = new Map<string, bigint>();
    for (const [, key, amount] of engine.reservations.all()) {
      totals.set(key, (totals.get(key) ?? 0n) + amount);
    }
    for (const [key, total] of totals) {
      const [maker, asset] = key.split(" ") as [Hex, string];
      expect(engine.reservations.of(maker, asset)).to.equal(total);
    }
    const byOrders = resting.reduce((sum, { remaining }) => sum + remaining, 0n);
    const byMatches = [...market.unsettled.values()]
      .flatMap(({ parts }) => parts)
      .reduce((sum, { making }) => sum + making, 0n);
    const all = [...totals.values()].reduce((sum, total) => sum + total, 0n);
    expect(all).to.equal(byOrders + byMatches);
    // Only orders of one account may rest crossed: they do not trade with each other.
    for (const bid of book.bids()) {
      for (const ask of book.asks()) {
        if (bid.order.maker.toLowerCase() === ask.order.maker.toLowerCase()) continue;
        const [buys, sells] = [engine.record(bid.hash)!, engine.record(ask.hash)!];
        const tick = market.market.tick;
        expect(placeOf(buys, tick).price).to.be.lessThan(placeOf(sells, tick).price);
      }
    }
  }
});
