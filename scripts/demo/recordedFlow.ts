import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * Recorded order flow, turned into the orders that settle it again.
 *
 * text -> parseRecordedFlow -> RecordedTransaction[] -> ordersOf (one transaction) -> FlowOrder
 *                                                    -> openingEndowments, recordedPositions, summarizeFlow
 *
 * Nothing here knows a chain, an account or a clock. Amounts are integers of 1e-6 (shares, collateral and prices alike), and
 * where the file came from is told in data/README.md.
 */

export type FlowSide = "BUY" | "SELL";
export type FlowOutcome = "YES" | "NO";

/** How a transaction settles: shares change hands, new pairs come to be, or pairs end. */
export type FlowKind = "complementary" | "mint" | "merge";

/** One line of the file: what one wallet traded in one transaction. */
export interface RecordedFill {
  readonly wallet: string;
  readonly side: FlowSide;
  readonly outcome: FlowOutcome;
  readonly sizeUnits: bigint;
  /** Collateral per share, in millionths; strictly between 0 and 1. */
  readonly priceMillionths: bigint;
}

export interface RecordedTransaction {
  /** Number in the file, from 1; the order of time. */
  readonly index: number;
  readonly timeSeconds: number;
  readonly market: number;
  readonly kind: FlowKind;
  /** As listed; together exactly the size of the taker's fill. */
  readonly makers: readonly RecordedFill[];
  readonly taker: RecordedFill;
}

/** What a wallet signs. A fill of the whole order moves exactly the recorded number of shares. */
export interface FlowOrder {
  readonly wallet: string;
  readonly side: FlowSide;
  readonly outcome: FlowOutcome;
  /** What the wallet gives: collateral units for BUY, share units for SELL. */
  readonly makerAmount: bigint;
  /** What it receives for that: share units for BUY, collateral units for SELL. */
  readonly takerAmount: bigint;
}

export interface TransactionOrders {
  /** To be in the book first, in this order, and filled to the end. */
  readonly makers: readonly FlowOrder[];
  /** Crosses every maker; it is filled at their prices. */
  readonly taker: FlowOrder;
}

/** What a wallet must hold in a market before the first transaction so that every order of it can settle. */
export interface Endowment {
  readonly market: number;
  readonly wallet: string;
  /** Shares it sells before it has bought them. */
  readonly yesUnits: bigint;
  readonly noUnits: bigint;
  /** Pairs to split to have both; they cost as much collateral, on top of `tradingCollateralUnits`. */
  readonly pairUnits: bigint;
  /** All that its BUY orders may give, income left aside. */
  readonly tradingCollateralUnits: bigint;
}

/** How the recorded flow changed what a wallet has in a market. */
export interface RecordedPosition {
  readonly market: number;
  readonly wallet: string;
  readonly yesChangeUnits: bigint;
  readonly noChangeUnits: bigint;
  /** Proceeds minus cost at the recorded prices: exact, in millionths of a collateral unit. */
  readonly cashChangeUnitMillionths: bigint;
  /** Settling moves whole units, so the real change differs by less than this: one unit per maker order met or signed. */
  readonly cashToleranceUnits: bigint;
}

export interface MarketSummary {
  readonly market: number;
  readonly wallets: number;
  readonly transactions: number;
  readonly transactionsByKind: Readonly<Record<FlowKind, number>>;
  readonly fills: number;
  readonly fillsByKind: Readonly<Record<FlowKind, number>>;
  /** What the takers' fills were worth in collateral, rounded down. */
  readonly volumeUnits: bigint;
  readonly firstTimeSeconds: number;
  readonly lastTimeSeconds: number;
}

export interface FlowSummary {
  readonly wallets: number;
  readonly transactions: number;
  readonly transactionsByKind: Readonly<Record<FlowKind, number>>;
  readonly fills: number;
  readonly fillsByKind: Readonly<Record<FlowKind, number>>;
  readonly volumeUnits: bigint;
  /** By first appearance. */
  readonly markets: readonly MarketSummary[];
}

/** The invented texts of a market: see data/README.md. */
export interface MarketQuestion {
  readonly market: number;
  readonly question: string;
  readonly description: string;
  readonly category: string;
}

/** The file is not what it must be. `line` counts from 1, the header included. */
export class RecordedFlowError extends Error {
  readonly line: number;
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`recorded flow, line ${line}: ${reason}`);
    this.name = "RecordedFlowError";
    this.line = line;
    this.reason = reason;
  }
}

/** One share and one collateral unit in smallest parts, and the price 1 in millionths. */
export const ONE = 1_000_000n;

/** How much worse than recorded a price the taker accepts: a tenth of a cent, far above any rounding of the makers. */
export const TAKER_SLACK_MILLIONTHS = 1_000n;

export const FLOW_HEADER = "transaction,time,market,wallet,side,outcome,size,price";
export const DATA_FOLDER = path.join(__dirname, "data");

// ---------------------------------------------------------------------------------------------------------- reading

/** The flow that comes with the project. */
export function readRecordedFlow(
  file = path.join(DATA_FOLDER, "recorded-flow.csv"),
): RecordedTransaction[] {
  return parseRecordedFlow(readFileSync(file, "utf8"));
}

/** The texts of its markets, by market number. */
export function readMarketQuestions(
  file = path.join(DATA_FOLDER, "questions.json"),
): ReadonlyMap<number, MarketQuestion> {
  return parseMarketQuestions(readFileSync(file, "utf8"));
}

interface Line {
  readonly number: number;
  readonly index: number;
  readonly timeSeconds: number;
  readonly market: number;
  readonly fill: RecordedFill;
}

/** Parses the whole file, or refuses it with the number of the first line that is wrong. */
export function parseRecordedFlow(text: string): RecordedTransaction[] {
  const [header, ...rows] = text.split("\n");
  if (header !== FLOW_HEADER) throw new RecordedFlowError(1, `expected the header ${FLOW_HEADER}`);
  if (rows.pop() !== "") {
    throw new RecordedFlowError(rows.length + 2, "expected a line break at the end of the file");
  }

  const transactions: RecordedTransaction[] = [];
  let open: Line[] = [];
  const close = (): void => {
    if (open.length > 0) transactions.push(transactionOf(open));
  };
  rows.forEach((row, position) => {
    const line = parseLine(row, position + 2);
    const previous = open.at(-1);
    if (previous?.index === line.index) {
      checkSameTransaction(previous, line);
      open.push(line);
      return;
    }
    if (line.index !== (previous?.index ?? 0) + 1) {
      throw new RecordedFlowError(line.number, `transaction ${line.index} is out of order`);
    }
    if (previous !== undefined && line.timeSeconds < previous.timeSeconds) {
      throw new RecordedFlowError(line.number, "time goes back");
    }
    close();
    open = [line];
  });
  close();
  return transactions;
}

function parseLine(row: string, number: number): Line {
  const fields = row.split(",");
  const [index, time, market, wallet, side, outcome, size, price] = fields;
  if (
    fields.length !== 8 ||
    index === undefined ||
    time === undefined ||
    market === undefined ||
    wallet === undefined ||
    size === undefined ||
    price === undefined
  ) {
    throw new RecordedFlowError(number, `expected 8 fields, found ${fields.length}`);
  }
  if (!/^w\d{3,}$/.test(wallet)) {
    throw new RecordedFlowError(number, `wallet ${quote(wallet)}; expected a label such as w001`);
  }
  if (side !== "BUY" && side !== "SELL") {
    throw new RecordedFlowError(number, `side ${quote(side)}; expected BUY or SELL`);
  }
  if (outcome !== "YES" && outcome !== "NO") {
    throw new RecordedFlowError(number, `outcome ${quote(outcome)}; expected YES or NO`);
  }
  const priceMillionths = parseUnits(price, "price", number);
  if (priceMillionths >= ONE) throw new RecordedFlowError(number, `price ${price} is not below 1`);
  return {
    number,
    index: parseWhole(index, "transaction", number),
    timeSeconds: parseWhole(time, "time", number),
    market: parseWhole(market, "market", number),
    fill: { wallet, side, outcome, sizeUnits: parseUnits(size, "size", number), priceMillionths },
  };
}

function parseWhole(text: string, field: string, line: number): number {
  const value = /^[1-9]\d*$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) {
    throw new RecordedFlowError(line, `${field} ${quote(text)}; expected a whole number above 0`);
  }
  return value;
}

/** Decimal text to millionths. A seventh decimal is refused, not rounded. */
function parseUnits(text: string, field: string, line: number): bigint {
  const match = /^(0|[1-9]\d*)(?:\.(\d{1,6}))?$/.exec(text);
  const units = match === null ? 0n : BigInt(match[1] + (match[2] ?? "").padEnd(6, "0"));
  if (units === 0n) {
    throw new RecordedFlowError(
      line,
      `${field} ${quote(text)}; expected a decimal above 0 with at most 6 decimals`,
    );
  }
  return units;
}

function quote(text: string | undefined): string {
  return JSON.stringify(text ?? "");
}

// ---------------------------------------------------------------------------------------------------------- roles

function checkSameTransaction(previous: Line, line: Line): void {
  if (previous.timeSeconds !== line.timeSeconds || previous.market !== line.market) {
    throw new RecordedFlowError(
      line.number,
      `transaction ${line.index} has two times or two markets`,
    );
  }
}

/**
 * The last fill listed is the taker. The source does not mark it, but in every transaction of three fills it lists the one
 * that meets both others last; in the rest either reading settles to the same positions.
 */
function transactionOf(lines: readonly Line[]): RecordedTransaction {
  const last = lines.at(-1);
  if (last === undefined) throw new RangeError("a transaction has at least one line");
  const { index, timeSeconds, market, fill: taker } = last;
  const makers = lines.slice(0, -1).map((line) => line.fill);

  const kinds = new Set(lines.slice(0, -1).map((line) => kindOf(taker, line)));
  const [kind] = kinds;
  if (kind === undefined) {
    throw new RecordedFlowError(last.number, `transaction ${index} has a single fill`);
  }
  if (kinds.size > 1) {
    throw new RecordedFlowError(last.number, `transaction ${index} mixes ${[...kinds].join(", ")}`);
  }
  const offeredUnits = sum(makers.map((maker) => maker.sizeUnits));
  if (offeredUnits !== taker.sizeUnits) {
    throw new RecordedFlowError(
      last.number,
      `transaction ${index}: the makers' ${offeredUnits} share units meet ${taker.sizeUnits} of the taker`,
    );
  }
  return { index, timeSeconds, market, kind, makers, taker };
}

function kindOf(taker: RecordedFill, { fill: maker, number, index }: Line): FlowKind {
  const isSameSide = taker.side === maker.side;
  const isSameOutcome = taker.outcome === maker.outcome;
  if (isSameSide === isSameOutcome) {
    throw new RecordedFlowError(
      number,
      `transaction ${index}: ${maker.side} ${maker.outcome} cannot meet ${taker.side} ${taker.outcome}`,
    );
  }
  if (isSameOutcome) return "complementary";
  return taker.side === "BUY" ? "mint" : "merge";
}

// ---------------------------------------------------------------------------------------------------------- orders

/**
 * The orders that settle a transaction again.
 *
 * A maker signs its recorded size at its recorded price; where that is not whole units of collateral, it is rounded in the
 * maker's favour (BUY pays less, SELL gets more). The taker signs the whole size at a limit `takerSlackMillionths` worse than
 * the worst price the makers leave it, so it crosses that rounding and is filled at their prices.
 */
export function ordersOf(
  transaction: RecordedTransaction,
  { takerSlackMillionths = TAKER_SLACK_MILLIONTHS }: { takerSlackMillionths?: bigint } = {},
): TransactionOrders {
  return {
    makers: transaction.makers.map(makerOrderOf),
    taker: takerOrderOf(transaction, takerSlackMillionths),
  };
}

function makerOrderOf({
  wallet,
  side,
  outcome,
  sizeUnits,
  priceMillionths,
}: RecordedFill): FlowOrder {
  const value = sizeUnits * priceMillionths;
  return side === "BUY"
    ? { wallet, side, outcome, makerAmount: value / ONE, takerAmount: sizeUnits }
    : { wallet, side, outcome, makerAmount: sizeUnits, takerAmount: divideUp(value, ONE) };
}

function takerOrderOf(
  { kind, makers, taker }: RecordedTransaction,
  slackMillionths: bigint,
): FlowOrder {
  const { wallet, side, outcome, sizeUnits } = taker;
  const offered = makers.map(({ priceMillionths }) =>
    kind === "complementary" ? priceMillionths : ONE - priceMillionths,
  );
  if (side === "BUY") {
    const highest = offered.reduce((left, right) => (left > right ? left : right));
    const limit = highest + slackMillionths < ONE ? highest + slackMillionths : ONE - 1n;
    const makerAmount = divideUp(sizeUnits * limit, ONE);
    return { wallet, side, outcome, makerAmount, takerAmount: sizeUnits };
  }
  const lowest = offered.reduce((left, right) => (left < right ? left : right));
  const limit = lowest > slackMillionths ? lowest - slackMillionths : 1n;
  return {
    wallet,
    side,
    outcome,
    makerAmount: sizeUnits,
    takerAmount: (sizeUnits * limit) / ONE,
  };
}

// ---------------------------------------------------------------------------------------------------------- wallets

/** Every wallet of the flow, by first appearance. */
export function walletsOf(flow: readonly RecordedTransaction[]): string[] {
  return [...new Set(flow.flatMap(fillsOf).map((fill) => fill.wallet))];
}

/** One record per market and wallet, by first appearance. */
export function openingEndowments(
  flow: readonly RecordedTransaction[],
  options: { takerSlackMillionths?: bigint } = {},
): Endowment[] {
  const accounts = new Map<string, Account>();
  for (const transaction of flow) {
    for (const fill of fillsOf(transaction)) {
      const account = accountOf(accounts, transaction.market, fill.wallet);
      const before = account.units[fill.outcome];
      const after = before + (fill.side === "BUY" ? fill.sizeUnits : -fill.sizeUnits);
      account.units[fill.outcome] = after;
      if (-after > account.needed[fill.outcome]) account.needed[fill.outcome] = -after;
    }
    const { makers, taker } = ordersOf(transaction, options);
    for (const order of [...makers, taker]) {
      if (order.side !== "BUY") continue;
      accountOf(accounts, transaction.market, order.wallet).spent += order.makerAmount;
    }
  }
  return [...accounts.values()].map(({ market, wallet, needed, spent }) => ({
    market,
    wallet,
    yesUnits: needed.YES,
    noUnits: needed.NO,
    pairUnits: needed.YES > needed.NO ? needed.YES : needed.NO,
    tradingCollateralUnits: spent,
  }));
}

interface Account {
  readonly market: number;
  readonly wallet: string;
  readonly units: Record<FlowOutcome, bigint>;
  readonly needed: Record<FlowOutcome, bigint>;
  spent: bigint;
}

function accountOf(accounts: Map<string, Account>, market: number, wallet: string): Account {
  const key = `${market} ${wallet}`;
  let account = accounts.get(key);
  if (account === undefined) {
    const none = (): Record<FlowOutcome, bigint> => ({ YES: 0n, NO: 0n });
    account = { market, wallet, units: none(), needed: none(), spent: 0n };
    accounts.set(key, account);
  }
  return account;
}

/** What the record says changed, one line per market and wallet, by first appearance. */
export function recordedPositions(flow: readonly RecordedTransaction[]): RecordedPosition[] {
  const positions = new Map<string, RecordedPosition>();
  for (const transaction of flow) {
    const { market, makers, taker } = transaction;
    for (const fill of fillsOf(transaction)) {
      const { wallet, side, outcome, sizeUnits, priceMillionths } = fill;
      const key = `${market} ${wallet}`;
      const before = positions.get(key);
      const change = side === "BUY" ? sizeUnits : -sizeUnits;
      positions.set(key, {
        market,
        wallet,
        yesChangeUnits: (before?.yesChangeUnits ?? 0n) + (outcome === "YES" ? change : 0n),
        noChangeUnits: (before?.noChangeUnits ?? 0n) + (outcome === "NO" ? change : 0n),
        cashChangeUnitMillionths:
          (before?.cashChangeUnitMillionths ?? 0n) - change * priceMillionths,
        cashToleranceUnits:
          (before?.cashToleranceUnits ?? 0n) + (fill === taker ? BigInt(makers.length) : 1n),
      });
    }
  }
  return [...positions.values()];
}

/** The fills of a transaction as listed: makers, then the taker. */
export function fillsOf({ makers, taker }: RecordedTransaction): RecordedFill[] {
  return [...makers, taker];
}

// ---------------------------------------------------------------------------------------------------------- summaries

export function summarizeFlow(flow: readonly RecordedTransaction[]): FlowSummary {
  const markets = [...new Set(flow.map(({ market }) => market))];
  return {
    ...totalsOf(flow),
    markets: markets.map((market) => {
      const own = flow.filter((transaction) => transaction.market === market);
      const times = own.map(({ timeSeconds }) => timeSeconds);
      return {
        market,
        ...totalsOf(own),
        firstTimeSeconds: Math.min(...times),
        lastTimeSeconds: Math.max(...times),
      };
    }),
  };
}

function totalsOf(flow: readonly RecordedTransaction[]): Omit<FlowSummary, "markets"> {
  const transactionsByKind: Record<FlowKind, number> = { complementary: 0, mint: 0, merge: 0 };
  const fillsByKind: Record<FlowKind, number> = { complementary: 0, mint: 0, merge: 0 };
  for (const transaction of flow) {
    transactionsByKind[transaction.kind] += 1;
    fillsByKind[transaction.kind] += transaction.makers.length + 1;
  }
  return {
    wallets: walletsOf(flow).length,
    transactions: flow.length,
    transactionsByKind,
    fills: fillsByKind.complementary + fillsByKind.mint + fillsByKind.merge,
    fillsByKind,
    volumeUnits: sum(flow.map(({ taker }) => taker.sizeUnits * taker.priceMillionths)) / ONE,
  };
}

// ---------------------------------------------------------------------------------------------------------- questions

/** Parses `{ "<market number>": { question, description, category } }`, all texts present and none empty. */
export function parseMarketQuestions(text: string): ReadonlyMap<number, MarketQuestion> {
  const parsed: unknown = JSON.parse(text);
  const questions = new Map<number, MarketQuestion>();
  for (const [key, entry] of Object.entries(asRecord(parsed, "questions"))) {
    if (!/^[1-9]\d*$/.test(key)) {
      throw new Error(`questions: ${quote(key)} is not a market number`);
    }
    const fields = asRecord(entry, `questions.${key}`);
    const market = Number(key);
    questions.set(market, {
      market,
      question: asText(fields["question"], `questions.${key}.question`),
      description: asText(fields["description"], `questions.${key}.description`),
      category: asText(fields["category"], `questions.${key}.category`),
    });
  }
  return questions;
}

function asRecord(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${where} must be an object`);
  }
  return value as Record<string, unknown>;
}

function asText(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${where} must be a text`);
  return value;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
