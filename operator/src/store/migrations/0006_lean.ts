import { sql, type Kysely, type Migration } from "kysely";

const STATEMENTS = [
  // That no two orders have one input is held by the lease of the engine and by the key of the log's lines. Each entry of this index
  // cost a write for every order, and another for every change of its state.
  `alter table orders drop constraint orders_condition_id_input_key`,
  // The last input of a market is that of its last line, or that of an order which its book refused.
  `create index idx_orders_refused on orders (condition_id, input) where state = 'REJECTED'`,
  // A start reads the first line of each market, and has to find it among all.
  `create index idx_line_first on line (condition_id) where n = 0`,

  // An account's orders by time: the hash, which orders those of one millisecond, is a third of an entry. The database sorts them.
  `drop index idx_orders_maker_state`,
  `drop index idx_orders_maker_market`,
  `create index idx_orders_maker_state on orders (maker, state, accepted_at_ms)`,
  `create index idx_orders_maker_market on orders (maker, condition_id, state, accepted_at_ms)`,
];

/** Fewer and shorter entries for each order. */
export const lean: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
