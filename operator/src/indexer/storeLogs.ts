import { sql, type Selectable, type Transaction as DbTransaction } from "kysely";
import type { ChainLogTable, Database } from "../store/schema";
import { accountsOf, argsOf, decode, namedCondition, type ChainEvent } from "./decode";
import type { Places } from "./places";
import { eventsNamed, transactionsOf } from "./project";
import { toJson } from "./Tables";

/**
 * Stores logs for ever, with what they mean: name and values, the market and the accounts they are about. Those of conditions that
 * are no market are stored too, for a condition may become one; see `projections/position`.
 */
export async function storeLogs(
  db: DbTransaction<Database>,
  events: readonly ChainEvent[],
  places: Places,
): Promise<void> {
  if (events.length === 0) return;
  const conditions = await conditionsOf(db, events, places);
  const rows = events.map(({ log, event, timestamp }, at) => ({
    block_hash: log.blockHash,
    block_number: log.blockNumber,
    log_index: log.logIndex,
    tx_hash: log.txHash,
    address: log.address,
    topics: log.topics,
    data: log.data,
    name: event?.name ?? null,
    args: event === undefined ? null : argsOf(event),
    condition_id: conditions[at]!.conditionId,
    accounts: [...(event === undefined ? [] : accountsOf(event)), ...conditions[at]!.accounts],
    timestamp,
  }));
  await sql`insert into chain_log select * from
    jsonb_populate_recordset(null::chain_log, ${toJson(rows)}::jsonb)`.execute(db);
}

/** A stored log, read anew. */
export function eventOf(row: Selectable<ChainLogTable>): ChainEvent {
  const { topics, data, address } = row;
  return decode(
    {
      ...{ blockHash: row.block_hash, blockNumber: row.block_number, logIndex: row.log_index },
      ...{ txHash: row.tx_hash, address, topics, data },
    },
    row.timestamp,
  );
}

interface About {
  conditionId: string | null;
  readonly accounts: string[];
}

/**
 * The market of each event. Some name it, or its question; those that name a token have its market; those that name an order have
 * the market of the order's fill in the same transaction, or of the order as the venue knows it. A token has a market once the
 * market was created, and not before: however the logs come, they are stored alike.
 */
async function conditionsOf(
  db: DbTransaction<Database>,
  events: readonly ChainEvent[],
  places: Places,
): Promise<About[]> {
  const tokens = await tokensOf(db, events);
  const orders = await ordersOf(db, events);
  const about = new Map<ChainEvent, About>();
  for (const transaction of transactionsOf(events)) {
    const filled = new Map<string, string>();
    for (const { event } of eventsNamed(transaction, "OrderFilled")) {
      const conditionId = tokens.get(event.args.tokenId.toString());
      if (conditionId !== undefined) filled.set(event.args.orderHash, conditionId);
    }
    for (const one of transaction.events) {
      const found: About = { conditionId: namedCondition(one, places), accounts: [] };
      about.set(one, found);
      const { event } = one;
      if (event?.name === "MarketCreated") {
        const { token0, token1 } = event.args;
        for (const token of [token0, token1]) tokens.set(token.toString(), found.conditionId!);
      } else if (event?.name === "OrderFilled" || event?.name === "FeeCharged") {
        found.conditionId = filled.get(event.args.orderHash) ?? null;
      } else if (event?.name === "OrdersMatched") {
        found.conditionId = filled.get(event.args.takerOrderHash) ?? null;
      } else if (event?.name === "TransferSingle") {
        found.conditionId = tokens.get(event.args.id.toString()) ?? null;
      } else if (event?.name === "TransferBatch") {
        found.conditionId = tokens.get(String(event.args.ids[0])) ?? null;
      } else if (event?.name === "OrderCancelled" || event?.name === "MatchFailed") {
        const { args } = event;
        const order = orders.get("orderHash" in args ? args.orderHash : args.takerOrderHash);
        found.conditionId = order?.condition_id ?? null;
        if (order !== undefined) found.accounts.push(order.maker);
      }
    }
  }
  return events.map((event) => about.get(event)!);
}

/** Token to condition, of the markets that are stored. */
async function tokensOf(
  db: DbTransaction<Database>,
  events: readonly ChainEvent[],
): Promise<Map<string, string>> {
  const named = new Set<string>();
  for (const { event } of events) {
    if (event?.name === "OrderFilled") named.add(event.args.tokenId.toString());
    else if (event?.name === "TransferSingle") named.add(event.args.id.toString());
    else if (event?.name === "TransferBatch")
      for (const id of event.args.ids) named.add(String(id));
  }
  const known = new Map<string, string>();
  if (named.size === 0) return known;
  const tokens = [...named];
  const rows = await db
    .selectFrom("market")
    .select(["condition_id", "yes", "no"])
    .where(sql<boolean>`yes = any(${tokens}::numeric[]) or no = any(${tokens}::numeric[])`)
    .execute();
  for (const { condition_id, yes, no } of rows) known.set(yes, condition_id).set(no, condition_id);
  return known;
}

async function ordersOf(
  db: DbTransaction<Database>,
  events: readonly ChainEvent[],
): Promise<ReadonlyMap<string, { readonly condition_id: string; readonly maker: string }>> {
  const hashes = events.flatMap(({ event }) =>
    event?.name === "OrderCancelled"
      ? [event.args.orderHash]
      : event?.name === "MatchFailed"
        ? [event.args.takerOrderHash]
        : [],
  );
  if (hashes.length === 0) return new Map();
  const rows = await db
    .selectFrom("orders")
    .select(["hash", "condition_id", "maker"])
    .where(sql<boolean>`hash = any(${hashes}::text[])`)
    .execute();
  return new Map(
    rows.map(({ hash, ...order }) => [hash, { ...order, maker: order.maker.toLowerCase() }]),
  );
}
