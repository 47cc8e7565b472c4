import { interfaces } from "@nostra/sdk/contracts";
import { expect } from "chai";
import hre from "hardhat";
import type { Rpc } from "../../operator/src/rpc";
import { RpcResponseError } from "../../operator/src/httpRpc";
import { encodeMatch } from "../../operator/src/settler/encodeMatches";
import { readMatches } from "../../operator/src/settler/readMatches";
import type { Store } from "../../operator/src/store";
import { describeStores } from "../operator/helpers/stores";
import {
  clock,
  expectExactlyOnce,
  GWEI,
  rigOf,
  settleAll,
  statesOf,
  Venue,
  type Rig,
  type Signed,
} from "../operator/helpers/settling";
import { deployFickle, likeGeth, manyMakers, orderOf } from "./helpers/fickle";

/** What a chain since the Osaka fork allows a transaction. */
const TRANSACTION_GAS = 16_777_216n;

describeStores("hostile: settlement", function (fresh) {
  let venue: Venue;
  let store: Store;
  let snapshot: unknown;
  const rigs: Rig[] = [];

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

  async function opened(overrides: Parameters<typeof rigOf>[2] = {}): Promise<Rig> {
    const rig = rigOf(venue, store, overrides);
    await rig.settler.open();
    rigs.push(rig);
    return rig;
  }

  const order = (index: number, side: "BUY" | "SELL", shares = 10_000n): Promise<Signed> =>
    venue.order(venue.traders[index]!, side, shares);

  async function innocent(first = 5): Promise<string> {
    return venue.match(store, await order(first, "SELL"), await order(first + 1, "BUY"), 1n);
  }

  const matchRow = (id: string) =>
    store.db.selectFrom("match").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const settlements = () =>
    store.db.selectFrom("settlement").selectAll().orderBy("nonce").execute();

  async function callOf(id: string): Promise<string> {
    const [match] = await readMatches(store.db, [await matchRow(id)]);
    return encodeMatch(match!);
  }

  /** The same node, but for estimates of this match. */
  function estimating(call: string, answer: () => string, inner: Rpc = venue.rpc): Rpc {
    return {
      send: async (method, params) => {
        const isIt = method === "eth_estimateGas" && (params[0] as { data?: string }).data === call;
        return isIt ? answer() : inner.send(method, params);
      },
    };
  }

  /** Steps and blocks in turn; time passes, so that what was set aside is tried again. */
  async function rounds(rig: Rig, count: number, each?: () => Promise<void>): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await rig.settler.step();
      await each?.();
      await venue.mine();
      clock.ms += 31_000;
    }
  }

  /** A match that uses more gas than any estimate of it says: eight hooks, and a node that estimates next to nothing. */
  async function starving(rig: {
    rpc?: Rpc;
  }): Promise<{ id: string; wallet: string; makers: Signed[] }> {
    const wallet = await deployFickle(venue, { hookGas: 150_000n });
    const makers: Signed[] = [];
    for (let i = 0; i < 8; i += 1) makers.push(await order(i % 5, "SELL", 100n));
    const id = await manyMakers(venue, store, makers, orderOf(venue, wallet, "BUY", 400n), 10n);
    // Called a merge, which has no receivers: the margin for hooks is missing.
    await store.db.updateTable("match_maker").set({ kind: "MERGE" }).execute();
    rig.rpc = estimating(await callOf(id), () => "0x1");
    return { id, wallet, makers };
  }

  describe("S2: a match that fails only inside its own transaction", () => {
    it("S2 A: an allowance taken back before the settlement and given again behind it: the second attempt names the order", async () => {
      const victim = await order(0, "SELL", 100n);
      const attacker = await order(1, "BUY", 100n);
      await venue.match(store, victim, attacker, 10n);
      const rig = await opened();
      const { collateral, ctfExchange } = venue.deployment.contracts;
      const approve = (amount: bigint, tip: bigint): Promise<unknown> =>
        venue.rpc.send("eth_sendTransaction", [
          {
            ...{ from: attacker.order.maker, to: collateral, gas: "0x186a0" },
            data: interfaces.collateral.encodeFunctionData("approve", [ctfExchange, amount]),
            maxPriorityFeePerGas: `0x${tip.toString(16)}`,
            maxFeePerGas: `0x${(1000n * GWEI).toString(16)}`,
          },
        ]);
      await rounds(rig, 14, async () => {
        if ((await settlements()).every(({ state }) => state !== "SENT")) return;
        await approve(0n, 50n * GWEI);
        await approve(2n ** 256n - 1n, 1n);
      });
      expect(await statesOf(store)).to.deep.equal(["FAILED"]);
      expect(await settlements()).to.have.length(2);
      const [release] = rig.engine.commands.filter(({ op }) => op === "release");
      expect(release).to.deep.include({
        guilty: [attacker.hash],
        reason: "CollateralTransferFailed",
      });
      expect(rig.settler.isCoolingDown(victim.order.maker)).to.equal(false);
      expect(rig.settler.fruitlessGas(attacker.order.maker) > 0n).to.equal(true);
    });

    it("S2 B: a wallet that confirms only while nobody pays for gas: the second attempt names the order", async () => {
      const wallet = await deployFickle(venue, { confirmsOnlyUnpaid: true });
      const victim = await order(2, "SELL", 100n);
      const attacker = orderOf(venue, wallet, "BUY", 100n);
      await venue.match(store, victim, attacker, 10n);
      const rig = await opened({ rpc: likeGeth(venue.rpc) });
      await rounds(rig, 14);
      expect(await statesOf(store)).to.deep.equal(["FAILED"]);
      expect((await settlements()).length).to.be.at.most(3);
      const [release] = rig.engine.commands.filter(({ op }) => op === "release");
      expect(release).to.deep.include({ guilty: [attacker.hash], reason: "InvalidSignature" });
      expect(rig.settler.isCoolingDown(victim.order.maker)).to.equal(false);
    });
  });

  describe("S3: makers that burn gas", () => {
    /** Fifty orders of a wallet whose signature check burns what it is given. */
    async function bombs(): Promise<{ id: string; innocents: string[] }> {
      const wallet = await deployFickle(venue, { keptOfSignature: 20_000n });
      const makers = Array.from({ length: 50 }, () => orderOf(venue, wallet, "BUY", 1n));
      const id = await manyMakers(venue, store, makers, await order(2, "SELL", 100n), 1n);
      const innocents = [];
      for (let i = 0; i < 3; i += 1) innocents.push(await innocent());
      return { id, innocents };
    }

    async function expectEnded(rig: Rig, id: string, reason: string): Promise<void> {
      const release = rig.engine.commands.find((one) => one.op === "release" && one.matchId === id);
      expect(release).to.deep.include({ guilty: [], reason });
      const states = await statesOf(store);
      expect(states).to.deep.equal(["FAILED", "CONFIRMED", "CONFIRMED", "CONFIRMED"]);
      for (const { gas_limit } of await settlements()) {
        expect(gas_limit <= TRANSACTION_GAS).to.equal(true);
      }
      await expectExactlyOnce(venue, store);
    }

    it("S3 D1: the inspector runs out of gas: the match is stuck, and the matches behind it settle", async () => {
      await venue.rpc.send("evm_setBlockGasLimit", ["0x1c9c380"]);
      await venue.mine();
      const { id } = await bombs();
      const rig = await opened();
      await rig.settler.step();
      expect(await venue.pending()).to.have.length(1);
      expect(rig.alerts.map(({ type }) => type)).to.not.include("settling_impossible");
      await rounds(rig, 8);
      await expectEnded(rig, id, "FRUITLESS");
    });

    it("S3 D2: an estimate above what a transaction may have: the match is released, and never sent capped", async () => {
      const { id } = await bombs();
      const call = await callOf(id);
      const rig = await opened({ rpc: estimating(call, () => "0x14fb180") });
      await rounds(rig, 6);
      await expectEnded(rig, id, "GAS_LIMIT");
      expect((await settlements()).length).to.equal(1);
    });

    it("S3 D3: a node that names no data for an estimate above its allowance: released after three tries", async () => {
      const { id } = await bombs();
      const fail = (): never => {
        const message = "gas required exceeds allowance (50000000)";
        throw new RpcResponseError("eth_estimateGas", -32000, message, undefined);
      };
      const rig = await opened({ rpc: estimating(await callOf(id), fail) });
      await rounds(rig, 8);
      await expectEnded(rig, id, "FRUITLESS");
      expect((await matchRow(id)).attempts).to.equal(3);
    });

    it("S3: twenty-five stuck matches at the head do not hide one behind them", async () => {
      const stuck = new Set<string>();
      for (let i = 0; i < 25; i += 1) stuck.add(await callOf(await innocent(0)));
      await innocent();
      const rig = await opened({
        rpc: {
          send: async (method, params) => {
            const { data } = (params[0] ?? {}) as { data?: string };
            if (method === "eth_estimateGas" && stuck.has(data ?? ""))
              throw new Error("socket hang up");
            return venue.rpc.send(method, params);
          },
        },
      });
      await rig.settler.step();
      expect(await venue.pending()).to.have.length(1);
    });

    it("S3: while the node answers for no match at all nothing is counted against any", async () => {
      await innocent();
      let isDown = true;
      const rig = await opened({
        rpc: {
          send: async (method, params) => {
            if (isDown && (method === "eth_estimateGas" || method === "eth_call")) {
              throw new Error("socket hang up");
            }
            return venue.rpc.send(method, params);
          },
        },
      });
      await rounds(rig, 5);
      expect(await statesOf(store)).to.deep.equal(["MATCHED"]);
      const { canSettle, reason } = await rig.settler.readiness();
      expect([canSettle, reason]).to.deep.equal([false, "the node does not answer: NODE_FAILED"]);
      isDown = false;
      await settleAll(venue, rig, store);
      expect((await rig.settler.readiness()).canSettle).to.equal(true);
    });
  });

  describe("S4: gas that a match uses in its transaction only", () => {
    it("S4: hooks that are free when asked and dear when paid for settle: the limit never depends on the estimate", async () => {
      const wallet = await deployFickle(venue, { hookGas: 140_000n });
      const makers = await Promise.all([0, 1, 2, 3, 4].map((index) => order(index, "SELL", 100n)));
      await manyMakers(venue, store, makers, orderOf(venue, wallet, "BUY", 400n), 10n);
      await innocent();
      const rig = await opened({ rpc: likeGeth(venue.rpc) });
      await rounds(rig, 6);
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "CONFIRMED"]);
      expect(await settlements()).to.have.length(1);
    });

    it("S4: InsufficientGas counts: three attempts, then the match is released and its pairs rest, across a restart", async () => {
      const rpc: { rpc?: Rpc } = {};
      const { id, wallet, makers } = await starving(rpc);
      const first = await opened(rpc);
      await rounds(first, 6);
      expect((await matchRow(id)).attempts).to.be.within(1, 2);
      await first.settler.stop();
      rigs.splice(0);

      const rig = await opened(rpc);
      let innocents = 0;
      await rounds(rig, 12, async () => {
        if (innocents < 4) await innocent();
        innocents += 1;
      });
      expect(await settlements().then((rows) => rows.length)).to.be.at.least(3);
      const release = rig.engine.commands.find((one) => one.op === "release" && one.matchId === id);
      expect(release).to.deep.include({ guilty: [], reason: "FRUITLESS" });
      expect(await matchRow(id)).to.include({ state: "FAILED", attempts: 3 });
      const states = await statesOf(store);
      expect(states.slice(1)).to.deep.equal(["CONFIRMED", "CONFIRMED", "CONFIRMED", "CONFIRMED"]);

      const partners = rig.settler.pairRests.partnersOf(wallet as never);
      expect([...partners].sort()).to.deep.equal(
        [...new Set(makers.map(({ order: one }) => one.maker.toLowerCase()))].sort(),
      );
      for (const { order: one } of makers)
        expect(rig.settler.isCoolingDown(one.maker)).to.equal(false);
      const charged = rig.settler.fruitlessGas(wallet);
      expect(charged > 0n).to.equal(true);

      await rig.settler.stop();
      rigs.splice(0);
      const again = await opened(rpc);
      expect(again.settler.pairRests.partnersOf(wallet as never)).to.have.length(5);
      expect(again.settler.fruitlessGas(wallet)).to.equal(charged);
      clock.ms += 600_001;
      expect(again.settler.pairRests.partnersOf(wallet as never)).to.deep.equal([]);
    });
  });

  describe("K1: a node that lies about a receipt", () => {
    type Lie = (method: string, params: unknown[], answer: unknown) => unknown;

    async function lied(lie: Lie): Promise<{ rig: Rig; honest: () => void }> {
      let isLying = true;
      const rig = await opened({
        rpc: {
          send: async (method, params) => {
            const answer = await venue.rpc.send(method, params);
            return isLying && answer !== null ? lie(method, params, answer) : answer;
          },
        },
      });
      return { rig, honest: () => (isLying = false) };
    }

    const failed: Lie = (method, _params, answer) =>
      method === "eth_getTransactionReceipt"
        ? { ...(answer as object), status: "0x0", logs: [] }
        : answer;
    const elsewhere: Lie = (method, _params, answer) =>
      method === "eth_getTransactionReceipt"
        ? { ...(answer as object), transactionIndex: "0x7" }
        : answer;

    for (const [title, lie] of Object.entries({ "status 0": failed, "another place": elsewhere })) {
      it(`K1: a receipt of ${title} is not believed against the block: alarm, nobody blamed, and it goes on with the truth`, async () => {
        await innocent();
        const { rig, honest } = await lied(lie);
        await rounds(rig, 4);
        expect(await statesOf(store)).to.deep.equal(["MATCHED"]);
        expect(rig.engine.commands).to.deep.equal([]);
        expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["node_inconsistent"]);
        expect((await rig.settler.readiness()).canSettle).to.equal(false);
        honest();
        await settleAll(venue, rig, store);
        await expectExactlyOnce(venue, store);
        expect((await rig.settler.readiness()).canSettle).to.equal(true);
      });
    }

    it("K1: the indexer's fill is believed when the node hides the logs as well", async () => {
      await innocent();
      const { rig } = await lied((method, params, answer) =>
        method === "eth_getLogs" ? [] : failed(method, params, answer),
      );
      await rig.settler.step();
      const attempt = await store.db
        .selectFrom("tx_attempt")
        .select("hash")
        .executeTakeFirstOrThrow();
      const match = await store.db.selectFrom("match").selectAll().executeTakeFirstOrThrow();
      const fill = {
        ...{ tx_hash: attempt.hash, log_index: 0, block_number: 1n, timestamp: 1n },
        ...{
          order_hash: match.taker_hash,
          condition_id: match.condition_id,
          maker: "0x",
          token_id: "1",
        },
        ...{ outcome: "YES" as const, side: 0, making: "1", taking: "1", fee: "0", is_taker: true },
      };
      await store.db.insertInto("fill").values(fill).execute();
      await rounds(rig, 4);
      expect(rig.engine.commands).to.deep.equal([]);
      expect(rig.alerts.map(({ type }) => type)).to.deep.equal(["node_inconsistent"]);
    });
  });
});
