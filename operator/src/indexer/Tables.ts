import { sql, type Transaction as DbTransaction } from "kysely";
import type { Database } from "../store/schema";

/** The tables that follow from the logs alone, and the columns that tell their rows apart. */
export const PROJECTIONS = {
  market: ["condition_id"],
  fill: ["tx_hash", "log_index"],
  order_on_chain: ["order_hash"],
  account_nonce: ["account"],
  position: ["account", "token_id"],
  candle: ["condition_id", "interval", "start"],
} as const satisfies { readonly [T in keyof Database]?: readonly (keyof Database[T])[] };

export type Projection = keyof typeof PROJECTIONS;
export type Row<T extends Projection> = Readonly<Database[T]>;
export type Key<T extends Projection> = Pick<
  Row<T>,
  (typeof PROJECTIONS)[T][number] & keyof Row<T>
>;

/** What became of a row. Undefined: there is none. */
export type Change = {
  [T in Projection]: {
    readonly table: T;
    readonly before: Row<T> | undefined;
    readonly after: Row<T> | undefined;
  };
}[Projection];

/** Which market a token belongs to, and as what. */
export interface TokenOf {
  readonly conditionId: string;
  readonly outcome: "YES" | "NO";
}

interface Held {
  readonly before: unknown;
  after: unknown;
}

/**
 * The projections as one transaction sees them: rows are read once, changed in memory and written together by `flush`, with what
 * it takes to undo them. So a projection says only what a row becomes, and each row is undone once per block however often the
 * block changed it.
 */
export class Tables {
  readonly #db: DbTransaction<Database>;
  readonly #rows = new Map<Projection, Map<string, Held>>();
  readonly #tokens = new Map<string, TokenOf | undefined>();

  constructor(db: DbTransaction<Database>) {
    this.#db = db;
  }

  /** The transaction itself, for questions about other tables. */
  get db(): DbTransaction<Database> {
    return this.#db;
  }

  async find<T extends Projection>(table: T, key: Key<T>): Promise<Row<T> | undefined> {
    await this.load(table, [key]);
    return this.#held(table).get(idOf(table, key))?.after as Row<T> | undefined;
  }

  /** Reads many rows by one statement, so that `find` need not. */
  async load<T extends Projection>(table: T, keys: readonly Key<T>[]): Promise<void> {
    const held = this.#held(table);
    const missing = new Map<string, Key<T>>();
    for (const key of keys) {
      const id = idOf(table, key);
      if (!held.has(id)) missing.set(id, key);
    }
    if (missing.size === 0) return;
    for (const id of missing.keys()) held.set(id, { before: undefined, after: undefined });
    for (const row of await readRows(this.#db, table, [...missing.values()])) {
      held.set(idOf(table, row), { before: row, after: row });
    }
  }

  /** The row that is from now on. It must have been looked for, unless it is certain to be new. */
  put<T extends Projection>(table: T, row: Row<T>): void {
    const held = this.#held(table);
    const id = idOf(table, row);
    const was = held.get(id);
    if (was === undefined) held.set(id, { before: undefined, after: row });
    else was.after = row;
    if (table === "market") this.#learn(row as Row<"market">);
  }

  /** Whose token this is; undefined when it is of no market of ours. */
  async token(tokenId: bigint): Promise<TokenOf | undefined> {
    await this.loadTokens([tokenId]);
    return this.#tokens.get(tokenId.toString());
  }

  async loadTokens(tokenIds: readonly bigint[]): Promise<void> {
    const missing = [...new Set(tokenIds.map(String))].filter((id) => !this.#tokens.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.#tokens.set(id, undefined);
    const found = await this.#db
      .selectFrom("market")
      .select(["condition_id", "yes", "no"])
      .where(sql<boolean>`yes = any(${missing}::numeric[]) or no = any(${missing}::numeric[])`)
      .execute();
    for (const market of found) this.#learn(market);
  }

  #learn({ condition_id, yes, no }: Pick<Row<"market">, "condition_id" | "yes" | "no">): void {
    this.#tokens.set(yes, { conditionId: condition_id, outcome: "YES" });
    this.#tokens.set(no, { conditionId: condition_id, outcome: "NO" });
  }

  /** What changed so far, in the order of the tables. */
  changes(): Change[] {
    return [...this.#rows].flatMap(([table, rows]) =>
      [...rows.values()]
        .filter(({ before, after }) => before !== after)
        .map(({ before, after }) => ({ table, before, after }) as Change),
    );
  }

  /** Writes what changed. @param undoFor The block that may be undone; left out when it is final. */
  async flush(undoFor?: bigint): Promise<Change[]> {
    const changes = this.changes();
    for (const table of Object.keys(PROJECTIONS) as Projection[]) {
      const rows = changes.filter((change) => change.table === table).map(({ after }) => after!);
      if (rows.length > 0) await upsert(this.#db, table, rows);
    }
    if (undoFor !== undefined && changes.length > 0) {
      const undo = changes.map(({ table, before, after }) => ({
        ...{ table_name: table, key: keyOf(table, after as never), before: before ?? null },
      }));
      await sql`insert into undo (block_number, table_name, key, before)
        select ${undoFor}::int8, x.table_name, x.key, x.before
        from jsonb_to_recordset(${toJson(undo)}::jsonb) as x(table_name text, key jsonb, before jsonb)`.execute(
        this.#db,
      );
    }
    for (const rows of this.#rows.values()) {
      for (const [id, { after }] of rows) rows.set(id, { before: after, after });
    }
    return changes;
  }

  #held(table: Projection): Map<string, Held> {
    let rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, (rows = new Map()));
    return rows;
  }
}

/** The rows that have these keys. */
export async function readRows<T extends Projection>(
  db: DbTransaction<Database>,
  table: T,
  keys: readonly unknown[],
): Promise<Row<T>[]> {
  const found = await sql<Row<T>>`select t.* from ${sql.table(table)} t join
    jsonb_populate_recordset(null::${sql.table(table)}, ${toJson(keys)}::jsonb) k
    on ${sameKey(table)}`.execute(db);
  return found.rows;
}

/** Inserts rows, or puts them in the place of those with the same key. */
async function upsert<T extends Projection>(
  db: DbTransaction<Database>,
  table: T,
  rows: readonly unknown[],
): Promise<void> {
  const keys: readonly string[] = PROJECTIONS[table];
  const others = Object.keys(rows[0] as object).filter((column) => !keys.includes(column));
  const set = others.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`);
  await sql`insert into ${sql.table(table)}
    select * from jsonb_populate_recordset(null::${sql.table(table)}, ${toJson(rows)}::jsonb)
    on conflict (${sql.join(keys.map((key) => sql.ref(key)))}) do update set ${sql.join(set)}`.execute(
    db,
  );
}

/** Takes rows away and puts others in: how a block is undone. */
export async function replaceRows(
  db: DbTransaction<Database>,
  table: Projection,
  keys: readonly unknown[],
  rows: readonly unknown[],
): Promise<void> {
  await sql`delete from ${sql.table(table)} t
    using jsonb_populate_recordset(null::${sql.table(table)}, ${toJson(keys)}::jsonb) k
    where ${sameKey(table)}`.execute(db);
  if (rows.length === 0) return;
  await sql`insert into ${sql.table(table)}
    select * from jsonb_populate_recordset(null::${sql.table(table)}, ${toJson(rows)}::jsonb)`.execute(
    db,
  );
}

function sameKey(table: Projection): ReturnType<typeof sql.join> {
  const columns: readonly string[] = PROJECTIONS[table];
  return sql.join(
    columns.map((column) => sql`${sql.ref(`t.${column}`)} = ${sql.ref(`k.${column}`)}`),
    sql` and `,
  );
}

/** The key columns of a row, by name. */
export function keyOf<T extends Projection>(table: T, row: Key<T>): Record<string, unknown> {
  const columns: readonly string[] = PROJECTIONS[table];
  return Object.fromEntries(
    columns.map((column) => [column, (row as Record<string, unknown>)[column]]),
  );
}

/** The key of a row as one text. */
export function idOf<T extends Projection>(table: T, row: Key<T>): string {
  return Object.values(keyOf(table, row)).join(" ");
}

/** JSON with integers as text: they are larger than a number of JSON can be trusted with. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint" ? inner.toString() : inner,
  );
}
