import type { Hex } from "@nostra/sdk/order";
import { sql, type RawBuilder, type Selectable } from "kysely";
import type { ChainLogTable, Store } from "../../store";

/** Which logs are looked for: each combination of these is answered along an index. */
export interface EventFilter {
  readonly conditionId?: string | undefined;
  readonly name?: string | undefined;
  /** In lower case. */
  readonly account?: string | undefined;
  readonly txHash?: string | undefined;
  /** First indexed value, such as the hash of an order. */
  readonly subject?: string | undefined;
  readonly fromSeconds?: bigint | undefined;
  readonly toSeconds?: bigint | undefined;
  /** Only logs before this place, the latest first. */
  readonly before?: { readonly block: bigint; readonly index: bigint } | undefined;
}

export interface EventWindow {
  readonly offset: number;
  readonly limit: number;
}

type Row = Selectable<ChainLogTable>;
type Db = Store["reads"];

/** How many rows are looked at for an account's logs of one type in one market: its logs in that market are read for the type. */
export const MAX_SCANNED_EVENTS = 1_000;

export interface FoundEvents {
  readonly rows: readonly Row[];
  /** True when there are more, or may be. */
  readonly isMore: boolean;
  /** Where to go on when there may be more: the last log that was looked at. */
  readonly last: { readonly block: bigint; readonly index: number } | null;
}

/** Logs, the latest first. Costs as many rows as it returns, whatever is looked for. */
export async function findEvents(
  db: Db,
  filter: EventFilter,
  { offset, limit }: EventWindow,
): Promise<FoundEvents> {
  const where = await conditionsOf(db, filter);
  if (where === null) return { rows: [], isMore: false, last: null };
  const { conditionId, name, account } = filter;
  const isScan = account !== undefined && conditionId !== undefined && name !== undefined;
  const places = placesOf(filter, where, isScan ? MAX_SCANNED_EVENTS : offset + limit + 1);
  // The account's table has the places, and chain_log the logs.
  const found =
    account === undefined
      ? places
      : sql<Row>`select log.* from (${places}) as place join chain_log as log
          on log.block_hash = place.block_hash and log.log_index = place.log_index
          order by place.block_number desc, place.log_index desc`;
  const { rows: all } = await found.execute(db);
  const rows = isScan ? all.filter((row) => row.name === name) : all;
  const wanted = rows.slice(offset, offset + limit);
  const isCut = rows.length > offset + limit;
  const isMore = isCut || (isScan && all.length === MAX_SCANNED_EVENTS);
  const end = isCut ? wanted.at(-1) : all.at(-1);
  return {
    rows: wanted,
    isMore,
    last: end === undefined ? null : { block: end.block_number, index: end.log_index },
  };
}

/** How many logs match, counted up to a limit. */
export async function countEvents(db: Db, filter: EventFilter, upTo: number): Promise<number> {
  const where = await conditionsOf(db, filter);
  if (where === null) return 0;
  const { account, conditionId, name } = filter;
  const places = placesOf(filter, where, upTo);
  const ofName =
    account !== undefined && conditionId !== undefined && name !== undefined
      ? sql`where place.name = ${name}`
      : sql``;
  const { rows } = await sql<{
    total: bigint;
  }>`select count(*) as total from (${places}) as place ${ofName}`.execute(db);
  return Number(rows[0]!.total);
}

function placesOf(
  { account }: EventFilter,
  where: RawBuilder<unknown>,
  limit: number,
): RawBuilder<Row> {
  const table = sql.table(account === undefined ? "chain_log" : "chain_log_account");
  return sql<Row>`select * from ${table} where ${where}
    order by block_number desc, log_index desc limit ${limit}`;
}

/** What the index is asked for; null when nothing can match. */
async function conditionsOf(db: Db, filter: EventFilter): Promise<RawBuilder<unknown> | null> {
  const { conditionId, name, account, txHash, subject, before } = filter;
  const { fromSeconds, toSeconds } = filter;
  const parts: RawBuilder<unknown>[] = [sql`true`];
  if (account !== undefined) parts.push(sql`account = ${account}`);
  if (conditionId !== undefined) parts.push(sql`condition_id = ${conditionId}`);
  // No index has account, market and type: the window is read for the type.
  if (name !== undefined && (account === undefined || conditionId === undefined)) {
    parts.push(sql`name = ${name}`);
  }
  if (txHash !== undefined) parts.push(sql`tx_hash = ${txHash}`);
  if (subject !== undefined) parts.push(sql`topics[2] = ${subject}`);
  if (before !== undefined) {
    parts.push(
      sql`(block_number, log_index) < (${before.block}::int8, ${before.index}::int8)`,
      // The same again for a planner that takes only the first column of a row for its index.
      sql`block_number <= ${before.block}::int8`,
    );
  }
  // Blocks and their times grow together, so a range of times is one of blocks. The time itself is only a check, written so that no
  // index is taken for it: in the order of that index nothing can be answered.
  if (fromSeconds !== undefined) {
    const first = await blockAt(db, sql`timestamp >= ${fromSeconds}::int8`, sql`asc`);
    if (first === null) return null;
    parts.push(sql`block_number >= ${first}::int8`);
    if (account === undefined) parts.push(sql`timestamp + 0 >= ${fromSeconds}::int8`);
  }
  if (toSeconds !== undefined) {
    const last = await blockAt(db, sql`timestamp <= ${toSeconds}::int8`, sql`desc`);
    if (last === null) return null;
    parts.push(sql`block_number <= ${last}::int8`);
    if (account === undefined) parts.push(sql`timestamp + 0 <= ${toSeconds}::int8`);
  }
  return sql.join(parts, sql` and `);
}

async function blockAt(
  db: Db,
  where: RawBuilder<unknown>,
  direction: RawBuilder<unknown>,
): Promise<bigint | null> {
  const { rows } = await sql<{ block_number: bigint }>`select block_number from chain_log
    where ${where} order by timestamp ${direction}, block_number ${direction} limit 1`.execute(db);
  return rows[0]?.block_number ?? null;
}

/** What a text that is searched for names: exactly one thing, for there is an index of each and of nothing else. */
export type EventSubject =
  | { readonly kind: "hash"; readonly hash: Hex }
  | { readonly kind: "account"; readonly account: string }
  | { readonly kind: "name"; readonly name: string };

/** Reads a search; null when it is none of the things that can be looked up. */
export function readSubject(text: string): EventSubject | null {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return { kind: "hash", hash: text.toLowerCase() as Hex };
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return { kind: "account", account: text.toLowerCase() };
  if (/^[A-Z][A-Za-z0-9]{1,63}$/.test(text)) return { kind: "name", name: text };
  return null;
}
