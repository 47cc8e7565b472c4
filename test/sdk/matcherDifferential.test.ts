import { expect } from "chai";
import { isNostraError } from "@nostra/sdk/errors";
import {
  createBook,
  createSpecificationBook,
  hashBook,
  submitOrder,
  type IncomingOrder,
  type MatchOptions,
  type OrderBook,
  type SelfTrade,
} from "@nostra/sdk/matcher";
import { BUY, NO, raw, SELL, YES, type Account } from "../helpers/bookOrders";
import { Chance, runsOr, seedOr } from "../helpers/random";

/*
D1  The fast book and the specification are asked the same at random. Each answer, refusals included, and each count of
    changes is the same; so is the hash of the book, after every hundredth request and at the end.
D2  The makers and amounts of a plan are those of an exhaustive matcher, written from B3 to B5 alone: it looks for the next
    maker by comparing all pairs, and finds amounts by trying all.

NOSTRA_RUNS sets the number of requests of D1 (a million takes about five minutes), NOSTRA_SEED the seed.
*/

const SEED = seedOr(20_261_121);
const REQUESTS = runsOr(12_000);
const REQUESTS_PER_BOOK = 400;
const BOOKS = 2_000;

const accounts = ["a", "b", "c", "d", "e"].map((digit): Account => `0x${digit.repeat(40)}`);

/** [collateral, shares] by taste: whole lots, fractions of a lot, any price, dust, and beyond 2^53. */
const AMOUNTS: readonly ((chance: Chance) => readonly [bigint, bigint])[] = [
  (chance) => {
    const shares = chance.bigint(1n, 60n) * 10_000n;
    return [(shares * chance.bigint(45n, 55n)) / 100n, shares];
  },
  (chance) => {
    const lots = chance.bigint(1n, 9n);
    return [lots * chance.bigint(40n, 60n), lots * 100n];
  },
  (chance) => {
    const shares = chance.bigint(2n, 5_000n);
    return [chance.bigint((shares * 2n) / 5n + 1n, (shares * 3n) / 5n + 1n), shares];
  },
  (chance) => {
    const shares = chance.bigint(1n, 30n);
    return [chance.bigint(1n, shares), shares];
  },
  (chance) => {
    const lots = 2n ** chance.bigint(50n, 55n) + chance.bigint(-1n, 1n);
    return [lots * chance.bigint(45n, 55n), lots * 100n];
  },
  (chance) => {
    const shares = chance.bigint(2n ** 100n, 2n ** 119n);
    return [(shares * chance.bigint(400n, 600n)) / 1_000n, shares];
  },
];

const SELF_TRADES: readonly SelfTrade[] = ["skip", "cancel-oldest", "cancel-newest", "cancel-both"];

/** One of both books, and everything it said. */
class Witness {
  readonly book: OrderBook;

  constructor(create: typeof createBook, tick: bigint) {
    this.book = create({ yes: YES, no: NO, tick, minSize: 2n });
  }

  /** What the book answers, as text; a refusal by its code. */
  ask(request: (book: OrderBook) => unknown): string {
    let answer: unknown;
    try {
      answer = request(this.book);
    } catch (error) {
      if (!isNostraError(error)) throw error;
      answer = { refused: error.code, details: error.details };
    }
    return toText([answer ?? null, this.book.version, this.book.size]);
  }
}

describe(`matcher: fast book and specification (seed ${SEED})`, () => {
  it(`D1 ${REQUESTS} random requests get the same answers and leave the same book`, function () {
    this.timeout(60_000 + 20 * REQUESTS);
    const chance = new Chance(SEED);
    const seen = new Map<string, number>();
    for (let done = 0; done < REQUESTS; done += REQUESTS_PER_BOOK) {
      const tick = chance.pick([1n, 100n, 1_000n, 10_000n, 10_000n, 100_000n, 500_000n]);
      const fast = new Witness(createBook, tick);
      const slow = new Witness(createSpecificationBook, tick);
      const taste = chance.chance(30) ? AMOUNTS : [chance.pick(AMOUNTS), chance.pick(AMOUNTS)];
      const known: IncomingOrder[] = [];
      for (let i = 0; i < REQUESTS_PER_BOOK; i++) {
        const [kind, request] = randomRequest(chance, taste, known, slow.book);
        const expected = slow.ask(request);
        const answer = fast.ask(request);
        if (answer !== expected) {
          throw new Error(
            `request ${done + i} (${kind}), seed ${SEED}:\n${answer}\nexpected\n${expected}`,
          );
        }
        const outcome = expected.startsWith('[{"refused"') ? `${kind} refused` : kind;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        if (i % 100 === 99) {
          expect(hashBook(fast.book), "hash").to.equal(hashBook(slow.book));
          expect(toText(fast.book.depth()), "depth").to.equal(toText(slow.book.depth()));
        }
      }
    }
    for (const kind of ["submit", "add", "add refused", "cancel", "cancel refused", "reduce"]) {
      expect(seen.get(kind) ?? 0, kind).to.be.greaterThan(REQUESTS / 400);
    }
  });

  it(`D2 ${BOOKS} small books match as an exhaustive matcher does`, function () {
    this.timeout(120_000);
    const chance = new Chance(SEED + 1);
    let matched = 0;
    for (let number = 0; number < BOOKS; number++) {
      const tick = chance.pick([1n, 10_000n, 50_000n, 250_000n]);
      const book = createBook({ yes: YES, no: NO, tick });
      const resting: Queued[] = [];
      for (let i = chance.int(0, 7); i > 0; i--) {
        const incoming = smallOrder(chance);
        book.add(incoming);
        resting.push({ ...incoming, left: incoming.order.makerAmount, arrival: resting.length });
      }
      const taker = smallOrder(chance);
      const maxMakers = chance.pick([1, 2, 50]);
      const result = book.match(taker, { maxMakers });
      const fills = result.status === "matched" ? result.plan.makers : [];
      const found = fills.map(({ hash, making }) => [hash, making]);
      const expected = exhaustive(resting, taker, tick, maxMakers);
      expect(found, `book ${number}`).to.deep.equal(expected);
      if (found.length > 0) matched += 1;
    }
    expect(matched).to.be.greaterThan(BOOKS / 4);
  });
});

type Request = (book: OrderBook) => unknown;

function randomRequest(
  chance: Chance,
  tastes: typeof AMOUNTS,
  known: IncomingOrder[],
  book: OrderBook,
): readonly [string, Request] {
  const dice = chance.int(1, 100);
  const now = BigInt(chance.int(100, 140));
  if (dice <= 62 || known.length === 0) {
    const incoming = randomOrder(chance, tastes);
    known.push(incoming);
    const options = randomOptions(chance, now);
    return ["submit", (on) => submitOrder(on, incoming, options)];
  }
  const some = chance.pick(known);
  if (dice <= 72) {
    const [incoming, half] = [randomOrder(chance, tastes), chance.chance(40)];
    known.push(incoming);
    const remaining = half ? (incoming.order.makerAmount + 1n) / 2n : incoming.order.makerAmount;
    return ["add", (on) => on.add({ ...incoming, remaining })];
  }
  if (dice <= 82) return ["cancel", (on) => on.cancel(some.hash)];
  if (dice <= 86) {
    // Taken out and put back at its place, as after a settlement that failed.
    return [
      "add",
      (on) => {
        const { sequence, remaining } = on.cancel(some.hash);
        return on.add({ ...some, sequence, remaining });
      },
    ];
  }
  if (dice <= 90) {
    const sequence = chance.int(0, known.length);
    return ["add", (on) => on.add({ ...some, sequence })];
  }
  if (dice <= 96) {
    const left = book.get(some.hash)?.remaining ?? 5n;
    const remaining = chance.bigint(0n, left);
    return ["reduce", (on) => on.reduce(some.hash, remaining)];
  }
  if (dice <= 98) {
    const most = chance.pick([1, 2, 3, Infinity]);
    return ["expire", (on) => [on.expire(now, most), on.nextExpiration()]];
  }
  const tick = chance.pick([1n, 100n, 10_000n, 10_000n, 200_000n]);
  return ["tick", (on) => on.changeTick(tick)];
}

function randomOrder(chance: Chance, tastes: typeof AMOUNTS): IncomingOrder {
  const [collateral, shares] = chance.pick(tastes)(chance);
  const side = chance.pick([BUY, SELL] as const);
  return raw(
    side,
    chance.pick([YES, NO]),
    side === BUY ? collateral : shares,
    side === BUY ? shares : collateral,
    {
      maker: chance.pick(accounts),
      ...(chance.chance(8) ? { taker: chance.pick(accounts) } : {}),
      ...(chance.chance(15) ? { expiration: BigInt(chance.int(90, 150)) } : {}),
      ...(chance.chance(20) ? { isWallet: true } : {}),
    },
  );
}

function randomOptions(chance: Chance, now: bigint): MatchOptions {
  const wish = chance.pick<MatchOptions>([
    {},
    {},
    {},
    { timeInForce: "FAK" },
    { timeInForce: "FOK" },
    { kind: "market" },
    { kind: "market", timeInForce: "FOK" },
    { postOnly: true },
    { timeInForce: "GTD" },
  ]);
  const skipped = chance.pick(accounts);
  return {
    ...wish,
    maxMakers: chance.pick([1, 2, 50]),
    ...(chance.chance(30) ? { maxPassedBy: chance.int(1, 6) } : {}),
    ...(chance.chance(30) ? { maxPlans: chance.int(1, 3) } : {}),
    ...(chance.chance(30) ? { maxWeight: chance.int(1, 6) * 400_000 } : {}),
    ...(chance.chance(10)
      ? { weights: { order: chance.int(1, 500_000), walletSignature: 300_000, signatureByte: 7 } }
      : {}),
    ...(chance.chance(50) ? { now, marginSeconds: BigInt(chance.int(0, 20)) } : {}),
    ...(chance.chance(60) ? { selfTrade: chance.pick(SELF_TRADES) } : {}),
    ...(chance.chance(10) ? { skip: ({ order }) => order.maker === skipped } : {}),
  };
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member,
  );
}

// ------------------------------------------------------------------------------------------ exhaustive matcher

type Order = IncomingOrder["order"];

interface Queued extends IncomingOrder {
  readonly left: bigint;
  readonly arrival: number;
}

function smallOrder(chance: Chance): IncomingOrder {
  const shares = chance.bigint(1n, 20n);
  const collateral = chance.bigint(1n, shares);
  const side = chance.pick([BUY, SELL] as const);
  const [gives, wants] = side === BUY ? [collateral, shares] : [shares, collateral];
  return raw(side, chance.pick([YES, NO]), gives, wants, { maker: chance.pick(accounts) });
}

/** Price of YES as [collateral, shares]. */
function yesPrice({ side, tokenId, makerAmount, takerAmount }: Order): readonly [bigint, bigint] {
  const [cost, shares] = side === BUY ? [makerAmount, takerAmount] : [takerAmount, makerAmount];
  return tokenId === YES ? [cost, shares] : [shares - cost, shares];
}

const wantsYes = ({ side, tokenId }: Order): boolean => (side === BUY) === (tokenId === YES);

/** The tick it stands on: of all ticks, the one nearest to its price that is not worse for its owner. */
function tickOf(order: Order, ticks: bigint): bigint {
  const [cost, shares] = yesPrice(order);
  let best = wantsYes(order) ? 0n : ticks;
  for (let tick = 0n; tick <= ticks; tick++) {
    if (wantsYes(order) && tick * shares <= cost * ticks && tick > best) best = tick;
    if (!wantsYes(order) && tick * shares >= cost * ticks && tick < best) best = tick;
  }
  return best;
}

/** Fills [hash, making], found by trying every amount of every maker in the order of B3. */
function exhaustive(
  resting: readonly Queued[],
  taker: IncomingOrder,
  tick: bigint,
  maxMakers: number,
): (readonly [string, bigint])[] {
  // A million ticks are too many to try: amounts of up to 20 shares stand in the same order on their common denominator.
  const ticks = tick === 1n ? 232_792_560n : 1_000_000n / tick;
  const place = (order: Order): bigint => {
    if (tick !== 1n) return tickOf(order, ticks);
    const [cost, shares] = yesPrice(order);
    return (cost * ticks) / shares;
  };
  const { order } = taker;
  const isBid = wantsYes(order);
  const meets = (maker: Order): boolean => {
    const [bid, ask] = isBid
      ? [yesPrice(order), yesPrice(maker)]
      : [yesPrice(maker), yesPrice(order)];
    return wantsYes(maker) !== isBid && bid[0] * ask[1] >= ask[0] * bid[1];
  };
  const isBefore = (left: Queued, right: Queued): boolean => {
    const [mine, other] = [place(left.order), place(right.order)];
    if (mine !== other) return isBid ? mine < other : mine > other;
    return left.arrival < right.arrival;
  };
  const open = resting.filter((maker) => meets(maker.order) && maker.order.maker !== order.maker);
  const size = order.side === SELL ? order.makerAmount : order.takerAmount;

  const fills: (readonly [string, bigint])[] = [];
  let [given, received] = [0n, 0n];
  while (open.length > 0 && fills.length < maxMakers) {
    const next = open.reduce((best, maker) => (isBefore(maker, best) ? maker : best));
    open.splice(open.indexOf(next), 1);
    const maker = next.order;
    // All amounts the maker could give: is it within the taker's size, and within its limit over all so far?
    let largest = 0n;
    let largestWhole = 0n;
    const totals = (gives: bigint): readonly [bigint, bigint] => {
      let due = 0n;
      while (due * maker.makerAmount < gives * maker.takerAmount) due += 1n;
      if (maker.side !== order.side) return [given + due, received + gives];
      if (order.side === BUY) return [given + due - gives, received + due];
      return [given + gives, received + gives - due];
    };
    for (let gives = 1n; gives <= next.left; gives++) {
      const [pays, gets] = totals(gives);
      if ((order.side === SELL ? pays : gets) > size) continue;
      largest = gives;
      if ((gives * maker.takerAmount) % maker.makerAmount === 0n) largestWhole = gives;
    }
    const gives = [largest, largestWhole].find((amount) => {
      const [pays, gets] = totals(amount);
      const keepsLimit = gets * order.makerAmount >= pays * order.takerAmount;
      return amount > 0n && gets > received && keepsLimit;
    });
    if (gives === undefined) continue;
    [given, received] = totals(gives);
    fills.push([next.hash, gives]);
  }
  return fills;
}
