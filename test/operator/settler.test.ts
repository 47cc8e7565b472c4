import { expect } from "chai";
import hre from "hardhat";
import type { Store } from "../../operator/src/store";
import { describeStores, expireLease } from "./helpers/stores";
import {
  clock,
  expectExactlyOnce,
  GWEI,
  rigOf,
  settleAll,
  statesOf,
  until,
  Venue,
  type Rig,
  type Signed,
} from "./helpers/settling";

describeStores("settler", (fresh) => {
  let venue: Venue;
  let store: Store;
  let snapshot: unknown;

  before(async () => {
    venue = await Venue.deploy();
  });
  beforeEach(async () => {
    snapshot = await venue.rpc.send("evm_snapshot", []);
    await venue.rpc.send("evm_setAutomine", [false]);
    store = await fresh();
  });
  afterEach(async () => {
    for (const { settler } of rigs.splice(0)) await settler.stop();
    await venue.rpc.send("evm_revert", [snapshot]);
    await venue.rpc.send("evm_setAutomine", [true]);
  });
  after(async () => {
    await hre.network.provider.send("hardhat_reset", []);
  });

  const rigs: Rig[] = [];

  async function opened(overrides: Parameters<typeof rigOf>[2] = {}): Promise<Rig> {
    const rig = rigOf(venue, store, overrides);
    await rig.settler.open();
    rigs.push(rig);
    return rig;
  }

  /** A match whose maker has cancelled its order on chain. */
  async function cancelled(): Promise<{ maker: Signed; taker: Signed }> {
    const maker = await venue.order(venue.traders[0]!, "SELL", 100n);
    const taker = await venue.order(venue.traders[1]!, "BUY", 100n);
    await venue.match(store, maker, taker, 10n);
    await venue.exchange(maker.order.maker, "cancelOrder", [maker.order]);
    await venue.mine();
    return { maker, taker };
  }

  const orderRow = (hash: string) =>
    store.db.selectFrom("orders").selectAll().where("hash", "=", hash).executeTakeFirstOrThrow();
  const attemptRows = () =>
    store.db.selectFrom("tx_attempt").selectAll().orderBy("max_fee_per_gas").execute();
  const attempts = async (): Promise<number> => (await attemptRows()).length;

  /** State of each settlement, and the status of its receipt; the nonce where there is none. */
  async function settlements(): Promise<[string, number][]> {
    const rows = await store.db.selectFrom("settlement").selectAll().orderBy("nonce").execute();
    return rows.map(({ state, status }) => [state, status ?? 0]);
  }

  async function settledBy(): Promise<string | null> {
    const rows = await store.db.selectFrom("settlement").selectAll().orderBy("nonce").execute();
    return rows[0]?.tx_hash ?? null;
  }

  /** The tables as they are now, to be put back later. */
  async function copied(): Promise<{ restore(): Promise<void> }> {
    const { db } = store;
    const [matches, lanes] = [
      await db.selectFrom("match").selectAll().execute(),
      await db.selectFrom("lane").selectAll().execute(),
    ];
    const settled = await db.selectFrom("settlement").select("id").execute();
    const restore = async (): Promise<void> => {
      const known = settled.map(({ id }) => id);
      await db.deleteFrom("tx_attempt").where("settlement_id", "not in", known).execute();
      await db.deleteFrom("settlement").where("id", "not in", known).execute();
      await db.deleteFrom("match").execute();
      for (const { number: _number, ...row } of matches) {
        await db.insertInto("match").values(row).execute();
      }
      for (const row of lanes) {
        await db.updateTable("lane").set(row).where("address", "=", row.address).execute();
      }
    };
    return { restore };
  }

  /** Orders of accounts that are all different, each far larger than the match: sent twice, it would settle twice. */
  async function large(shares = 10n, first = 0): Promise<string> {
    const maker = await venue.order(venue.traders[first]!, "SELL", 10_000n);
    const taker = await venue.order(venue.traders[first + 1]!, "BUY", 10_000n);
    return venue.match(store, maker, taker, shares);
  }

  describe("when all goes well", () => {
    it("settles one match alone, tells MINED after its receipt and CONFIRMED when final", async () => {
      await large();
      const rig = rigOf(venue, store);
      await rig.settler.open();
      await settleAll(venue, rig, store);
      expect(rig.told.map(({ state }) => state)).to.deep.equal(["MINED", "CONFIRMED"]);
      await expectExactlyOnce(venue, store);
      await rig.settler.stop();
    });

    it("settles several in one transaction", async () => {
      for (const first of [0, 2, 4]) await large(10n, first);
      const rig = rigOf(venue, store);
      await rig.settler.open();
      await settleAll(venue, rig, store);
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "CONFIRMED", "CONFIRMED"]);
      expect(await venue.nonce()).to.equal(1);
      await expectExactlyOnce(venue, store);
      await rig.settler.stop();
    });
  });

  describe("when an order of a match cannot settle", () => {
    it("releases the match at once when nothing was sent, and the account rests", async () => {
      const maker = await venue.order(venue.traders[0]!, "SELL", 100n);
      const taker = await venue.order(venue.traders[1]!, "BUY", 100n);
      const id = await venue.match(store, maker, taker, 10n);
      await venue.exchange(maker.order.maker, "cancelOrder", [maker.order]);
      await venue.mine();
      const rig = await opened();
      await settleAll(venue, rig, store);

      expect(rig.engine.commands).to.deep.equal([
        {
          ...{ op: "release", matchId: id, guilty: [maker.hash], reason: "OrderFilledOrCancelled" },
          now: String((await venue.head()).timestamp),
        },
      ]);
      expect(await orderRow(maker.hash)).to.include({ state: "INVALIDATED" });
      expect(await orderRow(taker.hash)).to.include({ remaining: "50000000" });
      expect(await venue.nonce()).to.equal(0);
      expect(rig.settler.isCoolingDown(maker.order.maker)).to.equal(true);
      expect(rig.settler.isCoolingDown(taker.order.maker)).to.equal(false);
    });

    it("remembers who rests after a restart, for as long as it lasts", async () => {
      const { maker } = await cancelled();
      const before = await opened();
      await settleAll(venue, before, store);
      await before.settler.stop();
      const after = await opened({ options: { coolDownMs: 1_000 } });
      await store.db
        .updateTable("match")
        .set({ updated_at_ms: BigInt(clock.ms) })
        .execute();
      expect(after.settler.isCoolingDown(maker.order.maker)).to.equal(true);
      clock.ms += 1_000;
      expect(after.settler.isCoolingDown(maker.order.maker)).to.equal(false);
    });

    it("names every order that is to blame, not one after the other", async () => {
      const { maker, taker } = await cancelled();
      await venue.exchange(taker.order.maker, "incrementNonce", []);
      await venue.mine();
      const rig = await opened();
      await settleAll(venue, rig, store);
      expect(rig.engine.commands).to.have.length(1);
      const [release] = rig.engine.commands;
      expect(release?.op === "release" && [...release.guilty].sort()).to.deep.equal(
        [maker.hash, taker.hash].sort(),
      );
    });

    it("does not blame a match for one before it: it waits until that one has settled", async () => {
      // The second seller has nothing to sell until the first match gives it shares.
      const [rich, poor, buyer] = [venue.traders[0]!, venue.poor, venue.traders[2]!];
      await venue.match(
        ...[store, await venue.order(rich, "SELL", 10n), await venue.order(poor, "BUY", 10n)],
        10n,
      );
      await venue.match(
        ...[store, await venue.order(poor, "SELL", 10n), await venue.order(buyer, "BUY", 10n)],
        10n,
      );
      const rig = await opened();
      await settleAll(venue, rig, store);
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "CONFIRMED"]);
      expect(rig.engine.commands).to.deep.equal([]);
      await expectExactlyOnce(venue, store);
    });

    const spoilers: Record<string, (maker: Signed) => Promise<void>> = {
      "cancelled on chain": ({ order }) => venue.exchange(order.maker, "cancelOrder", [order]),
      "its nonce raised": ({ order }) => venue.exchange(order.maker, "incrementNonce", []),
      "its allowance pulled": ({ order }) => venue.takeAllowance(order.maker),
      expired: async ({ order }) => {
        const next = Number(order.expiration);
        await venue.rpc.send("evm_setNextBlockTimestamp", [next]);
        await venue.rpc.send("evm_mine", []);
      },
    };
    for (const [title, spoil] of Object.entries(spoilers)) {
      for (const others of [0, 2]) {
        const company = others === 0 ? "alone" : "in a batch, which costs the others nothing";
        it(`between simulation and block (${title}), ${company}`, async () => {
          const expiration = BigInt((await venue.head()).timestamp + 1_000);
          const maker = await venue.order(venue.traders[0]!, "BUY", 100n, { expiration });
          const taker = await venue.order(venue.traders[1]!, "SELL", 100n);
          if (others > 0) await large(10n, 2);
          await venue.match(store, maker, taker, 10n);
          if (others > 0) await large(10n, 4);

          const rig = await opened();
          await rig.settler.step();
          expect(await venue.pending()).to.have.length(1);
          await spoil(maker);
          await venue.mine();
          await rig.settler.step();

          // The guilty one is out at once, the innocent one gets its amount back when the block is final.
          expect(rig.engine.commands.map(({ op }) => op)).to.deep.equal(["invalidate"]);
          expect(await orderRow(maker.hash)).to.include({ state: "INVALIDATED" });
          expect(await orderRow(taker.hash)).to.include({ remaining: "90000000" });
          await settleAll(venue, rig, store);
          expect(rig.engine.commands.map(({ op }) => op)).to.deep.equal(["invalidate", "release"]);
          expect(await orderRow(taker.hash)).to.include({ remaining: "100000000" });
          expect(await statesOf(store)).to.deep.equal(
            others > 0 ? ["CONFIRMED", "FAILED", "CONFIRMED"] : ["FAILED"],
          );
          expect(await venue.nonce()).to.equal(1);
          expect(rig.settler.isCoolingDown(maker.order.maker)).to.equal(true);
          await expectExactlyOnce(venue, store);
        });
      }
    }
  });

  describe("when no order is to blame", () => {
    it("waits while trading is paused, and says so once", async () => {
      await large();
      await venue.pause();
      await venue.mine();
      const rig = await opened();
      await rig.settler.step();
      await rig.settler.step();
      expect(rig.alerts.map(({ type, data }) => [type, data["reason"]])).to.deep.equal([
        ["settling_impossible", "Paused"],
      ]);
      expect([await statesOf(store), await venue.nonce()]).to.deep.equal([["MATCHED"], 0]);
      await venue.unpause();
      await venue.mine();
      await settleAll(venue, rig, store);
      await expectExactlyOnce(venue, store);
    });

    for (const count of [1, 2]) {
      it(`tries ${count === 1 ? "a match" : "a batch"} again under a new nonce when trading was paused before its block`, async () => {
        for (let i = 0; i < count; i += 1) await large(10n, 2 * i);
        const rig = await opened();
        await rig.settler.step();
        await venue.pause();
        await venue.mine();
        await rig.settler.step();
        expect(await settlements()).to.deep.equal([["MINED", 0]]);
        await venue.unpause();
        await settleAll(venue, rig, store);
        expect(await settlements()).to.deep.equal([
          ["CONFIRMED", 0],
          ["CONFIRMED", 1],
        ]);
        expect(new Set(rig.told.map(({ state }) => state))).to.deep.equal(
          new Set(["MATCHED", "RETRYING", "MINED", "CONFIRMED"]),
        );
        expect(rig.engine.commands).to.deep.equal([]);
        await expectExactlyOnce(venue, store);
      });
    }

    it("sets a match aside that fails without a reason, and goes on with the others", async () => {
      const odd = await large(10n, 0);
      await large(10n, 2);
      const flaky = venue.flaky();
      flaky.refusal = { data: await venue.callOf(store, odd), with: "0x12345678" };
      const rig = await opened({ rpc: flaky });
      for (let i = 0; i < 6; i += 1) {
        await rig.settler.step();
        await venue.mine();
      }
      expect(await statesOf(store)).to.deep.equal(["MATCHED", "CONFIRMED"]);
      expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["match_stuck"]);
    });
  });

  describe("when a block is undone", () => {
    it("goes back to MATCHED and is mined again, under the same nonce", async () => {
      await large();
      const rig = await opened();
      await rig.settler.step();
      const before = await venue.rpc.send("evm_snapshot", []);
      await venue.mine();
      await rig.settler.step();
      await venue.rpc.send("evm_revert", [before]);
      await venue.dropAll();
      await venue.mine();
      await rig.settler.step();
      expect(await statesOf(store)).to.deep.equal(["MATCHED"]);
      await settleAll(venue, rig, store);
      expect(rig.told.map(({ state }) => state)).to.deep.equal([
        ...["MINED", "MATCHED", "MINED", "CONFIRMED"],
      ]);
      expect(await settlements()).to.deep.equal([["CONFIRMED", 1]]);
      await expectExactlyOnce(venue, store);
    });

    it("lets a match settle that had failed there: nobody was released", async () => {
      const maker = await venue.order(venue.traders[0]!, "BUY", 100n);
      const taker = await venue.order(venue.traders[1]!, "SELL", 100n);
      await venue.match(store, maker, taker, 10n);
      const rig = await opened();
      await rig.settler.step();
      const before = await venue.rpc.send("evm_snapshot", []);
      await venue.exchange(maker.order.maker, "cancelOrder", [maker.order]);
      await venue.mine();
      await rig.settler.step();
      expect(rig.engine.commands.map(({ op }) => op)).to.deep.equal(["invalidate"]);
      await venue.rpc.send("evm_revert", [before]);
      await settleAll(venue, rig, store);
      expect(rig.engine.commands.map(({ op }) => op)).to.deep.equal(["invalidate"]);
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED"]);
      await expectExactlyOnce(venue, store);
    });

    it("takes the other attempt when the new block holds that one", async () => {
      await large();
      const rig = await opened();
      await rig.settler.step();
      const first = (await venue.pending())[0]!;
      const before = await venue.rpc.send("evm_snapshot", []);
      await venue.dropAll();
      await venue.mine();
      await venue.mine();
      await rig.settler.step();
      const second = (await venue.pending())[0]!;
      expect(second.hash).to.not.equal(first.hash);
      await venue.mine();
      await rig.settler.step();
      expect(await settledBy()).to.equal(second.hash);
      await venue.rpc.send("evm_revert", [before]);
      await venue.mine();
      await rig.settler.step();
      await settleAll(venue, rig, store);
      expect(await settledBy()).to.equal(first.hash);
      await expectExactlyOnce(venue, store);
    });
  });

  describe("when the network is bad", () => {
    it("sends the same bytes again after a time-out before the node took them", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      flaky.failNext("eth_sendRawTransaction", "before");
      await rig.settler.step();
      expect(await venue.pending()).to.have.length(0);
      await settleAll(venue, rig, store);
      expect([await attempts(), await venue.nonce()]).to.deep.equal([1, 1]);
      await expectExactlyOnce(venue, store);
    });

    it("does not send twice after a time-out when the node had taken them", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      flaky.failNext("eth_sendRawTransaction", "after");
      await settleAll(venue, rig, store);
      expect([await attempts(), await venue.nonce()]).to.deep.equal([1, 1]);
      await expectExactlyOnce(venue, store);
    });

    it("sends again what the node dropped", async () => {
      await large();
      const rig = await opened();
      await rig.settler.step();
      await venue.dropAll();
      await venue.mine();
      await settleAll(venue, rig, store);
      expect([await attempts(), await venue.nonce()]).to.deep.equal([1, 1]);
      await expectExactlyOnce(venue, store);
    });

    it("pays an eighth more for the same nonce after some blocks; a twentieth more would be refused", async () => {
      await large();
      const rig = await opened();
      await rig.settler.step();
      const [first] = await attemptRows();
      await venue.mineDear(2);
      const { calldata, gas_limit } = (
        await store.db.selectFrom("settlement").selectAll().execute()
      )[0]!;
      const little = await venue.operator.signTransaction({
        ...{
          type: 2,
          chainId: venue.deployment.chainId,
          nonce: 0,
          data: calldata,
          gasLimit: gas_limit,
        },
        to: venue.deployment.contracts.ctfExchange,
        maxFeePerGas: (BigInt(first!.max_fee_per_gas) * 105n) / 100n,
        maxPriorityFeePerGas: (BigInt(first!.max_priority_fee_per_gas) * 105n) / 100n,
      });
      await expect(venue.rpc.send("eth_sendRawTransaction", [little])).to.be.rejectedWith(
        /replacement/i,
      );

      await rig.settler.step();
      const [, second] = await attemptRows();
      expect((await venue.pending()).map(({ hash }) => hash)).to.deep.equal([second!.hash]);
      for (const field of ["max_fee_per_gas", "max_priority_fee_per_gas"] as const) {
        expect(BigInt(second![field]) * 1000n >= BigInt(first![field]) * 1125n).to.equal(true);
      }
      await settleAll(venue, rig, store);
      expect([await settledBy(), await venue.nonce()]).to.deep.equal([second!.hash, 1]);
      await expectExactlyOnce(venue, store);
    });

    it("takes the cheaper attempt when that one is mined", async () => {
      await large();
      const rig = await opened();
      await rig.settler.step();
      await venue.mineDear(2);
      await rig.settler.step();
      const [first, second] = await attemptRows();
      expect(second).to.not.equal(undefined);
      await venue.dropAll();
      await venue.rpc.send("eth_sendRawTransaction", [first!.raw]);
      await venue.mineCheap();
      await settleAll(venue, rig, store);
      expect(await settledBy()).to.equal(first!.hash);
      await expectExactlyOnce(venue, store);
    });

    it("does not pay more than the cap: neither for a new transaction nor for one that is out", async () => {
      await large();
      const rig = await opened({ options: { maxFeeCap: 20n * GWEI } });
      await venue.mineDear(1);
      await rig.settler.step();
      await rig.settler.step();
      expect([await attempts(), rig.alerts.map(({ type }) => type)]).to.deep.equal([
        ...[0, ["gas_price_above_cap"]],
      ]);
      await venue.mineCheap();
      await rig.settler.step();
      await venue.mineDear(5);
      await rig.settler.step();
      expect([await attempts(), rig.alerts.length]).to.deep.equal([1, 2]);
      await venue.mineCheap();
      await settleAll(venue, rig, store);
      expect(await venue.nonce()).to.equal(1);
      await expectExactlyOnce(venue, store);
    });

    it("uses the nonce up by nothing when what is out has become pointless", async () => {
      const maker = await venue.order(venue.traders[0]!, "BUY", 100n);
      const taker = await venue.order(venue.traders[1]!, "SELL", 100n);
      await venue.match(store, maker, taker, 10n);
      const rig = await opened();
      await rig.settler.step();
      await venue.exchange(maker.order.maker, "cancelOrder", [maker.order]);
      await venue.mineDear(2);
      await rig.settler.step();
      expect(await store.db.selectFrom("settlement").select("purpose").execute()).to.deep.equal([
        { purpose: "void" },
      ]);
      expect(rig.engine.commands).to.deep.equal([]);
      await settleAll(venue, rig, store);
      expect(rig.engine.commands.map(({ op }) => op)).to.deep.equal(["release"]);
      expect([await statesOf(store), await venue.nonce()]).to.deep.equal([["FAILED"], 1]);
      const sent = (await venue.rpc.send("eth_getTransactionByHash", [await settledBy()])) as {
        to: string;
      };
      expect(sent.to).to.equal(venue.operator.address.toLowerCase());
      await expectExactlyOnce(venue, store);
    });

    it("waits while the node is away, says so once, and goes on when it is back", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = rigOf(venue, store, { rpc: flaky });
      await rig.settler.start();
      flaky.isDown = true;
      await until(() => rig.alerts.length > 0);
      for (let i = 0; i < 3; i += 1) await rig.settler.step().catch(() => undefined);
      expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["settler_failing"]);
      expect((await rig.settler.readiness()).gasBalance).to.equal(null);
      flaky.isDown = false;
      await until(async () => {
        await venue.mine();
        rig.settler.wake();
        return (await statesOf(store))[0] === "CONFIRMED";
      });
      await rig.settler.stop();
      await expectExactlyOnce(venue, store);
    });

    it("does not settle when it cannot pay, and says so", async () => {
      await large();
      await venue.rpc.send("hardhat_setBalance", [venue.operator.address, "0x1000"]);
      const rig = await opened();
      await rig.settler.step();
      expect([await attempts(), rig.alerts.map(({ type }) => type)]).to.deep.equal([
        ...[0, ["operator_gas"]],
      ]);
      expect((await rig.settler.readiness()).gasBalance).to.equal(0x1000n);
    });

    it("believes no receipt that does not tell of all its matches", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      await rig.settler.step();
      await venue.mine();
      flaky.withoutLogs = true;
      await expect(rig.settler.step()).to.be.rejectedWith(/does not tell/);
      flaky.withoutLogs = false;
      await settleAll(venue, rig, store);
      await expectExactlyOnce(venue, store);
    });
  });

  describe("when nonces do not agree", () => {
    it("fills a gap before anything else is sent", async () => {
      await large();
      const rig = await opened();
      await store.db.updateTable("lane").set({ next_nonce: 2n }).execute();
      await settleAll(venue, rig, store);
      const rows = await store.db.selectFrom("settlement").selectAll().orderBy("id").execute();
      expect(rows.map(({ nonce, purpose }) => [Number(nonce), purpose])).to.deep.equal([
        [0, "void"],
        [1, "void"],
        [2, "match"],
      ]);
      expect(await venue.nonce()).to.equal(3);
      await expectExactlyOnce(venue, store);
    });

    it("gives a nonce up only when another transaction is found to have spent it for good", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      flaky.failNext("eth_sendRawTransaction", "before");
      await rig.settler.step();
      await venue.spendNonce(0);
      for (let depth = 0; depth < 3; depth += 1) {
        await rig.settler.step();
        expect(await settlements()).to.deep.equal([["SENT", 0]]);
        await venue.mine();
      }
      await settleAll(venue, rig, store);
      expect(await settlements()).to.deep.equal([
        ["LOST", 0],
        ["CONFIRMED", 1],
      ]);
      expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["foreign_nonce"]);
      expect(rig.told.map(({ state }) => state)).to.deep.equal(["RETRYING", "MINED", "CONFIRMED"]);
      await expectExactlyOnce(venue, store);
    });

    it("sends nothing again when the other transaction settled the same matches", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      flaky.failNext("eth_sendRawTransaction", "before");
      await rig.settler.step();
      const { calldata } = (await store.db.selectFrom("settlement").selectAll().execute())[0]!;
      await venue.spendNonce(0, venue.deployment.contracts.ctfExchange, calldata);
      await settleAll(venue, rig, store);
      expect([await settlements(), await venue.nonce()]).to.deep.equal([[["LOST", 0]], 1]);
      await expectExactlyOnce(venue, store);
    });

    it("waits as long as the node has lost the receipt of our own transaction", async () => {
      await large();
      const flaky = venue.flaky();
      const rig = await opened({ rpc: flaky });
      await rig.settler.step();
      flaky.withoutReceipts = true;
      for (let i = 0; i < 6; i += 1) {
        await venue.mine();
        await rig.settler.step();
      }
      expect([await settlements(), rig.alerts]).to.deep.equal([[["SENT", 0]], []]);
      flaky.withoutReceipts = false;
      await settleAll(venue, rig, store);
      expect(await venue.nonce()).to.equal(1);
      await expectExactlyOnce(venue, store);
    });

    it("stops the lane when the chain is ahead of the database, and starts it again only when told", async () => {
      await large();
      const rig = await opened();
      await venue.spendNonce(0);
      await rig.settler.step();
      expect((await rig.settler.readiness()).laneState).to.equal("STOPPED");
      expect(rig.alerts.map(({ type, severity }) => [type, severity])).to.deep.equal([
        ["lane_stopped", "CRITICAL"],
      ]);
      await rig.settler.step();
      expect(await attempts()).to.equal(0);
      await expect(rig.settler.resumeLane()).to.be.rejectedWith(/not final/);
      for (let i = 0; i < 4; i += 1) await venue.mine();
      const report = await rig.settler.resumeLane();
      expect(report.waiting).to.have.length(1);
      await settleAll(venue, rig, store);
      expect(await venue.nonce()).to.equal(2);
      await expectExactlyOnce(venue, store);
    });

    it("finds out, with a database older than the chain, what has settled, and sends none of it twice", async () => {
      // One match settled and known, one settled after the copy was made, one by somebody else, one not at all.
      await large(10n, 0);
      const first = await opened();
      await settleAll(venue, first, store);
      const after = await large(20n, 0);
      const elsewhere = await large(30n, 2);
      const never = await large(40n, 4);
      const callElsewhere = await venue.callOf(store, elsewhere);
      const copy = await copied();
      await store.db.deleteFrom("match").where("id", "in", [elsewhere, never]).execute();
      await settleAll(venue, first, store);
      await first.settler.stop();
      await venue.settleElsewhere(callElsewhere);
      await copy.restore();
      for (let i = 0; i < 4; i += 1) await venue.mine();

      const rig = await opened();
      expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["lane_stopped"]);
      await rig.settler.step();
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "MATCHED", "MATCHED", "MATCHED"]);
      const report = await rig.settler.resumeLane();
      expect({
        settled: report.settled.map(({ match }) => match.id),
        unexplained: report.unexplained.map(({ match }) => match.id),
        waiting: report.waiting.map(({ id }) => id),
      }).to.deep.equal({ settled: [after], unexplained: [elsewhere], waiting: [never] });
      await settleAll(venue, rig, store);
      expect(await statesOf(store)).to.deep.equal([
        "CONFIRMED",
        "CONFIRMED",
        "FAILED",
        "CONFIRMED",
      ]);
      const matched = await venue.settledShares();
      expect(matched).to.deep.equal([10n, 20n, 30n, 40n].map((shares) => shares * 1_000_000n));
    });
  });

  describe("when there are others", () => {
    it("refuses a second settler of the same lane, by name", async () => {
      await opened();
      const second = rigOf(venue, store, { holder: "another" });
      await expect(second.settler.open()).to.be.rejectedWith(/in use by test/);
    });

    it("writes nothing more when another has taken over, and ends", async () => {
      await large();
      const first = await opened();
      await expireLease(store, `lane:${venue.operator.address.toLowerCase()}`);
      const second = rigOf(venue, store, { holder: "another" });
      await second.settler.open();
      await expect(first.settler.step()).to.be.rejectedWith(/taken over/);
      expect(first.alerts.map(({ type }) => type)).to.deep.equal(["lane_taken_over"]);
      await settleAll(venue, second, store);
      await second.settler.stop();
      await expectExactlyOnce(venue, store);
    });

    it("shares matches with another lane without settling any twice", async () => {
      for (let i = 0; i < 4; i += 1) await large(10n, 2 * (i % 3));
      const wallet = await venue.secondOperator();
      const [one, two] = [
        await opened({ options: { maxMatchesPerBatch: 1 } }),
        await opened({ wallet }),
      ];
      // The first takes one match; who takes the others is up to who asks first.
      await one.settler.step();
      for (let i = 0; i < 12; i += 1) {
        await Promise.all([one.settler.step(), two.settler.step()]);
        await venue.mine();
      }
      expect(await statesOf(store)).to.deep.equal(Array(4).fill("CONFIRMED"));
      expect(await venue.nonce()).to.be.within(1, 4);
      await expectExactlyOnce(venue, store);
    });

    it("refuses a node of another chain", async () => {
      const deployment = { ...venue.deployment, chainId: 137 };
      const rig = rigOf(venue, store, { deployment });
      await expect(rig.settler.open()).to.be.rejectedWith(
        /is on chain 31337; the deployment on 137/,
      );
    });
  });
});
