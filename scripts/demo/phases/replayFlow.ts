import { readBalances, splitPosition, type Balances } from "@nostra/sdk/actions";
import { submitOrder } from "@nostra/sdk/matcher";
import type { Address } from "@nostra/sdk/order";
import { run, type Demo, type DemoMarket, type Wish } from "../Demo";
import {
  openingEndowments,
  ordersOf,
  recordedPositions,
  summarizeFlow,
  type Endowment,
  type FlowOrder,
  type RecordedPosition,
  type RecordedTransaction,
} from "../recordedFlow";
import { amount, count, exactAmount, heading, Progress, say, table } from "../report";

/** One line of the comparison: what the record says a wallet's positions changed by, and what they did here. */
interface Comparison {
  readonly recorded: RecordedPosition;
  readonly yesChange: bigint;
  readonly noChange: bigint;
  readonly ok: boolean;
}

/** Phase 3, first part: the recorded trades, as signed orders of one account per recorded wallet. */
export async function replayFlow(
  demo: Demo,
  flow: readonly RecordedTransaction[],
  marketOf: ReadonlyMap<number, DemoMarket>,
  options: { readonly everyLine: boolean },
): Promise<void> {
  heading("Phase 3: trading, the recorded flow");
  const summary = summarizeFlow(flow);
  const { complementary, mint, merge } = summary.transactionsByKind;
  say(
    `  ${count(summary.transactions)} recorded transactions of ${count(summary.wallets)} wallets in ` +
      `${summary.markets.length} markets: ${complementary} complementary, ${mint} mint, ${merge} merge; ` +
      `${amount(summary.volumeUnits)} USDC.`,
  );

  const endowments = openingEndowments(flow);
  await endow(demo, endowments, marketOf);
  const opening = await balancesOf(demo, endowments, marketOf);

  const progress = new Progress("signed, matched, settled", flow.length);
  for (const transaction of flow) {
    await settleTransaction(demo, transaction, required(marketOf, transaction.market));
    progress.step();
  }

  const closing = await balancesOf(demo, endowments, marketOf);
  const lines = recordedPositions(flow).map((recorded) =>
    compare(recorded, required(opening, keyOf(recorded)), required(closing, keyOf(recorded))),
  );
  printMarkets(demo, flow, marketOf, lines);
  printComparison(lines, options.everyLine);
  const off = lines.filter((line) => !line.ok).length;
  demo.books.check(
    "recorded positions = positions on chain",
    off === 0,
    `${lines.length - off} of ${lines.length} lines equal`,
  );
  checkCash(demo, flow, opening, closing);
  const resting = demo.markets.reduce(
    (sum, { book }) => sum + book.bids().length + book.asks().length,
    0,
  );
  demo.books.check("no recorded order is left in a book", resting === 0, `${resting} left`);
}

/** What each wallet had before the record begins: collateral to spend, and pairs where it sells before it bought. */
async function endow(
  demo: Demo,
  endowments: readonly Endowment[],
  marketOf: ReadonlyMap<number, DemoMarket>,
): Promise<void> {
  const progress = new Progress("wallets funded", endowments.length);
  for (const endowment of endowments) {
    const wallet = required(demo.accounts, endowment.wallet);
    await demo.mint(wallet, endowment.tradingCollateralUnits + endowment.pairUnits);
    if (endowment.pairUnits > 0n) {
      const { conditionId } = required(marketOf, endowment.market).ids;
      const connection = demo.sandbox.connect(wallet);
      await run(splitPosition(connection, { conditionId, amount: endowment.pairUnits }));
    }
    progress.step();
  }
}

/** One recorded transaction: its makers come to rest, its taker arrives, and what the matcher plans is settled. */
async function settleTransaction(
  demo: Demo,
  transaction: RecordedTransaction,
  market: DemoMarket,
): Promise<void> {
  const { makers, taker } = ordersOf(transaction);
  for (const maker of makers) {
    submitOrder(market.book, await demo.receive(wishOf(demo, maker, market)));
  }
  const { plans } = submitOrder(market.book, await demo.receive(wishOf(demo, taker, market)), {
    timeInForce: "FAK",
  });
  for (const plan of plans) await demo.settle(plan);
}

function wishOf(demo: Demo, order: FlowOrder, market: DemoMarket): Wish {
  const { wallet, side, outcome, makerAmount, takerAmount } = order;
  return {
    maker: required(demo.accounts, wallet),
    tokenId: outcome === "YES" ? market.ids.yes : market.ids.no,
    side,
    makerAmount,
    takerAmount,
  };
}

async function balancesOf(
  demo: Demo,
  endowments: readonly Endowment[],
  marketOf: ReadonlyMap<number, DemoMarket>,
): Promise<Map<string, Balances>> {
  const balances = new Map<string, Balances>();
  for (const [number, market] of marketOf) {
    const rows = endowments.filter((endowment) => endowment.market === number);
    const accounts = rows.map(({ wallet }) => required(demo.accounts, wallet).address as Address);
    const held = await readBalances(demo.operator, { accounts, market: market.ids });
    rows.forEach((row, i) => {
      const balance = held[i];
      if (balance !== undefined) balances.set(keyOf(row), balance);
    });
  }
  return balances;
}

function compare(recorded: RecordedPosition, opening: Balances, closing: Balances): Comparison {
  const yesChange = closing.yes - opening.yes;
  const noChange = closing.no - opening.no;
  return {
    recorded,
    yesChange,
    noChange,
    ok: yesChange === recorded.yesChangeUnits && noChange === recorded.noChangeUnits,
  };
}

/**
 * What each wallet paid and was paid, over all its markets, against sizes times prices of the record. The exchange moves
 * whole units, so each may differ by less than one unit per maker order met or signed.
 */
function checkCash(
  demo: Demo,
  flow: readonly RecordedTransaction[],
  opening: ReadonlyMap<string, Balances>,
  closing: ReadonlyMap<string, Balances>,
): void {
  const wallets = new Map<string, { recorded: bigint; tolerance: bigint; real: bigint }>();
  for (const row of recordedPositions(flow)) {
    const before = required(opening, keyOf(row)).collateral;
    const after = required(closing, keyOf(row)).collateral;
    const known = wallets.get(row.wallet) ?? { recorded: 0n, tolerance: 0n, real: after - before };
    known.recorded += row.cashChangeUnitMillionths;
    known.tolerance += row.cashToleranceUnits;
    wallets.set(row.wallet, known);
  }
  const off = [...wallets.values()].filter(({ recorded, tolerance, real }) => {
    const difference = real * 1_000_000n - recorded;
    return (difference < 0n ? -difference : difference) >= tolerance * 1_000_000n;
  });
  demo.books.check(
    "cash of each wallet = recorded sizes x prices",
    off.length === 0,
    `${wallets.size - off.length} of ${wallets.size} wallets, to less than a unit per maker order`,
  );
}

function printMarkets(
  demo: Demo,
  flow: readonly RecordedTransaction[],
  marketOf: ReadonlyMap<number, DemoMarket>,
  lines: readonly Comparison[],
): void {
  say(
    "\n  By market: what was traded, at which last price, and how many wallets agree with the record.",
  );
  const last = new Map(flow.map((transaction) => [transaction.market, lastYesPrice(transaction)]));
  table(
    ["market", "trades", "fills", "volume USDC", "last YES", "wallets", "equal"],
    summarizeFlow(flow).markets.map((row) => {
      const own = lines.filter((line) => line.recorded.market === row.market);
      return [
        required(marketOf, row.market).title,
        count(row.transactions),
        count(row.fills),
        amount(row.volumeUnits),
        amount(last.get(row.market) ?? 0n),
        count(own.length),
        count(own.filter((line) => line.ok).length),
      ];
    }),
  );
  say("\n  Gas by kind of match:");
  printGas(demo);
}

/** Average gas of the matches so far, by kind and number of makers. */
export function printGas(demo: Demo): void {
  const rows = [...demo.gas.values()].sort(
    (a, b) => a.kind.localeCompare(b.kind) || a.makers - b.makers,
  );
  table(
    ["kind", "makers", "matches", "gas each"],
    rows.map(({ kind, makers, matches, gas }) => [
      kind,
      count(makers),
      count(matches),
      count(gas / BigInt(matches)),
    ]),
  );
}

const SHOWN_LINES = 6;

function printComparison(lines: readonly Comparison[], everyLine: boolean): void {
  const bySize = [...lines].sort((a, b) => Number(sizeOf(b) - sizeOf(a)));
  const shown = everyLine ? lines : bySize.slice(0, SHOWN_LINES);
  say(
    everyLine
      ? "\n  Every wallet: change of its positions in the record, and on chain."
      : `\n  The ${SHOWN_LINES} largest positions (--all shows every line):`,
  );
  table(
    ["market wallet", "YES recorded", "YES on chain", "NO recorded", "NO on chain", ""],
    shown.map(({ recorded, yesChange, noChange, ok }) => [
      `${recorded.market} ${recorded.wallet}`,
      exactAmount(recorded.yesChangeUnits),
      exactAmount(yesChange),
      exactAmount(recorded.noChangeUnits),
      exactAmount(noChange),
      ok ? "=" : "OFF",
    ]),
  );
}

function sizeOf({ recorded }: Comparison): bigint {
  const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
  return magnitude(recorded.yesChangeUnits) + magnitude(recorded.noChangeUnits);
}

function lastYesPrice(transaction: RecordedTransaction): bigint {
  const { outcome, priceMillionths } = transaction.taker;
  return outcome === "YES" ? priceMillionths : 1_000_000n - priceMillionths;
}

function keyOf(row: { readonly market: number; readonly wallet: string }): string {
  return `${row.market} ${row.wallet}`;
}

function required<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`the demo has no ${String(key)}`);
  return value;
}
