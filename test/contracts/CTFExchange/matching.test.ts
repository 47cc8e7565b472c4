import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  BUY,
  type ExchangeFixture,
  MAX_AMOUNT,
  SELL,
  type SignedOrder,
  cents,
  changesOf,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  split,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given a taker order and maker orders
 * ├── when a maker order has the other side and the same token: the two swap (complementary)
 * ├── when both BUY complementary tokens: pairs are minted (MA-3)
 * ├── when both SELL complementary tokens: pairs are merged (MA-4)
 * ├── when the makers are of both kinds: each is settled by its own kind, all in one call
 * ├── when a maker's price is better than the taker's limit
 * │   └── the whole improvement is the taker's (MA-11)
 * ├── when a fill is part of an order
 * │   ├── the maker receives ceil(m * T / M) (MA-1, I4)
 * │   └── the rest stays open, until a last fill completes the order (I6)
 * ├── what the taker order consumes
 * │   ├── what its size is worth at its own limit, when that is less than declared
 * │   └── what was declared, when that is less
 * ├── when the taker's limit is missed by one unit ... refused: NotCrossing (MA-2, MA-4)
 * ├── when the makers need more than declared ........ refused: TakerFillExceeded
 * ├── when a fill is above what remains .............. refused: MakingGtRemaining (MA-5)
 * ├── when a fill is zero ............................ refused: ZeroFill (MA-6)
 * ├── when there is no maker, or no fill for each .... refused: NoMakerOrders, LengthMismatch (MA-7)
 * ├── when the tokens do not belong together
 * │   ├── same side, not the complement .............. refused: InvalidComplement (MA-8, MA-9)
 * │   └── other side, not the same ................... refused: MismatchedTokenIds (MA-10)
 * ├── when there are 50 makers ....................... it settles (MA-13)
 * └── events tell what moved (MA-12), and the exchange ends flat (I3)
 */
describe("CTFExchange: matching", () => {
  /** What changed for everybody who could have gained or lost. */
  function changes(f: ExchangeFixture, action: () => Promise<unknown>) {
    const { taker, alice, bob, carol, operator, feeReceiver, exchange, ctf } = f;
    const accounts = { taker, alice, bob, carol, operator, feeReceiver, exchange, ctf };
    return changesOf(f, accounts, action);
  }

  const FILLED = { isFilledOrCancelled: true, remaining: 0n };
  const open = (remaining: bigint) => ({ isFilledOrCancelled: false, remaining });

  describe("kinds", () => {
    it("swaps directly when the taker buys from sellers", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(60), size: tokens(300) });
      const asks = [
        f.sell({ maker: f.alice, price: cents(60) }),
        f.sell({ maker: f.bob, price: cents(60), size: tokens(200) }),
      ];
      expect(await changes(f, () => f.match(bid, asks))).to.deep.equal({
        taker: { usdc: -tokens(180), yes: tokens(300) },
        alice: { usdc: tokens(60), yes: -tokens(100) },
        bob: { usdc: tokens(120), yes: -tokens(200) },
      });
      for (const order of [bid, ...asks]) {
        expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
      }
    });

    it("swaps directly when the taker sells to buyers", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(40), size: tokens(300) });
      const bids = [
        f.buy({ maker: f.alice, price: cents(40) }),
        f.buy({ maker: f.bob, price: cents(40), size: tokens(200) }),
      ];
      expect(await changes(f, () => f.match(ask, bids))).to.deep.equal({
        taker: { usdc: tokens(120), yes: -tokens(300) },
        alice: { usdc: -tokens(40), yes: tokens(100) },
        bob: { usdc: -tokens(80), yes: tokens(200) },
      });
    });

    it("neither mints nor merges when nothing but direct swaps is asked for", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      for (const [takerOrder, makerOrder] of [
        [bid, ask],
        [f.sell({ maker: f.taker }), f.buy({ maker: f.bob })],
      ] as const) {
        const sent = f.match(takerOrder, [makerOrder]);
        await expect(sent).not.to.emit(f.ctf, "PositionSplit");
        await expect(sent).not.to.emit(f.ctf, "PositionsMerge");
      }
    });

    it("mints a pair of a single unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const unit = { makerAmount: 1n, takerAmount: 1n };
      const before = await Promise.all([f.taker, f.alice].map((who) => f.usdc.balanceOf(who)));
      const sign = (maker: typeof f.taker, side: "buy" | "sell", tokenId: bigint) => {
        const { signature: _, hash: __, ...fields } = f[side]({ maker, tokenId });
        return f.sign({ ...fields, ...unit }, maker);
      };
      await expect(
        f.match(sign(f.taker, "buy", f.yes), [sign(f.alice, "buy", f.no)], [1n], 1n),
      ).to.emit(f.ctf, "PositionSplit");
      const after = await Promise.all([f.taker, f.alice].map((who) => f.usdc.balanceOf(who)));
      // The maker pays 1.00, all that the pair costs; the taker's limit leaves it the improvement.
      expect(after.map((held, i) => held - (before[i] as bigint))).to.deep.equal([0n, -1n]);
      expect(await f.ctf.balanceOf(f.exchange, f.yes)).to.equal(0n);
      expect(await f.ctf.balanceOf(f.exchange, f.no)).to.equal(0n);
      expect(await f.usdc.balanceOf(f.exchange)).to.equal(0n);
    });

    it("MA-3 mints pairs when both buy: 0.40 for YES and 0.60 for NO", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(40) });
      const other = f.buy({ maker: f.alice, tokenId: f.no, price: cents(60) });
      expect(await changes(f, () => f.match(bid, [other]))).to.deep.equal({
        taker: { usdc: -tokens(40), yes: tokens(100) },
        alice: { usdc: -tokens(60), no: tokens(100) },
        ctf: { usdc: tokens(100) },
      });
    });

    it("MA-3 mints pairs when the taker buys NO", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, tokenId: f.no, price: cents(40) });
      const other = f.buy({ maker: f.alice, price: cents(60) });
      expect(await changes(f, () => f.match(bid, [other]))).to.deep.equal({
        taker: { usdc: -tokens(40), no: tokens(100) },
        alice: { usdc: -tokens(60), yes: tokens(100) },
        ctf: { usdc: tokens(100) },
      });
    });

    it("MA-4 merges pairs when both sell: 0.35 for YES and 0.65 for NO", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(35) });
      const other = f.sell({ maker: f.alice, tokenId: f.no, price: cents(65) });
      expect(await changes(f, () => f.match(ask, [other]))).to.deep.equal({
        taker: { usdc: tokens(35), yes: -tokens(100) },
        alice: { usdc: tokens(65), no: -tokens(100) },
        ctf: { usdc: -tokens(100) },
      });
    });

    it("settles a taker that buys from a seller and mints with two buyers in one call", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(50), size: tokens(400) });
      const makers = [
        f.buy({ maker: f.alice, tokenId: f.no, price: cents(60) }),
        f.sell({ maker: f.bob, price: cents(50), size: tokens(200) }),
        f.buy({ maker: f.carol, tokenId: f.no, price: cents(50) }),
      ];
      expect(await changes(f, () => f.match(bid, makers))).to.deep.equal({
        taker: { usdc: -tokens(190), yes: tokens(400) },
        alice: { usdc: -tokens(60), no: tokens(100) },
        bob: { usdc: tokens(100), yes: -tokens(200) },
        carol: { usdc: -tokens(50), no: tokens(100) },
        ctf: { usdc: tokens(200) },
      });
    });

    it("settles a taker that sells to a buyer and merges with two sellers in one call", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(50), size: tokens(400) });
      const makers = [
        f.sell({ maker: f.alice, tokenId: f.no, price: cents(40) }),
        f.buy({ maker: f.bob, price: cents(50), size: tokens(200) }),
        f.sell({ maker: f.carol, tokenId: f.no, price: cents(50) }),
      ];
      expect(await changes(f, () => f.match(ask, makers))).to.deep.equal({
        taker: { usdc: tokens(210), yes: -tokens(400) },
        alice: { usdc: tokens(40), no: -tokens(100) },
        bob: { usdc: -tokens(100), yes: tokens(200) },
        carol: { usdc: tokens(50), no: -tokens(100) },
        ctf: { usdc: -tokens(200) },
      });
    });

    it("mints for a taker that pays nothing, when the maker pays 1.00", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(1) });
      const other = f.buy({ maker: f.alice, tokenId: f.no, price: cents(100) });
      expect(await changes(f, () => f.match(bid, [other]))).to.deep.equal({
        taker: { yes: tokens(100) },
        alice: { usdc: -tokens(100), no: tokens(100) },
        ctf: { usdc: tokens(100) },
      });
    });

    it("refuses a merge in which the maker takes all: the taker would get nothing", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, makerAmount: tokens(100), takerAmount: 1n });
      const other = f.sell({ maker: f.alice, tokenId: f.no, price: cents(100) });
      await expectRefusal(f, () => f.match(ask, [other]), "NotCrossing", [
        ask.hash,
        tokens(100),
        0n,
      ]);
    });

    it("merges with a maker that takes all, when another maker pays the taker's limit", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(25), size: tokens(200) });
      const makers = [
        f.sell({ maker: f.alice, tokenId: f.no, price: cents(100) }),
        f.buy({ maker: f.bob, price: cents(50) }),
      ];
      expect(await changes(f, () => f.match(ask, makers))).to.deep.equal({
        taker: { usdc: tokens(50), yes: -tokens(200) },
        alice: { usdc: tokens(100), no: -tokens(100) },
        bob: { usdc: -tokens(50), yes: tokens(100) },
        ctf: { usdc: -tokens(100) },
      });
    });

    it("settles an account with itself: the contract leaves that to the matcher", async () => {
      const f = await loadFixture(exchangeFixture);
      const swap = () => f.match(f.buy({ maker: f.taker }), [f.sell({ maker: f.taker })]);
      expect(await changes(f, swap)).to.deep.equal({});
      const mint = () =>
        f.match(f.buy({ maker: f.taker }), [f.buy({ maker: f.taker, tokenId: f.no })]);
      expect(await changes(f, mint)).to.deep.equal({
        taker: { usdc: -tokens(100), yes: tokens(100), no: tokens(100) },
        ctf: { usdc: tokens(100) },
      });
    });

    it("settles several orders of one maker, and one order twice, in one call", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200) });
      const [first, second] = [f.sell({ maker: f.alice }), f.sell({ maker: f.alice })];
      await f.match(bid, [first, second, first], [tokens(30), tokens(100), tokens(70)]);
      expect(await statusOf(f.exchange, first)).to.deep.equal(FILLED);
      expect(await statusOf(f.exchange, second)).to.deep.equal(FILLED);
    });

    it("settles amounts of 2^120 - 1 without overflow", async () => {
      const f = await loadFixture(exchangeFixture);
      const all = { makerAmount: MAX_AMOUNT, takerAmount: MAX_AMOUNT };
      await f.usdc.mint(f.taker, MAX_AMOUNT);
      await f.usdc.mint(f.donor, MAX_AMOUNT);
      await f.usdc.connect(f.donor).approve(f.ctf, MAX_AMOUNT);
      await split(f.ctf, f.usdc, f.donor, f.market.conditionId, MAX_AMOUNT);
      const [bid, ask] = [f.buy({ maker: f.taker, ...all }), f.sell({ maker: f.donor, ...all })];
      await f.match(bid, [ask]);
      expect(await statusOf(f.exchange, bid)).to.deep.equal(FILLED);
      expect(await statusOf(f.exchange, ask)).to.deep.equal(FILLED);
    });
  });

  describe("price improvement", () => {
    it("MA-11 is the taker's alone when it buys", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70) });
      const ask = f.sell({ maker: f.alice, price: cents(55) });
      expect(await changes(f, () => f.match(bid, [ask]))).to.deep.equal({
        taker: { usdc: -tokens(55), yes: tokens(100) },
        alice: { usdc: tokens(55), yes: -tokens(100) },
      });
    });

    it("MA-11 is the taker's alone when it sells", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(30) });
      const bid = f.buy({ maker: f.alice, price: cents(55) });
      expect(await changes(f, () => f.match(ask, [bid]))).to.deep.equal({
        taker: { usdc: tokens(55), yes: -tokens(100) },
        alice: { usdc: -tokens(55), yes: tokens(100) },
      });
    });

    it("MA-11 is the taker's alone when pairs are minted", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(60) });
      const other = f.buy({ maker: f.alice, tokenId: f.no, price: cents(55) });
      expect(await changes(f, () => f.match(bid, [other]))).to.deep.equal({
        taker: { usdc: -tokens(45), yes: tokens(100) },
        alice: { usdc: -tokens(55), no: tokens(100) },
        ctf: { usdc: tokens(100) },
      });
    });

    it("MA-11 is the taker's alone when pairs are merged", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(30) });
      const other = f.sell({ maker: f.alice, tokenId: f.no, price: cents(55) });
      expect(await changes(f, () => f.match(ask, [other]))).to.deep.equal({
        taker: { usdc: tokens(45), yes: -tokens(100) },
        alice: { usdc: tokens(55), no: -tokens(100) },
        ctf: { usdc: -tokens(100) },
      });
    });

    it("lets a better maker pay for a worse one: the taker's limit holds for the whole", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(50), size: tokens(200) });
      const asks = [
        f.sell({ maker: f.alice, price: cents(40) }),
        f.sell({ maker: f.bob, price: cents(60) }),
      ];
      expect((await changes(f, () => f.match(bid, asks))).taker).to.deep.equal({
        usdc: -tokens(100),
        yes: tokens(200),
      });
    });
  });

  describe("partial fills", () => {
    it("I6 keeps what is left of both orders, until a last fill completes them", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(50) });
      const ask = f.sell({ maker: f.alice, price: cents(50) });
      const fill = (size: bigint) => f.match(bid, [ask], [size], size / 2n);

      await fill(tokens(30));
      expect(await statusOf(f.exchange, bid)).to.deep.equal(open(tokens(35)));
      expect(await statusOf(f.exchange, ask)).to.deep.equal(open(tokens(70)));
      await fill(tokens(69));
      expect(await statusOf(f.exchange, bid)).to.deep.equal(open(tokens(1) / 2n));
      expect(await statusOf(f.exchange, ask)).to.deep.equal(open(tokens(1)));
      await fill(tokens(1));
      expect(await statusOf(f.exchange, bid)).to.deep.equal(FILLED);
      expect(await statusOf(f.exchange, ask)).to.deep.equal(FILLED);
    });

    it("MA-1 I4 pays a maker 2 for 3 units at 0.50, if the taker's limit allows it", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, makerAmount: 1000n, takerAmount: 500n });
      const bid = f.buy({ maker: f.taker, makerAmount: 2n, takerAmount: 3n });
      expect(await changes(f, () => f.match(bid, [ask], [3n]))).to.deep.equal({
        taker: { usdc: -2n, yes: 3n },
        alice: { usdc: 2n, yes: -3n },
      });
    });

    it("MA-1 refuses 3 units when the taker's limit is 0.50 too", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, makerAmount: 1000n, takerAmount: 500n });
      const bid = f.buy({ maker: f.taker, makerAmount: 500n, takerAmount: 1000n });
      await expectRefusal(f, () => f.match(bid, [ask], [3n]), "NotCrossing", [bid.hash, 2n, 3n]);
    });

    it("I4 pays a maker 1 for 99 units at 0.01, not 0", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, makerAmount: 100_000n, takerAmount: 1000n });
      const bid = f.buy({ maker: f.taker, makerAmount: 1n, takerAmount: 99n });
      const result = await changes(f, () => f.match(bid, [ask], [99n]));
      expect(result.alice).to.deep.equal({ usdc: 1n, yes: -99n });
    });

    it("I4 gives a buying maker one token unit more rather than a worse price", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.alice, makerAmount: 3n, takerAmount: 10n });
      const ask = f.sell({ maker: f.taker, makerAmount: 4n, takerAmount: 1n });
      const result = await changes(f, () => f.match(ask, [bid], [1n]));
      expect(result.alice).to.deep.equal({ usdc: -1n, yes: 4n });
    });

    it("matches one third with two thirds: prices that no decimal can write", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, makerAmount: 1n, takerAmount: 3n });
      const other = f.buy({ maker: f.alice, tokenId: f.no, makerAmount: 2n, takerAmount: 3n });
      expect(await changes(f, () => f.match(bid, [other]))).to.deep.equal({
        taker: { usdc: -1n, yes: 3n },
        alice: { usdc: -2n, no: 3n },
        ctf: { usdc: 3n },
      });
    });
  });

  describe("what the taker order consumes", () => {
    it("ends a limit order when its size is bought, though it paid less than its limit", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70) });
      await f.match(bid, [f.sell({ maker: f.alice, price: cents(55) })]);
      expect(await statusOf(f.exchange, bid)).to.deep.equal(FILLED);
    });

    it("consumes of a limit order what the size bought is worth at its own limit", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70) });
      await f.match(bid, [f.sell({ maker: f.alice, price: cents(55) })], [tokens(40)]);
      expect(await statusOf(f.exchange, bid)).to.deep.equal(open(tokens(42)));
    });

    it("consumes of a market order only what was declared, and so buys more than its size", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(80), size: tokens(100) });
      const ask = f.sell({ maker: f.alice, price: cents(40), size: tokens(200) });
      const result = await changes(f, () => f.match(bid, [ask]));
      expect(result.taker).to.deep.equal({ usdc: -tokens(80), yes: tokens(200) });
      expect(await statusOf(f.exchange, bid)).to.deep.equal(FILLED);
    });

    it("consumes min(takerFillAmount, ceil(G * M / T)) at the edge between the two", async () => {
      const f = await loadFixture(exchangeFixture);
      // 7 for 10: buying 4 units is worth ceil(4 * 7 / 10) = 3 of its own.
      for (const [declared, consumed] of [
        [1n, 1n],
        [2n, 2n],
        [3n, 3n],
        [4n, 3n],
        [7n, 3n],
      ] as const) {
        const bid = f.buy({ maker: f.taker, makerAmount: 7n, takerAmount: 10n });
        const ask = f.sell({ maker: f.alice, makerAmount: 4n, takerAmount: 1n });
        await f.match(bid, [ask], [4n], declared);
        expect(await statusOf(f.exchange, bid), `declared ${declared}`).to.deep.equal(
          open(7n - consumed),
        );
      }
    });

    it("consumes of a selling order what the collateral is worth at its own limit", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(25) });
      const bid = f.buy({ maker: f.alice, price: cents(50), size: tokens(20) });
      await f.match(ask, [bid]);
      // 10 dollars are worth 40 tokens at 0.25, though only 20 were given.
      expect(await statusOf(f.exchange, ask)).to.deep.equal(open(tokens(60)));
    });
  });

  describe("limits", () => {
    it("MA-2 refuses a purchase that misses the taker's limit by one unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, makerAmount: 500_000n, takerAmount: 1_000_001n });
      const ask = f.sell({ maker: f.alice, makerAmount: 1_000_000n, takerAmount: 500_000n });
      await expectRefusal(f, () => f.match(bid, [ask]), "NotCrossing", [
        bid.hash,
        500_000n,
        1_000_000n,
      ]);
    });

    it("MA-2 refuses a sale that misses the taker's limit by one unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, makerAmount: 1_000_000n, takerAmount: 500_001n });
      const bid = f.buy({ maker: f.alice, makerAmount: 500_000n, takerAmount: 1_000_000n });
      await expectRefusal(f, () => f.match(ask, [bid]), "NotCrossing", [
        ask.hash,
        1_000_000n,
        500_000n,
      ]);
    });

    it("MA-2 refuses a mint whose bids are one unit short of 1.00", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, makerAmount: 400_000n, takerAmount: 1_000_000n });
      const other = {
        maker: f.alice,
        tokenId: f.no,
        makerAmount: 599_999n,
        takerAmount: 1_000_000n,
      };
      await expectRefusal(
        f,
        () => f.match(bid, [f.buy(other)], undefined, 400_000n),
        "TakerFillExceeded",
        [bid.hash, 400_001n, 400_000n],
      );
      const larger = f.buy({ maker: f.taker, makerAmount: 800_000n, takerAmount: 2_000_000n });
      await expectRefusal(f, () => f.match(larger, [f.buy(other)]), "NotCrossing", [
        larger.hash,
        400_001n,
        1_000_000n,
      ]);
    });

    it("MA-4 refuses a merge whose asks sum to 1.01", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(36) });
      const other = f.sell({ maker: f.alice, tokenId: f.no, price: cents(65) });
      await expectRefusal(f, () => f.match(ask, [other]), "NotCrossing", [
        ask.hash,
        tokens(100),
        tokens(35),
      ]);
    });

    it("MA-4 refuses a merge whose asks are one unit above 1.00", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, makerAmount: 1_000_000n, takerAmount: 350_000n });
      const other = {
        maker: f.alice,
        tokenId: f.no,
        makerAmount: 1_000_000n,
        takerAmount: 650_001n,
      };
      await expectRefusal(f, () => f.match(ask, [f.sell(other)]), "NotCrossing", [
        ask.hash,
        1_000_000n,
        349_999n,
      ]);
    });

    it("refuses makers that need more of the taker than declared, by one unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70) });
      const ask = f.sell({ maker: f.alice, price: cents(50) });
      await expectRefusal(
        f,
        () => f.match(bid, [ask], [tokens(100)], tokens(50) - 1n),
        "TakerFillExceeded",
        [bid.hash, tokens(50), tokens(50) - 1n],
      );
      await f.match(bid, [ask], [tokens(100)], tokens(50));
    });

    it("MA-5 refuses a maker fill one unit above what remains", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70), size: tokens(200) });
      const ask = f.sell({ maker: f.alice });
      const fill = (amount: bigint) => () => f.match(bid, [ask], [amount], tokens(60));
      const refused = (amount: bigint, left: bigint) =>
        expectRefusal(f, fill(amount), "MakingGtRemaining", [ask.hash, amount, left]);
      await refused(tokens(100) + 1n, tokens(100));
      await fill(tokens(30))();
      await refused(tokens(70) + 1n, tokens(70));
    });

    it("MA-5 refuses a taker fill one unit above what remains", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      const fill = (declared: bigint) => () => f.match(bid, [ask], [tokens(10)], declared);
      const refused = (declared: bigint, left: bigint) =>
        expectRefusal(f, fill(declared), "MakingGtRemaining", [bid.hash, declared, left]);
      await refused(tokens(50) + 1n, tokens(50));
      await fill(tokens(50))();
      await refused(tokens(45) + 1n, tokens(45));
    });

    it("MA-5 counts both fills of an order named twice", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200) });
      const ask = f.sell({ maker: f.alice });
      await expectRefusal(
        f,
        () => f.match(bid, [ask, ask], [tokens(60), tokens(41)]),
        "MakingGtRemaining",
        [ask.hash, tokens(41), tokens(40)],
      );
      await expectRefusal(
        f,
        () => f.match(bid, [ask, ask], [tokens(100), 1n]),
        "OrderFilledOrCancelled",
        [ask.hash],
      );
    });

    it("MA-6 refuses a fill of zero, the taker's or any maker's", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200) });
      const asks = [f.sell({ maker: f.alice }), f.sell({ maker: f.bob })];
      await expectRefusal(f, () => f.match(bid, asks, [1n, 0n]), "ZeroFill", [asks[1]?.hash]);
      await expectRefusal(f, () => f.match(bid, asks, [0n, 1n]), "ZeroFill", [asks[0]?.hash]);
      await expectRefusal(f, () => f.match(bid, asks, [2n, 2n], 0n), "ZeroFill", [bid.hash]);
    });

    it("MA-7 refuses a match without makers", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      await expectRefusal(f, () => f.match(bid, []), "NoMakerOrders");
      await expectRefusal(f, () => f.match(bid, [], [1n]), "NoMakerOrders");
    });

    it("MA-7 refuses fewer or more fills than makers", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const asks = [f.sell({ maker: f.alice }), f.sell({ maker: f.bob })];
      for (const fills of [[], [1n], [1n, 1n, 1n]]) {
        await expectRefusal(f, () => f.match(bid, asks, fills), "LengthMismatch", [
          2n,
          BigInt(fills.length),
        ]);
      }
    });
  });

  describe("tokens that do not belong together", () => {
    for (const [side, kind] of [
      [BUY, "buy"],
      [SELL, "sell"],
    ] as const) {
      it(`MA-8 refuses to ${kind === "buy" ? "mint" : "merge"} YES of one market with NO of another`, async () => {
        const f = await loadFixture(exchangeFixture);
        const takerOrder = f[kind]({ maker: f.taker });
        const other = f[kind]({ maker: f.alice, tokenId: f.otherMarket.no });
        expect(takerOrder.side).to.equal(side);
        await expectRefusal(f, () => f.match(takerOrder, [other]), "InvalidComplement", [
          other.hash,
          f.otherMarket.no,
          f.no,
        ]);
      });

      it(`MA-9 refuses two orders that ${kind} the same token`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [takerOrder, other] = [f[kind]({ maker: f.taker }), f[kind]({ maker: f.alice })];
        await expectRefusal(f, () => f.match(takerOrder, [other]), "InvalidComplement", [
          other.hash,
          f.yes,
          f.no,
        ]);
      });

      it(`MA-9 refuses to match an order that ${kind}s with itself`, async () => {
        const f = await loadFixture(exchangeFixture);
        const order = f[kind]({ maker: f.taker });
        await expectRefusal(f, () => f.match(order, [order]), "InvalidComplement", [
          order.hash,
          f.yes,
          f.no,
        ]);
      });

      it(`MA-10 refuses a taker that ${kind}s YES against the other side of NO`, async () => {
        const f = await loadFixture(exchangeFixture);
        const takerOrder = f[kind]({ maker: f.taker });
        for (const tokenId of [f.no, f.otherMarket.yes]) {
          const other = f[kind === "buy" ? "sell" : "buy"]({ maker: f.alice, tokenId });
          await expectRefusal(f, () => f.match(takerOrder, [other]), "MismatchedTokenIds", [
            other.hash,
            tokenId,
            f.yes,
          ]);
        }
      });
    }

    it("refuses the whole match for one bad maker among good ones, and names it", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(300) });
      const bad = f.sell({ maker: f.bob, tokenId: f.no });
      const makers = [f.sell({ maker: f.alice }), bad, f.sell({ maker: f.carol })];
      await expectRefusal(f, () => f.match(bid, makers), "MismatchedTokenIds", [
        bad.hash,
        f.no,
        f.yes,
      ]);
    });
  });

  describe("events", () => {
    interface Moved {
      order: SignedOrder;
      making: bigint;
      taking: bigint;
      remaining: bigint;
    }

    /** All events of the exchange in one match, as [name, values]. */
    async function eventsOf(f: ExchangeFixture, sent: ReturnType<ExchangeFixture["match"]>) {
      const receipt = await (await sent).wait();
      const address = await f.exchange.getAddress();
      return (receipt?.logs ?? [])
        .filter((log) => log.address === address)
        .map((log) => f.exchange.interface.parseLog(log))
        .map((event) => [event?.name, event?.args.toArray(true)]);
    }

    const filled = ({ order, making, taking, remaining }: Moved) => [
      "OrderFilled",
      [order.hash, order.maker, order.tokenId, BigInt(order.side), making, taking, remaining],
    ];

    it("MA-12 tell what really moved: makers in their order, then the taker, then the match", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(70), size: tokens(300) });
      const ask = f.sell({ maker: f.alice, price: cents(50) });
      const other = f.buy({ maker: f.bob, tokenId: f.no, price: cents(60), size: tokens(200) });
      const fills = [tokens(40), tokens(60)];
      // 40 from Alice for 20; 100 minted, of which Bob pays 60 and the taker 40.
      expect(await eventsOf(f, f.match(bid, [ask, other], fills))).to.deep.equal([
        filled({ order: ask, making: tokens(40), taking: tokens(20), remaining: tokens(60) }),
        filled({ order: other, making: tokens(60), taking: tokens(100), remaining: tokens(60) }),
        filled({ order: bid, making: tokens(60), taking: tokens(140), remaining: tokens(112) }),
        ["OrdersMatched", [bid.hash, [ask.hash, other.hash], tokens(60), fills]],
      ]);
    });

    it("MA-12 equal the balance changes under price improvement, for every kind", async () => {
      const f = await loadFixture(exchangeFixture);
      const cases = [
        [f.buy({ maker: f.taker, price: cents(70) }), f.sell({ maker: f.alice, price: cents(55) })],
        [f.sell({ maker: f.taker, price: cents(30) }), f.buy({ maker: f.alice, price: cents(55) })],
        [
          f.buy({ maker: f.taker, price: cents(60) }),
          f.buy({ maker: f.alice, tokenId: f.no, price: cents(55) }),
        ],
        [
          f.sell({ maker: f.taker, price: cents(30) }),
          f.sell({ maker: f.alice, tokenId: f.no, price: cents(55) }),
        ],
      ] as const;
      for (const [takerOrder, makerOrder] of cases) {
        let events: Awaited<ReturnType<typeof eventsOf>> = [];
        const moved = await changes(f, async () => {
          events = await eventsOf(f, f.match(takerOrder, [makerOrder]));
        });
        for (const [i, name] of ["alice", "taker"].entries()) {
          const values = events[i]?.[1] as bigint[];
          const [tokenId, side, making, taking] = values.slice(2) as [
            bigint,
            bigint,
            bigint,
            bigint,
          ];
          const asset = tokenId === f.yes ? "yes" : "no";
          expect(moved[name], `${name} of ${takerOrder.side}-${makerOrder.side}`).to.deep.equal(
            side === 0n ? { usdc: -making, [asset]: taking } : { usdc: taking, [asset]: -making },
          );
        }
      }
    });

    it("MA-12 end with the same remaining that the status keeps", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, price: cents(80) });
      const ask = f.sell({ maker: f.alice, price: cents(40), size: tokens(150) });
      const events = await eventsOf(f, f.match(bid, [ask], [tokens(149)]));
      const remaining = events.slice(0, 2).map((event) => (event[1] as bigint[])[6]);
      expect(remaining).to.deep.equal([
        (await statusOf(f.exchange, ask)).remaining,
        (await statusOf(f.exchange, bid)).remaining,
      ]);
    });
  });

  describe("the exchange", () => {
    it("I3 TC-4 keeps a donation to itself: it reaches no trader, and no match fails for it", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.usdc.connect(f.donor).transfer(f.exchange, 12_345n);
      const matches = [
        () => f.match(f.buy({ maker: f.taker }), [f.sell({ maker: f.alice })]),
        () => f.match(f.sell({ maker: f.taker }), [f.buy({ maker: f.alice })]),
        () => f.match(f.buy({ maker: f.taker }), [f.buy({ maker: f.alice, tokenId: f.no })]),
        () => f.match(f.sell({ maker: f.taker }), [f.sell({ maker: f.alice, tokenId: f.no })]),
      ];
      for (const each of matches) {
        const moved = await changes(f, each);
        expect(moved).not.to.have.property("exchange");
        const { taker, alice } = moved;
        expect([taker?.usdc, alice?.usdc].map((usdc) => (usdc ?? 0n) ** 2n)).to.deep.equal([
          tokens(50) ** 2n,
          tokens(50) ** 2n,
        ]);
      }
      expect(await f.usdc.balanceOf(f.exchange)).to.equal(12_345n);
    });

    it("I11 moves nothing of accounts outside the match", async () => {
      const f = await loadFixture(exchangeFixture);
      const { bob, carol, dave, erin, donor, stranger, admin } = f;
      const outside = { bob, carol, dave, erin, donor, stranger, admin };
      const bid = f.buy({ maker: f.taker, price: cents(60), feeRateBps: 100n });
      const other = f.buy({ maker: f.alice, tokenId: f.no, price: cents(60), feeRateBps: 100n });
      expect(await changesOf(f, outside, () => f.match(bid, [other]))).to.deep.equal({});
    });

    it("I12 changes nothing when a match is only tried", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      await expectUnchanged(f, () =>
        f.exchange
          .connect(f.operator)
          .matchOrders.staticCall(bid, [ask], bid.makerAmount, [ask.makerAmount]),
      );
    });

    for (const kind of ["swap", "mint", "merge"] as const) {
      it(`MA-13 settles 50 makers in one call, each by ${kind}, below 30 million gas`, async () => {
        const f = await loadFixture(exchangeFixture);
        const size = tokens(50 * 10);
        const takerOrder =
          kind === "merge" ? f.sell({ maker: f.taker, size }) : f.buy({ maker: f.taker, size });
        const makers = Array.from({ length: 50 }, (_, i) => {
          const maker = f.traders[1 + (i % 5)] as typeof f.alice;
          const draft = { maker, size: tokens(10), tokenId: kind === "swap" ? f.yes : f.no };
          return kind === "mint" ? f.buy(draft) : f.sell(draft);
        });
        const receipt = await (await f.match(takerOrder, makers)).wait();
        expect(receipt?.gasUsed).to.be.lessThan(30_000_000n);
        expect(await statusOf(f.exchange, takerOrder)).to.deep.equal(FILLED);
      });
    }
  });
});
