import { expect } from "chai";
import {
  FinalUndoneError,
  NodeInconsistentError,
  NodesDisagreeError,
  RewindRefusedError,
} from "../../operator/src/indexer";
import { FencedError } from "../../operator/src/errors";
import { readHeader } from "../../operator/src/indexer/chain";
import { placesOf } from "../../operator/src/indexer/places";
import { readBlock } from "../../operator/src/indexer/readBlock";
import { takeInBlock } from "../../operator/src/indexer/takeIn";
import { silentLog } from "../../operator/src/log";
import { acquireLease, type Store } from "../../operator/src/store";
import { tokens } from "../helpers/exchange";
import { describeStores, expireLease } from "./helpers/stores";
import {
  answering,
  createIndexer,
  DEPTH,
  deployChain,
  dump,
  dyingAfter,
  rpc,
  scan,
  type Chain,
  type TestMarket,
  type Tx,
} from "./helpers/indexing";

/** Also what only the indexer itself reads. */
const ALL = [
  ...["chain_log", "market", "fill", "order_on_chain", "account_nonce", "position", "candle"],
  ...["chain_block", "cursor", "undo"],
];

describe("indexer", () => {
  let chain: Chain;
  let market: TestMarket;

  before(async () => {
    chain = await deployChain();
    market = await chain.market();
    await chain.fund([market], tokens(1000));
    await chain.setBase();
  });
  beforeEach(() => chain.reset());
  after(() => chain.end());

  /** One match of 100 units at 0.60, with fees on both sides. */
  function trade(price = 60n): Tx {
    const [seller, buyer] = chain.traders as [never, never];
    const maker = chain.order({
      ...{ maker: seller, tokenId: market.yes, isBuy: false },
      ...{ makerAmount: 10_000n, takerAmount: 100n * price, feeRateBps: 100n },
    });
    const taker = chain.order({
      ...{ maker: buyer, tokenId: market.yes, isBuy: true },
      ...{ makerAmount: 100n * price, takerAmount: 10_000n, feeRateBps: 200n },
    });
    return chain.match(taker, [maker]);
  }

  /** A bit of everything. */
  function mixture(): Tx[] {
    const [, , other] = chain.traders as [never, never, Chain["traders"][number]];
    const order = chain.order({
      ...{ maker: other, tokenId: market.no, isBuy: true, makerAmount: 5n, takerAmount: 10n },
    });
    return [
      trade(),
      chain.cancel(other, order),
      chain.raiseNonce(other),
      chain.send(other, chain.operator.address, market.no, 7n),
      chain.merge(other, market, 31n),
    ];
  }

  async function count(store: Store, table: "fill" | "undo" | "chain_block"): Promise<number> {
    return (await store.db.selectFrom(table).selectAll().execute()).length;
  }

  async function cursorOf(store: Store) {
    return store.db.selectFrom("cursor").selectAll().executeTakeFirstOrThrow();
  }

  describeStores("following", (fresh) => {
    it("takes in what was there before by ranges, then block by block, with the same result", async () => {
      const store = await fresh();
      const { indexer, told } = createIndexer(store, chain);
      await indexer.step();
      for (let i = 0; i < 3; i++) {
        await chain.block(...mixture());
        await indexer.step();
      }
      await chain.blocks(2 * Number(DEPTH));
      await indexer.step();
      const cursor = await cursorOf(store);
      expect(cursor.head_number).to.equal(BigInt(await chain.head()));
      expect(cursor.final_number).to.equal(cursor.head_number - DEPTH);
      expect(told.filter(({ type }) => type === "chain-order")).to.have.length(9);
      const live = await dump(store);
      expect(live["fill"]).to.have.length(6);
      expect(live).to.deep.equal(await scan(fresh, chain));
    });

    it("takes 1,200 blocks in from the cursor, in ranges", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain, { rangeSize: 100n });
      await chain.block(trade());
      await indexer.step();
      await chain.manyBlocks(600);
      await chain.block(...mixture());
      await chain.manyBlocks(600);
      await indexer.step();
      const cursor = await cursorOf(store);
      expect(cursor.head_number).to.equal(BigInt(await chain.head()));
      expect(await count(store, "fill")).to.equal(4);
      expect(await count(store, "chain_block")).to.equal(1 + Number(DEPTH));
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("changes nothing when the same block is offered twice, or the poll repeated", async () => {
      const store = await fresh();
      await chain.block(...mixture());
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      const before = await dump(store, ALL);
      await indexer.step();
      // Another run with the cursor set back in its mind only: it reads the cursor from the database.
      const again = createIndexer(store, chain);
      await again.indexer.step();
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect(again.told).to.deep.equal([]);
    });

    it("takes a block in only where it follows the cursor, and only for the writer", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      await chain.block(...mixture());
      const head = BigInt(await chain.head());
      const header = (await readHeader(rpc, head))!;
      const places = placesOf(chain.deployment);
      const logs = await readBlock(rpc, header, places);
      await indexer.stop();
      const lease = await acquireLease(store.db, "indexer", "test");
      const writing = {
        store,
        lease,
        places,
        own: new Set<string>(),
        log: silentLog,
        nowMs: () => 1,
      };
      const stranger = { ...header, parentHash: header.hash };
      const later = { ...header, number: head + 1n };
      for (const wrong of [stranger, later]) {
        expect(await takeInBlock(writing, wrong, logs)).to.equal(undefined);
      }
      expect(await takeInBlock(writing, header, logs)).not.to.equal(undefined);
      const before = await dump(store, ALL);
      expect(await takeInBlock(writing, header, logs)).to.equal(undefined);
      const fence = lease.fence + 1n;
      const foreign = { ...writing, lease: { ...lease, fence } };
      await expect(takeInBlock(foreign, header, logs)).to.be.rejectedWith(FencedError);
      expect(await dump(store, ALL)).to.deep.equal(before);
    });

    it("goes on when it died after the commit and before it knew", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      await chain.block(...mixture());
      await chain.block(trade());
      const lost: Store = {
        ...store,
        transaction: async (work) => {
          await store.transaction(work);
          throw new Error("connection lost");
        },
      };
      for (let i = 0; i < 2; i++) {
        await expect(createIndexer(lost, chain).indexer.step()).to.be.rejectedWith(
          "connection lost",
        );
      }
      await indexer.stop();
      await createIndexer(store, chain).indexer.step();
      expect(await count(store, "fill")).to.equal(4);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("keeps both events of one transaction", async () => {
      const store = await fresh();
      const [a, b] = chain.traders as [Chain["traders"][number], Chain["traders"][number]];
      const orders = [1n, 2n].map((n) =>
        chain.order({
          ...{ maker: a, tokenId: market.yes, isBuy: true, makerAmount: n, takerAmount: 2n * n },
        }),
      );
      const fields = orders.map((order) => order.fields);
      const [hash] = await chain.block(
        chain.call(a, chain.exchange, "cancelOrders", [fields]),
        chain.raiseNonce(b),
        chain.raiseNonce(b),
      );
      await createIndexer(store, chain).indexer.step();
      const rows = await store.db.selectFrom("order_on_chain").selectAll().execute();
      expect(rows.map((row) => [row.order_hash, row.cancelled]).sort()).to.deep.equal(
        orders.map((order) => [order.hash, true]).sort(),
      );
      const logs = await store.db
        .selectFrom("chain_log")
        .select(["name"])
        .where("tx_hash", "=", hash!)
        .execute();
      expect(logs).to.deep.equal([{ name: "OrderCancelled" }, { name: "OrderCancelled" }]);
      const nonce = await store.db
        .selectFrom("account_nonce")
        .selectAll()
        .executeTakeFirstOrThrow();
      expect(nonce).to.deep.equal({ account: b.address.toLowerCase(), nonce: "2" });
    });

    it("tells of a block after all that it changed, and of the head again when finality moves", async () => {
      const store = await fresh();
      const { indexer, told } = createIndexer(store, chain);
      await indexer.step();
      told.length = 0;
      await store.db.deleteFrom("outbox").execute();
      await chain.block(trade());
      await indexer.step();
      const types = told.map(({ type }) => type);
      const blocks = told.filter((event) => event.type === "block");
      expect(new Set(types)).to.deep.equal(new Set(["funds", "chain-order", "position", "block"]));
      expect(types.lastIndexOf("position")).to.be.lessThan(types.indexOf("block"));
      expect(blocks.map(({ number }) => number)).to.deep.equal(
        Array<number>(2).fill(await chain.head()),
      );
      expect(blocks[1]!.finalNumber).to.equal(blocks[0]!.finalNumber + 1);
      const funds = told.flatMap((event) => (event.type === "funds" ? [event.asset] : []));
      expect(new Set(funds)).to.deep.equal(new Set(["0", market.yes.toString()]));
      const out = await store.db.selectFrom("outbox").selectAll().execute();
      const positions = told.filter(({ type }) => type === "position");
      expect(out.map(({ payload }) => JSON.parse(payload) as unknown)).to.have.deep.members(
        positions,
      );
    });
  });

  describeStores("dying", (fresh) => {
    it("after any statement of a block leaves all of the block or nothing", async () => {
      const store = await fresh();
      const first = createIndexer(store, chain);
      await first.indexer.step();
      await first.indexer.stop();
      await chain.block(...mixture());
      const before = await dump(store, ALL);
      const survived = await dieEverywhere(store, before);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
      expect(survived).to.be.greaterThan(15);
    });

    it("after any statement of an undoing leaves whole blocks", async () => {
      const store = await fresh();
      const first = createIndexer(store, chain);
      await first.indexer.step();
      await chain.block(...mixture());
      await first.indexer.step();
      await first.indexer.stop();
      await chain.back(1);
      await chain.block(trade(70n));
      const before = await dump(store, ALL);
      const survived = await dieEverywhere(store, before);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
      expect(survived).to.be.greaterThan(30);
    });

    it("after any statement of a range leaves all of the range or nothing", async () => {
      const store = await fresh();
      await chain.block(...mixture());
      await chain.blocks(Number(DEPTH));
      const survived = await dieEverywhere(store, await dump(store, ALL));
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
      expect(survived).to.be.greaterThan(15);
    });

    /** Dies after 0, 1, 2 ... statements, until once it does not. Every time the tables are as before or one transaction on. */
    async function dieEverywhere(store: Store, start: Record<string, string[]>): Promise<number> {
      let before = start;
      for (let n = 0; ; n++) {
        const dying = dyingAfter(store, n);
        const { indexer } = createIndexer(dying, chain);
        const failed = await indexer.step().then(
          () => undefined,
          (fault: Error) => fault.message,
        );
        if (!dying.died()) return n;
        expect(failed, `after ${n}`).to.equal("died");
        const now = await dump(store, ALL);
        const cursor = now["cursor"]![0];
        if (cursor === before["cursor"]![0]) expect(now, `after ${n}`).to.deep.equal(before);
        before = now;
      }
    }
  });

  describeStores("a reorg", (fresh) => {
    for (const depth of [1, 3, Number(DEPTH)]) {
      it(`of ${depth} is undone, and what replaced it taken in`, async () => {
        const store = await fresh();
        const { indexer, told, alerts } = createIndexer(store, chain);
        await indexer.step();
        for (let i = 0; i < depth; i++) await chain.block(...mixture());
        await indexer.step();
        const generation = (await cursorOf(store)).generation;
        told.length = 0;
        await chain.back(depth);
        await chain.block(trade(70n));
        await chain.blocks(depth);
        await indexer.step();
        const cursor = await cursorOf(store);
        expect(cursor.generation).to.equal(generation + BigInt(depth));
        expect(cursor.head_number).to.equal(BigInt(await chain.head()));
        const undone = told.flatMap((event) =>
          event.type === "block" && event.undone ? [event.number] : [],
        );
        const top = undone[0]!;
        expect(undone).to.deep.equal(Array.from({ length: depth }, (_, i) => top - i));
        expect(alerts).to.deep.equal([]);
        expect((await indexer.status()).lastReorg?.depth).to.equal(BigInt(depth));
        expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
      });
    }

    it("deeper than what is final stops everything, until somebody rewinds", async () => {
      const store = await fresh();
      const { indexer, alerts } = createIndexer(store, chain);
      await indexer.step();
      const deep = Number(DEPTH) + 1;
      for (let i = 0; i < deep; i++) {
        await chain.block(trade());
        await indexer.step();
      }
      const before = await dump(store, ALL);
      const { final_number } = await cursorOf(store);
      await chain.back(deep);
      for (let i = 0; i < deep + 1; i++) await chain.block(trade(70n));
      await expect(indexer.step()).to.be.rejectedWith(FinalUndoneError);
      await expect(indexer.step()).to.be.rejectedWith(FinalUndoneError);
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect((await indexer.status()).state).to.equal("HALTED");
      const agreed = final_number - 1n;
      expect(
        alerts.map(({ type, severity, data }) => [type, severity, data["agreed"]]),
      ).to.deep.equal([["final_undone", "CRITICAL", agreed.toString()]]);

      await expect(indexer.rewind(final_number)).to.be.rejectedWith(RewindRefusedError);
      await indexer.rewind(agreed);
      await indexer.step();
      expect((await indexer.status()).state).to.equal("RUNNING");
      expect(await count(store, "fill")).to.equal(2 * (deep + 1));
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("deeper than what is known how to undo is rewound from the logs", async () => {
      const store = await fresh();
      const everything = { finality: async (_: unknown, head: bigint) => head };
      const { indexer, told } = createIndexer(store, chain, everything);
      const start = await chain.head();
      await chain.block(trade());
      await indexer.step();
      for (let i = 0; i < 3; i++) await chain.block(trade());
      await indexer.step();
      await chain.back(3);
      for (let i = 0; i < 4; i++) await chain.block(trade(70n));
      await expect(indexer.step()).to.be.rejectedWith(FinalUndoneError);
      told.length = 0;
      await indexer.rewind(BigInt(start) + 1n);
      expect(told.filter(({ type }) => type === "chain-order")).to.have.length(6);
      expect(await count(store, "fill")).to.equal(2);
      await indexer.step();
      expect(await count(store, "fill")).to.equal(10);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("while nobody looked is found at the next start, even when the old head is final by now", async () => {
      for (const later of [1, 3 * Number(DEPTH)]) {
        await chain.reset();
        const store = await fresh();
        const first = createIndexer(store, chain);
        await first.indexer.step();
        await chain.block(...mixture());
        await chain.block(...mixture());
        await first.indexer.step();
        await first.indexer.stop();
        await chain.back(2);
        await chain.block(trade(70n));
        await chain.blocks(1 + later);
        const second = createIndexer(store, chain);
        await second.indexer.step();
        expect(
          second.told.filter((event) => event.type === "block" && event.undone),
        ).to.have.length(2);
        expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
      }
    });

    it("to an emptier block takes away what is not there any more, and tells how things stand", async () => {
      const store = await fresh();
      const { indexer, told } = createIndexer(store, chain);
      await indexer.step();
      const before = await dump(store);
      const txs = mixture();
      await chain.block(...txs);
      await indexer.step();
      told.length = 0;
      await chain.back(1);
      await chain.block();
      await indexer.step();
      expect(await dump(store)).to.deep.equal(before);
      expect(told[0]).to.include({ type: "block", undone: true, number: await chain.head() });
      const orders = told.filter((event) => event.type === "chain-order");
      expect(orders).to.have.length(3);
      for (const order of orders) expect(order).to.include({ cancelled: false, remaining: null });
      expect(told.filter((event) => event.type === "chain-nonce")[0]).to.include({ nonce: "0" });
      // The collateral's logs are not stored, and its holders are told nevertheless.
      const buyer = chain.traders[1]!.address.toLowerCase();
      const funds = told.filter((event) => event.type === "funds" && event.account === buyer);
      expect(funds.map((event) => event.type === "funds" && event.asset)).to.have.members([
        ...["0", market.yes.toString()],
      ]);
    });

    it("that moves a transaction to another height moves its fill there", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      const tx = trade();
      const [hash] = await chain.block(tx);
      await indexer.step();
      await chain.back(1);
      await chain.block();
      await chain.block();
      const nonceKept = await chain.block(tx);
      expect(nonceKept).to.deep.equal([hash]);
      await indexer.step();
      const fills = await store.db.selectFrom("fill").select(["tx_hash", "block_number"]).execute();
      const at = { tx_hash: hash!, block_number: BigInt(await chain.head()) };
      expect(fills).to.deep.equal([at, at]);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("at the same height is noticed without a new block", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await chain.block(trade());
      await indexer.step();
      await chain.back(1);
      await chain.block(trade(70n));
      await indexer.step();
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });
  });

  describeStores("a node", (fresh) => {
    it("that answers no logs where the bloom filter has some is not believed", async () => {
      const store = await fresh();
      let isLying = true;
      let asked = 0;
      const liar = answering((method, params) => {
        const [filter] = params as [{ readonly blockHash?: string }];
        if (method !== "eth_getLogs" || !isLying || filter.blockHash === undefined)
          return undefined;
        asked += 1;
        return Promise.resolve([]);
      });
      const { indexer, alerts } = createIndexer(store, chain, { rpc: liar });
      isLying = false;
      await indexer.step();
      isLying = true;
      await chain.block(trade());
      const before = await dump(store, ALL);
      await expect(indexer.step()).to.be.rejectedWith(NodeInconsistentError);
      await expect(indexer.step()).to.be.rejectedWith(NodeInconsistentError);
      expect(asked).to.equal(12);
      expect(alerts.map(({ type }) => type)).to.deep.equal(["node_inconsistent"]);
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect((await indexer.status()).state).to.equal("PAUSED");
      isLying = false;
      await indexer.step();
      expect(await count(store, "fill")).to.equal(2);
      expect((await indexer.status()).state).to.equal("RUNNING");
    });

    it("that has only some of the logs ready is asked for all of them", async () => {
      const store = await fresh();
      const partial = answering((method, params) => {
        const [filter] = params as [{ readonly address?: unknown }];
        if (method !== "eth_getLogs" || filter.address === undefined) return undefined;
        return (async () => {
          const logs = (await rpc.send(method, params)) as { address: string }[];
          const exchange = chain.contracts.ctfExchange.toLowerCase();
          return logs.filter(({ address }) => address.toLowerCase() !== exchange);
        })();
      });
      const { indexer } = createIndexer(store, chain, { rpc: partial, finality: async () => 0n });
      await chain.block(trade());
      await indexer.step();
      expect(await count(store, "fill")).to.equal(2);
    });

    it("that limits ranges is asked for shorter ones", async () => {
      const store = await fresh();
      const ranges: bigint[] = [];
      const strict = answering((method, params) => {
        const [filter] = params as [{ readonly fromBlock?: string; readonly toBlock?: string }];
        if (method !== "eth_getLogs" || filter.fromBlock === undefined) return undefined;
        const size = BigInt(filter.toBlock!) - BigInt(filter.fromBlock) + 1n;
        ranges.push(size);
        return size > 3n ? Promise.reject(new Error("query returned too many results")) : undefined;
      });
      await chain.block(...mixture());
      await chain.blocks(Number(DEPTH));
      await createIndexer(store, chain, { rpc: strict, backfillFrom: 1n }).indexer.step();
      expect(ranges[0]).to.be.greaterThan(3n);
      expect(ranges.at(-1)).to.be.lessThanOrEqual(3n);
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("that refuses even one block leaves everything as it was", async () => {
      const store = await fresh();
      const shut = answering((method) =>
        method === "eth_getLogs" ? Promise.reject(new Error("no")) : undefined,
      );
      await expect(createIndexer(store, chain, { rpc: shut }).indexer.step()).to.be.rejectedWith(
        "no",
      );
      expect((await dump(store))["chain_log"]).to.deep.equal([]);
    });

    it("that answers an older head is ignored", async () => {
      const store = await fresh();
      const seen: { old?: string } = {};
      const lagging = answering((method) =>
        method === "eth_blockNumber" && seen.old !== undefined
          ? Promise.resolve(seen.old)
          : undefined,
      );
      const { indexer, told, alerts } = createIndexer(store, chain, { rpc: lagging });
      await chain.block(trade());
      await indexer.step();
      const before = await dump(store, ALL);
      told.length = 0;
      seen.old = `0x${((await chain.head()) - 3).toString(16)}`;
      await indexer.step();
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect([told, alerts]).to.deep.equal([[], []]);
    });

    it("that swaps between two forks from call to call never leads to a mixture of them", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      await chain.block(...mixture());
      await chain.block(trade());
      const one = await record();
      await chain.back(2);
      await chain.block(trade(70n));
      await chain.block(...mixture());
      const two = await record();
      let calls = 0;
      for (let pattern = 1; pattern < 64; pattern++) {
        calls = 0;
        const swapping = answering((method, params) => {
          const isFirst = ((pattern >> (calls++ % 6)) & 1) === 1;
          return (isFirst ? one : two)(method, params);
        });
        const { indexer: confused } = createIndexer(store, chain, { rpc: swapping });
        await confused.step().catch(() => undefined);
        const blocks = await store.db
          .selectFrom("chain_block")
          .selectAll()
          .orderBy("number")
          .execute();
        for (let i = 1; i < blocks.length; i++) {
          expect(blocks[i]!.parent_hash, `pattern ${pattern}`).to.equal(blocks[i - 1]!.hash);
        }
        const known = new Set(blocks.map(({ hash }) => hash));
        const open = await store.db
          .selectFrom("chain_log")
          .select("block_hash")
          .where("block_number", ">", blocks[0]!.number)
          .execute();
        for (const { block_hash } of open) expect(known.has(block_hash)).to.equal(true);
      }
      await indexer.stop();
      await createIndexer(store, chain).indexer.step();
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    /** A node that stays where the chain is now. */
    async function record(): Promise<(method: string, params: unknown[]) => Promise<unknown>> {
      const head = await chain.head();
      const blocks = new Map<string, unknown>();
      const logs = new Map<string, unknown>();
      for (let n = head - 2 * Number(DEPTH) - 3; n <= head; n++) {
        const block = (await rpc.send("eth_getBlockByNumber", [`0x${n.toString(16)}`, false])) as {
          hash: string;
          number: string;
        };
        blocks.set(block.hash, block).set(block.number, block);
        logs.set(block.hash, await rpc.send("eth_getLogs", [{ blockHash: block.hash }]));
      }
      return async (method, params) => {
        if (method === "eth_blockNumber") return `0x${head.toString(16)}`;
        if (method === "eth_getLogs") {
          const [{ blockHash, address }] = params as [{ blockHash: string; address?: string[] }];
          const found = logs.get(blockHash) as { address: string }[] | undefined;
          if (found === undefined) throw new Error("unknown block");
          return found.filter((log) => address?.includes(log.address.toLowerCase()) ?? true);
        }
        return blocks.get(params[0] as string) ?? null;
      };
    }
  });

  describeStores("finality", (fresh) => {
    it("that goes backwards or stands still takes nothing back", async () => {
      const store = await fresh();
      let final = 0n;
      const { indexer } = createIndexer(store, chain, { finality: async () => final });
      const head = BigInt(await chain.head());
      final = head - 2n;
      await indexer.step();
      expect((await cursorOf(store)).final_number).to.equal(final);
      final = head - 5n;
      await chain.block(trade());
      await indexer.step();
      expect((await cursorOf(store)).final_number).to.equal(head - 2n);
      for (let i = 0; i < 20; i++) await chain.block();
      await indexer.step();
      expect((await cursorOf(store)).final_number).to.equal(head - 2n);
      expect((await cursorOf(store)).head_number).to.equal(head + 21n);
      // All that is not final can still be undone, however long finality stood still.
      await chain.back(21);
      await chain.block();
      await chain.blocks(21);
      await indexer.step();
      expect(await dump(store)).to.deep.equal(await scan(fresh, chain));
    });

    it("beyond the head is the head", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain, { finality: async () => 10n ** 9n });
      await indexer.step();
      expect((await cursorOf(store)).final_number).to.equal(BigInt(await chain.head()));
    });

    it("keeps the ways back for twice the depth below it, and the logs for ever", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      const logs = (await dump(store))["chain_log"]!.length;
      for (let i = 0; i < 4 * Number(DEPTH); i++) {
        await chain.block(chain.raiseNonce(chain.admin));
        await indexer.step();
      }
      const { final_number } = await cursorOf(store);
      const blocks = await store.db
        .selectFrom("chain_block")
        .select(["number"])
        .orderBy("number")
        .execute();
      expect(blocks[0]!.number).to.equal(final_number - 2n * DEPTH);
      expect(blocks).to.have.length(1 + 3 * Number(DEPTH));
      expect(await count(store, "undo")).to.equal(3 * Number(DEPTH));
      expect((await dump(store))["chain_log"]).to.have.length(logs + 4 * Number(DEPTH));
    });

    it("needs both nodes to agree; else nothing is written until they do", async () => {
      const store = await fresh();
      let other: string | undefined;
      const secondRpc = answering((method, params) => {
        if (method !== "eth_getBlockByNumber" || other === undefined) return undefined;
        const hash = other;
        return (async () => ({ ...((await rpc.send(method, params)) as object), hash }))();
      });
      const { indexer, alerts } = createIndexer(store, chain, { secondRpc });
      await indexer.step();
      await chain.block(trade());
      const before = await dump(store, ALL);
      other = `0x${"ab".repeat(32)}`;
      await expect(indexer.step()).to.be.rejectedWith(NodesDisagreeError);
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect(alerts.map(({ type, severity }) => [type, severity])).to.deep.equal([
        ["nodes_disagree", "CRITICAL"],
      ]);
      other = undefined;
      await indexer.step();
      expect(await count(store, "fill")).to.equal(2);
    });

    it("waits for a second node that is down, while blocks are followed", async () => {
      const store = await fresh();
      const { indexer } = createIndexer(store, chain);
      await indexer.step();
      await indexer.stop();
      const { final_number } = await cursorOf(store);
      const down = { send: () => Promise.reject(new Error("down")) };
      const alone = createIndexer(store, chain, { secondRpc: down });
      for (let i = 0; i < 2; i++) {
        await chain.block(trade());
        await alone.indexer.step();
      }
      expect(await cursorOf(store)).to.deep.include({
        ...{ final_number, head_number: BigInt(await chain.head()) },
      });
      expect(alone.alerts.map(({ type }) => type)).to.deep.equal(["second_node_down"]);
      await alone.indexer.stop();
      await createIndexer(store, chain, { secondRpc: rpc }).indexer.step();
      expect((await cursorOf(store)).final_number).to.equal(final_number + 2n);
    });

    it("waits for a second node that is behind", async () => {
      const store = await fresh();
      const behind = BigInt(await chain.head()) - 10n;
      const secondRpc = answering((method) =>
        method === "eth_blockNumber" ? Promise.resolve(`0x${behind.toString(16)}`) : undefined,
      );
      const { indexer } = createIndexer(store, chain, { secondRpc });
      await indexer.step();
      const cursor = await cursorOf(store);
      expect(cursor.final_number).to.equal(behind);
      expect(cursor.head_number).to.equal(behind + 10n);
    });
  });

  describeStores("the writer", (fresh) => {
    it("is one: a second one waits, takes over a silent one, and the first is refused in the middle of a block", async () => {
      const store = await fresh();
      const first = createIndexer(store, chain, { holder: "one" });
      await first.indexer.step();
      const second = createIndexer(store, chain, { holder: "two" });
      await second.indexer.step();
      expect((await second.indexer.status()).state).to.equal("STANDBY");
      await expireLease(store, "indexer");
      await second.indexer.step();
      expect((await second.indexer.status()).state).to.equal("RUNNING");

      await chain.block(trade());
      const before = await dump(store, ALL);
      await expect(first.indexer.step()).to.be.rejectedWith(FencedError);
      expect(await dump(store, ALL)).to.deep.equal(before);
      expect(first.alerts.map(({ type }) => type)).to.deep.equal(["indexer_fenced"]);
      await expect(first.indexer.step()).to.be.rejectedWith(FencedError);
      await expect(first.indexer.rewind(0n)).to.be.rejectedWith(FencedError);
      await second.indexer.step();
      expect(await count(store, "fill")).to.equal(2);
    });

    it("polls until it is stopped, and lets the next one write at once", async () => {
      const store = await fresh();
      let fails = 2;
      const shaky = answering((method) =>
        method === "eth_blockNumber" && fails-- > 0 ? Promise.reject(new Error("down")) : undefined,
      );
      const first = createIndexer(store, chain, { holder: "one", pollMs: 1, rpc: shaky });
      const arrived = new Promise<void>((resolve) => {
        const at = setInterval(() => {
          if (first.told.some((event) => event.type === "chain-order")) {
            clearInterval(at);
            resolve();
          }
        }, 5);
      });
      first.indexer.start();
      await chain.block(trade());
      await arrived;
      await first.indexer.stop();
      expect((await first.indexer.status()).state).to.equal("IDLE");
      const second = createIndexer(store, chain, { holder: "two" });
      await second.indexer.step();
      expect((await second.indexer.status()).state).to.equal("RUNNING");
    });
  });
});
