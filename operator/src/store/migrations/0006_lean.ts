import { sql, type Kysely, type Migration } from "kysely";

const STATEMENTS = [
  // That no two orders have one input is held by the lease of the engine and by the key of the log's lines. Each entry of this index
  // cost a write for every order, and another for every change of its state.
  `alter table orders drop constraint orders_condition_id_input_key`,
];

/** Fewer entries for each order. */
export const lean: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
