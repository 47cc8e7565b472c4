import { expect } from "chai";
import { AbiCoder, hexlify, id, toUtf8Bytes, ZeroHash } from "ethers";
import { PARTITION } from "../helpers/exchange";
import type { Store } from "../../operator/src/store";
import { describeStores } from "./helpers/stores";
import {
  createIndexer,
  deployChain,
  dump,
  scan,
  type Chain,
  type TestMarket,
  type TestOrder,
} from "./helpers/indexing";

type Account = Chain["traders"][number];

describe("indexer: projections", () => {
  let chain: Chain;
  let market: TestMarket;
  let [a, b, c, d]: Account[] = [];

  before(async () => {
    chain = await deployChain();
    [a, b, c, d] = chain.traders;
    market = await chain.market("Will it rain?");
    await chain.fund([market], 1_000_000n);
    await chain.setBase();
  });
  beforeEach(() => chain.reset());
  after(() => chain.end());

  async function indexed(fresh: () => Promise<Store>): Promise<Store> {
    const store = await fresh();
    await createIndexer(store, chain).indexer.step();
    return store;
  }

  const order = (
    maker: Account,
    side: "BUY" | "SELL",
    tokenId: bigint,
    price: bigint,
    shares: bigint,
    feeRateBps = 0n,
  ): TestOrder => {
    const money = (shares * price) / 100n;
    const isBuy = side === "BUY";
    const [makerAmount, takerAmount] = isBuy ? [money, shares] : [shares, money];
    return chain.order({ maker, tokenId, isBuy, makerAmount, takerAmount, feeRateBps });
  };

  async function position(store: Store, account: { address: string }, tokenId: bigint) {
    const row = await store.db
      .selectFrom("position")
      .select(["shares", "cost", "realized", "bought", "sold"])
      .where("account", "=", account.address.toLowerCase())
      .where("token_id", "=", tokenId.toString())
      .executeTakeFirst();
    return row && [row.shares, row.cost, row.realized, row.bought, row.sold].map(Number);
  }

  async function marketRow(store: Store, { conditionId }: { conditionId: string }) {
    return store.db
      .selectFrom("market")
      .selectAll()
      .where("condition_id", "=", conditionId)
      .executeTakeFirstOrThrow();
  }

  describeStores("market", (fresh) => {
    it("has what it was created with, and its tokens are registered", async () => {
      const store = await indexed(fresh);
      const row = await marketRow(store, market);
      expect(row).to.deep.include({
        ...{ question_id: market.questionId, slug: "will-it-rain", question: "Will it rain?" },
        ...{ yes: market.yes.toString(), no: market.no.toString(), registered: true },
        ...{ description: "Rules.", category: "Test", creator: chain.admin.address.toLowerCase() },
        ...{ end_time: market.endTime, resolution_time: market.endTime + 1000n },
        ...{ dispute_window: 604_800n, state: "OPEN", outcome: null, proposed_at: null },
      });
    });

    it("moves on by what the oracle says: proposed, disputed, decided", async () => {
      const store = await fresh();
      const { indexer, told } = createIndexer(store, chain);
      await indexer.step();
      told.length = 0;
      const { oracle, resolver, watcher, admin, questionId } = { ...chain, ...market };
      chain.skip(2000n);
      await chain.block(chain.call(resolver, oracle, "proposeResolution", [questionId, [1, 0]]));
      await indexer.step();
      const proposedAt = chain.now();
      expect(await marketRow(store, market)).to.deep.include({
        ...{ state: "PROPOSED", outcome: "YES", proposed_at: proposedAt },
      });
      await chain.block(chain.call(watcher, oracle, "disputeResolution", [questionId]));
      await indexer.step();
      expect(await marketRow(store, market)).to.deep.include({
        ...{ state: "DISPUTED", outcome: "YES", disputed_at: chain.now() },
      });
      await chain.block(chain.call(admin, oracle, "adminFinalizeResolution", [questionId, [0, 1]]));
      await indexer.step();
      expect(await marketRow(store, market)).to.deep.include({
        ...{ state: "FINALIZED", outcome: "NO", finalized_at: chain.now() },
      });
      const moves = told.flatMap((event) =>
        event.type === "market" ? [[event.oldState, event.newState, event.outcome]] : [],
      );
      expect(moves).to.deep.equal([
        ["OPEN", "PROPOSED", "YES"],
        ["PROPOSED", "DISPUTED", "YES"],
        ["DISPUTED", "FINALIZED", "NO"],
      ]);
      await chain.back(1);
      await chain.block();
      await indexer.step();
      expect(told.filter((event) => event.type === "market").at(-1)).to.include({
        ...{ oldState: "FINALIZED", newState: "DISPUTED", outcome: "YES" },
      });
    });

    it("that one of our own accounts finalizes is told as automatic", async () => {
      for (const own of [true, false]) {
        await chain.reset();
        const store = await fresh();
        const ownAccounts = own ? [chain.operator.address] : [];
        const { indexer, told } = createIndexer(store, chain, { ownAccounts });
        const { oracle, resolver, operator, questionId } = { ...chain, ...market };
        chain.skip(2000n);
        await chain.block(chain.call(resolver, oracle, "proposeResolution", [questionId, [1, 1]]));
        await indexer.step();
        chain.skip(604_800n);
        await chain.block(chain.call(operator, oracle, "finalizeResolution", [questionId]));
        await indexer.step();
        const last = told.filter((event) => event.type === "market").at(-1);
        expect(last).to.include({ newState: "FINALIZED", outcome: "SPLIT", automatic: own });
      }
    });

    it("that is cancelled stays so when its question is ended for it", async () => {
      await chain.block(
        chain.call(chain.admin, chain.factory, "cancelMarket", [market.questionId]),
      );
      const row = await marketRow(await indexed(fresh), market);
      expect(row).to.deep.include({
        state: "CANCELLED",
        outcome: "SPLIT",
        finalized_at: chain.now(),
      });
    });

    it("has a name of its own, whatever its question", async () => {
      const questions = ["Will it rain?", "WILL IT RAIN", "Search", "¿?", "Žižkov’s 5%", "0xabc"];
      for (const question of questions) await chain.market(question);
      await chain.market("x".repeat(300));
      const store = await indexed(fresh);
      const rows = await store.db
        .selectFrom("market")
        .select(["slug", "condition_id"])
        .orderBy("created_at")
        .execute();
      const piece = (at: number): string => rows[at]!.condition_id.slice(2, 8);
      expect(rows.map(({ slug }) => slug)).to.deep.equal([
        ...["will-it-rain", `will-it-rain-${piece(1)}`, `will-it-rain-${piece(2)}`],
        ...[`search-${piece(3)}`, `market-${piece(4)}`, "zizkovs-5", `0xabc-${piece(6)}`],
        "x".repeat(60),
      ]);
    });

    it("is there though its texts are no text", async () => {
      const texts = [hexlify(toUtf8Bytes("a\0b")), "0x41ff42", "0xc3"] as const;
      const types = ["bytes32", "bytes", "bytes", "bytes", "uint256", "uint256"];
      const [questionId, end] = [id("no text"), chain.now() + 1000n];
      const call = chain.call(chain.admin, chain.factory, "createBinaryMarket", [
        ...[questionId, "q", "d", "c", end, end],
      ]);
      const args = AbiCoder.defaultAbiCoder().encode(types, [questionId, ...texts, end, end]);
      await chain.block({ ...call, data: call.data.slice(0, 10) + args.slice(2) });
      const store = await indexed(fresh);
      const row = await store.db
        .selectFrom("market")
        .selectAll()
        .where("question_id", "=", questionId)
        .executeTakeFirstOrThrow();
      expect(row).to.deep.include({
        ...{ question: "a\uFFFDb", description: "A\uFFFDB", category: "\uFFFD", slug: "a-b" },
        registered: true,
      });
    });

    it("that was split before it was a market has the right balances from its creation on", async () => {
      const { conditionalTokens: ctf, oracle } = {
        conditionalTokens: chain.ctf,
        oracle: chain.oracle,
      };
      const questionId = id("early");
      const conditionId = await ctf.getConditionId(oracle.target, questionId, 2);
      const early = { conditionId };
      await chain.block(
        chain.call(a!, ctf, "prepareCondition", [oracle.target, questionId, 2]),
        chain.split(a!, early, 1000n),
      );
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      const [yes, no] = await Promise.all(
        PARTITION.map(async (set) =>
          ctf.getPositionId(
            chain.collateral.target,
            await ctf.getCollectionId(ZeroHash, conditionId, set),
          ),
        ),
      );
      await chain.block(chain.send(a!, b!.address, yes!, 300n));
      await indexer.step();
      expect(await position(store, a!, yes!)).to.equal(undefined);
      const end = chain.now() + 1000n;
      await chain.block(
        chain.split(a!, early, 10n),
        chain.call(chain.admin, chain.factory, "createBinaryMarket", [
          ...[questionId, "Early?", "d", "c", end, end],
        ]),
        chain.split(a!, early, 20n),
      );
      await indexer.step();
      expect(await position(store, a!, yes!)).to.deep.equal([730, 365, 0, 0, 0]);
      expect(await position(store, a!, no!)).to.deep.equal([1030, 515, 0, 0, 0]);
      expect(await position(store, b!, yes!)).to.deep.equal([300, 0, 0, 0, 0]);
      const live = await dump(store);
      await chain.back(1);
      await chain.block();
      await indexer.step();
      expect(await position(store, a!, yes!)).to.equal(undefined);
      await chain.back(1);
      await chain.block(
        chain.split(a!, early, 10n),
        chain.call(chain.admin, chain.factory, "createBinaryMarket", [
          ...[questionId, "Early?", "d", "c", end, end],
        ]),
        chain.split(a!, early, 20n),
      );
      await indexer.step();
      expect((await dump(store))["position"]).to.deep.equal(live["position"]);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("of somebody else changes nothing, and its logs are kept", async () => {
      const questionId = id("foreign");
      const conditionId = await chain.ctf.getConditionId(a!.address, questionId, 2);
      const before = await dump(await indexed(fresh));
      await chain.block(
        chain.call(a!, chain.ctf, "prepareCondition", [a!.address, questionId, 2]),
        chain.split(a!, { conditionId }, 1000n),
        chain.call(a!, chain.ctf, "reportPayouts", [questionId, [1, 0]]),
        chain.redeem(a!, { ...market, conditionId }),
      );
      const after = await dump(await indexed(fresh));
      expect(after["chain_log"]).to.have.length(before["chain_log"]!.length + 7);
      for (const table of ["market", "position", "fill"]) {
        expect(after[table]).to.deep.equal(before[table]);
      }
    });
  });

  describeStores("fill", (fresh) => {
    async function fills(store: Store) {
      const rows = await store.db.selectFrom("fill").selectAll().orderBy("log_index").execute();
      return rows.map(({ maker, outcome, side, making, taking, fee, is_taker }) => [
        ...[chain.traders.findIndex(({ address }) => address.toLowerCase() === maker)],
        ...[outcome, side, Number(making), Number(taking), Number(fee), is_taker],
      ]);
    }

    it("says what each order gave, got and paid, and who took", async () => {
      // Of the taker's 300: 100 from a seller of YES, 200 minted with a buyer of NO.
      const taker = order(a!, "BUY", market.yes, 70n, 300n, 100n);
      const seller = order(b!, "SELL", market.yes, 60n, 100n, 1000n);
      const buyer = order(c!, "BUY", market.no, 35n, 200n, 500n);
      await chain.block(chain.match(taker, [seller, buyer]));
      expect(await fills(await indexed(fresh))).to.deep.equal([
        [1, "YES", 1, 100, 60, 6, false],
        [2, "NO", 0, 70, 200, 10, false],
        [0, "YES", 0, 190, 300, 3, true],
      ]);
    });

    it("of a merge is of two sellers", async () => {
      const taker = order(a!, "SELL", market.yes, 60n, 100n, 200n);
      const seller = order(b!, "SELL", market.no, 30n, 100n);
      await chain.block(chain.match(taker, [seller]));
      expect(await fills(await indexed(fresh))).to.deep.equal([
        [1, "NO", 1, 100, 30, 0, false],
        [0, "YES", 1, 100, 70, 1, true],
      ]);
    });

    it("adds to the fills before it, and the order is not ended by a part of it", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      const maker = order(b!, "SELL", market.yes, 50n, 1000n);
      const state = async (): Promise<unknown> =>
        store.db
          .selectFrom("order_on_chain")
          .select(["making", "remaining", "cancelled"])
          .where("order_hash", "=", maker.hash)
          .executeTakeFirst();
      await chain.block(chain.match(order(a!, "BUY", market.yes, 50n, 200n), [maker], [200n]));
      await chain.block(chain.match(order(c!, "BUY", market.yes, 50n, 100n), [maker], [100n]));
      await indexer.step();
      expect(await state()).to.deep.equal({ making: "300", remaining: "700", cancelled: false });
      await chain.block(chain.cancel(b!, maker));
      await indexer.step();
      expect(await state()).to.deep.equal({ making: "300", remaining: "700", cancelled: true });
      await chain.back(1);
      await chain.block(chain.match(order(d!, "BUY", market.yes, 50n, 700n), [maker], [700n]));
      await indexer.step();
      expect(await state()).to.deep.equal({ making: "1000", remaining: "0", cancelled: false });
    });

    it("of each match of a batch is its own, and a match that failed leaves none", async () => {
      const gasLimit = 1_500_000n;
      const one = (taker: TestOrder, maker: TestOrder): unknown => ({
        ...{ takerOrder: taker.fields, makerOrders: [maker.fields] },
        ...{ takerFillAmount: taker.makerAmount, makerFillAmounts: [maker.makerAmount], gasLimit },
      });
      const poor = order(d!, "SELL", market.yes, 50n, 2_000_000n, 100n);
      const batch = [
        one(
          order(a!, "BUY", market.yes, 50n, 100n, 100n),
          order(b!, "SELL", market.yes, 50n, 100n),
        ),
        one(order(a!, "BUY", market.yes, 50n, 2_000_000n), poor),
        one(order(c!, "SELL", market.no, 40n, 200n), order(b!, "BUY", market.no, 40n, 200n, 50n)),
      ];
      await chain.block(chain.call(chain.operator, chain.exchange, "matchOrdersBatch", [batch]));
      const store = await indexed(fresh);
      expect(await fills(store)).to.deep.equal([
        [1, "YES", 1, 100, 50, 0, false],
        [0, "YES", 0, 50, 100, 1, true],
        [1, "NO", 0, 80, 200, 1, false],
        [2, "NO", 1, 200, 80, 0, true],
      ]);
      const failed = await store.db
        .selectFrom("chain_log")
        .select("args")
        .where("name", "=", "MatchFailed")
        .execute();
      expect(failed).to.have.length(1);
    });

    it("can be found by its market and its account among the logs", async () => {
      const taker = order(a!, "BUY", market.yes, 70n, 100n, 100n);
      await chain.block(chain.match(taker, [order(b!, "SELL", market.yes, 60n, 100n)]));
      const store = await indexed(fresh);
      const rows = await store.db
        .selectFrom("chain_log")
        .select(["name", "accounts", "args"])
        .where("condition_id", "=", market.conditionId)
        .where("block_number", "=", BigInt(await chain.head()))
        .orderBy("log_index")
        .execute();
      expect(rows.map(({ name }) => name)).to.deep.equal([
        ...["OrderFilled", "OrderFilled", "OrdersMatched", "FeeCharged"],
        ...["TransferSingle", "TransferSingle"],
      ]);
      expect(rows[1]!.accounts).to.deep.equal([a!.address.toLowerCase()]);
      expect(rows[1]!.args).to.deep.include({ making: "60", taking: "100", side: "0" });
    });
  });

  describeStores("candle", (fresh) => {
    it("has the YES price of makers' fills and what the shares are worth as YES, per interval", async () => {
      chain.skip(86_400n - (chain.now() % 86_400n));
      const start = chain.now() + 1n - ((chain.now() + 1n) % 60n);
      await chain.block(
        chain.match(order(a!, "BUY", market.yes, 60n, 300n), [
          order(b!, "SELL", market.yes, 50n, 100n),
          order(c!, "BUY", market.no, 45n, 200n),
        ]),
      );
      await chain.block(
        chain.match(order(a!, "SELL", market.no, 70n, 100n), [
          order(b!, "BUY", market.no, 80n, 100n),
        ]),
      );
      chain.skip(60n);
      await chain.block(
        chain.match(
          chain.order({
            ...{ maker: c!, tokenId: market.yes, isBuy: false, makerAmount: 3n, takerAmount: 1n },
          }),
          [
            chain.order({
              ...{ maker: d!, tokenId: market.yes, isBuy: true, makerAmount: 1n, takerAmount: 3n },
            }),
          ],
        ),
      );
      const store = await indexed(fresh);
      const rows = await store.db
        .selectFrom("candle")
        .selectAll()
        .where("interval", "in", [60, 86_400])
        .orderBy("interval")
        .orderBy("start")
        .execute();
      expect(
        rows.map((row) => [
          ...[row.interval, row.start - start, row.open, row.high, row.low, row.close],
          ...[Number(row.shares), Number(row.volume), row.trades],
        ]),
      ).to.deep.equal([
        [60, 0n, 500_000, 550_000, 200_000, 200_000, 400, 50 + 110 + 20, 3],
        [60, 60n, 333_333, 333_333, 333_333, 333_333, 3, 1, 1],
        [86_400, 0n, 500_000, 550_000, 200_000, 333_333, 403, 181, 4],
      ]);
    });
  });

  // Everybody starts with 1,000,000 of each outcome, at 500,000.
  describeStores("position", (fresh) => {
    it("of a split costs half of it for each outcome, the odd unit for NO; merging brings the same", async () => {
      await chain.block(chain.split(a!, market, 7n));
      const store = await indexed(fresh);
      expect(await position(store, a!, market.yes)).to.deep.equal([1_000_007, 500_003, 0, 0, 0]);
      expect(await position(store, a!, market.no)).to.deep.equal([1_000_007, 500_004, 0, 0, 0]);
      await chain.block(chain.merge(a!, market, 1_000_007n));
      const after = await indexed(fresh);
      expect(await position(after, a!, market.yes)).to.deep.equal([0, 0, 0, 0, 0]);
      expect(await position(after, a!, market.no)).to.deep.equal([0, 0, 0, 0, 0]);
    });

    it("of a buyer costs what was paid for the shares less the fee; a seller gains by its average", async () => {
      const taker = order(a!, "BUY", market.yes, 70n, 1000n, 200n);
      await chain.block(chain.match(taker, [order(b!, "SELL", market.yes, 60n, 1000n, 100n)]));
      const store = await indexed(fresh);
      expect(await position(store, a!, market.yes)).to.deep.equal([1_000_980, 500_600, 0, 980, 0]);
      expect(await position(store, b!, market.yes)).to.deep.equal([
        ...[999_000, 499_500, 600 - 6 - 500, 0, 1000],
      ]);
      // The fee in shares came at no cost.
      expect(await position(store, chain.feeReceiver, market.yes)).to.deep.equal([20, 0, 0, 0, 0]);
    });

    it("gives up its part of the cost rounded up, and all of it with the last share", async () => {
      await chain.block(
        chain.match(order(c!, "BUY", market.yes, 50n, 2n), [
          order(b!, "SELL", market.yes, 50n, 2n),
        ]),
      );
      // 1,000,002 shares cost 500,001: three of them 1.5, which is 2.
      await chain.block(chain.send(c!, d!.address, market.yes, 3n));
      const store = await indexed(fresh);
      expect(await position(store, c!, market.yes)).to.deep.equal([999_999, 499_999, 0, 2, 0]);
      expect(await position(store, d!, market.yes)).to.deep.equal([1_000_003, 500_000, 0, 0, 0]);
    });

    it("that is sent away takes its cost with it, and gains and loses nothing; whoever gets it paid nothing", async () => {
      const stranger = chain.watcher;
      await chain.block(chain.send(a!, stranger.address, market.no, 1_000_000n));
      const store = await indexed(fresh);
      expect(await position(store, a!, market.no)).to.deep.equal([0, 0, 0, 0, 0]);
      expect(await position(store, stranger, market.no)).to.deep.equal([1_000_000, 0, 0, 0, 0]);
    });

    it("that is sent in a batch, to oneself or with nothing in it is right too", async () => {
      const { ctf } = chain;
      const ids = [market.yes, market.no, market.yes];
      const send = (to: string, amounts: readonly bigint[]) =>
        chain.call(a!, ctf, "safeBatchTransferFrom", [a!.address, to, ids, amounts, "0x"]);
      await chain.block(send(b!.address, [10n, 20n, 30n]), send(a!.address, [1n, 2n, 3n]));
      await chain.block(send(chain.watcher.address, [0n, 0n, 0n]));
      const store = await indexed(fresh);
      expect((await position(store, a!, market.yes))![0]).to.equal(999_960);
      expect((await position(store, b!, market.yes))![0]).to.equal(1_000_040);
      expect((await position(store, a!, market.no))![0]).to.equal(999_980);
      expect(await position(store, chain.watcher, market.yes)).to.equal(undefined);
    });

    it("of who trades with itself pays and gets the same, and keeps its shares", async () => {
      const taker = order(a!, "BUY", market.yes, 60n, 1000n);
      await chain.block(chain.match(taker, [order(a!, "SELL", market.yes, 60n, 1000n)]));
      const store = await indexed(fresh);
      expect(await position(store, a!, market.yes)).to.deep.equal([
        ...[1_000_000, 500_000 - 500 + 600, 100, 1000, 1000],
      ]);
    });

    for (const [name, payouts, yesPaid, noPaid] of [
      ["YES", [1, 0], 1_000_000, 0],
      ["SPLIT", [1, 1], 500_000, 500_000],
    ] as const) {
      for (const way of ["plain", "through the redeemer"] as const) {
        it(`that is redeemed ${way} after ${name} brings what ConditionalTokens pays`, async () => {
          const { oracle, resolver, operator, questionId } = { ...chain, ...market };
          chain.skip(2000n);
          await chain.block(
            chain.call(resolver, oracle, "proposeResolution", [questionId, payouts]),
          );
          chain.skip(604_800n);
          await chain.block(chain.call(operator, oracle, "finalizeResolution", [questionId]));
          await chain.block(
            way === "plain"
              ? chain.redeem(a!, market)
              : chain.call(a!, chain.redeemer, "redeem", [[market.conditionId]]),
          );
          const store = await indexed(fresh);
          expect(await position(store, a!, market.yes)).to.deep.equal([
            0,
            0,
            yesPaid - 500_000,
            0,
            0,
          ]);
          expect(await position(store, a!, market.no)).to.deep.equal([
            0,
            0,
            noPaid - 500_000,
            0,
            0,
          ]);
          const held = await store.db
            .selectFrom("position")
            .selectAll()
            .where("account", "=", chain.contracts.positionRedeemer.toLowerCase())
            .execute();
          expect(held).to.deep.equal([]);
        });
      }
    }
  });
});
