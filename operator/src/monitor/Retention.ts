import { sql, type RawBuilder } from "kysely";
import type { Alarm } from "../alerts";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Store } from "../store";

/** A table, or the part of one, that would grow for ever. */
export type RetainedTable =
  "alert" | "outbox" | "session" | "used_nonce" | "api_key" | "rejected_order" | "discrepancy";

/** How long rows that nothing needs are kept, in days, and how many there may be before the oldest go early. */
export interface RetentionRule {
  readonly days: number;
  readonly maxRows: number;
}

export type RetentionRules = Readonly<Record<RetainedTable, RetentionRule>>;

export const DEFAULT_RETENTION: RetentionRules = {
  alert: { days: 90, maxRows: 10_000 },
  outbox: { days: 7, maxRows: 2_000_000 },
  session: { days: 0, maxRows: 100_000 },
  used_nonce: { days: 0, maxRows: 200_000 },
  api_key: { days: 30, maxRows: 50_000 },
  rejected_order: { days: 30, maxRows: 100_000 },
  discrepancy: { days: 180, maxRows: 20_000 },
};

export interface RetentionOptions {
  readonly rules?: Partial<Record<RetainedTable, Partial<RetentionRule>>>;
  /** Told of rows that were removed, and why: `age`, or `bound` when there were too many. */
  readonly onRemoved?: (table: RetainedTable, reason: "age" | "bound", rows: number) => void;
  /** The chain's second: what it says about orders that can never be taken again. Default: the wall clock's. */
  readonly chainNow?: () => bigint;
}

interface RetentionParams extends RetentionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
}

/** How a table, or the part of it that counts, is searched for what may go: along an index, the oldest rows first. */
interface Part {
  readonly table: string;
  /** What identifies a row, and the last column of the index. */
  readonly key: string;
  readonly index: string;
  /** The column that the index is by. */
  readonly order: string;
  /** Rows `t` that the index has. Default: all. */
  readonly counted?: string;
  /** Which rows are old enough: a range of the index. Absent where the index is not by time. */
  readonly range?: (cutoffMs: bigint) => RawBuilder<boolean>;
  /** Which of these go. */
  readonly aged: (cutoffMs: bigint, now: Moment) => RawBuilder<boolean>;
  /** Rows that may go when there are too many; each condition is tried after the one before it. */
  readonly expendable: readonly ((now: Moment) => RawBuilder<boolean>)[];
}

interface Moment {
  readonly nowMs: bigint;
  readonly chainNow: bigint;
}

const ALL = (): RawBuilder<boolean> => sql<boolean>`true`;
/** An access token lives 15 minutes and a session that is in use is refreshed as often. */
const IDLE_SESSION_MS = 3_600_000n;
/** Sessions last so long from their latest refresh: REFRESH_SECONDS of http/auth/Sessions. */
const SESSION_MS = 7n * 86_400_000n;
/** Rejected orders that an account may have under flood before its oldest go. */
const REJECTED_OF_AN_ACCOUNT = 100;
/** The oldest rejected orders that are searched for accounts with more than their share. */
const FLOOD_SAMPLE = 5_000;

/** What the numbering of a market's inputs and the matches of the venue need of a rejected order: nothing. */
const IS_LEFT_ALONE = sql<boolean>`
  t.input < (select line.input from line where line.condition_id = t.condition_id order by line.n desc limit 1)
  and not exists (select 1 from match where match.taker_hash = t.hash)`;

/**
 * An order that can never be placed again: its end has come, its maker has raised the nonce, or its market is over. Of the others the
 * row must stay: whoever has the signed order could send it once more.
 */
const isDead = ({ chainNow }: Moment): RawBuilder<boolean> => sql<boolean>`
  ${IS_LEFT_ALONE} and (t.expiration between 1 and ${chainNow}
    or exists (select 1 from account_nonce where account_nonce.account = t.maker and account_nonce.nonce > t.nonce)
    or exists (select 1 from market where market.condition_id = t.condition_id
      and (market.end_time <= ${chainNow} or market.state <> 'OPEN')))`;

/** Of an account with many: the flood is its own doing, and so is what a copy of such an order may still do. */
const isOfFlood = (): RawBuilder<boolean> => sql<boolean>`
  ${IS_LEFT_ALONE} and t.maker in (select maker from
    (select maker from orders where state = 'REJECTED' order by updated_at_ms, hash limit ${sql.lit(FLOOD_SAMPLE)}) as oldest
    group by maker having count(*) > ${sql.lit(REJECTED_OF_AN_ACCOUNT)})`;

const before =
  (column: string) =>
  (cutoffMs: bigint): RawBuilder<boolean> =>
    sql`${sql.raw(`t.${column}`)} < ${cutoffMs}`;

const PARTS: Readonly<Record<RetainedTable, Part>> = {
  alert: {
    ...{ table: "alert", key: "id", index: "idx_alert_at", order: "at_ms" },
    range: before("at_ms"),
    ...{ aged: ALL, expendable: [ALL] },
  },
  outbox: {
    ...{ table: "outbox", key: "id", index: "idx_outbox_id", order: "id" },
    ...{ aged: before("at_ms"), expendable: [ALL] },
  },
  session: {
    ...{ table: "session", key: "id", index: "idx_session_expires", order: "expires_at_ms" },
    ...{ range: before("expires_at_ms"), aged: ALL },
    expendable: [
      () => sql`t.revoked`,
      // Open sessions that are not in use, of accounts that have nothing here: signing in again loses them nothing.
      ({ nowMs }) => sql`t.expires_at_ms < ${nowMs - IDLE_SESSION_MS + SESSION_MS}
        and not exists (select 1 from orders where orders.maker = t.account)
        and not exists (select 1 from api_key where api_key.account = t.account and api_key.revoked_at_ms is null)`,
    ],
  },
  used_nonce: {
    ...{ table: "used_nonce", key: "nonce", index: "idx_used_nonce_expires" },
    ...{ order: "expires_at_ms", range: before("expires_at_ms"), aged: ALL },
    // One that has not expired is what keeps a request from being used twice.
    expendable: [({ nowMs }) => sql`t.expires_at_ms < ${nowMs}`],
  },
  api_key: {
    ...{ table: "api_key", key: "id", index: "idx_api_key_revoked", order: "revoked_at_ms" },
    counted: "t.revoked_at_ms is not null",
    ...{ range: before("revoked_at_ms"), aged: ALL, expendable: [ALL] },
  },
  rejected_order: {
    ...{ table: "orders", key: "hash", index: "idx_orders_rejected", order: "updated_at_ms" },
    counted: "t.state = 'REJECTED'",
    range: before("updated_at_ms"),
    aged: (_, now) => isDead(now),
    expendable: [isDead, isOfFlood],
  },
  discrepancy: {
    ...{ table: "discrepancy", key: "id", index: "idx_discrepancy_at", order: "detected_at_ms" },
    range: before("detected_at_ms"),
    aged: () => sql`t.repaired`,
    expendable: [() => sql`t.repaired`, ALL],
  },
};

/** Rows examined by one delete. The embedded database has one session: what is deleted there holds up everything else. */
const BATCH = { postgres: 1_000, pglite: 200 } as const;
const BATCHES_A_STEP = 10;
/** Batches in a row that removed nothing, after which the next pass goes on from there. */
const MAX_FRUITLESS = 20;
const DAY_MS = 86_400_000n;
const PASS_EVERY_MS = 60_000;
/** An entry of a b-tree takes no less than this with its pointer: a smaller index cannot have too many rows. */
const MIN_ENTRY_BYTES = 16;

/** Something to be done in a pass, and how far it is. */
interface Work {
  readonly table: RetainedTable;
  readonly reason: "age" | "bound";
  /** Which of the expendable conditions is tried. */
  at: number;
  fruitless: number;
}

/** The last row that was examined: the next batch begins behind it. */
type Place = readonly [order: string, key: string];

/**
 * Removes what nothing needs, a bounded part at each step: first by age, then, where a table has more rows than its bound, the oldest
 * rows that are expendable. What somebody needs is never among these: open sessions in use, nonces that could be used again, orders
 * that could be placed again. A table that stays over its bound raises `table_over_bound`.
 *
 * Every search follows an index and ends with a LIMIT. Whether a table is over its bound is asked of the index's size first, and only
 * where that leaves it open of the rows, up to the bound.
 */
export class Retention {
  readonly #params: RetentionParams;
  readonly #rules: RetentionRules;
  /** What is left of the pass that is under way. */
  #left: Work[] = [];
  #startedAtMs = -Infinity;
  /** Of a table that is over its bound: how many rows are too many. */
  readonly #surplus = new Map<RetainedTable, number>();
  /** Where the walk along a table's index is, by table and condition. */
  readonly #places = new Map<string, Place>();

  constructor(params: RetentionParams) {
    this.#params = params;
    this.#rules = withDefaults(params.rules);
  }

  get rules(): RetentionRules {
    return this.#rules;
  }

  /** Goes on with a pass, or begins one when the last began a minute ago. @returns whether the pass is done. */
  async step(): Promise<boolean> {
    const nowMs = this.#params.clock.monotonicMs();
    if (this.#left.length === 0) {
      if (nowMs - this.#startedAtMs < PASS_EVERY_MS) return true;
      this.#startedAtMs = nowMs;
      this.#left = (Object.keys(PARTS) as RetainedTable[]).flatMap((table) => [
        { table, reason: "age" as const, at: 0, fruitless: 0 },
        { table, reason: "bound" as const, at: 0, fruitless: 0 },
      ]);
    }
    let batches = BATCHES_A_STEP;
    for (let next = this.#left[0]; next !== undefined && batches > 0; next = this.#left[0]) {
      const isDone = next.reason === "age" ? await this.#byAge(next) : await this.#byBound(next);
      if (isDone) this.#left.shift();
      else batches -= 1;
      // Others get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#left.length === 0;
  }

  /** A whole pass now, for commands and tests. */
  async all(): Promise<void> {
    this.#left = [];
    this.#startedAtMs = -Infinity;
    while (!(await this.step()));
  }

  /** Bytes of each table with its indexes, as the database estimates them. */
  async sizes(): Promise<ReadonlyMap<string, number>> {
    const tables = [...new Set([...Object.values(PARTS).map(({ table }) => table), "heartbeat"])];
    const { rows } = await sql<{ name: string; bytes: bigint }>`
      select name, pg_total_relation_size(name::regclass)::int8 as bytes
      from unnest(${`{${tables.join()}}`}::text[]) as name`.execute(this.#params.store.db);
    return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  }

  #moment(): Moment {
    const nowMs = BigInt(Math.floor(this.#params.clock.nowMs()));
    return { nowMs, chainNow: this.#params.chainNow?.() ?? nowMs / 1000n };
  }

  async #byAge(work: Work): Promise<boolean> {
    const { table } = work;
    const { range, aged } = PARTS[table];
    const now = this.#moment();
    const cutoffMs = now.nowMs - BigInt(this.#rules[table].days) * DAY_MS;
    const limit = this.#batch();
    const { examined, removed } = await this.#remove(work, {
      ...{ range: range?.(cutoffMs) ?? ALL(), condition: aged(cutoffMs, now), limit },
    });
    if (examined === limit && (range !== undefined || removed === limit)) {
      work.fruitless = removed === 0 ? work.fruitless + 1 : 0;
      return work.fruitless >= MAX_FRUITLESS;
    }
    this.#places.delete(nameOf(work));
    return true;
  }

  async #byBound(work: Work): Promise<boolean> {
    const { table } = work;
    let surplus = this.#surplus.get(table);
    if (surplus === undefined) {
      surplus = await this.#countSurplus(table);
      if (surplus === 0) return true;
      this.#surplus.set(table, surplus);
    }
    const condition = PARTS[table].expendable[work.at];
    if (condition === undefined) {
      this.#surplus.delete(table);
      const { maxRows } = this.#rules[table];
      this.#params.log.warn({ table, maxRows }, "a table has more rows than its bound");
      const data = { subject: table, maxRows, surplusAtLeast: surplus };
      this.#params.alarm({ type: "table_over_bound", severity: "HIGH", data });
      return true;
    }
    const limit = Math.min(this.#batch(), surplus);
    const range = ALL();
    const found = await this.#remove(work, { range, condition: condition(this.#moment()), limit });
    const { examined, removed } = found;
    // The surplus was counted up to a limit: when all of it is gone there may be more.
    if (removed < surplus) this.#surplus.set(table, surplus - removed);
    else this.#surplus.delete(table);
    if (examined < limit) {
      this.#places.delete(nameOf(work));
      work.at += 1;
    }
    return false;
  }

  /** Rows beyond the bound, up to a few batches of them: 0 when the table is within it. */
  async #countSurplus(table: RetainedTable): Promise<number> {
    const { maxRows } = this.#rules[table];
    const { db } = this.#params.store;
    const part = PARTS[table];
    const size = await sql<{ bytes: bigint }>`
      select pg_relation_size(${part.index}::regclass)::int8 as bytes`.execute(db);
    if (Number(size.rows[0]!.bytes) / MIN_ENTRY_BYTES <= maxRows) return 0;
    const most = this.#batch() * BATCHES_A_STEP;
    const { rows } = await sql<{ count: bigint }>`
      select count(*)::int8 as count from (select 1 from ${sql.raw(part.table)} as t
        where ${sql.raw(part.counted ?? "true")} order by ${sql.raw(part.order)} desc
        offset ${maxRows} limit ${most}) as surplus`.execute(db);
    return Number(rows[0]!.count);
  }

  /** Examines the next rows along the index, and removes those that meet the condition. */
  async #remove(
    work: Work,
    {
      range,
      condition,
      limit,
    }: {
      readonly range: RawBuilder<boolean>;
      readonly condition: RawBuilder<boolean>;
      readonly limit: number;
    },
  ): Promise<{ readonly examined: number; readonly removed: number }> {
    const { table: name, key, order, counted = "true" } = PARTS[work.table];
    const [from, keyOf, orderOf] = [sql.raw(name), sql.raw(`t.${key}`), sql.raw(`t.${order}`)];
    const place = this.#places.get(nameOf(work));
    const behind =
      place === undefined
        ? sql`true`
        : order === key
          ? sql`${orderOf} > ${place[0]}`
          : sql`(${orderOf}, ${keyOf}) > (${place[0]}, ${place[1]})`;
    const { rows } = await sql<{
      examined: bigint;
      removed: bigint;
      place: string | null;
      key: string | null;
    }>`
      with examined as materialized (select ${keyOf} as key, ${orderOf} as place from ${from} as t
          where ${sql.raw(counted)} and ${range} and ${behind}
          order by ${orderOf}, ${keyOf} limit ${limit}),
        last as (select key::text, place::text from examined order by examined.place desc, examined.key desc limit 1),
        gone as (delete from ${from} as t using examined where ${keyOf} = examined.key and ${condition} returning 1)
      select (select count(*) from examined)::int8 as examined, (select count(*) from gone)::int8 as removed,
        (select place from last) as place, (select key from last) as key`.execute(
      this.#params.store.db,
    );
    const { examined, removed, place: lastPlace, key: lastKey } = rows[0]!;
    if (lastPlace !== null && lastKey !== null) {
      this.#places.set(nameOf(work), [lastPlace, lastKey]);
    }
    if (removed > 0n) this.#params.onRemoved?.(work.table, work.reason, Number(removed));
    return { examined: Number(examined), removed: Number(removed) };
  }

  #batch(): number {
    return BATCH[this.#params.store.kind];
  }
}

function nameOf({ table, reason, at }: Work): string {
  return `${table} ${reason} ${at}`;
}

function withDefaults(rules: RetentionOptions["rules"] = {}): RetentionRules {
  return Object.fromEntries(
    Object.entries(DEFAULT_RETENTION).map(([table, rule]) => {
      return [table, { ...rule, ...rules[table as RetainedTable] }];
    }),
  ) as unknown as RetentionRules;
}
