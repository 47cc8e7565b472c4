import type { Kysely, Selectable, Transaction as DbTransaction } from "kysely";
import type { CursorTable, Database } from "../store/schema";

export type Cursor = Readonly<Selectable<CursorTable>>;

/** Where the indexer stands; undefined before its first block. */
export async function findCursor(
  db: Kysely<Database> | DbTransaction<Database>,
): Promise<Cursor | undefined> {
  return db.selectFrom("cursor").selectAll().where("name", "=", "chain").executeTakeFirst();
}

/** Where the indexer stands, held still until the transaction ends. */
export async function readCursor(db: DbTransaction<Database>): Promise<Cursor> {
  return db
    .selectFrom("cursor")
    .selectAll()
    .where("name", "=", "chain")
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/**
 * The hash that the block at a height has here; undefined below what is kept. Every block that may be undone is kept, and names
 * its parent.
 */
export async function storedHash(
  db: Kysely<Database> | DbTransaction<Database>,
  cursor: Cursor,
  number: bigint,
): Promise<string | undefined> {
  if (number === cursor.head_number) return cursor.head_hash;
  const row = await db
    .selectFrom("chain_block")
    .select(["number", "hash", "parent_hash"])
    .where("number", "in", [number, number + 1n])
    .orderBy("number")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return row.number === number ? row.hash : row.parent_hash;
}
