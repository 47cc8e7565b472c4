import { sql, type RawBuilder, type Selectable } from "kysely";
import type { OrdersTable, OrderState, Store } from "../../store";

type Row = Selectable<OrdersTable>;
type Db = Store["reads"];

const STATES: readonly OrderState[] = [
  "OPEN",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELLED",
  "EXPIRED",
  "REJECTED",
  "INVALIDATED",
];
export const OPEN_STATES: readonly OrderState[] = ["OPEN", "PARTIALLY_FILLED"];

/**
 * The first rows of several lists that are sorted alike, each along its index: the database reads each list only as far as the
 * merged one needs it.
 */
function firstOf(
  lists: readonly RawBuilder<unknown>[],
  order: RawBuilder<unknown>,
  limit: number,
): RawBuilder<Row> {
  const each = lists.map((list) => sql`(${list} order by ${order} limit ${limit})`);
  return sql<Row>`select * from (${sql.join(each, sql` union all `)}) as found
    order by ${order} limit ${limit}`;
}

export interface OwnOrdersFilter {
  /** In lower case. */
  readonly maker: string;
  readonly conditionId?: string | undefined;
  /** Default: all. */
  readonly states?: readonly OrderState[] | undefined;
  readonly before?: { readonly acceptedAtMs: bigint; readonly hash: string } | undefined;
}

/** An account's orders, the latest first. */
export async function readOwnOrders(
  db: Db,
  { maker, conditionId, states = STATES, before }: OwnOrdersFilter,
  limit: number,
): Promise<Row[]> {
  const ofMarket = conditionId === undefined ? sql`` : sql`and condition_id = ${conditionId}`;
  const older =
    before === undefined
      ? sql``
      : sql`and (accepted_at_ms, hash) < (${before.acceptedAtMs}::int8, ${before.hash})`;
  const lists = states.map(
    (state) =>
      sql`select * from orders where maker = ${maker} and state = ${state} ${ofMarket} ${older}`,
  );
  const { rows } = await firstOf(lists, sql`accepted_at_ms desc, hash desc`, limit).execute(db);
  return rows;
}

export interface BookOrdersFilter {
  readonly conditionId: string;
  readonly side?: "BUY" | "SELL" | undefined;
  readonly outcome?: "YES" | "NO" | undefined;
  /** The place of the last order that was read. */
  readonly after?:
    { readonly side: number; readonly rank: bigint; readonly input: bigint } | undefined;
}

/** A market's open orders: bids from the highest down, then asks from the lowest up; of one price the earliest first. */
export async function readBookOrders(
  db: Db,
  filter: BookOrdersFilter,
  limit: number,
): Promise<Row[]> {
  const { side, after } = filter;
  const asked = side === undefined ? [0, 1] : [side === "BUY" ? 0 : 1];
  const sides = asked.filter((one) => after === undefined || one >= after.side);
  const found: Row[] = [];
  for (const one of sides) {
    if (found.length >= limit) break;
    found.push(...(await readBookSide(db, filter, one, limit - found.length)));
  }
  return found;
}

async function readBookSide(
  db: Db,
  { conditionId, outcome, after }: BookOrdersFilter,
  side: number,
  limit: number,
): Promise<Row[]> {
  const rank = sql`case when side = 0 then -price else price end`;
  const further =
    after === undefined || after.side !== side
      ? sql``
      : sql`and (${rank}, input) > (${after.rank}::int4, ${after.input}::int8)`;
  const lists = (outcome === undefined ? ["YES", "NO"] : [outcome]).map(
    (one) => sql`select *, ${rank} as rank from orders where condition_id = ${conditionId}
      and outcome = ${one} and side = ${sql.lit(side)} ${further}
      and state in ('OPEN', 'PARTIALLY_FILLED')`,
  );
  const each = lists.map((list) => sql`(${list} order by ${rank}, input limit ${limit})`);
  const { rows } = await sql<Row>`select * from (${sql.join(each, sql` union all `)}) as found
    order by rank, input limit ${limit}`.execute(db);
  return rows;
}
