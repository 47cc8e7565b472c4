import { sql, type RawBuilder, type Transaction } from "kysely";
import { columnOf, insertInto, type Columns, type Database, type OrdersTable } from "../store";
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

/** What one commit stores: new inputs, and what those of the commit before led to. */
export interface Batch {
  readonly records: readonly OrderRecord[];
  readonly commands: readonly CommandTable[];
  readonly effects: Effects;
  readonly nowMs: bigint;
}

/**
 * Stores a batch by one statement: every statement is a journey to the database and back, and senders wait for all of them. No part
 * of it sees what another part writes, and none needs to: an order is changed, and a match fails, in a later batch than the one
 * that stores it. Orders that the venue has had before are left alone.
 * @returns the hashes of the new ones.
 */
export async function storeBatch(
  transaction: Transaction<Database>,
  { records, commands, effects, nowMs }: Batch,
): Promise<ReadonlySet<string>> {
  const { lines, matches, makers, outbox } = effects;
  const parts = [
    partOf("command", COMMANDS, commands),
    partOf("line", LINES, lines),
    updateOrders([...effects.updates.values()]),
    partOf("match", MATCHES, matches),
    partOf("match_maker", MAKERS, makers),
    failMatches(effects.failed, nowMs),
    partOf("outbox", OUTBOX, outbox),
  ].filter((part) => part !== null);
  const orders = partOf("orders", ORDERS, records.map(rowOf));
  const main =
    orders === null ? sql`select null as hash where false` : sql`${orders} returning hash`;
  const named = [...parts.map((part) => sql`${part} returning 1 as done`), main].map((part, i) => {
    return sql`${sql.raw(`part_${i}`)} as (${part})`;
  });
  const last = sql.raw(`part_${parts.length}`);
  const statement = sql<{ hash: string }>`with ${sql.join(named)} select hash from ${last}`;
  const { rows } = await statement.execute(transaction);
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

function partOf<Row extends object>(
  table: keyof Database,
  columns: Columns<Row>,
  rows: readonly Row[],
): RawBuilder<unknown> | null {
  return rows.length === 0 ? null : insertInto(table, columns, rows);
}

function updateOrders(updates: readonly OrderUpdate[]): RawBuilder<unknown> | null {
  if (updates.length === 0) return null;
  return sql`update orders set state = new.state, remaining = new.remaining, reason = new.reason,
      updated_at_ms = new.updated_at_ms
    from unnest(${columnOf(updates, "hash", "text")}, ${columnOf(updates, "state", "text")},
      ${columnOf(updates, "remaining", "numeric")}, ${columnOf(updates, "reason", "text")},
      ${columnOf(updates, "updated_at_ms", "int8")}) as new(hash, state, remaining, reason, updated_at_ms)
    where orders.hash = new.hash`;
}

/** The settler may have named the guilty order before: it is not forgotten. */
function failMatches(failed: Effects["failed"], nowMs: bigint): RawBuilder<unknown> | null {
  if (failed.length === 0) return null;
  return sql`update match set state = 'FAILED', reason = new.reason, updated_at_ms = ${nowMs},
      guilty_hash = coalesce(new.guilty, match.guilty_hash)
    from unnest(${columnOf(failed, "matchId", "text")}, ${columnOf(failed, "reason", "text")},
      ${columnOf(failed, "guilty", "text")}) as new(id, reason, guilty)
    where match.id = new.id`;
}
