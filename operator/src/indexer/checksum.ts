import { createHash } from "node:crypto";
import { sql, type Kysely, type Transaction as DbTransaction } from "kysely";
import type { Database, Store } from "../store";
import { PROJECTIONS } from "./Tables";

/**
 * One text that stands for all rows of the projections, whatever their order: equal before and after a rebuild. It is counted in
 * the database, in no more memory than a row.
 */
export async function projectionChecksum({ db }: Pick<Store, "db">): Promise<string> {
  return checksumWithin(db);
}

export async function checksumWithin(
  db: Kysely<Database> | DbTransaction<Database>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const table of Object.keys(PROJECTIONS)) {
    const { rows } = await sql<{ rows: bigint; sum: string | null }>`
      select count(*) as rows, sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::int8) as sum
      from ${sql.table(table)} t`.execute(db);
    hash.update(`${table} ${rows[0]!.rows} ${rows[0]!.sum ?? 0}\n`);
  }
  return hash.digest("hex");
}
