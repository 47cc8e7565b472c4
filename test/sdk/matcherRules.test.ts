import { expect } from "chai";
import {
  createStops,
  depthOf,
  hashBook,
  levelsOf,
  matchOrder,
  quoteOf,
  submitOrder,
  submitWithStops,
  type BookMarket,
  type IncomingOrder,
  type MatchOptions,
  type OrderBook,
} from "@nostra/sdk/matcher";
import { ALICE, BOB, BUY, buy, NO, raw, SELL, sell, TAKER, UNIT, YES } from "../helpers/bookOrders";
import { BOOKS } from "../helpers/books";

/*
market rules
├── given minSize and maxSize: an order signed for less or more is refused, one whose rest is less is not
├── given offTick refuse: an order between ticks is refused
├── given a tick of 0.1, 0.01, 0.001, 0.0001: orders stand on it
└── when the tick changes
    ├── orders are placed anew, each with its sequence, by arrival on one tick
    ├── what is dust at its new place is closed
    └── a tick that does not divide 1 is refused
reduce
├── it lowers what is left, and the order keeps its place
├── it takes out at zero, and closes dust
└── it refuses to raise, an unknown hash, and no bigint
dust
├── when a fill leaves dust: closed, and the plan says what is left
├── when a taker's rest is dust: it does not rest, DUST
└── when dust is added: refused, DUST
post-only
├── it rests when it does not trade, and is refused when it would (POST_ONLY)
└── given a maker that may not be taken: it rests
GTD: it rests until its date; without a date it is refused
marginSeconds: [MT-6] orders that die within it are not matched and do not rest
self trade [MT-1]
├── skip: the own order is passed by
├── cancel-oldest: it leaves, and matching goes on
├── cancel-newest: what was taken before stands, the rest is dropped
├── cancel-both
└── given FOK or post-only that is refused: nothing is cancelled
quotes: best bid and ask, spread, midpoint, levels, depth, in YES and in NO terms
version and hash: each change counts one, a refusal none; the hash follows the state
stops: fire by the last trade in both directions, in their order, and what they trade fires the next
bad input: MT-2 MT-3 MT-4 MT-5 and the rest, each refused by its code with the book unchanged
*/

const byTaker = { maker: TAKER };
const hashes = (list: readonly { hash: string }[]): string[] => list.map((item) => item.hash);

for (const { name, createBook } of BOOKS) {
  describe(`matcher rules: ${name}`, () => {
    function bookOf(...orders: IncomingOrder[]): OrderBook {
      return marketBook({}, ...orders);
    }

    function marketBook(market: Partial<BookMarket>, ...orders: IncomingOrder[]): OrderBook {
      const book = createBook({ yes: YES, no: NO, ...market });
      for (const order of orders) book.add(order);
      return book;
    }

    /** The code that an action is refused with, after checking that the book is as it was. */
    function refusal(book: OrderBook, act: () => unknown): string {
      const before = [hashBook(book), book.version, book.size];
      let thrown: { code?: string } | undefined;
      try {
        act();
      } catch (error) {
        thrown = error as { code?: string };
      }
      expect(thrown?.code, "it throws").to.be.a("string");
      expect([hashBook(book), book.version, book.size], "unchanged").to.deep.equal(before);
      return thrown?.code as string;
    }

    describe("market rules", () => {
      it("refuses orders signed for less than minSize or more than maxSize", () => {
        const book = marketBook({ minSize: 2n * UNIT, maxSize: 10n * UNIT });
        expect(refusal(book, () => book.add(buy(YES, 1n, 50n)))).to.equal("SIZE_TOO_SMALL");
        expect(refusal(book, () => submitOrder(book, sell(NO, 11n, 50n)))).to.equal(
          "SIZE_TOO_LARGE",
        );
        book.add(buy(YES, 2n, 50n));
        book.add({ ...sell(NO, 10n, 50n), remaining: UNIT });
        expect(book.size).to.equal(2);
      });

      for (const [market, field] of [
        [{ minSize: 0n }, "market.minSize"],
        [{ maxSize: -1n }, "market.maxSize"],
        [{ minSize: 2n, maxSize: 1n }, "market.maxSize"],
        [{ offTick: "snap" as "place" }, "market.offTick"],
      ] as const) {
        it(`refuses a market with a bad ${field}`, () => {
          expect(() => marketBook(market))
            .to.throw()
            .that.includes({ code: "INVALID_INPUT", field });
        });
      }

      it("refuses an order between ticks when told to", () => {
        const book = marketBook({ tick: 10_000n, offTick: "refuse" });
        const between = raw(BUY, YES, 605n, 1000n);
        expect(refusal(book, () => book.add(between))).to.equal("OFF_TICK");
        expect(refusal(book, () => matchOrder(book, between))).to.equal("OFF_TICK");
        book.add(raw(BUY, YES, 600n, 1000n));
      });

      for (const tick of [100_000n, 10_000n, 1_000n, 100n]) {
        it(`stands orders on ticks of ${tick} millionths`, () => {
          const book = marketBook({ tick });
          book.add(raw(BUY, YES, 123_456n, 1_000_000n));
          book.add(raw(BUY, NO, 123_456n, 1_000_000n));
          const bid = (123_456n / tick) * tick;
          expect(quoteOf(book)).to.include({ bid, ask: 1_000_000n - bid });
        });
      }

      it("a tick change places all orders anew, by arrival on one tick, with their sequences", () => {
        const late = raw(BUY, YES, 605n, 1000n);
        const early = raw(BUY, YES, 601n, 1000n);
        const ask = raw(SELL, YES, 1000n, 615n);
        const book = marketBook({ tick: 1_000n }, early, late, ask);
        expect(hashes(book.bids()), "by price").to.deep.equal(hashes([late, early]));
        expect(book.changeTick(10_000n)).to.deep.equal([]);
        expect(book.market.tick).to.equal(10_000n);
        expect(hashes(book.bids()), "by arrival").to.deep.equal(hashes([early, late]));
        expect(quoteOf(book)).to.include({ bid: 600_000n, ask: 620_000n });
        book.changeTick(1_000n);
        expect(hashes(book.bids()), "by price again").to.deep.equal(hashes([late, early]));
        expect(book.bids().map(({ sequence }) => sequence)).to.deep.equal([1, 0]);
      });

      it("a tick change closes what is dust at its new place", () => {
        const order = raw(SELL, YES, 1000n, 605n); // at 0.61, 1 share for 1 unit is no price; 100 for 61 is
        const book = marketBook({ tick: 10_000n }, { ...order, remaining: 100n });
        expect(book.changeTick(10_000n)).to.deep.equal([]);
        expect(hashes(book.changeTick(1_000n))).to.deep.equal([order.hash]);
        expect(book.size).to.equal(0);
      });

      it("refuses a tick that does not divide 1", () => {
        const book = bookOf(buy(YES, 1n, 50n));
        expect(refusal(book, () => book.changeTick(3n))).to.equal("INVALID_INPUT");
      });
    });

    describe("reduce", () => {
      it("lowers what is left, and the order keeps its place", () => {
        const first = buy(YES, 10n, 50n);
        const second = buy(YES, 10n, 50n);
        const book = bookOf(first, second);
        const { resting, closed } = book.reduce(first.hash, 3n * UNIT);
        expect(resting).to.include({ remaining: 3n * UNIT, sequence: 0 });
        expect(closed).to.equal(null);
        expect(hashes(book.bids())).to.deep.equal(hashes([first, second]));
        expect(book.get(first.hash)?.remaining).to.equal(3n * UNIT);
      });

      it("takes out at zero, and closes dust", () => {
        const order = raw(SELL, YES, 100n, 60n);
        const book = bookOf(order);
        expect(book.reduce(order.hash, 0n)).to.deep.equal({ resting: null, closed: null });
        book.add(order);
        const { resting, closed } = book.reduce(order.hash, 4n);
        expect(resting).to.equal(null);
        expect(closed).to.include({ hash: order.hash, remaining: 4n });
        expect(book.size).to.equal(0);
      });

      it("refuses to raise, an unknown hash, and no bigint", () => {
        const order = buy(YES, 10n, 50n);
        const book = bookOf(order);
        const all = 5n * UNIT;
        expect(refusal(book, () => book.reduce(order.hash, all))).to.equal("INVALID_REMAINING");
        expect(refusal(book, () => book.reduce(order.hash, -1n))).to.equal("INVALID_REMAINING");
        expect(refusal(book, () => book.reduce(order.hash, 1 as never))).to.equal("INVALID_INPUT");
        const unknown = buy(YES, 1n, 50n).hash;
        expect(refusal(book, () => book.reduce(unknown, 0n))).to.equal("UNKNOWN_ORDER");
      });
    });

    describe("dust", () => {
      it("is closed when a fill leaves it, and the plan says what is left", () => {
        const maker = raw(SELL, YES, 100n, 60n);
        const book = bookOf(maker);
        const { plans, closed } = submitOrder(book, raw(BUY, YES, 63n, 97n, byTaker));
        expect(plans[0]?.makers[0]).to.include({ making: 97n, remainingAfter: 3n });
        expect(hashes(closed)).to.deep.equal([maker.hash]);
        expect(closed[0]?.remaining).to.equal(3n);
        expect(book.size).to.equal(0);
      });

      it("is never much: 40 shares whose price is next to a tick stay", () => {
        const order = raw(SELL, YES, 100_000_001n, 60_000_000n); // stands at 0.60; 40,000,001 shares would be due a unit more
        const book = marketBook({ tick: 10_000n }, { ...order, remaining: 40_000_001n });
        expect(book.size).to.equal(1);
        const { plans } = submitOrder(book, buy(YES, 40n, 60n, byTaker));
        expect(plans[0]).to.include({ making: 24n * UNIT, taking: 40n * UNIT });
        expect(book.size, "one unit left of it is dust").to.equal(0);
      });

      it("does not rest of a taker: DUST", () => {
        const book = bookOf(raw(SELL, YES, 98n, 49n));
        const taker = raw(BUY, YES, 60n, 100n, byTaker); // for 98 it consumes 59, and 1 unit buys 1.67
        const { rested, remaining, reason } = submitOrder(book, taker);
        expect({ rested, remaining, reason }).to.deep.equal({
          rested: null,
          remaining: 1n,
          reason: "DUST",
        });
        expect(book.size).to.equal(0);
      });

      it("[MT-3] is not taken in, nor is an order with nothing left", () => {
        const book = bookOf(buy(YES, 1n, 50n));
        const order = raw(SELL, YES, 100n, 60n);
        expect(refusal(book, () => book.add({ ...order, remaining: 4n }))).to.equal("DUST");
        expect(refusal(book, () => book.add({ ...order, remaining: 0n }))).to.equal(
          "INVALID_REMAINING",
        );
        book.add({ ...order, remaining: 5n });
      });
    });

    describe("post-only", () => {
      const postOnly = { postOnly: true } as const;

      it("rests when it does not trade, and is refused when it would", () => {
        const book = bookOf(sell(YES, 1n, 60n));
        const cheap = buy(YES, 1n, 59n, byTaker);
        expect(submitOrder(book, cheap, postOnly)).to.include({ reason: "NOT_CROSSING" });
        expect(book.has(cheap.hash)).to.equal(true);
        const before = hashBook(book);
        const crossing = submitOrder(book, buy(YES, 1n, 60n, byTaker), postOnly);
        expect(crossing).to.include({ reason: "POST_ONLY", rested: null });
        expect(hashBook(book)).to.equal(before);
      });

      it("rests beside a maker that may not be taken", () => {
        const book = bookOf(sell(YES, 1n, 60n, { taker: BOB }));
        expect(submitOrder(book, buy(YES, 1n, 60n, byTaker), postOnly).rested).to.not.equal(null);
      });

      it("cannot be FAK, FOK or market", () => {
        const book = bookOf();
        for (const others of [{ timeInForce: "FAK" }, { timeInForce: "FOK" }, { kind: "market" }]) {
          const options = { ...postOnly, ...others } as MatchOptions;
          expect(refusal(book, () => submitOrder(book, buy(YES, 1n, 60n), options))).to.equal(
            "INVALID_INPUT",
          );
        }
      });
    });

    it("GTD rests until its date, and must have one", () => {
      const book = bookOf();
      const options = { timeInForce: "GTD", now: 50n } as const;
      const dated = buy(YES, 1n, 50n, { expiration: 100n });
      expect(submitOrder(book, dated, options).rested).to.not.equal(null);
      expect(refusal(book, () => submitOrder(book, buy(YES, 1n, 50n), options))).to.equal(
        "INVALID_INPUT",
      );
      expect(hashes(book.expire(100n))).to.deep.equal([dated.hash]);
    });

    it("[MT-6] orders that die within the margin are not matched and do not rest", () => {
      const soon = sell(YES, 1n, 60n, { expiration: 130n });
      const later = sell(YES, 1n, 61n, { expiration: 131n });
      const book = bookOf(soon, later);
      const options = { now: 100n, marginSeconds: 30n };
      const { plans } = submitOrder(book, buy(YES, 2n, 61n, byTaker), options);
      expect(plans.map(({ makers }) => hashes(makers))).to.deep.equal([[later.hash]]);
      const dying = buy(YES, 1n, 10n, { ...byTaker, expiration: 130n });
      expect(submitOrder(book, dying, options)).to.include({ reason: "EXPIRED", rested: null });
    });

    describe("[MT-1] self trade", () => {
      const own = (): IncomingOrder => sell(YES, 1n, 60n, byTaker);
      const setUp = (): { book: OrderBook; before: IncomingOrder; mine: IncomingOrder } => {
        const [before, mine] = [sell(YES, 1n, 59n), own()];
        return { book: bookOf(before, mine, sell(YES, 1n, 61n)), before, mine };
      };

      it("skip passes it by", () => {
        const { book, mine } = setUp();
        const result = submitOrder(book, buy(YES, 3n, 61n, byTaker));
        expect(result.plans[0]?.makers).to.have.length(2);
        expect(result.cancelled).to.deep.equal([]);
        expect(hashes(book.asks())).to.deep.equal([mine.hash]);
        expect(result.rested, "the rest waits, crossing one's own only").to.not.equal(null);
      });

      it("cancel-oldest cancels it and goes on", () => {
        const { book, mine } = setUp();
        const result = submitOrder(book, buy(YES, 3n, 61n, byTaker), {
          selfTrade: "cancel-oldest",
        });
        expect(result.plans[0]?.makers).to.have.length(2);
        expect(hashes(result.cancelled)).to.deep.equal([mine.hash]);
        expect(book.asks()).to.deep.equal([]);
        expect(result.rested?.remaining).to.equal(610_000n);
      });

      it("cancel-newest keeps what was taken before, and drops the rest", () => {
        const { book, before, mine } = setUp();
        const result = submitOrder(book, buy(YES, 3n, 61n, byTaker), {
          selfTrade: "cancel-newest",
        });
        expect(result.plans.map(({ makers }) => hashes(makers))).to.deep.equal([[before.hash]]);
        expect(result).to.include({ rested: null, reason: "SELF_TRADE" });
        expect(result.cancelled).to.deep.equal([]);
        expect(book.has(mine.hash)).to.equal(true);
      });

      it("cancel-both does both", () => {
        const { book, before, mine } = setUp();
        const result = submitOrder(book, buy(YES, 3n, 61n, byTaker), { selfTrade: "cancel-both" });
        expect(result.plans.map(({ makers }) => hashes(makers))).to.deep.equal([[before.hash]]);
        expect(result).to.include({ rested: null, reason: "SELF_TRADE" });
        expect(hashes(result.cancelled)).to.deep.equal([mine.hash]);
        expect(book.size).to.equal(1);
      });

      for (const selfTrade of ["cancel-oldest", "cancel-newest", "cancel-both"] as const) {
        it(`${selfTrade} acts when the first maker is the own`, () => {
          const mine = own();
          const book = bookOf(mine);
          const result = submitOrder(book, buy(YES, 1n, 60n, byTaker), { selfTrade });
          expect(result.plans).to.deep.equal([]);
          expect(hashes(result.cancelled)).to.deep.equal(
            selfTrade === "cancel-newest" ? [] : [mine.hash],
          );
          expect(result.rested !== null).to.equal(selfTrade === "cancel-oldest");
        });

        it(`${selfTrade} cancels nothing for an order that is refused`, () => {
          const { book } = setUp();
          const before = hashBook(book);
          const fok = { selfTrade, timeInForce: "FOK" } as const;
          expect(submitOrder(book, buy(YES, 9n, 61n, byTaker), fok).reason).to.equal(
            "FOK_UNFILLABLE",
          );
          const post = { selfTrade, postOnly: true } as const;
          expect(submitOrder(book, buy(YES, 9n, 61n, byTaker), post).reason).to.equal("POST_ONLY");
          expect(hashBook(book)).to.equal(before);
        });

        it(`${selfTrade} leaves an own order alone that is not reached`, () => {
          const { book, mine } = setUp();
          submitOrder(book, buy(YES, 1n, 61n, byTaker), { selfTrade });
          expect(book.has(mine.hash)).to.equal(true);
        });
      }

      it("refuses an unknown rule", () => {
        const { book } = setUp();
        const options = { selfTrade: "cancel" as "skip" };
        expect(refusal(book, () => matchOrder(book, buy(YES, 1n, 60n), options))).to.equal(
          "INVALID_INPUT",
        );
      });
    });

    it("quotes best prices, spread, midpoint and levels in YES and in NO terms", () => {
      const book = bookOf(buy(YES, 2n, 40n), sell(NO, 3n, 61n), sell(YES, 4n, 45n));
      expect(quoteOf(book)).to.deep.equal({
        bid: 400_000n,
        ask: 450_000n,
        spread: 50_000n,
        midpoint: { numerator: 850_000n, denominator: 2_000_000n },
      });
      expect(quoteOf(book, "NO")).to.deep.equal({
        bid: 550_000n,
        ask: 600_000n,
        spread: 50_000n,
        midpoint: { numerator: 1_150_000n, denominator: 2_000_000n },
      });
      const level = (price: bigint, shares: bigint): object => ({
        price,
        shares: shares * UNIT,
        orders: 1,
      });
      expect(depthOf(book)).to.deep.equal(book.depth());
      expect([...levelsOf(book, "ask", "NO")]).to.deep.equal([
        level(600_000n, 2n),
        level(610_000n, 3n),
      ]);
      expect(depthOf(book, "NO", 1)).to.deep.equal({
        bids: [level(550_000n, 4n)],
        asks: [level(600_000n, 2n)],
      });
      expect(quoteOf(bookOf())).to.deep.equal({
        bid: null,
        ask: null,
        spread: null,
        midpoint: null,
      });
    });

    it("counts each change, and its hash follows the state", () => {
      const [maker, other] = [sell(YES, 5n, 60n), sell(YES, 5n, 60n)];
      const book = bookOf(maker);
      const empty = hashBook(bookOf());
      const one = hashBook(book);
      expect([book.version, one === empty]).to.deep.equal([1, false]);
      book.add(other);
      expect([book.version, hashBook(book) === one]).to.deep.equal([2, false]);
      book.cancel(other.hash);
      expect([book.version, hashBook(book)]).to.deep.equal([3, one]);
      expect([book.expire(1n), book.version]).to.deep.equal([[], 3]);
      submitOrder(book, buy(YES, 1n, 60n, byTaker));
      expect([book.version, hashBook(book) === one]).to.deep.equal([4, false]);
      book.reduce(maker.hash, UNIT);
      book.changeTick(10_000n);
      expect(book.version).to.equal(6);
    });

    describe("stops", () => {
      const stopAt = (cents: bigint, order: IncomingOrder) => ({
        ...order,
        stopPrice: cents * 10_000n,
      });

      it("fire by the last trade, bids when it rises and asks when it falls, in the order given", () => {
        const stops = createStops({ yes: YES, no: NO });
        const high = stopAt(70n, buy(YES, 1n, 75n));
        const rising = stopAt(60n, buy(YES, 1n, 75n));
        const mirrored = stopAt(45n, sell(NO, 1n, 20n)); // NO down to 0.45 is YES up to 0.55
        const falling = stopAt(40n, sell(YES, 1n, 35n));
        for (const stop of [high, rising, mirrored, falling]) stops.add(stop);
        expect(stops.fire(540_000n), "between").to.deep.equal([]);
        expect(hashes(stops.fire(600_000n))).to.deep.equal(hashes([rising, mirrored]));
        expect(hashes(stops.fire(400_000n))).to.deep.equal(hashes([falling]));
        expect(stops.size).to.equal(1);
        expect(stops.cancel(high.hash)).to.equal(high);
        expect(() => stops.cancel(high.hash))
          .to.throw()
          .that.includes({ code: "UNKNOWN_ORDER" });
      });

      it("arrive after the trade that fired them, and their trades fire the next", () => {
        const book = bookOf(sell(YES, 1n, 60n), sell(YES, 1n, 65n), sell(YES, 1n, 70n));
        const stops = createStops(book.market);
        const second = stopAt(65n, buy(YES, 1n, 80n, { maker: BOB }));
        const first = stopAt(60n, buy(YES, 1n, 80n, { maker: TAKER }));
        const never = stopAt(71n, buy(YES, 1n, 80n, { maker: TAKER }));
        for (const stop of [second, first, never]) stops.add(stop);
        const taker = buy(YES, 1n, 60n, byTaker);
        const arrivals = submitWithStops(book, stops, taker);
        expect(hashes(arrivals)).to.deep.equal(hashes([taker, first, second]));
        expect(book.size).to.equal(0);
        expect(stops.has(never.hash)).to.equal(true);
      });

      it("expire, and refuse what the book would refuse", () => {
        const stops = createStops({ yes: YES, no: NO });
        const dying = stopAt(50n, buy(YES, 1n, 60n, { expiration: 100n }));
        stops.add(dying);
        for (const [bad, code] of [
          [dying, "DUPLICATE_ORDER"],
          [stopAt(50n, buy(33n, 1n, 60n)), "UNKNOWN_TOKEN"],
          [stopAt(101n, buy(YES, 1n, 60n)), "INVALID_INPUT"],
          [stopAt(-1n, buy(YES, 1n, 60n)), "INVALID_INPUT"],
        ] as const) {
          expect(() => stops.add(bad))
            .to.throw()
            .that.includes({ code });
        }
        expect(stops.expire(99n)).to.deep.equal([]);
        expect(hashes(stops.expire(100n))).to.deep.equal([dying.hash]);
        expect(stops.size).to.equal(0);
      });
    });

    describe("bad input", () => {
      it("[MT-2] orders of another market are never taken in", () => {
        const book = bookOf(sell(YES, 1n, 60n));
        const foreign = buy(33n, 1n, 60n, byTaker);
        expect(refusal(book, () => submitOrder(book, foreign))).to.equal("UNKNOWN_TOKEN");
        expect(refusal(book, () => book.add(foreign))).to.equal("UNKNOWN_TOKEN");
      });

      it("[MT-4] sizes above 2^53 are exact, in whole lots and not", () => {
        const book = marketBook({ tick: 10_000n });
        const huge = 2n ** 110n;
        const lots = 2n ** 53n + 1n; // of 100 units each
        const even = raw(SELL, YES, 100n * lots, 60n * lots);
        const odd = raw(BUY, NO, huge * 40n + 39n, huge * 100n + 1n);
        book.add(even);
        book.add(odd);
        const taker = raw(BUY, YES, 2n ** 118n, 2n ** 118n, { ...byTaker });
        const plan = submitOrder(book, taker).plans[0];
        expect(plan?.makers.map(({ making }) => making)).to.deep.equal([
          100n * lots,
          odd.order.makerAmount,
        ]);
        expect(book.size, "the rest of the taker").to.equal(1);
      });

      it("[MT-4] just below and above 2^53 lots, amounts are the same as exact ones", () => {
        for (const lots of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]) {
          const book = marketBook({ tick: 10_000n });
          const maker = raw(SELL, YES, 100n * lots, 60n * lots);
          book.add(maker);
          const taker = raw(BUY, YES, 60n * (lots - 1n), 100n * (lots - 1n), byTaker);
          const { plans, closed } = submitOrder(book, taker);
          expect(plans[0]?.makers[0]).to.include({
            making: 100n * (lots - 1n),
            taking: 60n * (lots - 1n),
            remainingAfter: 100n,
          });
          expect([closed, book.get(maker.hash)?.remaining]).to.deep.equal([[], 100n]);
        }
      });

      it("[MT-5] at one price direct and complementary makers are taken by arrival", () => {
        const queue = [buy(NO, 1n, 40n), sell(YES, 1n, 60n), buy(NO, 1n, 40n)];
        const { plans } = submitOrder(bookOf(...queue), buy(YES, 3n, 60n, byTaker));
        expect(hashes(plans[0]?.makers ?? [])).to.deep.equal(hashes(queue));
      });

      it("an expired order does nothing", () => {
        const book = bookOf(sell(YES, 1n, 60n));
        const before = hashBook(book);
        const dead = buy(YES, 1n, 60n, { maker: ALICE, expiration: 5n });
        expect(submitOrder(book, dead, { now: 5n }).reason).to.equal("EXPIRED");
        expect(hashBook(book)).to.equal(before);
      });

      for (const [title, options] of [
        ["a margin below zero", { now: 1n, marginSeconds: -1n }],
        ["a number for a margin", { now: 1n, marginSeconds: 1 as never }],
        ["postOnly as text", { postOnly: "no" as never }],
      ] as [string, MatchOptions][]) {
        it(`refuses ${title}`, () => {
          const book = bookOf(sell(YES, 1n, 60n));
          expect(refusal(book, () => submitOrder(book, buy(YES, 1n, 60n), options))).to.equal(
            "INVALID_INPUT",
          );
        });
      }

      it("refuses a plan that names an order twice", () => {
        const maker = sell(YES, 5n, 60n);
        const book = bookOf(maker);
        const result = matchOrder(book, buy(YES, 1n, 60n, byTaker));
        if (result.status !== "matched") throw new Error(result.reason);
        const { plan } = result;
        const twice = { ...plan, makers: [...plan.makers, ...plan.makers] };
        expect(refusal(book, () => book.apply(twice))).to.equal("STALE_PLAN");
        const both = { ...plan, cancels: [maker.hash] };
        expect(refusal(book, () => book.apply(both))).to.equal("STALE_PLAN");
      });
    });
  });
}
