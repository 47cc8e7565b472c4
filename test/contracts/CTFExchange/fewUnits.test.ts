import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { exchangeFixture, holdingsReader, type SignedOrder } from "../../helpers/exchange";
import {
  BUY,
  ModelExchange,
  type ModelOrder,
  SELL,
  ceilDiv,
  impliedTotals,
} from "../../helpers/model";

/*
 * given every match of one or two makers whose amounts are a few units, where fees are 0 or 1
 * ├── everybody holds what the model says, to the unit; the exchange nothing
 * └── no token is asked to move nothing, and no fee of nothing is told
 */
describe("CTFExchange: matches of a few units", () => {
  /** What a buyer gives and gets; a seller the reverse. Prices 1, just below 1, one half, and a tenth. */
  const AMOUNTS = [
    [1n, 1n],
    [1n, 2n],
    [9n, 10n],
    [10n, 10n],
    [1n, 10n],
    [11n, 11n],
  ] as const;
  const RATES = [0n, 1000n];

  interface Part {
    readonly direct: boolean;
    readonly amounts: readonly [bigint, bigint];
    readonly rate: bigint;
  }

  const parts: Part[] = [true, false].flatMap((direct) =>
    AMOUNTS.flatMap((amounts) => RATES.map((rate) => ({ direct, amounts, rate }))),
  );

  for (const side of [BUY, SELL]) {
    it(`are settled to the unit when the taker ${side === BUY ? "buys" : "sells"}`, async function () {
      this.timeout(120_000);
      const f = await loadFixture(exchangeFixture);
      const [exchange, ctf] = [await f.exchange.getAddress(), await f.ctf.getAddress()];
      const accounts = [f.taker, f.alice, f.bob, f.feeReceiver].map(({ address }) => address);
      const everybody = [...accounts, exchange, ctf];
      const read = await holdingsReader(f, everybody);
      const held = await read();
      const ledger = new Map(everybody.map((account, i) => [account, { ...held[i]! }]));
      const ids = { yes: f.yes, no: f.no };
      const model = new ModelExchange(ledger, ids, ctf, f.feeReceiver.address);

      type TestOrder = SignedOrder & ModelOrder;
      const sign = (
        maker: typeof f.taker,
        token: "yes" | "no",
        orderSide: number,
        [makerAmount, takerAmount]: readonly [bigint, bigint],
        feeRateBps: bigint,
      ): TestOrder => {
        const draft = { maker, tokenId: f[token], makerAmount, takerAmount, feeRateBps };
        return { ...(orderSide === BUY ? f.buy(draft) : f.sell(draft)), token };
      };

      let settled = 0;
      const lists = [
        ...parts.map((part) => [part]),
        // A second maker whose part is larger, so that the fee of the taker is more than the first one's payment.
        ...parts.flatMap((part) => [
          [part, { direct: true, amounts: [90n, 100n], rate: 0n }],
          [part, { direct: false, amounts: [90n, 100n], rate: 0n }],
        ]),
      ] as Part[][];
      for (const list of lists) {
        for (const takerRate of RATES) {
          const makerOrders = list.map(({ direct, amounts, rate }, i) => {
            const makerSide = direct ? (side === BUY ? SELL : BUY) : side;
            const [less, more] = amounts;
            const own = makerSide === BUY ? ([less, more] as const) : ([more, less] as const);
            const maker = [f.alice, f.bob][i] as typeof f.alice;
            return sign(maker, direct ? "yes" : "no", makerSide, own, rate);
          });
          const fills = makerOrders.map(({ makerAmount }) => makerAmount);
          const totals = impliedTotals(
            side,
            makerOrders.map((order) => ({
              side: order.side,
              making: order.makerAmount,
              taking: ceilDiv(order.makerAmount * order.takerAmount, order.makerAmount),
            })),
          );
          const making = totals.making === 0n ? 1n : totals.making;
          const [cost, shares] = side === BUY ? [making, totals.taking] : [totals.taking, making];
          if (totals.taking === 0n || cost > shares) continue;
          const takerOrder = sign(f.taker, "yes", side, [making, totals.taking], takerRate);
          const match = {
            ...{ takerOrder, makerOrders, takerFillAmount: making, makerFillAmounts: fills },
          };
          const prediction = model.predict(match);
          if (!prediction.settles) throw new Error(JSON.stringify(prediction.refusal, String));
          model.apply(prediction);

          const receipt = await (await f.match(takerOrder, makerOrders, fills, making)).wait();
          for (const log of receipt?.logs ?? []) {
            const contract = [f.exchange, f.ctf, f.usdc].find(
              ({ target }) => target === log.address,
            );
            const event = contract?.interface.parseLog(log);
            const moved: unknown =
              event?.args.toObject().value ?? event?.args.toObject().amount ?? 1n;
            expect(moved, `${event?.name} of nothing`).not.to.equal(0n);
          }
          const after = await read();
          everybody.forEach((account, i) => {
            expect(after[i], account).to.deep.equal(ledger.get(account));
          });
          settled++;
        }
      }
      expect(settled).to.be.greaterThan(100);
    });
  }
});
