import { expect } from "chai";
import { projectionChecksum } from "../../operator/src/indexer";
import type { Store } from "../../operator/src/store";
import { tokens } from "../helpers/exchange";
import { describeStores } from "./helpers/stores";
import {
  answering,
  createIndexer,
  DEPTH,
  deployChain,
  dump,
  scan,
  type Chain,
  type Indexing,
  type TestMarket,
  type TestOrder,
} from "./helpers/indexing";

describe("indexer: reconciliation", () => {
  let chain: Chain;
  let market: TestMarket;
  let maker: TestOrder;
  /** Of 10,000, with 6,000 left, in a final block. */
  let partlyFilled: TestOrder;

  before(async () => {
    chain = await deployChain();
    market = await chain.market();
    await chain.fund([market], tokens(1000));
    await trade(4_000n);
    partlyFilled = maker;
    const other = await chain.market();
    await chain.block(chain.call(chain.admin, chain.factory, "cancelMarket", [other.questionId]));
    const [, , account] = chain.traders as [never, never, Chain["traders"][number]];
    await chain.block(
      chain.raiseNonce(account),
      chain.cancel(account, order(account, true, 5n, 10n)),
      chain.cancel(account, order(account, false, 10n, 5n)),
    );
    await chain.blocks(Number(DEPTH));
    await chain.setBase();
  });
  beforeEach(() => chain.reset());
  after(() => chain.end());

  function order(
    account: Chain["traders"][number],
    isBuy: boolean,
    makerAmount: bigint,
    takerAmount: bigint,
  ): TestOrder {
    return chain.order({ maker: account, tokenId: market.yes, isBuy, makerAmount, takerAmount });
  }

  /** The maker's order of 10,000 is filled by so much. */
  async function trade(filled: bigint): Promise<string> {
    const [seller, buyer] = chain.traders as [Chain["traders"][number], Chain["traders"][number]];
    maker = order(seller, false, 10_000n, 6_000n);
    const taker = order(buyer, true, (filled * 6n) / 10n, filled);
    const [hash] = await chain.block(chain.match(taker, [maker], [filled]));
    return hash!;
  }

  async function discrepancies(store: Store): Promise<unknown[]> {
    const rows = await store.db.selectFrom("discrepancy").selectAll().orderBy("id").execute();
    return rows.map(({ kind, in_tables, on_chain, repaired }) => [
      ...[kind, in_tables, on_chain, repaired],
    ]);
  }

  async function indexed(fresh: () => Promise<Store>): Promise<Indexing & { store: Store }> {
    const store = await fresh();
    const indexing = createIndexer(store, chain);
    await indexing.indexer.step();
    return { ...indexing, store };
  }

  describeStores("comparing", (fresh) => {
    it("finds nothing where nothing is wrong, at the final block, with newer ones above it", async () => {
      const { indexer, store, alerts } = await indexed(fresh);
      for (let i = 0; i < 4; i++) {
        await trade(1_000n);
        await indexer.step();
      }
      const [seller] = chain.traders;
      await chain.block(chain.cancel(seller!, maker), chain.raiseNonce(seller!));
      await indexer.step();
      const found = await indexer.reconcile();
      expect(found).to.include({ repaired: 0 });
      expect(found!.differences).to.deep.equal([]);
      expect(found!.blockNumber).to.equal(BigInt(await chain.head()) - DEPTH);
      // 12 positions of pairs less none, the orders of one match, a nonce, two markets, what the exchange holds.
      expect(found!.compared).to.be.greaterThan(20);
      expect([await discrepancies(store), alerts]).to.deep.equal([[], []]);
    });

    it("has nothing to compare before the first block", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      expect(await indexer.reconcile()).to.equal(undefined);
    });
  });

  describeStores("a planted error", (fresh) => {
    const plants: [string, string, (store: Store) => Promise<unknown>][] = [
      [
        "in the shares of a position",
        "position",
        ({ db }) => db.updateTable("position").set({ shares: "1" }).execute(),
      ],
      [
        "in what is left of an order",
        "order",
        ({ db }) =>
          db
            .updateTable("order_on_chain")
            .set({ remaining: "7" })
            .where("making", "=", "4000")
            .execute(),
      ],
      [
        "in a cancellation",
        "order",
        ({ db }) =>
          db
            .updateTable("order_on_chain")
            .set({ cancelled: false, remaining: "5" })
            .where("cancelled", "=", true)
            .execute(),
      ],
      [
        "in a nonce",
        "nonce",
        ({ db }) => db.updateTable("account_nonce").set({ nonce: "9" }).execute(),
      ],
      [
        "in the state of a market",
        "market",
        ({ db }) =>
          db
            .updateTable("market")
            .set({ state: "FINALIZED" })
            .where("state", "=", "OPEN")
            .execute(),
      ],
      [
        "in the outcome of a market",
        "market",
        ({ db }) =>
          db.updateTable("market").set({ outcome: "YES" }).where("outcome", "=", "SPLIT").execute(),
      ],
      ["that loses a market", "market", ({ db }) => db.deleteFrom("market").execute()],
    ];
    for (const [where, kind, plant] of plants) {
      it(`${where} is found, written down, told and repaired`, async () => {
        const { indexer, store, alerts } = await indexed(fresh);
        const before = await projectionChecksum(store);
        await plant(store);
        expect(await projectionChecksum(store)).not.to.equal(before);
        const found = await indexer.reconcile();
        expect(new Set(found!.differences.map((difference) => difference.kind))).to.include(kind);
        expect(found!.repaired).to.equal(found!.differences.length);
        expect(await projectionChecksum(store)).to.equal(before);
        expect(alerts.map(({ type, severity }) => [type, severity])).to.deep.equal([
          ["state_discrepancy", "HIGH"],
        ]);
        const rows = (await discrepancies(store)) as [string, string, string, boolean][];
        expect(rows).to.have.length(found!.differences.length);
        expect(rows.every(([, , , repaired]) => repaired)).to.equal(true);
        expect((await indexer.reconcile())!.differences).to.deep.equal([]);
      });
    }

    it("in the logs themselves is repaired by reading from there on again", async () => {
      for (const plant of ["missing", "changed", "invented"] as const) {
        const { indexer, store, alerts } = await indexed(fresh);
        const before = await dump(store);
        const { db } = store;
        const transfers = db
          .selectFrom("chain_log")
          .selectAll()
          .where("name", "=", "TransferSingle");
        const [log] = await transfers.execute();
        const at = [log!.block_hash, log!.log_index] as const;
        if (plant === "invented") {
          await db
            .insertInto("chain_log")
            .values({ ...log!, args: JSON.stringify(log!.args), log_index: 77 })
            .execute();
        } else if (plant === "missing") {
          await db
            .deleteFrom("chain_log")
            .where("block_hash", "=", at[0])
            .where("log_index", "=", at[1])
            .execute();
        } else {
          await db
            .updateTable("chain_log")
            .set({ data: `${log!.data.slice(0, -2)}ff` })
            .where("block_hash", "=", at[0])
            .where("log_index", "=", at[1])
            .execute();
        }
        await indexer.rebuild();
        const found = await indexer.reconcile();
        expect(found!.differences.length, plant).to.be.greaterThan(0);
        expect(found!.repaired, plant).to.equal(found!.differences.length);
        expect(alerts.map(({ type }) => type)).to.deep.equal(["state_discrepancy"]);
        expect(await dump(store), plant).to.deep.equal(before);
      }
    });

    it("above the final block is put right by the rebuild, and its undoing too", async () => {
      const { indexer, store } = await indexed(fresh);
      const before = await dump(store);
      await store.db.updateTable("position").set({ shares: "1" }).execute();
      await trade(1_000n);
      await indexer.step();
      expect((await indexer.reconcile())!.repaired).to.be.greaterThan(0);
      await chain.back(1);
      await chain.block();
      await indexer.step();
      expect(await dump(store)).to.deep.equal(before);
    });
  });

  describeStores("what cannot be repaired", (fresh) => {
    it("because the chain says otherwise than its logs is an alarm for people, and told anew only when it changes", async () => {
      const store = await fresh();
      const wrong = answering((method, params) => {
        const [call] = params as [{ readonly to?: string; readonly data?: string }];
        const isNonces = method === "eth_call" && call.data?.startsWith("0x7ecebe00");
        return isNonces === true ? Promise.resolve(`0x${"0".repeat(63)}5`) : undefined;
      });
      const { indexer, alerts } = createIndexer(store, chain, { rpc: wrong });
      await indexer.step();
      const before = await dump(store);
      for (let i = 0; i < 2; i++) {
        const found = await indexer.reconcile();
        expect(found).to.include({ repaired: 0 });
        expect(found!.differences).to.have.length(1);
      }
      expect(await discrepancies(store)).to.deep.equal([["nonce", "1", "5", false]]);
      expect(alerts.map(({ type, severity }) => [type, severity])).to.deep.equal([
        ["state_discrepancy", "HIGH"],
        ["state_discrepancy_lasting", "CRITICAL"],
        ["state_discrepancy_lasting", "CRITICAL"],
      ]);
      expect(await dump(store)).to.deep.equal(before);
    });

    it("because somebody sent money to the exchange is told once", async () => {
      const { indexer, store, alerts } = await indexed(fresh);
      const [giver] = chain.traders;
      const { exchange, collateral } = chain;
      await chain.block(chain.call(giver!, collateral, "transfer", [exchange.target, 123n]));
      await chain.blocks(Number(DEPTH));
      await indexer.step();
      for (let i = 0; i < 2; i++) await indexer.reconcile();
      expect(await discrepancies(store)).to.deep.equal([["exchange", "0", "123", false]]);
      expect(alerts.map(({ type }) => type)).to.deep.equal(["state_discrepancy"]);
    });
  });

  describeStores("an order of the venue that the chain knows and no log named", (fresh) => {
    it("is found, and its logs are read again", async () => {
      const { indexer, store } = await indexed(fresh);
      await store.db
        .insertInto("orders")
        .values({
          ...{ hash: partlyFilled.hash, condition_id: market.conditionId, input: 0n, salt: "1" },
          ...{
            maker: partlyFilled.maker,
            signer: partlyFilled.maker,
            taker: partlyFilled.maker,
            token_id: "1",
          },
          ...{ maker_amount: "10000", taker_amount: "6000", expiration: "0", nonce: "0" },
          ...{ fee_rate_bps: 0, side: 1, signature_type: 0, signature: "0x", kind: "limit" },
          ...{
            time_in_force: "GTC",
            post_only: false,
            self_trade: "skip",
            price: 1,
            outcome: "YES",
          },
          ...{ state: "OPEN", remaining: "10000", reason: null },
          ...{ accepted_at_ms: 0n, updated_at_ms: 0n },
        })
        .execute();
      const before = await dump(store);
      await store.db.deleteFrom("chain_log").where("name", "=", "OrderFilled").execute();
      await indexer.rebuild();
      const found = await indexer.reconcile();
      expect(found!.differences).to.deep.equal([
        { kind: "order", subject: partlyFilled.hash, inTables: "untouched", onChain: "open 6000" },
      ]);
      expect(found!.repaired).to.equal(1);
      expect(await dump(store)).to.deep.equal(before);
    });
  });

  describeStores("a rebuild", (fresh) => {
    it("gives the same projections, and the same ways back", async () => {
      const { indexer, store } = await indexed(fresh);
      for (let i = 0; i < 3; i++) {
        await trade(1_000n);
        await indexer.step();
      }
      const tables = ["market", "fill", "order_on_chain", "account_nonce", "position", "candle"];
      const [before, checksum] = [await dump(store, tables), await projectionChecksum(store)];
      const undo = async (): Promise<unknown> =>
        store.db
          .selectFrom("undo")
          .select(["block_number", "table_name", "key", "before"])
          .where("block_number", ">", BigInt(await chain.head()) - DEPTH)
          .orderBy("block_number")
          .orderBy("table_name")
          .orderBy("key")
          .execute();
      const ways = await undo();
      await store.db.deleteFrom("fill").execute();
      await store.db.updateTable("candle").set({ high: 1 }).execute();
      expect(await projectionChecksum(store)).not.to.equal(checksum);
      await indexer.rebuild();
      expect(await projectionChecksum(store)).to.equal(checksum);
      expect(await dump(store, tables)).to.deep.equal(before);
      expect(await undo()).to.deep.equal(ways);
      await chain.back(3);
      await chain.blocks(4);
      await indexer.step();
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("is refused to who is not the writer", async () => {
      const { indexer, store } = await indexed(fresh);
      const second = createIndexer(store, chain, { holder: "two" });
      await expect(second.indexer.rebuild()).to.be.rejectedWith(/in use by test/);
      await indexer.stop();
      await second.indexer.rebuild();
    });
  });
});
