import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  type ExchangeFixture,
  type SignedOrder,
  exchangeFixture,
  holdingsReader,
} from "../../helpers/exchange";
import {
  BUY,
  type ModelMatch,
  ModelExchange,
  type ModelOrder,
  type Prediction,
  SELL,
  ceilDiv,
  impliedTotals,
} from "../../helpers/model";
import { Chance, runsOr, seedOr } from "../../helpers/random";

/*
 * given a random match that crosses, and a model of bigints
 * ├── when it is settled
 * │   ├── everybody holds what the model says, the fee receiver and ConditionalTokens too (I2, I11)
 * │   ├── the exchange holds what it held: nothing, or a donation (I3)
 * │   ├── each maker got exactly ceil(m * T / M) (I4), the taker no worse than its limit (I5)
 * │   ├── statuses and events tell the same (I6), fees are floor(rate * g / 10000) (I7)
 * │   └── both tokens have the same supply, backed one to one (I1)
 * └── when one number of it is spoilt ......... refused with the predicted error and values
 */
const SEED = seedOr(20_261_120);
const RUNS = runsOr(1_000);

describe(`CTFExchange: properties (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  type TestOrder = SignedOrder & ModelOrder;

  /** A fixture, its model, and the orders that still rest from earlier matches. */
  interface World {
    f: ExchangeFixture;
    model: ModelExchange;
    rng: Chance;
    resting: TestOrder[];
  }

  /** An order of random price and odd size; the smallest sizes come up often, for they round worst. */
  function makeOrder(
    { f, rng }: World,
    said: { side: number; token: "yes" | "no"; maker?: number; takerAddress?: string },
    amounts?: { makerAmount: bigint; takerAmount: bigint },
  ): TestOrder {
    const { side, token, takerAddress = ZeroAddress } = said;
    const maker = f.traders[said.maker ?? rng.below(f.traders.length)] as typeof f.alice;
    const size = rng.upTo(2n ** BigInt(rng.below(26) + 1));
    const worth = rng.chance(5) ? size : rng.upTo(size);
    const [makerAmount, takerAmount] = side === BUY ? [worth, size] : [size, worth];
    const draft = {
      ...{ maker, tokenId: f[token], taker: takerAddress },
      ...(amounts ?? { makerAmount, takerAmount }),
      feeRateBps: rng.chance(40) ? 0n : BigInt(rng.below(1001)),
    };
    const order = side === BUY ? f.buy(draft) : f.sell(draft);
    return { ...order, token };
  }

  /** A match that must settle, or undefined when the makers drawn leave nothing to the taker. */
  function makeMatch(world: World): (ModelMatch & { makerOrders: TestOrder[] }) | undefined {
    const { f, model, rng } = world;
    const side = rng.below(2);
    const token = rng.chance(50) ? "yes" : "no";
    const other = token === "yes" ? "no" : "yes";
    const pairChance = [0, 100, 50][rng.below(3)] as number;
    const takerIndex = rng.below(f.traders.length);
    const taker = f.traders[takerIndex] as typeof f.taker;

    const makerOrders: TestOrder[] = [];
    const makerFillAmounts: bigint[] = [];
    const left = new Map<string, bigint>();
    for (let i = rng.below(6); i >= 0; i--) {
      const kind = rng.chance(pairChance) ? { side, token: other } : { side: 1 - side, token };
      const takerAddress = rng.chance(10) ? taker.address : ZeroAddress;
      const fits = world.resting.filter(
        (order) =>
          order.side === kind.side &&
          order.token === kind.token &&
          [ZeroAddress, taker.address].includes(order.taker) &&
          left.get(order.hash) !== 0n,
      );
      const rested = rng.chance(40) ? fits[rng.below(Math.max(1, fits.length))] : undefined;
      const order = rested ?? makeOrder(world, { ...kind, takerAddress } as never);
      const available = left.get(order.hash) ?? model.remainingOf(order);
      const making = rng.chance(50) ? available : rng.upTo(available);
      left.set(order.hash, available - making);
      makerOrders.push(order);
      makerFillAmounts.push(making);
    }

    const totals = impliedTotals(
      side,
      makerOrders.map((order, i) => {
        const making = makerFillAmounts[i] as bigint;
        const taking = ceilDiv(making * order.takerAmount, order.makerAmount);
        return { side: order.side, making, taking };
      }),
    );
    if (totals.taking === 0n) return undefined;

    const amounts = takerAmounts(rng, side, totals);
    const soleMaker = makerOrders.every(({ maker }) => maker === makerOrders[0]?.maker);
    const takerAddress =
      soleMaker && rng.chance(30) ? (makerOrders[0]?.maker as string) : ZeroAddress;
    const said = { side, token, maker: takerIndex, takerAddress } as const;
    const takerOrder = makeOrder(world, said, amounts);
    const least = totals.making === 0n ? 1n : totals.making;
    const spare = amounts.makerAmount - least;
    const takerFillAmount = [
      least,
      amounts.makerAmount,
      least + (spare === 0n ? 0n : rng.upTo(spare)),
    ][rng.below(3)] as bigint;
    return { takerOrder, makerOrders, takerFillAmount, makerFillAmounts };
  }

  /** Amounts of a taker order that the totals just satisfy, or satisfy easily. */
  function takerAmounts(
    rng: Chance,
    side: number,
    { making, taking }: { making: bigint; taking: bigint },
  ): { makerAmount: bigint; takerAmount: bigint } {
    const enough = making === 0n ? 1n : side === SELL ? ceilDiv(making, taking) : 1n;
    const least = making > enough ? making : enough;
    const makerAmount = rng.chance(40) ? least : least + rng.upTo(2n * least);
    const tightest = making === 0n ? makerAmount + taking : (taking * makerAmount) / making;
    const loosest = side === BUY ? makerAmount : 1n;
    const most = side === SELL && tightest > makerAmount ? makerAmount : tightest;
    const takerAmount = rng.chance(50) ? most : loosest + rng.upTo(most - loosest + 1n) - 1n;
    return { makerAmount, takerAmount };
  }

  /** The same match with one thing wrong. */
  function spoil(world: World, match: ModelMatch): ModelMatch {
    const { f, model, rng } = world;
    const { takerOrder, makerOrders, makerFillAmounts } = match;
    const i = rng.below(makerOrders.length);
    const victim = makerOrders[i] as TestOrder;
    const prediction = model.predict(match);
    if (!prediction.settles) throw new Error("the match to spoil must settle");
    const { making, taking } = prediction.taker;
    const withFill = (fill: bigint) => ({
      ...match,
      makerFillAmounts: makerFillAmounts.map((amount, j) => (i === j ? fill : amount)),
    });
    const withMaker = (order: ModelOrder) => ({
      ...match,
      makerOrders: makerOrders.map((each, j) => (i === j ? order : each)),
    });
    const otherToken = victim.token === "yes" ? "no" : "yes";
    const owner = f.traders.find(({ address }) => address === victim.maker) as typeof f.alice;
    const taker = f.traders.find(({ address }) => address === takerOrder.maker) as typeof f.alice;
    const tight = (taking * takerOrder.makerAmount) / (making === 0n ? 1n : making) + 1n;
    const canTighten = making > 0n && (takerOrder.side === BUY || tight <= takerOrder.makerAmount);

    const spoilt = [
      () => withFill(0n),
      () => withFill(model.remainingOf(victim) + 1n),
      () => ({ ...match, takerFillAmount: 0n }),
      () => ({ ...match, takerFillAmount: takerOrder.makerAmount + 1n }),
      () => ({ ...match, takerFillAmount: making - 1n }),
      () => ({ ...match, takerFillAmount: making - 1n }),
      () => ({ ...match, makerFillAmounts: makerFillAmounts.slice(1) }),
      () => ({ ...match, makerFillAmounts: [...makerFillAmounts, 1n] }),
      () => ({ ...match, makerOrders: [], makerFillAmounts: [] }),
      () =>
        withMaker({
          ...f.sign({ ...victim, tokenId: f[otherToken] } as TestOrder, owner),
          token: otherToken,
        } as TestOrder),
      () =>
        withMaker({ ...f.sign({ ...victim, taker: f.stranger.address } as never, owner) } as never),
      ...Array.from({ length: 5 }, () => () => ({
        ...match,
        takerOrder: f.sign({ ...takerOrder, takerAmount: tight } as TestOrder, taker) as TestOrder,
      })),
    ][rng.below(16)] as () => ModelMatch;
    const result = spoilt();
    const impossible =
      result.takerFillAmount < 0n || (result.takerOrder !== takerOrder && !canTighten);
    return impossible ? withFill(0n) : result;
  }

  function send(f: ExchangeFixture, match: ModelMatch) {
    return f.match(
      match.takerOrder as TestOrder,
      match.makerOrders as TestOrder[],
      match.makerFillAmounts,
      match.takerFillAmount,
    );
  }

  async function expectPredictedRefusal({ f, model }: World, match: ModelMatch): Promise<string> {
    const prediction = model.predict(match);
    if (prediction.settles) throw new Error("a spoilt match must not settle");
    const { error, args } = prediction.refusal;
    const call = f.exchange
      .connect(f.operator)
      .matchOrders.staticCall(
        match.takerOrder as TestOrder,
        match.makerOrders as TestOrder[],
        match.takerFillAmount,
        match.makerFillAmounts,
      );
    const failure = await call.then(
      () => null,
      (thrown: { data?: string }) => f.exchange.interface.parseError(thrown.data ?? "0x"),
    );
    expectSame([failure?.name, failure?.args.toArray()], [error, args], "refusal");
    return error;
  }

  /** The exchange's events of a settled match, against what the model says must be told. */
  async function expectPredictedEvents(
    { f, model }: World,
    match: ModelMatch,
    { makers, taker }: Extract<Prediction, { settles: true }>,
    sent: ReturnType<typeof send>,
  ): Promise<void> {
    const receipt = await (await sent).wait();
    const address = await f.exchange.getAddress();
    const told: Record<string, unknown[][]> = {
      OrderFilled: [],
      OrdersMatched: [],
      FeeCharged: [],
    };
    for (const log of receipt?.logs ?? []) {
      if (log.address !== address) continue;
      const event = f.exchange.interface.parseLog(log);
      told[event?.name ?? ""]?.push(event?.args.toArray(true) ?? []);
    }
    const fills = [...makers, taker];
    expectSame(
      told.OrderFilled,
      fills.map(({ order, making, taking, remaining }) => [
        ...[order.hash, order.maker, model.tokenIds[order.token], BigInt(order.side)],
        ...[making, taking, remaining],
      ]),
      "OrderFilled",
    );
    const makerHashes = makers.map(({ order }) => order.hash);
    expectSame(
      told.OrdersMatched,
      [[taker.order.hash, makerHashes, taker.making, match.makerFillAmounts]],
      "OrdersMatched",
    );
    const fees = fills
      .filter(({ fee }) => fee !== 0n)
      .map(({ order, fee }) => [order.hash, feeAssetId(model, order), fee]);
    expectSame(sorted(told.FeeCharged ?? []), sorted(fees), "FeeCharged");
  }

  function feeAssetId(model: ModelExchange, order: ModelOrder): bigint {
    return order.side === BUY ? model.tokenIds[order.token] : 0n;
  }

  /** Fees are told in the order in which they are kept, which is no rule. */
  function sorted(rows: unknown[][]): string[] {
    return rows.map(asText).sort();
  }

  /** Equality as text: chai compares bigints item by item, which takes longer than the match itself. */
  function expectSame(actual: unknown, expected: unknown, label: string): void {
    const [is, should] = [asText(actual), asText(expected)];
    if (is !== should) expect(is, label).to.equal(should);
  }

  function asText(value: unknown): string {
    return JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v), 1);
  }

  function expectInvariants(
    model: ModelExchange,
    match: ModelMatch,
    { makers, taker }: Extract<Prediction, { settles: true }>,
  ): void {
    for (const { order, making, taking } of makers) {
      // No worse than signed, and no unit better.
      hold(taking * order.makerAmount >= making * order.takerAmount, "I4: a worse price");
      hold((taking - 1n) * order.makerAmount < making * order.takerAmount, "I4: a gift");
    }
    const { makerAmount, takerAmount } = taker.order;
    hold(taker.taking * makerAmount >= taker.making * takerAmount, "I5: a worse price");
    hold(taker.making <= match.takerFillAmount, "I5: more than declared");
    for (const { order, taking, fee } of [...makers, taker]) {
      const scaled = order.feeRateBps * taking;
      hold(fee * 10_000n <= scaled && scaled < (fee + 1n) * 10_000n, "I7: another fee");
    }
    hold(model.totalOf("yes") === model.totalOf("no"), "I1: unequal supplies");
  }

  function hold(condition: boolean, broken: string): void {
    if (!condition) expect.fail(broken);
  }

  it(`settles ${RUNS} random matches, and refuses as many spoilt ones, as the model says`, async () => {
    const f = await loadFixture(exchangeFixture);
    const [exchange, ctf] = [await f.exchange.getAddress(), await f.ctf.getAddress()];
    const everybody = [
      ...[...f.traders, f.feeReceiver, f.operator].map((a) => a.address),
      exchange,
      ctf,
    ];
    const read = await holdingsReader(f, everybody);
    const held = await read();
    const ledger = new Map(
      everybody.map((account, i) => [account, { ...(held[i] as (typeof held)[0]) }]),
    );
    const donorPairs = 1_000_000_000_000n;
    const model = new ModelExchange(ledger, { yes: f.yes, no: f.no }, ctf, f.feeReceiver.address);
    const rng = new Chance(SEED);
    const world: World = { f, model, rng, resting: [] };
    const seen = { settled: 0, partly: 0, mints: 0, merges: 0, mixed: 0, fees: 0 };
    const refusals: Record<string, number> = {};
    expect(await f.ctf.balanceOf(f.donor, f.yes)).to.equal(donorPairs);

    for (let run = 0; run < RUNS; run++) {
      if (run % 100 === 50) {
        // From time to time the fee receiver is one of the traders (FE-5).
        const [next] = [run % 200 === 50 ? f.erin : f.feeReceiver];
        await f.exchange.setFeeReceiver(next);
        model.feeReceiver = next.address;
      }
      if (run === Math.floor(RUNS / 2)) {
        await f.usdc.connect(f.donor).transfer(exchange, 12_345n);
        (ledger.get(exchange) as { usdc: bigint }).usdc += 12_345n;
      }

      let match = makeMatch(world);
      while (match === undefined) match = makeMatch(world);
      const error = await expectPredictedRefusal(world, spoil(world, match));
      refusals[error] = (refusals[error] ?? 0) + 1;

      const prediction = model.predict(match);
      if (!prediction.settles) throw new Error(`run ${run}: ${prediction.refusal.error}`);
      try {
        await expectPredictedEvents(world, match, prediction, send(f, match));
        model.apply(prediction);
        expectInvariants(model, match, prediction);
        expectSame(
          await read(),
          everybody.map((account) => ledger.get(account)),
          "holdings",
        );
        const orders = [match.takerOrder as TestOrder, ...match.makerOrders];
        const statuses = await f.exchange.getOrderStatuses(orders.map(({ hash }) => hash));
        expectSame(
          statuses.map(({ isFilledOrCancelled, remaining }) => ({
            isFilledOrCancelled,
            remaining,
          })),
          orders.map((order) => model.statusOf(order)),
          "statuses",
        );
      } catch (failure) {
        const shown = asText(match);
        throw new Error(`run ${run} of NOSTRA_SEED=${SEED}: ${String(failure)}\n${shown}`, {
          cause: failure,
        });
      }

      const { side } = match.takerOrder;
      const pairs = match.makerOrders.filter((order) => order.side === side).length;
      seen.settled += 1;
      if (prediction.makers.some(({ remaining }) => remaining !== 0n)) seen.partly += 1;
      if (pairs > 0) seen[side === BUY ? "mints" : "merges"] += 1;
      if (pairs > 0 && pairs < match.makerOrders.length) seen.mixed += 1;
      if ([prediction.taker, ...prediction.makers].some(({ fee }) => fee !== 0n)) seen.fees += 1;
      world.resting = [
        ...new Set([...world.resting, ...match.makerOrders, match.takerOrder as TestOrder]),
      ]
        .filter((order) => !model.isOver(order))
        .slice(-40);
    }
    console.log(`      ${JSON.stringify({ seed: SEED, ...seen, refusals })}`);
    if (RUNS >= 500) {
      for (const [kind, count] of Object.entries(seen)) {
        expect(count, kind).to.be.greaterThan(RUNS / 10);
      }
    }
  }).timeout(600_000);
});
