import { expect } from "chai";
import {
  matchOrder,
  planToCalldata,
  submitOrder,
  type IncomingOrder,
  type MakerFill,
  type MatchOptions,
  type MatchPlan,
  type OrderBook,
} from "@nostra/sdk/matcher";
import {
  ALICE,
  BOB,
  BUY,
  buy,
  CAROL,
  type Account,
  NO,
  raw,
  SELL,
  sell,
  TAKER,
  UNIT,
  YES,
} from "../helpers/bookOrders";
import { BOOKS } from "../helpers/books";

/*
createBook
├── given a market without a tick: a book of millionths
├── given a tick that does not divide 1, or is not above zero: refused
└── given one token for both outcomes, or token 0: refused

book
├── when orders of both outcomes are added
│   ├── it lists BUY YES and SELL NO as bids, the highest price of YES first
│   ├── it lists SELL YES and BUY NO as asks, the lowest price of YES first
│   ├── it lists the earlier first at one price, whatever the outcome
│   ├── it places an order between ticks where its limit is not worsened, and keeps its sequence
│   └── it sums shares by price in depth
├── when an order is put back with its old sequence: it has its old place
├── when an order cannot rest (other token, amounts, price, side, remaining, hash, sequence): refused, unchanged
├── when an order is cancelled: it is gone; an unknown one is refused
├── when time passes: expired orders are gone from their second on, the others stay
└── when a plan is applied
    ├── it reduces makers and drops those with nothing left
    └── given a stale plan, or one of another market: refused, unchanged

matchOrder
├── given nobody crosses: NOT_CROSSING
├── given crossing makers
│   ├── it takes the best price first, then the earliest
│   ├── it settles BUY and SELL of one token as COMPLEMENTARY, both outcomes
│   ├── it settles two BUYs as MINT and two SELLs as MERGE, both outcomes
│   ├── it mixes kinds, by arrival at equal price
│   ├── it gives the whole price improvement to the taker
│   ├── it crosses by the signed amounts, not by the ticks
│   ├── it fills a maker in part, and takes at most maxMakers
│   ├── it does not change the book
│   └── it is exact above 2^53
├── given amounts that do not divide
│   ├── it stops a limit BUY at its size
│   ├── it consumes of a limit BUY what its size costs at its own limit, of a SELL what it gives
│   ├── it falls back to an amount without rounding when the maker's unit would break the limit
│   ├── it passes by a maker too small for whole units and goes on
│   └── it never plans a fill of zero, or one that gives the taker nothing
├── given a maker that may not be taken (own, private, expired, skipped): passed by, left in the book
├── given a private taker: it meets the named account alone
├── given an expired taker: EXPIRED
├── given FOK
│   ├── a size that is there: a plan; not there, or in more than maxMakers: FOK_UNFILLABLE
│   └── a market BUY: filled up to rounding, else FOK_UNFILLABLE
├── given a market BUY: it spends its amount, within its limit, and nothing else is consumed
└── given malformed input or a resting taker: throws

submitOrder
├── GTC: rests what is left, behind those of its price
├── GTC: matches in several plans when there are many makers
├── FAK and market: drops what is left
├── FOK: all in one plan, or the book is unchanged
├── an expired order does not rest
└── a duplicate is refused, book unchanged

planToCalldata
├── gives the arguments of matchOrders
└── refuses an unsigned order by its hash
*/

const byTaker = { maker: TAKER };

function planOf(book: OrderBook, taker: IncomingOrder, options?: MatchOptions): MatchPlan {
  const result = matchOrder(book, taker, options);
  if (result.status !== "matched") throw new Error(`no match: ${result.reason}`);
  return result.plan;
}

function reasonOf(book: OrderBook, taker: IncomingOrder, options?: MatchOptions): string {
  const result = matchOrder(book, taker, options);
  return result.status === "matched" ? "matched" : result.reason;
}

const hashes = (list: readonly { hash: string }[]): string[] => list.map((item) => item.hash);

const brief = ({ kind, making, taking, takerMaking, takerTaking }: MakerFill): unknown[] => [
  kind,
  making,
  taking,
  takerMaking,
  takerTaking,
];

/** The code and values an action is refused with, after checking that the book is as it was. */
function refusal(book: OrderBook, act: () => unknown): { code: string; details: object } {
  const before = [book.bids(), book.asks(), book.depth()];
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, "it throws").to.be.instanceOf(Error);
  expect([book.bids(), book.asks(), book.depth()], "the book is unchanged").to.deep.equal(before);
  return thrown as Error & { code: string; details: object };
}

for (const { name, createBook } of BOOKS) {
  describe(`matcher: ${name}`, () => {
    function bookOf(...orders: IncomingOrder[]): OrderBook {
      const book = createBook({ yes: YES, no: NO });
      for (const order of orders) book.add(order);
      return book;
    }

    describe("createBook", () => {
      it("given a market without a tick, counts in millionths", () => {
        expect(createBook({ yes: YES, no: NO }).market).to.deep.equal({
          yes: YES,
          no: NO,
          tick: 1n,
        });
      });

      for (const [title, market, field] of [
        ["a tick that does not divide 1", { yes: YES, no: NO, tick: 3n }, "market.tick"],
        ["a tick of zero", { yes: YES, no: NO, tick: 0n }, "market.tick"],
        ["a negative tick", { yes: YES, no: NO, tick: -10n }, "market.tick"],
        ["one token for both outcomes", { yes: YES, no: YES }, "market.no"],
        ["token 0 as YES", { yes: 0n, no: NO }, "market.yes"],
        ["token 0 as NO", { yes: YES, no: 0n }, "market.no"],
      ] as const) {
        it(`given ${title}, refuses ${field}`, () => {
          expect(() => createBook(market))
            .to.throw()
            .that.includes({ code: "INVALID_INPUT", field });
        });
      }
    });

    describe("book", () => {
      it("lists BUY YES and SELL NO as bids, the highest price of YES first", () => {
        const at55 = buy(YES, 1n, 55n);
        const at70 = sell(NO, 1n, 30n);
        const at60 = buy(YES, 1n, 60n);
        const book = bookOf(at55, at70, at60);
        expect(hashes(book.bids())).to.deep.equal(hashes([at70, at60, at55]));
        expect(book.asks()).to.deep.equal([]);
      });

      it("lists SELL YES and BUY NO as asks, the lowest price of YES first", () => {
        const at65 = sell(YES, 1n, 65n);
        const at61 = buy(NO, 1n, 39n);
        const at63 = sell(YES, 1n, 63n);
        const book = bookOf(at65, at61, at63);
        expect(hashes(book.asks())).to.deep.equal(hashes([at61, at63, at65]));
        expect(book.bids()).to.deep.equal([]);
      });

      it("lists the earlier first at one price, whatever the outcome", () => {
        const queue = [buy(NO, 1n, 40n), sell(YES, 9n, 60n), buy(NO, 5n, 40n)];
        expect(hashes(bookOf(...queue).asks())).to.deep.equal(hashes(queue));
      });

      it("places an order between ticks where its limit is not worsened", () => {
        const book = createBook({ yes: YES, no: NO, tick: 10_000n });
        book.add(raw(BUY, YES, 605n, 1000n)); // bid 0.605 goes down
        book.add(raw(SELL, NO, 1000n, 385n)); // bid 1 - 0.385 = 0.615 goes down
        book.add(raw(SELL, YES, 1000n, 625n)); // ask 0.625 goes up
        book.add(raw(BUY, NO, 365n, 1000n)); // ask 1 - 0.365 = 0.635 goes up
        const { bids, asks } = book.depth();
        expect(bids.map((level) => level.price)).to.deep.equal([610_000n, 600_000n]);
        expect(asks.map((level) => level.price)).to.deep.equal([630_000n, 640_000n]);
      });

      it("ranks orders placed on one tick by arrival, though signed prices differ", () => {
        const book = createBook({ yes: YES, no: NO, tick: 10_000n });
        const lower = book.add(raw(BUY, YES, 601n, 1000n));
        const higher = book.add(raw(BUY, YES, 609n, 1000n));
        expect(hashes(book.bids())).to.deep.equal(hashes([lower, higher]));
      });

      it("sums the shares left by price in depth, YES and NO together", () => {
        const book = bookOf(sell(YES, 3n, 60n), buy(NO, 2n, 40n), sell(YES, 1n, 61n));
        book.add({ ...buy(NO, 10n, 40n), remaining: 2n * UNIT }); // 2 collateral buy 5 NO
        expect(book.depth()).to.deep.equal({
          bids: [],
          asks: [
            { price: 600_000n, shares: 10n * UNIT, orders: 3 },
            { price: 610_000n, shares: 1n * UNIT, orders: 1 },
          ],
        });
      });

      it("puts an order back at its old place when given its old sequence", () => {
        const first = buy(YES, 1n, 60n);
        const second = buy(YES, 1n, 60n);
        const book = bookOf(first, second);
        const { sequence } = book.cancel(first.hash);
        book.add({ ...first, sequence });
        expect(hashes(book.bids())).to.deep.equal(hashes([first, second]));
        expect(book.add(buy(YES, 1n, 60n)).sequence, "later ones go behind").to.equal(2);
      });

      const resting = buy(YES, 10n, 50n);
      const fresh = (): IncomingOrder => buy(YES, 10n, 50n);
      const MAX = 2n ** 120n - 1n;
      for (const [title, code, bad] of [
        ["a token of another market", "UNKNOWN_TOKEN", () => buy(33n, 1n, 50n)],
        ["nothing to give", "INVALID_AMOUNT", () => raw(BUY, YES, 0n, 5n)],
        ["nothing to receive", "INVALID_AMOUNT", () => raw(SELL, YES, 5n, 0n)],
        ["a negative amount", "INVALID_AMOUNT", () => raw(BUY, YES, -1n, 5n)],
        ["more than the exchange takes", "INVALID_AMOUNT", () => raw(SELL, YES, MAX + 1n, 1n)],
        ["a BUY above 1", "PRICE_ABOVE_ONE", () => raw(BUY, YES, 6n, 5n)],
        ["a SELL above 1", "PRICE_ABOVE_ONE", () => raw(SELL, NO, 5n, 6n)],
        ["an unknown side", "INVALID_SIDE", () => raw(2 as 1, YES, 5n, 5n)],
        ["nothing left", "INVALID_REMAINING", () => ({ ...fresh(), remaining: 0n })],
        ["less than nothing left", "INVALID_REMAINING", () => ({ ...fresh(), remaining: -1n })],
        [
          "more left than signed",
          "INVALID_REMAINING",
          () => ({ ...fresh(), remaining: 5_000_001n }),
        ],
        ["a hash that rests already", "DUPLICATE_ORDER", () => resting],
        ["a place that is held", "DUPLICATE_SEQUENCE", () => ({ ...fresh(), sequence: 0 })],
        ["a place before the first", "INVALID_INPUT", () => ({ ...fresh(), sequence: -1 })],
        ["a short hash", "INVALID_INPUT", () => ({ ...fresh(), hash: "0x01" as const })],
        ["a bad maker", "INVALID_INPUT", () => buy(YES, 1n, 50n, { maker: "0xb0b" })],
        ["a number for an amount", "INVALID_INPUT", () => raw(BUY, YES, 1 as never, 2n)],
      ] as const) {
        it(`refuses an order with ${title}: ${code}`, () => {
          const book = bookOf(resting);
          expect(refusal(book, () => book.add(bad())).code).to.equal(code);
        });
      }

      it("takes the extremes: price exactly 1, and the highest amount", () => {
        const book = bookOf(raw(BUY, YES, MAX, MAX), raw(SELL, NO, MAX, 1n));
        expect(book.size).to.equal(2);
      });

      it("cancels by hash, and refuses an unknown one", () => {
        const book = bookOf(resting, fresh());
        expect(book.cancel(resting.hash).order).to.equal(resting.order);
        expect(book.get(resting.hash)).to.equal(undefined);
        expect(book.size).to.equal(1);
        const refused = refusal(book, () => book.cancel(resting.hash));
        expect(refused).to.deep.include({ code: "UNKNOWN_ORDER", details: { hash: resting.hash } });
      });

      it("expires orders from their second on", () => {
        const dying = sell(YES, 1n, 60n, { expiration: 100n });
        const later = sell(YES, 1n, 60n, { expiration: 101n });
        const eternal = sell(YES, 1n, 60n);
        const book = bookOf(eternal, later, dying);
        expect(book.expire(99n)).to.deep.equal([]);
        expect(hashes(book.expire(100n))).to.deep.equal([dying.hash]);
        expect(hashes(book.asks())).to.deep.equal(hashes([eternal, later]));
      });

      it("applies a plan: reduces makers and drops those with nothing left", () => {
        const whole = sell(YES, 5n, 60n);
        const part = sell(YES, 5n, 61n);
        const book = bookOf(whole, part);
        book.apply(planOf(book, buy(YES, 7n, 61n, byTaker)));
        expect(book.get(whole.hash)).to.equal(undefined);
        expect(book.get(part.hash)).to.include({ remaining: 3n * UNIT, sequence: 1 });
      });

      it("refuses a stale plan, and one of another market", () => {
        const first = sell(YES, 5n, 60n);
        const second = sell(YES, 5n, 60n);
        const book = bookOf(first, second);
        const plan = planOf(book, buy(YES, 7n, 60n, byTaker));
        const other = createBook({ yes: 33n, no: 44n });
        expect(refusal(other, () => other.apply(plan)).code).to.equal("OTHER_MARKET");

        const { order, sequence } = book.cancel(second.hash);
        expect(refusal(book, () => book.apply(plan)).code, "a maker is gone").to.equal(
          "UNKNOWN_ORDER",
        );
        book.add({ hash: second.hash, order, sequence, remaining: 5n });
        expect(refusal(book, () => book.apply(plan)).code, "a maker has less").to.equal(
          "STALE_PLAN",
        );
      });
    });

    describe("matchOrder", () => {
      it("given nobody crosses, says NOT_CROSSING", () => {
        expect(reasonOf(bookOf(), buy(YES, 1n, 60n, byTaker)), "empty").to.equal("NOT_CROSSING");
        const book = bookOf(
          sell(YES, 1n, 61n),
          buy(NO, 1n, 39n),
          buy(YES, 1n, 58n),
          sell(NO, 1n, 42n),
        );
        for (const taker of [
          buy(YES, 1n, 60n),
          sell(YES, 1n, 59n),
          buy(NO, 1n, 41n),
          sell(NO, 1n, 40n),
        ]) {
          expect(reasonOf(book, { ...taker, order: { ...taker.order, maker: TAKER } })).to.equal(
            "NOT_CROSSING",
          );
        }
      });

      it("takes the best price first, then the earliest", () => {
        const dear = sell(YES, 1n, 62n);
        const early = sell(YES, 1n, 60n);
        const late = sell(YES, 1n, 60n);
        const cheap = sell(YES, 1n, 59n);
        const plan = planOf(bookOf(dear, early, late, cheap), buy(YES, 9n, 62n, byTaker));
        expect(hashes(plan.makers)).to.deep.equal(hashes([cheap, early, late, dear]));
      });

      for (const [title, maker, taker, expected] of [
        // maker gives, maker receives, taker gives, taker receives: of ten shares, in whole tokens
        [
          "BUY YES with SELL YES",
          sell(YES, 10n, 60n),
          buy(YES, 10n, 70n),
          ["COMPLEMENTARY", 10, 6, 6, 10],
        ],
        [
          "SELL YES with BUY YES",
          buy(YES, 10n, 60n),
          sell(YES, 10n, 50n),
          ["COMPLEMENTARY", 6, 10, 10, 6],
        ],
        [
          "BUY NO with SELL NO",
          sell(NO, 10n, 60n),
          buy(NO, 10n, 70n),
          ["COMPLEMENTARY", 10, 6, 6, 10],
        ],
        [
          "SELL NO with BUY NO",
          buy(NO, 10n, 60n),
          sell(NO, 10n, 50n),
          ["COMPLEMENTARY", 6, 10, 10, 6],
        ],
        ["BUY YES with BUY NO", buy(NO, 10n, 30n), buy(YES, 10n, 80n), ["MINT", 3, 10, 7, 10]],
        ["BUY NO with BUY YES", buy(YES, 10n, 30n), buy(NO, 10n, 80n), ["MINT", 3, 10, 7, 10]],
        ["SELL YES with SELL NO", sell(NO, 10n, 30n), sell(YES, 10n, 60n), ["MERGE", 10, 3, 10, 7]],
        ["SELL NO with SELL YES", sell(YES, 10n, 30n), sell(NO, 10n, 60n), ["MERGE", 10, 3, 10, 7]],
      ] as const) {
        it(`settles ${title} as ${expected[0]}, at the maker's price`, () => {
          const incoming = { ...taker, order: { ...taker.order, maker: TAKER } };
          const plan = planOf(bookOf(maker), incoming);
          const [kind, ...tokens] = expected;
          expect(plan.makers.map(brief)).to.deep.equal([
            [kind, ...tokens.map((count) => BigInt(count) * UNIT)],
          ]);
          expect(plan.takerRemainingAfter, "the taker's size is done").to.equal(0n);
          expect(plan.makers[0]?.remainingAfter).to.equal(0n);
        });
      }

      it("mixes kinds, by arrival at equal price", () => {
        const mint = buy(NO, 2n, 40n);
        const swap = sell(YES, 3n, 60n);
        const lateMint = buy(NO, 4n, 40n);
        const plan = planOf(bookOf(mint, swap, lateMint), buy(YES, 9n, 60n, byTaker));
        expect(hashes(plan.makers)).to.deep.equal(hashes([mint, swap, lateMint]));
        expect(plan.makers.map((fill) => fill.kind)).to.deep.equal([
          "MINT",
          "COMPLEMENTARY",
          "MINT",
        ]);
        expect(plan).to.include({
          making: 5_400_000n,
          taking: 9n * UNIT,
          takerFillAmount: 5_400_000n,
        });
      });

      it("mixes swap and merge for a seller", () => {
        const merge = sell(NO, 2n, 30n);
        const swap = buy(YES, 3n, 65n);
        const plan = planOf(bookOf(swap, merge), sell(YES, 5n, 60n, byTaker));
        expect(hashes(plan.makers), "0.70 before 0.65").to.deep.equal(hashes([merge, swap]));
        expect(plan).to.include({ making: 5n * UNIT, taking: 1_400_000n + 1_950_000n });
      });

      it("gives the whole price improvement to the taker", () => {
        const bought = planOf(bookOf(sell(YES, 10n, 40n)), buy(YES, 10n, 60n, byTaker));
        expect(bought).to.include({ making: 4n * UNIT, taking: 10n * UNIT });
        expect(bought, "a limit BUY is for its size").to.include({
          takerFillAmount: 6n * UNIT,
          consumed: 6n * UNIT,
          takerRemainingAfter: 0n,
        });
        const sold = planOf(bookOf(buy(YES, 4n, 60n)), sell(YES, 10n, 40n, byTaker));
        expect(sold, "a SELL consumes the shares it gives").to.include({
          making: 4n * UNIT,
          taking: 2_400_000n,
          takerFillAmount: 4n * UNIT,
          consumed: 4n * UNIT,
          takerRemainingAfter: 6n * UNIT,
        });
      });

      it("crosses by the signed amounts, not by the ticks", () => {
        // 100 for 167 is 0.598802395...: the bid stands at 0.598802, the ask at 0.598803
        const ask = raw(SELL, YES, 167n * UNIT, 100n * UNIT);
        const book = bookOf(ask);
        const plan = planOf(book, raw(BUY, YES, 100n * UNIT, 167n * UNIT, byTaker));
        expect(plan).to.include({
          making: 100n * UNIT,
          taking: 167n * UNIT,
          takerRemainingAfter: 0n,
        });
        const lower = raw(BUY, YES, 100n * UNIT - 1n, 167n * UNIT, byTaker);
        expect(reasonOf(book, lower), "one unit less does not").to.equal("NOT_CROSSING");
      });

      it("fills a maker in part", () => {
        const maker = sell(YES, 10n, 60n);
        const plan = planOf(bookOf(maker), buy(YES, 4n, 60n, byTaker));
        expect(plan.makers[0]).to.include({ making: 4n * UNIT, remainingAfter: 6n * UNIT });
      });

      it("fills a taker in part, and counts from what is left of it", () => {
        const book = bookOf(sell(YES, 3n, 50n));
        const taker = { ...buy(YES, 10n, 50n, byTaker), remaining: 2n * UNIT };
        expect(planOf(book, taker)).to.include({
          taking: 3n * UNIT,
          consumed: 1_500_000n,
          takerRemainingAfter: 500_000n,
        });
      });

      it("takes at most maxMakers, 50 unless told", () => {
        const book = bookOf(...Array.from({ length: 60 }, () => sell(YES, 1n, 60n)));
        const taker = buy(YES, 60n, 60n, byTaker);
        expect(planOf(book, taker).makers).to.have.length(50);
        expect(planOf(book, taker, { maxMakers: 3 }).makers).to.have.length(3);
      });

      it("does not change the book, and gives the same plan again", () => {
        const book = bookOf(sell(YES, 3n, 50n), buy(NO, 3n, 50n));
        const before = [book.bids(), book.asks(), book.depth()];
        const taker = buy(YES, 5n, 50n, byTaker);
        expect(planOf(book, taker)).to.deep.equal(planOf(book, taker));
        expect([book.bids(), book.asks(), book.depth()]).to.deep.equal(before);
      });

      it("is exact above 2^53", () => {
        const size = 2n ** 100n + 1n;
        const book = bookOf(raw(SELL, YES, size, size), raw(BUY, NO, 1n, 2n ** 119n));
        const plan = planOf(book, raw(BUY, YES, size, size, byTaker));
        expect(plan.makers.map(brief)).to.deep.equal([["COMPLEMENTARY", size, size, size, size]]);
      });

      describe("given amounts that do not divide", () => {
        it("stops a limit BUY at its size", () => {
          const plan = planOf(bookOf(raw(SELL, YES, 100n, 1n)), raw(BUY, YES, 60n, 70n, byTaker));
          expect(plan).to.include({
            making: 1n,
            taking: 70n,
            consumed: 60n,
            takerRemainingAfter: 0n,
          });
        });

        it("consumes of a limit BUY what the shares cost at its own limit, rounded up", () => {
          const plan = planOf(bookOf(raw(SELL, YES, 7n, 2n)), raw(BUY, YES, 50n, 100n, byTaker));
          // 7 shares at 0.50 are 3.5, so 4 of the 50
          expect(plan).to.include({ making: 2n, taking: 7n, takerFillAmount: 4n, consumed: 4n });
          expect(plan.takerRemainingAfter).to.equal(46n);
        });

        it("falls back to an amount without rounding when the maker's unit would break the limit", () => {
          const maker = raw(SELL, YES, 7n, 3n);
          const partly = { ...raw(SELL, YES, 100n, 60n), remaining: 8n };
          const plan = planOf(bookOf(partly), raw(BUY, YES, 60n, 100n, byTaker));
          // 8 shares at 0.60 are 4.8: the maker would get 5. 5 shares are exactly 3
          expect(plan.makers.map(brief)).to.deep.equal([["COMPLEMENTARY", 5n, 3n, 3n, 5n]]);
          expect(plan.makers[0]?.remainingAfter).to.equal(3n);
          const slack = planOf(bookOf(maker, partly), raw(BUY, YES, 60n, 100n, byTaker));
          // 7 shares for 3 are 1.2 below the limit, which pays for the rounding of the next
          expect(slack.makers.map((fill) => fill.making)).to.deep.equal([7n, 8n]);
          expect(slack).to.include({ making: 8n, taking: 15n });
        });

        it("passes by a maker too small for whole units and goes on", () => {
          // 4 shares at 0.60 are 2.4: the maker would get 3. The taker wants no more, and has no improvement to pay with
          const coarse = raw(SELL, YES, 5n, 3n);
          const good = raw(SELL, YES, 100n, 60n);
          const exact = raw(SELL, YES, 4n, 2n);
          const taker = { ...raw(BUY, YES, 60n, 100n, byTaker), remaining: 3n }; // for 5 shares
          expect(hashes(planOf(bookOf(coarse), taker).makers)).to.deep.equal([coarse.hash]);
          const small = raw(BUY, YES, 3n, 4n, byTaker); // for 4 shares, at 0.75
          expect(hashes(planOf(bookOf(coarse), small).makers)).to.deep.equal([coarse.hash]);
          const strict = { ...raw(BUY, YES, 63n, 100n, byTaker), remaining: 3n }; // for 4 shares, at 0.63
          expect(hashes(planOf(bookOf(coarse, exact, good), strict).makers)).to.deep.equal([
            exact.hash,
          ]);
          expect(reasonOf(bookOf(coarse, good), strict)).to.equal("NO_TAKEABLE_MAKER");
        });

        it("does not sell shares too few to be worth one unit of the maker's collateral", () => {
          const book = bookOf(raw(BUY, YES, 1n, 100n));
          expect(reasonOf(book, raw(SELL, YES, 99n, 1n, byTaker))).to.equal("NOT_CROSSING");
          const rest = { ...raw(SELL, YES, 100n, 1n, byTaker), remaining: 99n };
          expect(reasonOf(book, rest)).to.equal("NO_TAKEABLE_MAKER");
        });

        it("never takes shares for nothing, even when earlier improvement would allow it", () => {
          const generous = buy(YES, 1n, 90n);
          const unfair = raw(SELL, NO, 2n, 1n); // for 1 share it is due 1 unit
          const taker = raw(SELL, YES, UNIT + 1n, UNIT / 10n, byTaker);
          const plan = planOf(bookOf(generous, unfair), taker);
          expect(hashes(plan.makers)).to.deep.equal([generous.hash]);
        });
      });

      describe("given a maker that may not be taken", () => {
        const good = sell(YES, 1n, 60n, { maker: CAROL });
        for (const [title, maker, options] of [
          ["the taker's own", sell(YES, 1n, 59n, byTaker), {}],
          [
            "the taker's own, with other capitals",
            sell(YES, 1n, 59n, { maker: `0x${"A".repeat(40)}` }),
            {},
          ],
          ["private to another account", sell(YES, 1n, 59n, { taker: BOB }), {}],
          ["expired", sell(YES, 1n, 59n, { expiration: 100n }), { now: 100n }],
          ["one the caller skips", sell(YES, 1n, 59n, { maker: BOB }), { skip: makerIs(BOB) }],
        ] as [string, IncomingOrder, MatchOptions][]) {
          it(`passes by ${title}, and leaves it in the book`, () => {
            const book = bookOf(maker, good);
            const result = submitOrder(book, buy(YES, 1n, 60n, byTaker), options);
            expect(result.plans.map((plan) => hashes(plan.makers))).to.deep.equal([[good.hash]]);
            expect(hashes(book.asks())).to.deep.equal([maker.hash]);
            const again = buy(YES, 1n, 60n, byTaker);
            expect(reasonOf(book, again, options), "alone").to.equal("NO_TAKEABLE_MAKER");
          });
        }

        it("takes a maker that names this taker, and one in its last second", () => {
          const named = sell(YES, 1n, 59n, { taker: TAKER });
          const last = sell(YES, 1n, 60n, { expiration: 101n });
          const plan = planOf(bookOf(named, last), buy(YES, 2n, 60n, byTaker), { now: 100n });
          expect(hashes(plan.makers)).to.deep.equal(hashes([named, last]));
        });
      });

      it("given a private taker, meets the named account alone", () => {
        const book = bookOf(
          sell(YES, 1n, 59n, { maker: ALICE }),
          sell(YES, 1n, 60n, { maker: BOB }),
        );
        const plan = planOf(book, buy(YES, 2n, 60n, { maker: TAKER, taker: BOB }));
        expect(plan.makers.map((fill) => fill.order.maker)).to.deep.equal([BOB]);
      });

      it("given an expired taker, says EXPIRED", () => {
        const book = bookOf(sell(YES, 1n, 60n));
        const taker = buy(YES, 1n, 60n, { maker: TAKER, expiration: 100n });
        expect(reasonOf(book, taker, { now: 100n })).to.equal("EXPIRED");
        expect(reasonOf(book, taker, { now: 99n })).to.equal("matched");
        expect(reasonOf(book, taker), "without a clock").to.equal("matched");
      });

      describe("given FOK", () => {
        const fok = { timeInForce: "FOK" } as const;

        it("plans a size that is there, and refuses one that is not", () => {
          const book = bookOf(sell(YES, 3n, 60n), sell(YES, 3n, 61n));
          expect(planOf(book, buy(YES, 6n, 61n, byTaker), fok).takerRemainingAfter).to.equal(0n);
          expect(reasonOf(book, buy(YES, 7n, 61n, byTaker), fok)).to.equal("FOK_UNFILLABLE");
          expect(reasonOf(book, buy(YES, 6n, 60n, byTaker), fok), "by price").to.equal(
            "FOK_UNFILLABLE",
          );
          const bids = bookOf(buy(YES, 3n, 60n));
          expect(reasonOf(bids, sell(YES, 3n, 60n, byTaker), fok)).to.equal("matched");
          expect(reasonOf(bids, sell(YES, 4n, 60n, byTaker), fok)).to.equal("FOK_UNFILLABLE");
        });

        it("refuses what one plan cannot hold", () => {
          const book = bookOf(sell(YES, 3n, 60n), sell(YES, 3n, 60n));
          const options = { ...fok, maxMakers: 1 };
          expect(reasonOf(book, buy(YES, 6n, 60n, byTaker), options)).to.equal("FOK_UNFILLABLE");
        });

        it("counts a market BUY as filled when its rest cannot pay one more unit", () => {
          const spend = { kind: "market", ...fok } as const;
          // The maker buys NO at 0.01: for each unit it gives, the taker pays 99
          const maker = raw(BUY, NO, 10n, 1000n);
          const plan = planOf(bookOf(maker), raw(BUY, YES, 200n, 200n, byTaker), spend);
          expect(plan).to.include({ making: 198n, taking: 200n, takerRemainingAfter: 2n });
          const small = { ...maker, remaining: 2n };
          expect(
            reasonOf(bookOf(small), raw(BUY, YES, 200n, 200n, byTaker), spend),
            "the maker has no more to give",
          ).to.equal("FOK_UNFILLABLE");
          expect(reasonOf(bookOf(small), raw(BUY, YES, 198n, 198n, byTaker), spend)).to.equal(
            "matched",
          );
        });

        it("does not count a market BUY as filled when its rest could pay one more unit", () => {
          const spend = { kind: "market", ...fok } as const;
          // Rounding ends both one unit short, at amounts without rounding; one unit is what one more costs
          const swap = bookOf(raw(SELL, YES, 50n, 30n));
          const atSwap = { ...raw(BUY, YES, 12n, 20n, byTaker), remaining: 4n };
          expect(planOf(swap, atSwap, { kind: "market" })).to.include({ making: 3n, taking: 5n });
          expect(reasonOf(swap, atSwap, spend), "complementary").to.equal("FOK_UNFILLABLE");
          const mint = bookOf(raw(BUY, NO, 40n, 70n));
          const atMint = { ...raw(BUY, YES, 6n, 14n, byTaker), remaining: 4n };
          expect(planOf(mint, atMint, { kind: "market" })).to.include({ making: 3n, taking: 7n });
          expect(reasonOf(mint, atMint, spend), "mint").to.equal("FOK_UNFILLABLE");
        });
      });

      describe("given a market BUY", () => {
        const market = { kind: "market" } as const;

        it("spends its amount, and consumes nothing else", () => {
          const book = bookOf(sell(YES, 100n, 40n));
          const plan = planOf(book, buy(YES, 10n, 60n, byTaker), market);
          expect(plan).to.include({
            making: 6n * UNIT,
            taking: 15n * UNIT,
            takerFillAmount: 6n * UNIT,
            consumed: 6n * UNIT,
            takerRemainingAfter: 0n,
          });
        });

        it("keeps what it cannot spend within its limit", () => {
          const book = bookOf(sell(YES, 5n, 40n), sell(YES, 5n, 61n));
          const plan = planOf(book, buy(YES, 10n, 60n, byTaker), market);
          expect(plan).to.include({ making: 2n * UNIT, consumed: 2n * UNIT });
          expect(plan.takerRemainingAfter).to.equal(4n * UNIT);
        });

        it("declares one unit when the shares are free", () => {
          const book = bookOf(raw(BUY, NO, 50n, 50n));
          const plan = planOf(book, raw(BUY, YES, 5n, 10n, byTaker), market);
          expect(plan).to.include({ making: 0n, taking: 50n, takerFillAmount: 1n, consumed: 1n });
          expect(plan.takerRemainingAfter).to.equal(4n);
        });

        it("is for a size when it sells", () => {
          const plan = planOf(bookOf(buy(YES, 9n, 60n)), sell(YES, 5n, 10n, byTaker), market);
          expect(plan).to.include({
            making: 5n * UNIT,
            taking: 3n * UNIT,
            takerRemainingAfter: 0n,
          });
        });
      });

      for (const [title, options, field] of [
        [
          "a market order that would rest",
          { kind: "market", timeInForce: "GTC" },
          "options.timeInForce",
        ],
        ["an unknown kind", { kind: "stop" as "limit" }, "options.kind"],
        ["an unknown time in force", { timeInForce: "DAY" as "GTC" }, "options.timeInForce"],
        ["no makers", { maxMakers: 0 }, "options.maxMakers"],
        ["half a maker", { maxMakers: 1.5 }, "options.maxMakers"],
        ["a number for the present", { now: 5 as never }, "options.now"],
      ] as [string, MatchOptions, string][]) {
        it(`refuses ${title}`, () => {
          const book = bookOf(sell(YES, 1n, 60n));
          const refused = refusal(book, () =>
            submitOrder(book, buy(YES, 1n, 60n, byTaker), options),
          );
          expect(refused).to.include({ code: "INVALID_INPUT", field });
        });
      }

      it("refuses a taker that rests already, and one of another market", () => {
        const resting = buy(YES, 1n, 60n);
        const book = bookOf(resting);
        expect(refusal(book, () => matchOrder(book, resting)).code).to.equal("DUPLICATE_ORDER");
        const foreign = buy(33n, 1n, 60n);
        expect(refusal(book, () => matchOrder(book, foreign)).code).to.equal("UNKNOWN_TOKEN");
      });
    });

    describe("submitOrder", () => {
      it("GTC: rests what is left, behind those of its price", () => {
        const earlier = buy(YES, 1n, 60n);
        const book = bookOf(sell(YES, 4n, 60n), buy(YES, 1n, 59n));
        const taker = buy(YES, 10n, 60n, byTaker);
        const { plans, rested, remaining, reason } = submitOrder(book, taker);
        expect(plans).to.have.length(1);
        expect(rested).to.include({ hash: taker.hash, remaining: 3_600_000n, sequence: 2 });
        expect({ remaining, reason }).to.deep.equal({
          remaining: 3_600_000n,
          reason: "NOT_CROSSING",
        });
        book.add(earlier);
        expect(hashes(book.bids()).slice(0, 2)).to.deep.equal(hashes([taker, earlier]));
      });

      it("GTC: matches in several plans when there are many makers", () => {
        const book = bookOf(...Array.from({ length: 7 }, () => sell(YES, 1n, 60n)));
        const { plans, rested, reason } = submitOrder(book, buy(YES, 7n, 60n, byTaker), {
          maxMakers: 3,
        });
        expect(plans.map((plan) => plan.makers.length)).to.deep.equal([3, 3, 1]);
        expect(plans.map((plan) => plan.takerRemainingAfter)).to.deep.equal([
          2_400_000n,
          600_000n,
          0n,
        ]);
        expect({ rested, reason, size: book.size }).to.deep.equal({
          rested: null,
          reason: null,
          size: 0,
        });
      });

      for (const [title, options] of [
        ["FAK", { timeInForce: "FAK" }],
        ["market", { kind: "market" }],
      ] as [string, MatchOptions][]) {
        it(`${title}: drops what is left`, () => {
          const book = bookOf(sell(YES, 4n, 60n));
          const result = submitOrder(book, buy(YES, 10n, 60n, byTaker), options);
          expect(result).to.include({
            rested: null,
            remaining: 3_600_000n,
            reason: "NOT_CROSSING",
          });
          expect(book.size).to.equal(0);
        });
      }

      it("FOK: all in one plan, or the book is unchanged", () => {
        const book = bookOf(sell(YES, 2n, 60n), sell(YES, 2n, 60n));
        const before = book.asks();
        const options = { timeInForce: "FOK" } as const;
        const refused = submitOrder(book, buy(YES, 5n, 60n, byTaker), options);
        expect(refused).to.deep.equal({
          plans: [],
          rested: null,
          remaining: 3n * UNIT,
          reason: "FOK_UNFILLABLE",
          cancelled: [],
          closed: [],
        });
        expect(book.asks()).to.deep.equal(before);
        const filled = submitOrder(book, buy(YES, 4n, 60n, byTaker), options);
        expect(filled).to.include({ rested: null, remaining: 0n, reason: null });
        expect(book.size).to.equal(0);
      });

      it("FOK: a market BUY filled up to rounding ends with its rest dropped", () => {
        const book = bookOf(raw(BUY, NO, 10n, 1000n)); // for each unit it gives, the taker pays 99
        const taker = raw(BUY, YES, 200n, 200n, byTaker);
        const result = submitOrder(book, taker, { kind: "market", timeInForce: "FOK" });
        expect(result).to.include({ rested: null, remaining: 2n, reason: null });
      });

      it("an expired order does not rest", () => {
        const book = bookOf();
        const dead = buy(YES, 1n, 60n, { expiration: 100n });
        expect(submitOrder(book, dead, { now: 100n })).to.include({
          rested: null,
          reason: "EXPIRED",
        });
        expect(book.size).to.equal(0);
      });

      it("refuses a duplicate, book unchanged", () => {
        const resting = buy(YES, 1n, 60n);
        const book = bookOf(resting, sell(YES, 1n, 61n));
        expect(refusal(book, () => submitOrder(book, resting)).code).to.equal("DUPLICATE_ORDER");
      });
    });

    describe("planToCalldata", () => {
      it("gives the arguments of matchOrders", () => {
        const swap = sell(YES, 4n, 60n);
        const mint = buy(NO, 5n, 40n);
        const taker = buy(YES, 9n, 60n, byTaker);
        const plan = planOf(bookOf(swap, mint), taker);
        expect(planToCalldata(plan)).to.deep.equal([
          taker.order,
          [swap.order, mint.order],
          5_400_000n,
          [4n * UNIT, 2n * UNIT],
        ]);
      });

      it("refuses an unsigned order by its hash", () => {
        const signed = sell(YES, 1n, 60n);
        const unsigned = sell(YES, 1n, 60n, { signed: false });
        const empty = { ...unsigned, order: { ...unsigned.order, signature: "0x" as const } };
        const taker = buy(YES, 1n, 60n, byTaker);
        for (const maker of [unsigned, empty]) {
          const book = bookOf(maker);
          const plan = planOf(book, taker);
          expect(refusal(book, () => planToCalldata(plan))).to.deep.include({
            code: "MISSING_SIGNATURE",
            details: { hash: unsigned.hash },
          });
        }
        const book = bookOf(signed);
        const plan = planOf(book, buy(YES, 1n, 60n, { maker: TAKER, signed: false }));
        expect(refusal(book, () => planToCalldata(plan)).code).to.equal("MISSING_SIGNATURE");
      });
    });
  });
}

function makerIs(who: Account): NonNullable<MatchOptions["skip"]> {
  return (resting) => resting.order.maker === who;
}
