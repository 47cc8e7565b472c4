import { decodeLogs } from "@nostra/sdk/events";
import { expect } from "chai";
import { eventOf } from "../../operator/src/indexer/storeLogs";
import type { Store } from "../../operator/src/store";
import { projectionChecksum } from "../../operator/src/indexer";
import { tokens } from "../helpers/exchange";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { describeStores } from "./helpers/stores";
import {
  createIndexer,
  DEPTH,
  deployChain,
  dump,
  dyingAfter,
  scan,
  type Chain,
  type TestMarket,
  type TestOrder,
  type Tx,
} from "./helpers/indexing";

const SEED = seedOr(20261121);
const RUNS = runsOr(2);
const BLOCKS = 40;
const START = tokens(1_000_000);

/**
 * Random trading, sending, splitting and redeeming on a chain that is undone at random, watched by indexers that die and start anew
 * at random. In the end the tables must be what a plain scan of the final chain gives, what the stored logs give, what the
 * contracts say, and what the accounts' money says.
 */
describe(`indexer: random chains (seed ${SEED})`, () => {
  let chain: Chain;
  let markets: TestMarket[];

  before(async () => {
    chain = await deployChain();
    markets = [await chain.market(), await chain.market()];
    await chain.fund(markets, 1_000_000n);
    await chain.setBase();
  });
  beforeEach(() => chain.reset());
  after(() => chain.end());

  describeStores("the tables", (fresh) => {
    for (let run = 0; run < RUNS; run++) {
      it(`are those of a plain scan, of a rebuild, of the contracts and of the money: run ${run}`, async () => {
        const chance = new Chance(SEED + run);
        const store = await fresh();
        let { indexer } = createIndexer(store, chain);
        let highest = 0;
        for (let i = 0; i < BLOCKS; i++) {
          await chain.block(...randomBlock(chance));
          highest = Math.max(highest, await chain.head());
          // Never below what is final for who has seen the highest head.
          const most = Math.min(i, Number(DEPTH) - (highest - (await chain.head())));
          if (most > 0 && chance.chance(15)) {
            await chain.back(chance.int(1, most));
            await chain.blocks(chance.int(0, 1));
          }
          if (chance.chance(30)) {
            await indexer.stop();
            const dying = dyingAfter(store, chance.int(0, 60));
            const mortal = createIndexer(dying, chain, {
              rangeSize: chance.pick([1n, 3n, 100n]),
              backfillFrom: chance.pick([0n, 2n, 32n]),
            });
            await mortal.indexer
              .step()
              .catch((fault: Error) => expect(fault.message).to.equal("died"));
            ({ indexer } = createIndexer(store, chain));
          }
          if (chance.chance(50)) await indexer.step();
        }
        await chain.block(...(await resolution()));
        await chain.block(
          ...chain.traders
            .filter(() => chance.chance(60))
            .flatMap((who) =>
              chance.chance(50)
                ? [chain.redeem(who, markets[0]!)]
                : [
                    chain.call(who, chain.redeemer, "redeem", [
                      markets.slice(0, 1).map((one) => one.conditionId),
                    ]),
                  ],
            ),
        );
        // A chain that is shorter than before is taken for an old answer.
        await chain.blocks(Number(DEPTH));
        await indexer.step();
        await holdAgainstChain(store);
        await holdAgainstSdk(store);
        const [live, checksum] = [await dump(store), await projectionChecksum(store)];
        expect(live["fill"]!.length).to.be.greaterThan(20);
        expect((await indexer.status()).generation! > 0n, "blocks were undone").to.equal(true);
        await indexer.rebuild();
        expect(await projectionChecksum(store)).to.equal(checksum);
        expect((await indexer.reconcile())!.differences).to.deep.equal([]);
        expect(live).to.deep.equal(await scan(fresh, chain));
      });
    }
  });

  /** Only the last two traders send shares: what others hold was paid for. */
  function randomBlock(chance: Chance): Tx[] {
    const senders = chain.traders.slice(-2);
    const txs: Tx[] = [];
    // Each block keeps to small amounts, so that nobody runs out.
    for (let n = chance.int(0, 3); n > 0; n--) {
      const who = chance.pick(chain.traders);
      const market = chance.pick(markets);
      const amount = BigInt(chance.int(1, 500));
      switch (chance.int(0, 9)) {
        case 0:
          txs.push(chain.split(who, market, amount));
          break;
        case 1:
          txs.push(chain.merge(who, market, amount));
          break;
        case 2:
          txs.push(
            chain.send(
              chance.pick(senders),
              chance.pick(chain.traders).address,
              chance.pick([market.yes, market.no]),
              amount,
            ),
          );
          break;
        case 3:
          txs.push(chain.cancel(who, randomOrder(chance, who, market.yes, true, 50n, 10n)));
          break;
        case 4:
          txs.push(chain.raiseNonce(chain.watcher));
          break;
        default:
          txs.push(randomMatch(chance, market));
      }
    }
    return txs;
  }

  function randomOrder(
    chance: Chance,
    maker: Chain["traders"][number],
    tokenId: bigint,
    isBuy: boolean,
    price: bigint,
    shares: bigint,
  ): TestOrder {
    const money = isBuy ? (shares * price) / 100n || 1n : (shares * price) / 100n;
    const [makerAmount, takerAmount] = isBuy ? [money, shares] : [shares, money || 1n];
    const feeRateBps = BigInt(chance.pick([0, 0, 30, 137, 1000]));
    return chain.order({ maker, tokenId, isBuy, makerAmount, takerAmount, feeRateBps });
  }

  /** A taker of any side and outcome against one to three makers of both kinds, some of them filled in part. */
  function randomMatch(chance: Chance, { yes, no }: TestMarket): Tx {
    const isBuy = chance.chance(50);
    const [token, complement] = chance.chance(50) ? [yes, no] : [no, yes];
    const price = BigInt(chance.int(20, 80));
    const makers: TestOrder[] = [];
    const fills: bigint[] = [];
    for (let n = chance.int(1, 3); n > 0; n--) {
      const shares = BigInt(chance.int(10, 400));
      const better = BigInt(chance.int(0, 10));
      const isDirect = chance.chance(50);
      const limit = isBuy ? price - better : price + better;
      const maker = isDirect
        ? randomOrder(chance, chance.pick(chain.traders), token, !isBuy, limit, shares)
        : randomOrder(chance, chance.pick(chain.traders), complement, isBuy, 100n - limit, shares);
      makers.push(maker);
      fills.push(chance.chance(50) ? maker.makerAmount : (maker.makerAmount + 1n) / 2n);
    }
    // Ready to give far more than it must, so that rounding never stands in the way.
    const size = 100_000n;
    const taker = chain.order({
      ...{ maker: chance.pick(chain.traders), tokenId: token, isBuy },
      ...{ makerAmount: size, takerAmount: isBuy ? size : 1n },
      feeRateBps: BigInt(chance.pick([0, 25, 777])),
    });
    return chain.match(taker, makers, fills, isBuy ? size : sold(makers, fills, token));
  }

  /** What a seller gives to these makers: their shares, and a pair's other half for each share of a complement. */
  function sold(makers: readonly TestOrder[], fills: readonly bigint[], token: bigint): bigint {
    return makers.reduce((sum, { fields }, at) => {
      const [making, M, T] = [fills[at]!, fields["makerAmount"], fields["takerAmount"]] as [
        ...[bigint, bigint, bigint],
      ];
      return sum + (fields["tokenId"] === token ? (making * T + M - 1n) / M : making);
    }, 0n);
  }

  async function resolution(): Promise<Tx[]> {
    const { oracle, resolver, operator } = chain;
    const [{ questionId }] = markets as [TestMarket];
    chain.skip(5000n);
    await chain.block(chain.call(resolver, oracle, "proposeResolution", [questionId, [1, 1]]));
    chain.skip(604_800n);
    return [chain.call(operator, oracle, "finalizeResolution", [questionId])];
  }

  /** The indexer has a reader of its own, which must read as the SDK does. */
  async function holdAgainstSdk({ db }: Store): Promise<void> {
    for (const row of await db.selectFrom("chain_log").selectAll().execute()) {
      const raw = {
        ...{ address: row.address, topics: row.topics, data: row.data, index: row.log_index },
        ...{ blockNumber: Number(row.block_number), transactionHash: row.tx_hash },
      };
      expect(eventOf(row).event).to.deep.equal(decodeLogs([raw])[0]);
    }
  }

  async function holdAgainstChain({ db }: Store): Promise<void> {
    const { ctf, collateral, exchange } = chain;
    const positions = await db.selectFrom("position").selectAll().execute();
    const shares = new Map(positions.map((row) => [`${row.account} ${row.token_id}`, row.shares]));
    const everybody = [...chain.traders, chain.feeReceiver, chain.operator, chain.watcher].map(
      ({ address }) => address,
    );
    everybody.push(chain.contracts.ctfExchange, chain.contracts.positionRedeemer);
    for (const { yes, no } of markets) {
      for (const token of [yes, no]) {
        const balances = await ctf.balanceOfBatch(
          everybody,
          everybody.map(() => token),
        );
        everybody.forEach((account, at) => {
          const held = shares.get(`${account.toLowerCase()} ${token}`) ?? "0";
          expect(held, `${account} ${token}`).to.equal(balances[at]!.toString());
        });
      }
    }
    for (const row of positions) {
      expect(everybody.map((account) => account.toLowerCase())).to.include(row.account);
      if (row.shares === "0") expect(row.cost).to.equal("0");
    }
    for (const { address } of chain.traders.slice(0, -2)) {
      const own = positions.filter(({ account }) => account === address.toLowerCase());
      const gain = own.reduce((sum, row) => sum + BigInt(row.realized) - BigInt(row.cost), 0n);
      expect(START + gain, `money of ${address}`).to.equal(await collateral.balanceOf(address));
    }
    const orders = await db.selectFrom("order_on_chain").selectAll().execute();
    const statuses = await exchange.getOrderStatuses(orders.map((row) => row.order_hash));
    orders.forEach(({ remaining, cancelled }, at) => {
      expect(statuses[at]!.isFilledOrCancelled).to.equal(cancelled || remaining === "0");
      if (!cancelled) expect(statuses[at]!.remaining.toString()).to.equal(remaining);
    });
    const fills = await db.selectFrom("fill").selectAll().execute();
    const candles = await db.selectFrom("candle").selectAll().execute();
    for (const { order_hash, making } of orders.filter(({ making: gave }) => gave !== "0")) {
      const own = fills.filter((fill) => fill.order_hash === order_hash);
      expect(own.reduce((sum, fill) => sum + BigInt(fill.making), 0n).toString()).to.equal(making);
    }
    for (const interval of [60, 300, 3600, 86_400]) {
      const traded = fills
        .filter((fill) => !fill.is_taker)
        .reduce((sum, fill) => sum + BigInt(fill.side === 0 ? fill.taking : fill.making), 0n);
      const charted = candles
        .filter((candle) => candle.interval === interval)
        .reduce((sum, candle) => sum + BigInt(candle.shares), 0n);
      expect(charted, `interval ${interval}`).to.equal(traded);
    }
  }
});
