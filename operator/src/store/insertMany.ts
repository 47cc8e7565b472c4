import { sql, type Kysely, type Transaction } from "kysely";
import type { Database } from "./schema";

/** The type of each column, as PostgreSQL calls it. */
export type Columns<Row> = { readonly [Name in keyof Row]: string };

/**
 * Inserts many rows by one statement of fixed text, a column at a time: many times as fast as a row at a time. Rows that are
 * there already (by any unique key) are left as they are, so that repeating is harmless.
 */
export async function insertMany<Row extends object>(
  db: Kysely<Database> | Transaction<Database>,
  table: keyof Database,
  columns: Columns<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(columns) as (keyof Row & string)[];
  const arrays = names.map(
    (name) => sql`${rows.map((row) => row[name])}::${sql.raw(`${columns[name]}[]`)}`,
  );
  await sql`insert into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
    select * from unnest(${sql.join(arrays)}) on conflict do nothing`.execute(db);
}
