import { expect } from "chai";
import hre from "hardhat";
import { finalAtDepth, type Rpc } from "../../operator/src/rpc";
import type { Store } from "../../operator/src/store";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { Mortal } from "./helpers/faults";
import {
  clock,
  DEPTH,
  expectExactlyOnce,
  FakeEngine,
  FlakyRpc,
  rigOf,
  statesOf,
  Venue,
  type Rig,
  type Signed,
} from "./helpers/settling";
import { describeStores } from "./helpers/stores";

/*
 * A settler dies at a point of its path, and another one goes on with its database. Orders are far larger than their matches,
 * so that whatever is sent twice settles twice. NOSTRA_RUNS sets how many matches the random run has (40 unless told),
 * NOSTRA_SEED its seed. With NOSTRA_RUNS it dies at every point in turn; without, at every STRIDEth, from one that the seed says.
 */

const SEED = seedOr(20_261_121);
const MATCHES = runsOr(40);
const STRIDE = process.env["NOSTRA_RUNS"] === undefined ? 6 : 1;
/** More rounds than any story here needs. */
const MOST_ROUNDS = 60;

describeStores("settler that dies", (fresh) => {
  let venue: Venue;
  let store: Store;
  let engine: FakeEngine;
  let snapshot: unknown;

  before(async () => {
    venue = await Venue.deploy();
  });
  beforeEach(async () => {
    await begin();
  });
  afterEach(async () => {
    await end();
  });
  after(async () => {
    await hre.network.provider.send("hardhat_reset", []);
  });

  async function begin(): Promise<void> {
    snapshot = await venue.rpc.send("evm_snapshot", []);
    await venue.rpc.send("evm_setAutomine", [false]);
    store = await fresh();
    engine = new FakeEngine(store);
  }

  async function end(): Promise<void> {
    await venue.rpc.send("evm_revert", [snapshot]);
    await venue.rpc.send("evm_setAutomine", [true]);
  }

  /** A settler whose every deed is one of the mortal's. The engine is another process, which lives on. */
  function mortalRig(mortal: Mortal, depth: bigint, rpc: Rpc = venue.rpc): Rig {
    return rigOf(venue, store, {
      finality: finalAtDepth(depth),
      ...{ store: mortal.store(store), rpc: mortal.rpc(rpc), engine: mortal.engine(engine) },
      wallet: mortal.signer(venue.operator),
    });
  }

  async function isOver(): Promise<boolean> {
    const open = await store.db
      .selectFrom("match")
      .select("id")
      .where("state", "in", ["MATCHED", "MINED", "RETRYING"])
      .execute();
    const sent = await store.db
      .selectFrom("settlement")
      .select("id")
      .where("state", "in", ["SENT", "MINED"])
      .execute();
    return open.length + sent.length === 0;
  }

  /** What happens to the chain in a story, by round, before that round's block. */
  type Story = Readonly<Record<number, () => Promise<void>>>;

  /**
   * Steps and mines until all is settled, with a new settler whenever one died.
   * @returns how many points the first settler passed.
   */
  async function live(story: Story, diesAt: number): Promise<number> {
    const mortal = new Mortal((point) => point === diesAt);
    let alive = mortal;
    let rig: Rig | undefined;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      try {
        if (rig === undefined) {
          rig = mortalRig(alive, 1n);
          await rig.settler.open();
        }
        await rig.settler.step();
        expect(rig.alerts, `alerts, dying at ${diesAt}`).to.deep.equal([]);
      } catch (thrown) {
        if (!alive.isDead) throw thrown;
        alive = new Mortal(() => false);
        rig = undefined;
      }
      await story[round]?.();
      if (rig !== undefined && (await isOver())) return mortal.passed;
      await venue.mine();
    }
    throw new Error(`not settled, dying at ${diesAt}`);
  }

  /** Runs a story, dying at the first point, the second, and so on, until none is left to die at. */
  async function dieEverywhere(
    prepare: () => Promise<Story>,
    check: () => Promise<void>,
  ): Promise<number> {
    for (let diesAt = 1 + (SEED % STRIDE); ; diesAt += STRIDE) {
      await end();
      await begin();
      const passed = await live(await prepare(), diesAt);
      await check();
      await expectExactlyOnce(venue, store);
      if (passed < diesAt) return passed;
    }
  }

  async function pair(first: number): Promise<{ maker: Signed; taker: Signed }> {
    const maker = await venue.order(venue.traders[first]!, "SELL", 1_000n);
    const taker = await venue.order(venue.traders[first + 1]!, "BUY", 1_000n);
    return { maker, taker };
  }

  it("settles one match once, wherever it dies", async function () {
    this.timeout(300_000);
    const points = await dieEverywhere(
      async () => {
        const { maker, taker } = await pair(0);
        await venue.match(store, maker, taker, 10n);
        return {};
      },
      async () => {
        expect(await statesOf(store)).to.deep.equal(["CONFIRMED"]);
      },
    );
    expect(points).to.be.greaterThan(50);
  });

  it("settles a batch with a bad maker once, wherever it dies, and releases the innocent once", async function () {
    this.timeout(300_000);
    let taker: Signed;
    await dieEverywhere(
      async () => {
        const [first, spoilt, last] = [await pair(0), await pair(2), await pair(4)];
        for (const one of [first, spoilt, last])
          await venue.match(store, one.maker, one.taker, 10n);
        taker = spoilt.taker;
        const { order } = spoilt.maker;
        return { 0: () => venue.exchange(order.maker, "cancelOrder", [order]) };
      },
      async () => {
        expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "FAILED", "CONFIRMED"]);
        const row = await store.db
          .selectFrom("orders")
          .select("remaining")
          .where("hash", "=", taker.hash)
          .executeTakeFirstOrThrow();
        expect(row.remaining).to.equal("500000000");
      },
    );
  });

  it("settles once through a fee bump and an undone block, wherever it dies", async function () {
    this.timeout(300_000);
    await dieEverywhere(
      async () => {
        const { maker, taker } = await pair(0);
        await venue.match(store, maker, taker, 10n);
        let before: unknown;
        return {
          0: () => venue.mineDear(2),
          1: async () => {
            await venue.mineCheap();
            before = await venue.rpc.send("evm_snapshot", []);
          },
          3: async () => {
            await venue.rpc.send("evm_revert", [before]);
            await venue.dropAll();
          },
        };
      },
      async () => {
        expect(await statesOf(store)).to.deep.equal(["CONFIRMED"]);
      },
    );
  });

  it(`settles ${MATCHES} matches once each under chaos (seed ${SEED})`, async function () {
    this.timeout(MATCHES * 5_000 + 60_000);
    const chance = new Chance(SEED);
    const seen = { crashes: 0, faults: 0, drops: 0, reorgs: 0, dear: 0, spoilt: 0 };
    let isCalm = false;
    const chaotic = new (class extends FlakyRpc {
      override async send(method: string, params: unknown[]): Promise<unknown> {
        const fault = isCalm ? 100 : chance.below(100);
        if (fault < 4) seen.faults += 1;
        if (fault < 2) throw new Error("timeout");
        const result = await super.send(method, params);
        if (fault < 4) throw new Error("timeout");
        return result;
      }
    })(venue.rpc);

    // Few orders, each in many matches, so that matches share orders and accounts.
    const makers: Signed[] = [];
    const takers: Signed[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { maker, taker } = await pair(2 * i);
      makers.push(maker);
      takers.push(taker);
    }
    let made = 0;
    let leaving: Signed | undefined;
    let opened: Rig["settler"] | undefined;
    let mortal = new Mortal(() => false);
    let rig: Rig | undefined;
    let undo: { readonly to: unknown; readonly round: number } | undefined;
    const make = async (maker: Signed): Promise<void> => {
      made += 1;
      await venue.match(store, maker, chance.pick(takers), chance.bigint(1n, 10n), made);
    };
    for (let round = 0; ; round += 1) {
      expect(round, "rounds").to.be.lessThan(MATCHES * 40 + 200);
      if (made < MATCHES && chance.chance(60)) {
        await make(chance.pick(makers));
      }
      if (made === Math.floor(MATCHES / 2) && seen.spoilt === 0) {
        // A maker leaves in the middle of it all.
        seen.spoilt = 1;
        [leaving] = makers.splice(0, 1);
        for (let i = 0; i < 3 && made < MATCHES; i += 1) await make(leaving as Signed);
      }
      // Its cancel may be dropped or undone as anything may: it asks again.
      if (leaving !== undefined && !(await venue.isDone(leaving))) {
        const { order } = leaving;
        await venue.exchange(order.maker, "cancelOrder", [order]).catch(() => undefined);
      }
      isCalm = made === MATCHES && round > MATCHES * 10;
      try {
        if (rig === undefined) {
          mortal = new Mortal(() => !isCalm && chance.below(250) === 0);
          rig = mortalRig(mortal, DEPTH, chaotic);
        }
        if (opened !== rig.settler) {
          await rig.settler.open();
          opened = rig.settler;
        }
        await rig.settler.step();
        if (chance.chance(5)) rig = undefined;
      } catch {
        // Whatever it was, a process that starts anew must do; mostly it is the same that tries again.
        if (mortal.isDead) seen.crashes += 1;
        if (mortal.isDead || rig?.settler !== opened || chance.chance(20)) rig = undefined;
      }
      if (chance.chance(10)) {
        seen.drops += 1;
        await venue.dropAll();
      }
      if (!isCalm && undo === undefined && chance.chance(15)) {
        undo = { to: await venue.rpc.send("evm_snapshot", []), round };
      }
      if (!isCalm && chance.chance(10)) {
        seen.dear += 1;
        await venue.mineDear(1);
        await venue.mineCheap();
      } else {
        await venue.mine();
      }
      // No deeper than what is not final yet: the depth is 3, and a round has at most 2 blocks.
      if (undo !== undefined && undo.round === round) {
        if (chance.chance(50)) {
          await venue.rpc.send("evm_revert", [undo.to]);
          seen.reorgs += 1;
          if (chance.chance(50)) await venue.dropAll();
          await venue.mine();
          await venue.mine();
        }
        undo = undefined;
      }
      clock.ms += 50;
      if (made === MATCHES && (await isOver())) break;
    }
    const failed = (await statesOf(store)).filter((state) => state === "FAILED").length;

    console.log(`        ${JSON.stringify({ ...seen, failed })}`);
    await expectExactlyOnce(venue, store);
  });
});
