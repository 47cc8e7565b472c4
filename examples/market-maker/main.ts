/**
 * A market maker. It quotes both outcomes around a middle price: BUY YES a little below it, and BUY NO a little below the
 * price of NO. Takers buy the other outcome from it, which mints new pairs, so it needs collateral and nothing else. When both
 * of its quotes were hit it holds pairs, which cost less than one USDC and are worth one: that is its income. When only one
 * was hit it holds a position, which is its risk, and which its limits bound.
 *
 * The flow of takers is made up from SEED: the same seed gives the same trades.
 */
import type { Wallet } from "ethers";
import {
  incrementNonce,
  matchOrders,
  mergePositions,
  planApprovals,
  readBalances,
  readMarket,
  type Balances,
  type PreparedTx,
} from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk/contracts";
import { createBook, submitOrder, type MatchOptions } from "@nostra/sdk/matcher";
import {
  createLimitOrder,
  domainOf,
  hashOrder,
  requireFreshOrder,
  type Address,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { UNIT, formatCollateral, formatPrice, formatShares } from "@nostra/sdk/units";
import { UsageError, type Stage } from "../connect";

/** Prices are units of collateral per share, in steps of a cent; sizes are units of shares. */
const TICK = UNIT / 100n;
const HALF_SPREAD = 2n * TICK;
const QUOTE_SIZE = 20n * UNIT;
/** The most YES more than NO, or NO more than YES, that it will ever hold. */
const MAX_POSITION = 40n * UNIT;
const FIRST_MIDDLE = 50n * TICK;
const DEFAULT_ROUNDS = 8;
const DEFAULT_SEED = 7;
/** A quote that was replaced in the book can still be settled until it dies, so it dies soon. */
const QUOTE_SECONDS = 120n;

type Outcome = "YES" | "NO";

interface Quote {
  readonly outcome: Outcome;
  readonly price: bigint;
  readonly size: bigint;
}

/**
 * What to quote. The middle moves a tick against each 10 shares of position, so that the outcome it has too much of gets
 * cheaper; a side that could take it over its limit is made smaller, or left out.
 */
export function chooseQuotes(middle: bigint, position: bigint): Quote[] {
  const skewed = middle - (position / (10n * UNIT)) * TICK;
  const quotes: Quote[] = [
    { outcome: "YES", price: skewed - HALF_SPREAD, size: MAX_POSITION - position },
    { outcome: "NO", price: UNIT - skewed - HALF_SPREAD, size: MAX_POSITION + position },
  ];
  return quotes
    .map((quote) => ({ ...quote, size: quote.size < QUOTE_SIZE ? quote.size : QUOTE_SIZE }))
    .filter(({ price, size }) => size > 0n && price >= TICK && price < UNIT);
}

export async function main(stage: Stage): Promise<void> {
  const { say, deployment } = stage;
  const seed = countFrom(stage, "SEED", DEFAULT_SEED);
  const rounds = countFrom(stage, "ROUNDS", DEFAULT_ROUNDS);
  const random = randomFrom(seed);

  const maker = stage.walletOf("trader");
  const taker = stage.walletOf("counterparty");
  const operator = connect(deployment, stage.walletOf("operator"));
  const connection = connect(deployment, maker);
  const domain = domainOf(connection);
  const market = await readMarket(connection, await stage.openMarket("Will the maker earn?"));
  for (const wallet of [maker, taker]) await approve(connect(deployment, wallet), wallet);

  const holdings = async (): Promise<Balances> => {
    const accounts = [maker.address as Address];
    const [balances] = await readBalances(connection, { accounts, market });
    if (balances === undefined) throw new Error("no balances were read");
    return balances;
  };
  const start = await holdings();

  // The venue: its book, and an operator who settles what meets.
  const book = createBook({ ...market, tick: TICK });
  const sign = async (wallet: Wallet, { outcome, price, size }: Quote): Promise<SignedOrder> => {
    const block = await stage.provider.getBlock("latest");
    const now = BigInt(block?.timestamp ?? 0);
    const terms = {
      tokenId: outcome === "YES" ? market.yes : market.no,
      side: "BUY",
      price,
      size,
      expiration: now + QUOTE_SECONDS,
      nowSeconds: now,
    } as const;
    return createLimitOrder(terms, wallet, connect(deployment, wallet));
  };
  const post = (order: SignedOrder, options?: MatchOptions) =>
    submitOrder(book, { hash: hashOrder(order, domain), order }, options);

  say(`seed ${seed}: ${rounds} rounds, quotes of ${formatShares(QUOTE_SIZE)}, limit 40 shares`);
  let middle = FIRST_MIDDLE;
  let resting: Hex[] = [];
  let last: SignedOrder | undefined;
  let held = start;
  for (let round = 1; round <= rounds; round++) {
    // Quote afresh: what rests of the old quotes leaves the book first.
    for (const hash of resting.filter((one) => book.has(one))) book.cancel(hash);
    resting = [];
    const quotes = chooseQuotes(middle, position(held));
    for (const quote of quotes) {
      last = await sign(maker, quote);
      const { rested } = post(last, { postOnly: true });
      if (rested !== null) resting.push(rested.hash);
    }
    const shown = quotes.map(({ outcome, price }) => `${outcome} ${formatPrice(price, 2)}`);

    // Somebody buys one of the outcomes at the price that is offered: one less what the maker bids for the other.
    const wanted: Outcome = random() < 0.5 ? "YES" : "NO";
    const met = quotes.find(({ outcome }) => outcome !== wanted);
    const size = BigInt(5 + Math.floor(random() * 16)) * UNIT;
    let traded = "nobody trades";
    if (met !== undefined) {
      const order = await sign(taker, { outcome: wanted, price: UNIT - met.price, size });
      const { plans } = post(order, { timeInForce: "FAK" });
      for (const plan of plans) {
        await done(matchOrders(operator, plan));
        traded = `a taker buys ${formatShares(plan.taking)} ${wanted}`;
      }
    }
    held = await holdings();
    const now = `${formatShares(held.yes)} YES, ${formatShares(held.no)} NO`;
    say(`${String(round).padStart(2)}. bids ${shown.join(", ")}; ${traded}; holds ${now}`);
    middle = moved(middle, random());
  }

  // The end: every quote ever signed dies at once, and pairs become collateral again.
  const { nonce } = await done(incrementNonce(connection));
  say(`cancel: nonce ${nonce}; ${await isDead(last, connection)}`);
  const pairs = held.yes < held.no ? held.yes : held.no;
  if (pairs > 0n) {
    await done(mergePositions(connection, { conditionId: market.conditionId, amount: pairs }));
  }
  const end = await holdings();
  say(`merge: ${formatShares(pairs)} pairs became ${formatCollateral(pairs)} USDC`);
  say(`inventory: ${formatShares(end.yes)} YES, ${formatShares(end.no)} NO`);

  const cash = end.collateral - start.collateral;
  const value = ((end.yes - start.yes) * middle + (end.no - start.no) * (UNIT - middle)) / UNIT;
  say(`profit: ${formatCollateral(cash + value)} USDC`);
  say(
    `  ${formatCollateral(cash)} in cash, ${formatCollateral(value)} in inventory at ${formatPrice(middle, 2)}`,
  );
}

/** How many more YES than NO. */
function position({ yes, no }: Balances): bigint {
  return yes - no;
}

/** The price of the world moves by up to two ticks, and stays where both quotes have room. */
function moved(middle: bigint, chance: number): bigint {
  const next = middle + BigInt(Math.floor(chance * 5) - 2) * TICK;
  return next < 20n * TICK || next > 80n * TICK ? middle : next;
}

async function isDead(order: SignedOrder | undefined, connection: Connection): Promise<string> {
  if (order === undefined) return "nothing was quoted";
  const thrown = await requireFreshOrder(order, connection).catch((error: unknown) => error);
  return thrown instanceof Error ? `the last quote is dead: ${thrown.message}` : "still alive";
}

async function approve(connection: Connection, wallet: Wallet): Promise<void> {
  const plan = await planApprovals(connection, wallet.address as Address);
  for (const approval of plan) await done(approval);
}

async function done<T>(prepared: PreparedTx<T>): Promise<T> {
  return (await prepared.send()).wait();
}

function countFrom({ env }: Stage, name: string, usual: number): number {
  const text = env[name] || String(usual);
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError(`${name} is not a whole number from 1`);
  return Number(text);
}

/** Mulberry32: small, and the same everywhere. For made-up flow only, never for keys or salts. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
