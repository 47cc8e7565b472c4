import { sql, type Transaction } from "kysely";
import {
  columnOf,
  insertInto,
  insertMany,
  type Columns,
  type Database,
  type OrdersTable,
} from "../store";
import type { CommandTable, LineTable, MatchMakerTable } from "../store";
import type { Effects, NewMatchRow, OrderUpdate, OutboxRow } from "./Effects";
import type { OrderRecord } from "./OrderRecord";
import { rowOf } from "./OrderRecord";

const ORDERS: Columns<OrdersTable> = {
  hash: "text",
  condition_id: "text",
  input: "int8",
  salt: "numeric",
  maker: "text",
  signer: "text",
  taker: "text",
  token_id: "numeric",
  maker_amount: "numeric",
  taker_amount: "numeric",
  expiration: "numeric",
  nonce: "numeric",
  fee_rate_bps: "int4",
  side: "int4",
  signature_type: "int4",
  signature: "text",
  kind: "text",
  time_in_force: "text",
  post_only: "bool",
  self_trade: "text",
  now: "int8",
  price: "int4",
  outcome: "text",
  state: "text",
  remaining: "numeric",
  sequence: "int8",
  reason: "text",
  accepted_at_ms: "int8",
  updated_at_ms: "int8",
};

const COMMANDS: Columns<CommandTable> = {
  condition_id: "text",
  input: "int8",
  body: "jsonb",
  received_at_ms: "int8",
};

const LINES: Columns<LineTable> = { condition_id: "text", n: "int8", input: "int8", line: "text" };

const MATCHES: Columns<NewMatchRow> = {
  id: "text",
  condition_id: "text",
  input: "int8",
  taker_hash: "text",
  taker_fill_amount: "numeric",
  making: "numeric",
  taking: "numeric",
  consumed: "numeric",
  price: "int4",
  shares: "numeric",
  state: "text",
  settlement_id: "int8",
  tx_hash: "text",
  block_number: "int8",
  reason: "text",
  guilty_hash: "text",
  matched_at_ms: "int8",
  updated_at_ms: "int8",
};

const MAKERS: Columns<MatchMakerTable> = {
  match_id: "text",
  index: "int4",
  order_hash: "text",
  kind: "text",
  making: "numeric",
  taking: "numeric",
  price: "int4",
};

const OUTBOX: Columns<OutboxRow> = { topic: "text", type: "text", payload: "jsonb", at_ms: "int8" };

/**
 * Stores new orders. Those that the venue has had before are left alone.
 * @returns the hashes of the new ones.
 */
export async function storeOrders(
  transaction: Transaction<Database>,
  records: readonly OrderRecord[],
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const insert = insertInto("orders", ORDERS, records.map(rowOf));
  const { rows } = await sql<{ hash: string }>`${insert} returning hash`.execute(transaction);
  return new Set(rows.map(({ hash }) => hash));
}

/** The hashes of those orders of a batch that an earlier attempt at storing it found to be new. */
export async function findStored(
  transaction: Transaction<Database>,
  records: readonly OrderRecord[],
): Promise<ReadonlySet<string>> {
  const hashes = records.map(({ hash }) => hash);
  const stored = await transaction
    .selectFrom("orders")
    .select(["hash", "input"])
    .where("hash", "=", sql<string>`any(${hashes}::text[])`)
    .execute();
  const inputs = new Map(stored.map(({ hash, input }) => [hash, Number(input)]));
  return new Set(hashes.filter((hash, i) => inputs.get(hash) === records[i]?.input));
}

export function storeCommands(
  transaction: Transaction<Database>,
  rows: readonly CommandTable[],
): Promise<void> {
  return insertMany(transaction, "command", COMMANDS, rows);
}

/** Stores what inputs led to. Repeating it changes nothing, but for the outbox: a repeat tells again. */
export async function storeEffects(
  transaction: Transaction<Database>,
  { lines, updates, matches, makers, failed, outbox }: Effects,
  nowMs: bigint,
): Promise<void> {
  await insertMany(transaction, "line", LINES, lines);
  await updateOrders(transaction, [...updates.values()]);
  await insertMany(transaction, "match", MATCHES, matches);
  await insertMany(transaction, "match_maker", MAKERS, makers);
  for (const { matchId, reason, guilty } of failed) {
    await transaction
      .updateTable("match")
      .set({
        ...{ state: "FAILED", reason, updated_at_ms: nowMs },
        // The settler may have named it before.
        ...(guilty === null ? {} : { guilty_hash: guilty }),
      })
      .where("id", "=", matchId)
      .execute();
  }
  await insertMany(transaction, "outbox", OUTBOX, outbox);
}

async function updateOrders(
  transaction: Transaction<Database>,
  updates: readonly OrderUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  await sql`update orders set state = new.state, remaining = new.remaining, reason = new.reason,
      updated_at_ms = new.updated_at_ms
    from unnest(${columnOf(updates, "hash", "text")}, ${columnOf(updates, "state", "text")},
      ${columnOf(updates, "remaining", "numeric")}, ${columnOf(updates, "reason", "text")},
      ${columnOf(updates, "updated_at_ms", "int8")}) as new(hash, state, remaining, reason, updated_at_ms)
    where orders.hash = new.hash`.execute(transaction);
}
