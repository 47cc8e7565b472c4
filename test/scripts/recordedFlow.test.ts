import { expect } from "chai";
import {
  type FlowOrder,
  type TransactionOrders,
  RecordedFlowError,
  fillsOf,
  openingEndowments,
  ordersOf,
  parseMarketQuestions,
  parseRecordedFlow,
  readMarketQuestions,
  readRecordedFlow,
  recordedPositions,
  summarizeFlow,
} from "../../scripts/demo/recordedFlow";

const flow = readRecordedFlow();

/** What one order gave and received when its match settled. */
interface Move {
  readonly order: FlowOrder;
  readonly gave: bigint;
  readonly received: bigint;
}

function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** The exchange's own arithmetic, written again: every maker is filled to the end, the taker declares all of its order. */
function settle({ makers, taker }: TransactionOrders): { moves: Move[]; consumed: bigint } {
  let takerGave = 0n;
  let takerReceived = 0n;
  const moves = makers.map((maker) => {
    const m = maker.makerAmount;
    const g = ceilDiv(m * maker.takerAmount, maker.makerAmount);
    if (maker.side !== taker.side) {
      expect(maker.outcome, "complementary").to.equal(taker.outcome);
      takerGave += g;
      takerReceived += m;
    } else if (taker.side === "BUY") {
      expect(maker.outcome, "mint").not.to.equal(taker.outcome);
      takerGave += g - m;
      takerReceived += g;
    } else {
      expect(maker.outcome, "merge").not.to.equal(taker.outcome);
      takerGave += m;
      takerReceived += m - g;
    }
    return { order: maker, gave: m, received: g };
  });
  const takerMove = { order: taker, gave: takerGave, received: takerReceived };
  const implied = ceilDiv(takerReceived * taker.makerAmount, taker.takerAmount);
  const consumed = implied < taker.makerAmount ? implied : taker.makerAmount;
  return { moves: [...moves, takerMove], consumed };
}

describe("recordedFlow", () => {
  describe("given the flow that comes with the project", () => {
    it("it holds 397 transactions of 231 wallets in 7 markets, in the order of time", () => {
      const summary = summarizeFlow(flow);

      expect(summary.transactions).to.equal(397);
      expect(summary.fills).to.equal(807);
      expect(summary.wallets).to.equal(231);
      expect(summary.transactionsByKind).to.deep.equal({ complementary: 224, mint: 98, merge: 75 });
      expect(
        summary.markets.map(({ market, transactions }) => [market, transactions]),
      ).to.deep.equal([
        [426, 154],
        [646, 21],
        [648, 69],
        [649, 37],
        [650, 77],
        [642, 28],
        [794, 11],
      ]);
      expect(flow.filter(({ makers }) => makers.length > 1)).to.have.length(13);
      const times = flow.map(({ timeSeconds }) => timeSeconds);
      expect(times).to.deep.equal([...times].sort((left, right) => left - right));
    });

    it("it balances shares to the unit in each transaction", () => {
      for (const transaction of flow) {
        const net = { YES: 0n, NO: 0n };
        for (const { side, outcome, sizeUnits } of fillsOf(transaction)) {
          net[outcome] += side === "BUY" ? sizeUnits : -sizeUnits;
        }
        const pairs = { complementary: 0n, mint: 1n, merge: -1n }[transaction.kind];
        const expected = pairs * transaction.taker.sizeUnits;
        expect(net, `transaction ${transaction.index}`).to.deep.equal({
          YES: expected,
          NO: expected,
        });
      }
    });

    it("it lets a pair cost exactly 1 in each transaction", () => {
      for (const { index, kind, makers, taker } of flow) {
        for (const maker of makers) {
          const left =
            kind === "complementary" ? maker.priceMillionths : 1_000_000n - maker.priceMillionths;
          expect(taker.priceMillionths, `transaction ${index}`).to.equal(left);
        }
      }
    });

    it("it has a question for each market and for no other", () => {
      const markets = new Set(flow.map(({ market }) => market));
      expect([...readMarketQuestions().keys()]).to.have.members([...markets]);
    });
  });

  describe("given the orders of each transaction", () => {
    it("it never makes a maker worse off than recorded, nor by a unit better", () => {
      for (const transaction of flow) {
        const { makers } = ordersOf(transaction);
        transaction.makers.forEach((fill, position) => {
          const order = makers[position]!;
          const [shares, collateral] =
            order.side === "BUY"
              ? [order.takerAmount, order.makerAmount]
              : [order.makerAmount, order.takerAmount];
          const value = fill.sizeUnits * fill.priceMillionths;
          const gain =
            order.side === "BUY"
              ? value - collateral * 1_000_000n
              : collateral * 1_000_000n - value;
          expect(shares, `transaction ${transaction.index}`).to.equal(fill.sizeUnits);
          expect(gain >= 0n && gain < 1_000_000n, `transaction ${transaction.index}`).to.equal(
            true,
          );
        });
      }
    });

    it("it crosses the taker with its makers by the exchange's rule, whatever the slack", () => {
      for (const takerSlackMillionths of [1n, 1_000n, 10_000n]) {
        for (const transaction of flow) {
          const orders = ordersOf(transaction, { takerSlackMillionths });
          const taker = settle(orders).moves.at(-1)!;
          const { makerAmount, takerAmount } = orders.taker;
          const crosses = taker.received * makerAmount >= taker.gave * takerAmount;
          expect(crosses, `transaction ${transaction.index}`).to.equal(true);
          expect(taker.gave <= makerAmount, `transaction ${transaction.index}`).to.equal(true);
        }
      }
    });

    it("it fills every order to the end", () => {
      for (const transaction of flow) {
        const orders = ordersOf(transaction);
        const { moves, consumed } = settle(orders);
        expect(consumed, `transaction ${transaction.index}`).to.equal(orders.taker.makerAmount);
        for (const { order, gave, received } of moves) {
          const shares = order.side === "BUY" ? received : gave;
          const signed = order.side === "BUY" ? order.takerAmount : order.makerAmount;
          expect(shares, `transaction ${transaction.index}`).to.equal(signed);
        }
      }
    });

    it("it keeps a limit inside (0, 1) when the price is next to an end", () => {
      const [high, low] = parseRecordedFlow(
        file("1,5,7,w001,SELL,YES,10,0.9995", "1,5,7,w002,BUY,YES,10,0.9995") +
          "2,5,7,w001,BUY,YES,10,0.0005\n2,5,7,w002,SELL,YES,10,0.0005\n",
      );
      expect(ordersOf(high!).taker.makerAmount).to.equal(9_999_990n);
      expect(ordersOf(low!).taker.takerAmount).to.equal(10n);
    });
  });

  describe("given the opening endowments", () => {
    /** Plays the flow on the endowments alone; returns what each wallet ended with and the least it ever had. */
    function replay() {
      const purses = new Map(
        openingEndowments(flow).map((endowment) => {
          const { market, wallet, yesUnits, noUnits, tradingCollateralUnits } = endowment;
          const start = { YES: yesUnits, NO: noUnits, cash: tradingCollateralUnits };
          return [`${market} ${wallet}`, { start, now: { ...start }, least: { ...start } }];
        }),
      );
      for (const transaction of flow) {
        for (const { order, gave, received } of settle(ordersOf(transaction)).moves) {
          const { now, least } = purses.get(`${transaction.market} ${order.wallet}`)!;
          const [given, taken] =
            order.side === "BUY"
              ? (["cash", order.outcome] as const)
              : ([order.outcome, "cash"] as const);
          now[given] -= gave;
          now[taken] += received;
          if (now[given] < least[given]) least[given] = now[given];
        }
      }
      return purses;
    }

    it("it never runs a wallet out of shares or collateral when replayed", () => {
      for (const [key, { least }] of replay()) {
        const isSolvent = least.YES >= 0n && least.NO >= 0n && least.cash >= 0n;
        expect(isSolvent, key).to.equal(true);
      }
    });

    it("it moves each wallet by its recorded change", () => {
      const purses = replay();
      const positions = recordedPositions(flow);
      expect(positions).to.have.length(purses.size);
      for (const position of positions) {
        const key = `${position.market} ${position.wallet}`;
        const { start, now } = purses.get(key)!;
        expect(now.YES - start.YES, key).to.equal(position.yesChangeUnits);
        expect(now.NO - start.NO, key).to.equal(position.noChangeUnits);
        const off = (now.cash - start.cash) * 1_000_000n - position.cashChangeUnitMillionths;
        const tolerance = position.cashToleranceUnits * 1_000_000n;
        expect(off < tolerance && off > -tolerance, key).to.equal(true);
      }
    });

    it("it endows no more shares than the replay needs", () => {
      for (const [key, { start, least }] of replay()) {
        if (start.YES > 0n) expect(least.YES, key).to.equal(0n);
        if (start.NO > 0n) expect(least.NO, key).to.equal(0n);
      }
    });

    it("it splits as many pairs as the greater need", () => {
      for (const { yesUnits, noUnits, pairUnits, wallet } of openingEndowments(flow)) {
        expect(pairUnits, wallet).to.equal(yesUnits > noUnits ? yesUnits : noUnits);
      }
    });
  });

  describe("given a malformed file", () => {
    const maker = "1,5,7,w001,SELL,YES,10,0.4";
    const taker = "1,5,7,w002,BUY,YES,10,0.4";

    it("it names the line and the field", () => {
      const cases: [text: string, line: number, reason: RegExp][] = [
        ["wallet,size\n", 1, /header/],
        [file(maker, taker).trimEnd(), 3, /line break/],
        [file(maker, `${taker},1`), 3, /8 fields, found 9/],
        [file(maker, ""), 3, /8 fields, found 1/],
        [file("x,5,7,w001,SELL,YES,10,0.4", taker), 2, /transaction "x"/],
        [file("1,5.5,7,w001,SELL,YES,10,0.4", taker), 2, /time "5.5"/],
        [file("1,5,-7,w001,SELL,YES,10,0.4", taker), 2, /market "-7"/],
        [file("1,5,7,0xabc,SELL,YES,10,0.4", taker), 2, /wallet "0xabc"/],
        [file("1,5,7,w001,sell,YES,10,0.4", taker), 2, /side "sell"/],
        [file("1,5,7,w001,SELL,Yes,10,0.4", taker), 2, /outcome "Yes"/],
        [file("1,5,7,w001,SELL,YES,0,0.4", taker), 2, /size "0"/],
        [file("1,5,7,w001,SELL,YES,1e3,0.4", taker), 2, /size "1e3"/],
        [file("1,5,7,w001,SELL,YES,1.0000001,0.4", taker), 2, /at most 6 decimals/],
        [file("1,5,7,w001,SELL,YES,10,1", taker), 2, /price 1 is not below 1/],
        [file("1,5,7,w001,SELL,YES,10,.4", taker), 2, /price ".4"/],
      ];
      for (const [text, line, reason] of cases) expectRefusal(text, line, reason);
    });

    it("it refuses transactions that do not hold together", () => {
      const cases: [text: string, line: number, reason: RegExp][] = [
        [file(maker), 2, /a single fill/],
        [file(maker, "1,6,7,w002,BUY,YES,10,0.4"), 3, /two times/],
        [file(maker, "1,5,8,w002,BUY,YES,10,0.4"), 3, /two markets/],
        [file(maker, "1,5,7,w002,BUY,YES,9,0.4"), 3, /10000000 share units meet 9000000/],
        [file(maker, "1,5,7,w002,BUY,NO,10,0.6"), 2, /SELL YES cannot meet BUY NO/],
        [file(maker, "1,5,7,w003,BUY,NO,5,0.6", "1,5,7,w002,BUY,YES,15,0.4"), 4, /mixes/],
        [file(maker, taker, "3,5,7,w001,SELL,YES,10,0.4"), 4, /3 is out of order/],
        [file(maker, taker, "2,4,7,w001,SELL,YES,10,0.4"), 4, /time goes back/],
      ];
      for (const [text, line, reason] of cases) expectRefusal(text, line, reason);
    });

    it("it refuses a market without its texts", () => {
      const texts = { question: "Will it?", description: "YES if it does." };
      expect(() => parseMarketQuestions(JSON.stringify({ "7": texts }))).to.throw(
        "questions.7.category must be a text",
      );
      expect(() => parseMarketQuestions(JSON.stringify({ seven: texts }))).to.throw(
        '"seven" is not a market number',
      );
    });
  });
});

function file(...rows: string[]): string {
  return ["transaction,time,market,wallet,side,outcome,size,price", ...rows, ""].join("\n");
}

function expectRefusal(text: string, line: number, reason: RegExp): void {
  expect(() => parseRecordedFlow(text), text)
    .to.throw(RecordedFlowError, reason)
    .with.property("line", line);
}
