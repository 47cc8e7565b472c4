import { sql, type Kysely, type Migration } from "kysely";

/** Attempts that came to nothing, what they cost, and who rests for them. What each table is for stands in ../schema.ts. */
const STATEMENTS = [
  `alter table match add column attempts int4 not null default 0, add column give_up text,
    add column place int4`,
  `alter table settlement add column gas_used int8`,
  `create index idx_match_give_up on match (number)
    where state in ('MATCHED', 'RETRYING') and (guilty_hash is not null or give_up is not null)`,
  `create table fruitless_charge (
    settlement_id int8 not null, match_id text not null, account text not null, gas int8 not null,
    reason text not null, is_guilty bool not null, at_ms int8 not null,
    primary key (settlement_id, match_id, account))`,
  `create index idx_fruitless_charge_at on fruitless_charge (at_ms)`,
  `create table pair_rest (
    account text not null, partner text not null, fruitless int4 not null, times int4 not null, match_id text not null,
    length_ms int8 not null, updated_at_ms int8 not null,
    primary key (account, partner))`,
  `create index idx_pair_rest_at on pair_rest (updated_at_ms)`,
  `create table account_rest (
    account text primary key, times int4 not null, reason text not null, match_id text not null, length_ms int8 not null,
    updated_at_ms int8 not null)`,
  `create index idx_account_rest_at on account_rest (updated_at_ms)`,
];

export const settle: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
