import { expect } from "chai";
import fc from "fast-check";
import { isNostraError } from "@nostra/sdk/errors";
import {
  matchOrder,
  planToCalldata,
  submitOrder,
  type IncomingOrder,
  type MatchOptions,
  type MatchPlan,
  type OrderBook,
  type RestingOrder,
} from "@nostra/sdk/matcher";
import { BOOKS } from "../helpers/books";

/*
Two models, written from the rules in words and without the matcher's code:

modelMatch   what to match: counts up and down one unit at a time until the rule holds. For small amounts.
settle       what the exchange does with `matchOrders`, every refusal included. For any amounts.

P1  the matcher takes the same makers with the same amounts as modelMatch.
P2  every plan settles: the exchange never refuses it, moves what the plan says, and is left with nothing.
P3  after a submit, what rests in the book is what the exchange remembers.
P4  after a submit, the order that came to rest can take nothing more.
P5  the same orders give the same plans.
*/

const YES = 11n;
const NO = 22n;
const BUY = 0;
const SELL = 1;
const SEED = 20_260_731;

type Order = IncomingOrder["order"];

// ------------------------------------------------------------------------------------------ random orders

const account = (index: number): `0x${string}` => `0x${String(index).repeat(40)}`;
const hashOf = (index: number): `0x${string}` => `0x${index.toString(16).padStart(64, "0")}`;

interface Draft {
  readonly side: 0 | 1;
  readonly isYes: boolean;
  readonly maker: number;
  readonly taker: number;
  /** [collateral, shares] */
  readonly amounts: readonly [bigint, bigint];
  /** In thousandths of what the order gives, at least one unit. */
  readonly left: number;
}

/** The order number `index` of a stream. */
function orderOf(draft: Draft, index: number): IncomingOrder & { readonly remaining: bigint } {
  const [collateral, shares] = draft.amounts;
  const makerAmount = draft.side === BUY ? collateral : shares;
  const takerAmount = draft.side === BUY ? shares : collateral;
  const left = (makerAmount * BigInt(draft.left)) / 1000n;
  return {
    hash: hashOf(index + 1),
    remaining: left === 0n ? 1n : left,
    order: {
      salt: BigInt(index),
      maker: account(draft.maker),
      signer: account(draft.maker),
      taker: account(draft.taker),
      tokenId: draft.isYes ? YES : NO,
      makerAmount,
      takerAmount,
      expiration: 0n,
      nonce: 0n,
      feeRateBps: 0n,
      side: draft.side,
      signatureType: 0,
      signature: "0x5151",
    },
  };
}

const draftOf = (amounts: fc.Arbitrary<readonly [bigint, bigint]>): fc.Arbitrary<Draft> =>
  fc.record({
    side: fc.constantFrom(BUY, SELL),
    isYes: fc.boolean(),
    maker: fc.integer({ min: 1, max: 5 }),
    taker: fc.oneof(
      { weight: 9, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) },
    ),
    amounts,
    left: fc.oneof(fc.constant(1000), fc.integer({ min: 0, max: 1000 })),
  });

/** Any collateral from 1 to the shares, so that the price is at most 1. */
const pairUpTo = (most: bigint): fc.Arbitrary<readonly [bigint, bigint]> =>
  fc
    .tuple(fc.bigInt(1n, most), fc.bigInt(1n, most))
    .map(([left, right]) => (left < right ? [left, right] : [right, left]));

/** Whole shares at 45 to 55 cents: prices that meet again and again. */
const pairInCents = fc
  .tuple(fc.bigInt(45n, 55n), fc.bigInt(1n, 50n))
  .map(([cents, shares]) => [cents * shares * 10_000n, shares * 1_000_000n] as const);

/** The same in hundredths of the smallest part: nothing but dust. */
const pairInDust = fc
  .tuple(fc.bigInt(45n, 55n), fc.bigInt(1n, 3n))
  .map(([cents, shares]) => [cents * shares, shares * 100n] as const);

const options: fc.Arbitrary<MatchOptions> = fc
  .tuple(
    fc.constantFrom<MatchOptions>(
      {},
      {},
      { timeInForce: "FAK" },
      { timeInForce: "FOK" },
      { kind: "market" },
      { kind: "market", timeInForce: "FOK" },
    ),
    fc.constantFrom(1, 3, 50),
  )
  .map(([given, maxMakers]) => ({ ...given, maxMakers }));

// ------------------------------------------------------------------------------------------ model of matching

/** The smallest whole number from `start` on for which the rule holds. */
function countUp(start: bigint, rule: (candidate: bigint) => boolean): bigint {
  let candidate = start;
  while (!rule(candidate)) candidate += 1n;
  return candidate;
}

/** The largest whole number from `start` down to 1 for which the rule holds; 0 if there is none. */
function countDown(start: bigint, rule: (candidate: bigint) => boolean): bigint {
  let candidate = start;
  while (candidate > 0n && !rule(candidate)) candidate -= 1n;
  return candidate;
}

/** Price of YES as a pair [collateral, shares]. */
function priceOf(order: Order): readonly [bigint, bigint] {
  const price: readonly [bigint, bigint] =
    order.side === BUY
      ? [order.makerAmount, order.takerAmount]
      : [order.takerAmount, order.makerAmount];
  return order.tokenId === YES ? price : [price[1] - price[0], price[1]];
}

const isBid = (order: Order): boolean =>
  (order.side === BUY && order.tokenId === YES) || (order.side === SELL && order.tokenId === NO);

/** Whole ticks: the last one not above a bid's price, the first one not below an ask's. */
function ticksOf(order: Order, ticksInOne: bigint): bigint {
  const [collateral, shares] = priceOf(order);
  const first = countUp(0n, (ticks) => ticks * shares >= collateral * ticksInOne);
  const isOnTick = first * shares === collateral * ticksInOne;
  return isBid(order) && !isOnTick ? first - 1n : first;
}

function meets(taker: Order, maker: Order): boolean {
  if (isBid(taker) === isBid(maker)) return false;
  const [bid, ask] = isBid(taker)
    ? [priceOf(taker), priceOf(maker)]
    : [priceOf(maker), priceOf(taker)];
  return bid[0] * ask[1] >= ask[0] * bid[1];
}

function moves(
  taker: Order,
  maker: Order,
  gives: bigint,
): { gets: bigint; pays: bigint; due: bigint } {
  const due = countUp(0n, (units) => units * maker.makerAmount >= gives * maker.takerAmount);
  if (taker.side !== maker.side) return { due, pays: due, gets: gives };
  if (taker.side === BUY) return { due, pays: due - gives, gets: due };
  return { due, pays: gives, gets: gives - due };
}

/** The fills [maker hash, making] of one plan. */
function modelMatch(
  resting: readonly RestingOrder[],
  ticksInOne: bigint,
  taker: IncomingOrder & { readonly remaining: bigint },
  isMarket: boolean,
  maxMakers: number,
): readonly (readonly [string, bigint])[] {
  const { order, remaining } = taker;
  const nobody = account(0);
  const queue = resting
    .filter((maker) => meets(order, maker.order))
    .filter((maker) => maker.order.maker !== order.maker)
    .filter((maker) => [nobody, order.maker].includes(maker.order.taker))
    .filter((maker) => [nobody, maker.order.maker].includes(order.taker))
    .sort((left, right) => {
      const worse = ticksOf(left.order, ticksInOne) - ticksOf(right.order, ticksInOne);
      return Number(isBid(order) ? worse : -worse) || left.sequence - right.sequence;
    });

  const { makerAmount, takerAmount } = order;
  const size =
    order.side === SELL
      ? remaining
      : countUp(0n, (shares) => (shares + 1n) * makerAmount > remaining * takerAmount);

  let paid = 0n;
  let got = 0n;
  const fills: (readonly [string, bigint])[] = [];
  for (const maker of queue) {
    if (fills.length === maxMakers) break;
    const after = (gives: bigint): { paid: bigint; got: bigint } => {
      const { pays, gets } = moves(order, maker.order, gives);
      return { paid: paid + pays, got: got + gets };
    };
    const hasRoom = (gives: bigint): boolean => {
      const total = after(gives);
      if (order.side === SELL) return total.paid <= size;
      return isMarket ? total.paid <= remaining : total.got <= size;
    };
    const keepsLimit = (gives: bigint): boolean => {
      const total = after(gives);
      return total.got > got && total.got * makerAmount >= total.paid * takerAmount;
    };
    const isWhole = (gives: bigint): boolean =>
      (gives * maker.order.takerAmount) % maker.order.makerAmount === 0n;

    if (isMarket && order.side === BUY && paid === remaining) break;
    const largest = countDown(maker.remaining, hasRoom);
    const whole = countDown(largest, isWhole);
    const gives = [largest, whole].find((amount) => amount > 0n && keepsLimit(amount));
    if (gives === undefined) continue;
    ({ paid, got } = after(gives));
    fills.push([maker.hash, gives]);
  }
  return fills;
}

// ------------------------------------------------------------------------------------------ model of the exchange

/** What the exchange remembers: hash of an order to what is left of it. */
type Exchange = Map<string, bigint>;

interface Settled {
  readonly making: bigint;
  readonly taking: bigint;
  readonly makerTakings: readonly bigint[];
}

/** `matchOrders` as documented in ICTFExchange: settles, or throws the name of the refusal. */
function settle(
  exchange: Exchange,
  plan: MatchPlan,
  startOf: (hash: string, order: Order) => bigint,
): Settled {
  const [taker, makers, takerFillAmount, makerFillAmounts] = planToCalldata(plan);
  const refuseIf = (condition: boolean, name: string): void => {
    if (condition) throw new Error(name);
  };
  const left = (hash: string, order: Order): bigint => exchange.get(hash) ?? startOf(hash, order);
  const validate = (hash: string, order: Order): void => {
    const max = 2n ** 120n - 1n;
    const { makerAmount: gives, takerAmount: wants } = order;
    refuseIf(gives <= 0n || wants <= 0n || gives > max || wants > max, "InvalidAmount");
    refuseIf(order.side === BUY ? gives > wants : wants > gives, "InvalidPrice");
    refuseIf(order.tokenId !== YES && order.tokenId !== NO, "TokenNotRegistered");
    refuseIf(left(hash, order) === 0n, "OrderFilledOrCancelled");
  };

  refuseIf(makers.length === 0, "NoMakerOrders");
  refuseIf(makers.length !== makerFillAmounts.length, "LengthMismatch");
  validate(plan.takerHash, taker);
  refuseIf(takerFillAmount <= 0n, "ZeroFill");
  refuseIf(takerFillAmount > left(plan.takerHash, taker), "MakingGtRemaining");

  const held = { collateral: 0n, [String(YES)]: 0n, [String(NO)]: 0n };
  const receive = (order: Order, amount: bigint): void => {
    held[order.side === BUY ? "collateral" : String(order.tokenId)]! += amount;
  };
  const pay = (order: Order, amount: bigint): void => {
    held[order.side === BUY ? String(order.tokenId) : "collateral"]! -= amount;
  };

  let making = 0n;
  let taking = 0n;
  const makerTakings: bigint[] = [];
  makers.forEach((maker, index) => {
    const hash = plan.makers[index]!.hash;
    const gives = makerFillAmounts[index]!;
    validate(hash, maker);
    refuseIf(BigInt(maker.taker) !== 0n && maker.taker !== taker.maker, "NotTaker");
    refuseIf(BigInt(taker.taker) !== 0n && taker.taker !== maker.maker, "NotTaker");
    refuseIf(gives <= 0n, "ZeroFill");
    refuseIf(gives > left(hash, maker), "MakingGtRemaining");

    const exact = gives * maker.takerAmount;
    const gets = exact / maker.makerAmount + (exact % maker.makerAmount === 0n ? 0n : 1n);
    if (maker.side !== taker.side) {
      refuseIf(maker.tokenId !== taker.tokenId, "MismatchedTokenIds");
      making += gets;
      taking += gives;
    } else {
      refuseIf(maker.tokenId === taker.tokenId, "InvalidComplement");
      if (taker.side === BUY) {
        making += gets - gives;
        taking += gets;
        for (const asset of Object.keys(held))
          held[asset]! += asset === "collateral" ? -gets : gets;
      } else {
        making += gives;
        taking += gives - gets;
        for (const asset of Object.keys(held))
          held[asset]! += asset === "collateral" ? gives : -gives;
      }
    }
    receive(maker, gives);
    pay(maker, gets);
    makerTakings.push(gets);
    exchange.set(hash, left(hash, maker) - gives);
  });

  refuseIf(making > takerFillAmount, "TakerFillExceeded");
  refuseIf(taking * taker.makerAmount < making * taker.takerAmount, "NotCrossing");
  receive(taker, making);
  pay(taker, taking);
  const cost = taking * taker.makerAmount;
  const costUp = cost / taker.takerAmount + (cost % taker.takerAmount === 0n ? 0n : 1n);
  const consumed = takerFillAmount < costUp ? takerFillAmount : costUp;
  exchange.set(plan.takerHash, left(plan.takerHash, taker) - consumed);
  expect(Object.values(held), "the exchange is left with nothing").to.deep.equal([0n, 0n, 0n]);
  return { making, taking, makerTakings };
}

// ------------------------------------------------------------------------------------------ properties

const resting = (book: OrderBook): RestingOrder[] => [...book.bids(), ...book.asks()];

for (const { name, createBook } of BOOKS) {
  function bookOf(orders: readonly IncomingOrder[], tick = 1n): OrderBook {
    const book = createBook({ yes: YES, no: NO, tick });
    for (const order of orders) {
      try {
        book.add(order);
      } catch (error) {
        if (!isNostraError(error, "DUST")) throw error;
      }
    }
    return book;
  }

  describe(`matcher: properties of the ${name} (seed ${SEED})`, () => {
    it("P1 takes the same makers with the same amounts as the model", () => {
      let matched = 0;
      const draft = draftOf(pairUpTo(24n));
      fc.assert(
        fc.property(
          fc.array(draft, { maxLength: 8, size: "max" }),
          draft,
          fc.constantFrom(10_000n, 50_000n, 250_000n),
          fc.boolean(),
          fc.constantFrom(1, 2, 50),
          (drafts, takerDraft, tick, isMarket, maxMakers) => {
            const book = bookOf(drafts.map(orderOf), tick);
            const taker = orderOf(takerDraft, drafts.length);
            const result = matchOrder(book, taker, {
              kind: isMarket ? "market" : "limit",
              maxMakers,
            });
            const fills = result.status === "matched" ? result.plan.makers : [];
            const model = modelMatch(resting(book), 1_000_000n / tick, taker, isMarket, maxMakers);
            expect(fills.map((fill) => [fill.hash, fill.making])).to.deep.equal(model);
            if (fills.length > 0) matched += 1;
          },
        ),
        { seed: SEED, numRuns: 2_400 },
      );
      expect(matched, "cases with a match").to.be.greaterThan(700);
    });

    for (const [amounts, title] of [
      [pairUpTo(30n), "a few units"],
      [pairInCents, "whole shares in cents"],
      [pairInDust, "dust in cents"],
      [pairUpTo(10n ** 12n), "any price"],
      [pairUpTo(2n ** 120n - 1n), "the highest amounts"],
      [fc.oneof(pairUpTo(30n), pairInCents, pairUpTo(2n ** 120n - 1n)), "all of these"],
    ] as const) {
      it(`P2 P3 P4 every plan settles, and the book stays in step: ${title}`, () => {
        let settled = 0;
        const stream = fc.array(fc.tuple(draftOf(amounts), options), {
          minLength: 12,
          maxLength: 24,
          size: "max",
        });
        fc.assert(
          fc.property(stream, (arrivals) => {
            const book = createBook({ yes: YES, no: NO });
            const exchange: Exchange = new Map();
            arrivals.forEach(([draft, given], index) => {
              const incoming = orderOf(draft, index);
              exchange.set(incoming.hash, incoming.remaining);
              const { plans, rested, remaining } = submitOrder(book, incoming, given);

              for (const plan of plans) {
                const real = settle(exchange, plan, (_, order) => order.makerAmount);
                expect(plan.makers.length, "P2 makers").to.be.within(1, given.maxMakers!);
                expect(real, "P2 amounts").to.deep.equal({
                  making: plan.making,
                  taking: plan.taking,
                  makerTakings: plan.makers.map((fill) => fill.taking),
                });
                expect(new Set(plan.makers.map((fill) => fill.hash)).size).to.equal(
                  plan.makers.length,
                );
              }
              settled += plans.length;

              expect(remaining, "P3 the order").to.equal(exchange.get(incoming.hash));
              for (const order of resting(book)) {
                expect(order.remaining, "P3 the book").to.equal(exchange.get(order.hash));
              }
              if (rested !== null) {
                book.cancel(rested.hash);
                expect(matchOrder(book, rested, given).status, "P4").to.equal("no-match");
                book.add(rested);
              }
            });
          }),
          { seed: SEED, numRuns: 150 },
        );
        expect(settled, "plans settled").to.be.greaterThan(250);
      });
    }

    it("P5 the same orders give the same plans", () => {
      const stream = fc.array(fc.tuple(draftOf(pairInCents), options), { maxLength: 12 });
      const run = (arrivals: readonly (readonly [Draft, MatchOptions])[]): unknown => {
        const book = createBook({ yes: YES, no: NO });
        const results = arrivals.map(([draft, given], i) =>
          submitOrder(book, orderOf(draft, i), given),
        );
        return [results, book.bids(), book.asks()];
      };
      fc.assert(
        fc.property(stream, (arrivals) => {
          expect(run(arrivals)).to.deep.equal(run(arrivals));
        }),
        { seed: SEED, numRuns: 50 },
      );
    });
  });
}
