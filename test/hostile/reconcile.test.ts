import { expect } from "chai";
import type { MarketIds } from "@nostra/sdk/actions";
import type { Wallet } from "ethers";
import type { Rpc } from "../../operator/src/rpc";
import type { Store } from "../../operator/src/store";
import { describeVenues, LiveVenue, until } from "./helpers/liveVenue";

/*
K1 (reconcile): what the venue says of matches and orders is held against the chain's fills, while the venue runs
├── a trade that is FAILED though it settled, its taker INVALIDATED, its maker with too much: all three are repaired, told, recorded
├── a trade that waits (RETRYING) though it settled becomes CONFIRMED and is not sent again
├── a trade that is CONFIRMED though the chain has no event of it is FAILED, and its orders are back in the book
├── an order that has less left than the chain says gets it back in the book
├── a venue without differences is left alone, and a second pass compares nothing again
└── a node whose receipts say "failed" while it lasts: in the end venue and chain agree
*/

describeVenues("K1 (reconcile)", (kind) => {
  const UNIT = 1_000_000n;
  let live: LiveVenue;
  let market: MarketIds;
  let [maker, taker] = [] as unknown as [Wallet, Wallet];
  let isLying = false;

  /** Answers truly, but for receipts while it lies: they say that the transaction failed. */
  const node = (inner: Rpc): Rpc => ({
    send: async (method, params) => {
      const answer = await inner.send(method, params);
      if (!isLying || method !== "eth_getTransactionReceipt" || answer === null) return answer;
      return { ...(answer as object), status: "0x0", logs: [] };
    },
  });

  before(async () => {
    live = await LiveVenue.open(kind);
    await live.start({ nodes: [node(live.sandbox.provider as Rpc)] });
    [maker, taker] = [live.account(0), live.account(1)];
  });
  after(() => live.close());
  afterEach(() => {
    isLying = false;
  });

  const db = (): Store["db"] => live.venue.store.db;
  const orderOf = async (hash: string) =>
    db().selectFrom("orders").selectAll().where("hash", "=", hash).executeTakeFirstOrThrow();
  const matchOf = async (takerHash: string) =>
    db()
      .selectFrom("match")
      .selectAll()
      .where("taker_hash", "=", takerHash)
      .executeTakeFirstOrThrow();
  const discrepancies = async (subject: string) =>
    db().selectFrom("discrepancy").selectAll().where("subject", "=", subject).execute();

  /** SELL 10 and BUY 5 that settle on chain. */
  async function trade(): Promise<{ readonly sell: string; readonly buy: string }> {
    market = await live.newMarket();
    await live.split(maker, market, 20n * UNIT);
    const [tokenId, price] = [market.yes, "0.40"];
    const sell = await live.place({ by: maker, tokenId, side: "SELL", price, size: "10" });
    const buy = await live.place({ by: taker, tokenId, price, size: "5" });
    await until("the trade is final", async () => (await matchOf(buy)).state === "CONFIRMED");
    return { sell, buy };
  }

  /** Stops the venue, changes rows, starts it again: as an earlier process left them. */
  async function plant(change: (database: Store["db"]) => Promise<unknown>): Promise<void> {
    const seen = live.venue;
    await change(seen.store.db);
    await live.stop();
    await live.start({ nodes: [node(live.sandbox.provider as Rpc)] });
  }

  async function agree(sell: string): Promise<void> {
    const { exchange } = live.sandbox.connect(maker);
    const status = await exchange.getOrderStatus(sell);
    expect((await orderOf(sell)).remaining).to.equal(status.remaining.toString());
    expect(live.venue.engine.record(sell as never)?.remaining).to.equal(status.remaining);
  }

  it("K1: a trade that is FAILED though it settled is repaired, with both its orders", async () => {
    const { sell, buy } = await trade();
    const { id } = await matchOf(buy);
    await plant(async (database) => {
      await database
        .updateTable("match")
        .set({ state: "FAILED", tx_hash: null, block_number: null, settlement_id: null })
        .set({ reason: "OrderFilledOrCancelled", guilty_hash: buy })
        .where("id", "=", id)
        .execute();
      const rows = [
        [buy, "INVALIDATED", `${2n * UNIT}`, "OrderFilledOrCancelled"],
        [sell, "OPEN", `${10n * UNIT}`, null],
      ] as const;
      for (const [hash, state, remaining, reason] of rows) {
        await database
          .updateTable("orders")
          .set({ state, remaining, reason })
          .where("hash", "=", hash)
          .execute();
      }
    });
    const found = await live.venue.reconciler.all();
    await until("the trade is CONFIRMED", async () => (await matchOf(buy)).state === "CONFIRMED");
    await until("the maker has 5 left", async () => {
      return (await orderOf(sell)).remaining === `${5n * UNIT}`;
    });
    expect(await orderOf(buy)).to.include({ state: "FILLED", remaining: "0", reason: null });
    expect(await orderOf(sell)).to.include({ state: "PARTIALLY_FILLED" });
    expect((await matchOf(buy)).guilty_hash).to.equal(null);
    await agree(sell);
    const { asks } = await live.clientOf(maker).orderBook(market.conditionId);
    expect(asks, "the book").to.deep.equal([[400_000, `${5n * UNIT}`]]);
    for (const subject of [id, sell, buy]) {
      const rows = await discrepancies(subject);
      expect(rows, subject).to.have.length(1);
      expect(rows[0], subject).to.include({ repaired: true });
    }
    // The monitor of the running venue may have been first.
    expect(found.compared).to.be.greaterThan(0);
    await until("the alert is stored", async () => {
      const rows = await db()
        .selectFrom("alert")
        .select("type")
        .where("type", "=", "state_discrepancy")
        .execute();
      return rows.length === 1;
    });
  });

  it("K1: a trade that waits though it settled becomes CONFIRMED and is not sent again", async () => {
    const { sell, buy } = await trade();
    const before = await live.sandbox.provider.send("eth_getTransactionCount", [
      ...[live.sandbox.operator.address, "latest"],
    ]);
    const { id } = await matchOf(buy);
    // While it runs, at once: the settler does not get to it.
    const { store, reconciler } = live.venue;
    await live.venue.settler.stop();
    await store.db
      .updateTable("match")
      .set({ state: "RETRYING", tx_hash: null, block_number: null, settlement_id: null })
      .where("id", "=", id)
      .execute();
    // Not before the indexer knows the block to be final.
    await until("it is CONFIRMED again", async () => {
      await reconciler.all();
      return (await matchOf(buy)).state === "CONFIRMED";
    });
    await agree(sell);
    await plant(async () => undefined);
    await live.mine(3);
    expect(
      await live.sandbox.provider.send("eth_getTransactionCount", [
        ...[live.sandbox.operator.address, "latest"],
      ]),
    ).to.equal(before);
  });

  it("K1: a trade that is CONFIRMED though it never settled is FAILED, and its orders are back", async () => {
    const { sell, buy } = await trade();
    const row = await matchOf(buy);
    const makers = await db()
      .selectFrom("match_maker")
      .selectAll()
      .where("match_id", "=", row.id)
      .execute();
    const { number: _, ...copy } = row;
    const id = `${row.id}:planted`;
    await plant(async (database) => {
      await database
        .insertInto("match")
        .values({ ...copy, id, tx_hash: `0x${"ab".repeat(32)}` })
        .execute();
      await database
        .insertInto("match_maker")
        .values(makers.map((one) => ({ ...one, match_id: id })))
        .execute();
      await database
        .updateTable("orders")
        .set({ remaining: "0", state: "FILLED" })
        .where("hash", "=", sell)
        .execute();
    });
    await live.venue.reconciler.all();
    const planted = await db()
      .selectFrom("match")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    expect(planted).to.include({ state: "FAILED", reason: "NOT_ON_CHAIN" });
    expect(await matchOf(buy)).to.include({ state: "CONFIRMED" });
    // It was out of the book: what is left of it is right again, and its maker decides.
    expect(await orderOf(sell)).to.include({ remaining: `${5n * UNIT}` });
  });

  it("K1: an order in the book with less than the chain leaves it gets the rest back", async () => {
    const { sell } = await trade();
    await plant((database) =>
      database
        .updateTable("orders")
        .set({ remaining: `${3n * UNIT}` })
        .where("hash", "=", sell)
        .execute(),
    );
    await live.venue.reconciler.all();
    await until("it has 5 again", async () => {
      return (await orderOf(sell)).remaining === `${5n * UNIT}`;
    });
    await agree(sell);
    const { asks } = await live.clientOf(maker).orderBook(market.conditionId);
    expect(asks).to.deep.equal([[400_000, `${5n * UNIT}`]]);
  });

  it("K1: a venue that agrees with the chain is left alone, and nothing is compared twice", async () => {
    const { sell } = await trade();
    await until("everything was compared", async () => {
      const { isDone, compared } = await live.venue.reconciler.step();
      return isDone && compared === 0;
    });
    expect(await discrepancies(sell)).to.deep.equal([]);
    const { differences } = await live.venue.reconciler.all();
    expect(differences).to.deep.equal([]);
  });

  it("K1: after a node whose receipts lied, venue and chain agree, by themselves", async () => {
    market = await live.newMarket();
    await live.split(maker, market, 20n * UNIT);
    isLying = true;
    const [tokenId, price] = [market.yes, "0.40"];
    const sell = await live.place({ by: maker, tokenId, side: "SELL", price, size: "10" });
    const buy = await live.place({ by: taker, tokenId, price, size: "5" });
    const { exchange } = live.sandbox.connect(maker);
    await until("it settled on chain", async () => {
      return (await exchange.getOrderStatus(sell)).remaining === 5n * UNIT;
    });
    await live.mine(3);
    isLying = false;
    await live.mine(3);
    await until("the trade is CONFIRMED", async () => (await matchOf(buy)).state === "CONFIRMED");
    await until("the orders are right", async () => {
      const [one, other] = [await orderOf(buy), await orderOf(sell)];
      return one.state === "FILLED" && other.remaining === `${5n * UNIT}`;
    });
    await agree(sell);
  });
});
