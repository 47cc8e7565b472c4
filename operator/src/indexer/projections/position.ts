import { sql } from "kysely";
import type { Places } from "../places";
import { eventsNamed, transactionsOf, type Projector, type Transaction } from "../project";
import { eventOf } from "../storeLogs";
import type { Row, Tables } from "../Tables";
import type { Fill } from "./fill";

/*
 * Shares and what they cost, by account and token.
 *
 * Shares follow the ERC-1155 transfers and nothing else, so they are always what the chain says. The other events of the
 * transaction say why shares moved, and so at what price:
 *
 * - a fill that buys: the shares less the fee cost what was paid; one that sells brings what was due less the fee;
 * - a split of n: n of each outcome came in, YES at floor(n / 2), NO at the rest; merging n brings the same;
 * - a redemption brings floor(shares * part / sum of parts) per outcome, as ConditionalTokens counts it. Through the
 *   PositionRedeemer likewise;
 * - what no event explains was sent: shares come in at no cost, and go out with their part of the cost and no gain or loss. So do
 *   fees paid in shares, pairs of a deeper collection, and everything a foreign contract does.
 *
 * Going out takes the average: cost * n / shares, rounded up, so that a gain is never overstated. Within a transaction what was
 * sent in comes first and what was sent out goes last, with the explained moves between them in the order of their logs; this way
 * an account may receive and sell in one transaction. Shares that are sold before they came take all of the cost there is. When
 * nothing is left of the shares, what is left of the cost is a loss.
 */

/** A movement that an event explains. */
interface Move {
  readonly account: string;
  readonly tokenId: bigint;
  /** Above zero: came in. */
  readonly shares: bigint;
  /** What was paid for them, or got. */
  readonly money: bigint;
  readonly isTrade: boolean;
}

const ZERO = `0x${"0".repeat(40)}`;
const ROOT = `0x${"0".repeat(64)}`;

export const projectPositions: Projector = async (transaction, tables, places) => {
  for (const { event } of eventsNamed(transaction, "MarketCreated")) {
    await catchUp(event.args.conditionId.toLowerCase(), transaction, tables, places);
  }
  await applyTransaction(transaction, transaction.fills, tables, places);
};

/**
 * Anybody may prepare a condition and split collateral into its pairs before the factory makes it a market. What moved until then
 * is brought in when it does: without this the balances would be wrong for ever. Pairs come into being by a split of the
 * condition alone, so without one there is nothing to look for.
 */
async function catchUp(
  conditionId: string,
  creation: Transaction,
  tables: Tables,
  places: Places,
): Promise<void> {
  const { blockNumber } = creation;
  const { logIndex } = creation.events[0]!.log;
  const before = sql<boolean>`(block_number, log_index) < (${blockNumber}::int8, ${logIndex}::int4)`;
  const split = await tables.db
    .selectFrom("chain_log")
    .select("log_index")
    .where("condition_id", "=", conditionId)
    .where("name", "=", "PositionSplit")
    .where(before)
    .limit(1)
    .executeTakeFirst();
  if (split === undefined) return;
  const market = (await tables.find("market", { condition_id: conditionId }))!;
  const tokens = [market.yes, market.no];
  const rows = await tables.db
    .selectFrom("chain_log")
    .selectAll()
    .where("name", "in", ["TransferSingle", "TransferBatch", "PositionSplit", "PositionsMerge"])
    .where(
      sql<boolean>`(condition_id = ${conditionId} or args->>'id' = any(${tokens}::text[])
        or jsonb_exists_any(args->'ids', ${tokens}::text[]))`,
    )
    .where(before)
    .orderBy("block_number")
    .orderBy("log_index")
    .execute();
  const only = new Set(tokens);
  for (const earlier of transactionsOf(rows.map(eventOf))) {
    await applyTransaction(earlier, [], tables, places, only);
  }
}

async function applyTransaction(
  transaction: Transaction,
  fills: readonly Fill[],
  tables: Tables,
  places: Places,
  only?: ReadonlySet<string>,
): Promise<void> {
  const moves = await explainedMoves(transaction, fills, tables, places);
  const net = await netTransfers(transaction, tables);
  for (const { account, tokenId, shares } of moves) {
    // What is explained is not sent.
    net.add(account, tokenId, -shares);
  }
  const wanted = (tokenId: bigint): boolean => only?.has(tokenId.toString()) ?? true;
  const touched: { account: string; tokenId: bigint }[] = [];
  const change = async (
    account: string,
    tokenId: bigint,
    changed: (row: Row<"position">) => Row<"position">,
  ): Promise<void> => {
    if (!wanted(tokenId)) return;
    const row = await find(account, tokenId, tables);
    tables.put("position", changed(row));
    touched.push({ account, tokenId });
  };
  for (const { account, tokenId, shares } of net.entries()) {
    if (shares > 0n) await change(account, tokenId, (row) => takeIn(row, shares, 0n, false));
  }
  for (const { account, tokenId, shares, money, isTrade } of moves) {
    await change(account, tokenId, (row) =>
      shares > 0n ? takeIn(row, shares, money, isTrade) : giveOut(row, -shares, money, isTrade),
    );
  }
  for (const { account, tokenId, shares } of net.entries()) {
    if (shares < 0n) await change(account, tokenId, (row) => giveOut(row, -shares, null, false));
  }
  for (const { account, tokenId } of touched) {
    const row = await find(account, tokenId, tables);
    if (row.shares === "0" && row.cost !== "0") tables.put("position", writeOff(row));
  }
}

async function find(account: string, tokenId: bigint, tables: Tables): Promise<Row<"position">> {
  const key = { account, token_id: tokenId.toString() };
  const { conditionId, outcome } = (await tables.token(tokenId))!;
  return (
    (await tables.find("position", key)) ?? {
      ...{ ...key, condition_id: conditionId, outcome },
      ...{ shares: "0", cost: "0", realized: "0", bought: "0", sold: "0" },
    }
  );
}

function takeIn(row: Row<"position">, n: bigint, money: bigint, isTrade: boolean): Row<"position"> {
  return {
    ...row,
    shares: (BigInt(row.shares) + n).toString(),
    cost: (BigInt(row.cost) + money).toString(),
    bought: (BigInt(row.bought) + (isTrade ? n : 0n)).toString(),
  };
}

/** @param money What was got for them; null when they were sent away. */
function giveOut(
  row: Row<"position">,
  n: bigint,
  money: bigint | null,
  isTrade: boolean,
): Row<"position"> {
  const [held, cost] = [BigInt(row.shares), BigInt(row.cost)];
  const gone = held <= n ? cost : (cost * n + held - 1n) / held;
  const gain = money === null ? 0n : money - gone;
  return {
    ...row,
    shares: (held - n).toString(),
    cost: (cost - gone).toString(),
    realized: (BigInt(row.realized) + gain).toString(),
    sold: (BigInt(row.sold) + (isTrade ? n : 0n)).toString(),
  };
}

function writeOff(row: Row<"position">): Row<"position"> {
  return { ...row, cost: "0", realized: (BigInt(row.realized) - BigInt(row.cost)).toString() };
}

// ---------------------------------------------------------------------------------------- reading the logs

/** What the events of a transaction say about why shares moved, in their order. */
async function explainedMoves(
  transaction: Transaction,
  fills: readonly Fill[],
  tables: Tables,
  places: Places,
): Promise<Move[]> {
  const moves: Move[] = [];
  for (const [at, { event, log }] of transaction.events.entries()) {
    switch (event?.name) {
      case "OrderFilled": {
        const fill = fills.find(({ logIndex }) => logIndex === log.logIndex);
        if (fill?.token === undefined) break;
        const { maker: account, tokenId, isBuy, making, taking, fee } = fill;
        const [shares, money] = isBuy ? [taking - fee, making] : [-making, taking - fee];
        moves.push({ account, tokenId, shares, money, isTrade: true });
        break;
      }
      case "PositionSplit":
      case "PositionsMerge": {
        const { stakeholder, amount } = event.args;
        const pair = await pairOf(event.args, tables, places);
        // The exchange splits and merges for the orders of a match: their fills explain it.
        if (pair === undefined || stakeholder.toLowerCase() === places.exchange) break;
        const account = stakeholder.toLowerCase();
        const shares = event.name === "PositionSplit" ? amount : -amount;
        const half = amount / 2n;
        moves.push({ account, tokenId: pair.yes, shares, money: half, isTrade: false });
        moves.push({ account, tokenId: pair.no, shares, money: amount - half, isTrade: false });
        break;
      }
      case "PayoutRedemption": {
        const account = event.args.redeemer.toLowerCase();
        const pair = await pairOf(event.args, tables, places);
        if (pair === undefined || account === places.redeemer) break;
        const burned = burnedBefore(transaction, at, account, pair);
        for (const [tokenId, n] of burned) {
          const money = pair.payout(tokenId, n);
          moves.push({ account, tokenId, shares: -n, money, isTrade: false });
        }
        break;
      }
      case "PositionsRedeemed": {
        const account = event.args.account.toLowerCase();
        const pair = await marketPair(event.args.conditionId, tables);
        if (pair === undefined) break;
        for (const [tokenId, n] of handedBefore(transaction, at, account, pair, places)) {
          const money = pair.payout(tokenId, n);
          moves.push({ account, tokenId, shares: -n, money, isTrade: false });
        }
        break;
      }
    }
  }
  return moves;
}

interface Pair {
  readonly yes: bigint;
  readonly no: bigint;
  /** What n of a token redeem for, by the result the market has now. */
  payout(tokenId: bigint, n: bigint): bigint;
}

/** The market's pair, when the event is about plain pairs of our collateral. */
async function pairOf(
  args: {
    readonly collateralToken: string;
    readonly parentCollectionId: string;
    readonly conditionId: string;
  },
  tables: Tables,
  places: Places,
): Promise<Pair | undefined> {
  if (args.collateralToken.toLowerCase() !== places.collateral) return undefined;
  return args.parentCollectionId === ROOT ? marketPair(args.conditionId, tables) : undefined;
}

async function marketPair(conditionId: string, tables: Tables): Promise<Pair | undefined> {
  const market = await tables.find("market", { condition_id: conditionId.toLowerCase() });
  if (market === undefined) return undefined;
  const { outcome } = market;
  const [yes, no] = [BigInt(market.yes), BigInt(market.no)];
  const payout = (tokenId: bigint, n: bigint): bigint => {
    if (outcome === "SPLIT") return n / 2n;
    return outcome === (tokenId === yes ? "YES" : "NO") ? n : 0n;
  };
  return { yes, no, payout };
}

/** ConditionalTokens burns each outcome and says so, then tells of the redemption: the burns stand right before it. */
function burnedBefore(
  { events }: Transaction,
  at: number,
  account: string,
  pair: Pair,
): ReadonlyMap<bigint, bigint> {
  const burned = new Map<bigint, bigint>();
  for (let i = at - 1; i >= 0; i--) {
    const event = events[i]!.event;
    if (event?.name !== "TransferSingle") break;
    const { from, to, id, value } = event.args;
    const isBurn = from.toLowerCase() === account && to === ZERO && isOfPair(id, pair);
    if (!isBurn || burned.has(id)) break;
    burned.set(id, value);
  }
  return burned;
}

/** What the redeemer fetched from the account, before it redeemed and paid. */
function handedBefore(
  { events }: Transaction,
  at: number,
  account: string,
  pair: Pair,
  { redeemer }: Places,
): ReadonlyMap<bigint, bigint> {
  for (let i = at - 1; i >= 0; i--) {
    const event = events[i]!.event;
    if (event?.name !== "TransferBatch") continue;
    const { operator, from, to, ids, values } = event.args;
    const isHanded =
      operator.toLowerCase() === redeemer &&
      from.toLowerCase() === account &&
      to.toLowerCase() === redeemer &&
      ids.every((id) => isOfPair(id, pair));
    if (isHanded) return new Map(ids.map((id, n) => [id, values[n]!]));
  }
  return new Map();
}

function isOfPair(id: bigint, { yes, no }: Pair): boolean {
  return id === yes || id === no;
}

/** Sums by account and token, in the order of their first mention. */
class Net {
  readonly #sums = new Map<string, { account: string; tokenId: bigint; shares: bigint }>();

  add(account: string, tokenId: bigint, shares: bigint): void {
    const id = `${account} ${tokenId}`;
    const sum = this.#sums.get(id);
    if (sum === undefined) this.#sums.set(id, { account, tokenId, shares });
    else sum.shares += shares;
  }

  entries(): { readonly account: string; readonly tokenId: bigint; readonly shares: bigint }[] {
    return [...this.#sums.values()];
  }
}

/** How many shares of our markets each account has more or less after the transaction. */
async function netTransfers(transaction: Transaction, tables: Tables): Promise<Net> {
  const net = new Net();
  for (const { event } of eventsNamed(transaction, "TransferSingle", "TransferBatch")) {
    const { from, to } = event.args;
    const single = event.name === "TransferSingle";
    const ids = single ? [event.args.id] : event.args.ids;
    const values = single ? [event.args.value] : event.args.values;
    for (const [n, id] of ids.entries()) {
      const value = values[n]!;
      if (value === 0n || (await tables.token(id)) === undefined) continue;
      if (from !== ZERO) net.add(from.toLowerCase(), id, -value);
      if (to !== ZERO) net.add(to.toLowerCase(), id, value);
    }
  }
  return net;
}
