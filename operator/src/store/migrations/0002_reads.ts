import { sql, type Kysely, type Migration } from "kysely";

/*
 * An index for each question that a stranger may ask, in the order in which it is answered: then a page costs as many rows as it
 * has, however much there is of an account, a market or a type, and whether anything matches or not.
 */
const STATEMENTS = [
  // Logs by account. It is kept by triggers, so that no writer of chain_log can forget it.
  `create table chain_log_account (
    account text not null, block_number int8 not null, log_index int4 not null, block_hash text not null,
    name text, condition_id text,
    primary key (account, block_number, log_index, block_hash))`,
  `insert into chain_log_account
    select distinct account, block_number, log_index, block_hash, name, condition_id
    from chain_log, unnest(accounts) as account`,
  `create index idx_chain_log_account_name on chain_log_account (account, name, block_number, log_index)`,
  `create index idx_chain_log_account_market
    on chain_log_account (account, condition_id, block_number, log_index)`,
  `create function keep_chain_log_account() returns trigger language plpgsql as $$
    begin
      if tg_op in ('DELETE', 'UPDATE') then
        delete from chain_log_account as kept using (select distinct block_hash, block_number, log_index, account
          from gone, unnest(accounts) as account) as former
        where kept.account = former.account and kept.block_number = former.block_number
          and kept.log_index = former.log_index and kept.block_hash = former.block_hash;
      end if;
      if tg_op in ('INSERT', 'UPDATE') then
        insert into chain_log_account
          select distinct account, block_number, log_index, block_hash, name, condition_id
          from come, unnest(accounts) as account;
      end if;
      return null;
    end $$`,
  `create trigger chain_log_inserted after insert on chain_log
    referencing new table as come for each statement execute function keep_chain_log_account()`,
  `create trigger chain_log_deleted after delete on chain_log
    referencing old table as gone for each statement execute function keep_chain_log_account()`,
  `create trigger chain_log_updated after update on chain_log
    referencing old table as gone new table as come for each statement execute function keep_chain_log_account()`,
  `create index idx_chain_log_market_name on chain_log (condition_id, name, block_number, log_index)`,
  // When a block was: times grow with the numbers of blocks.
  `create index idx_chain_log_time on chain_log (timestamp, block_number)`,
  // What a log is about, such as its order: its first indexed value.
  `create index idx_chain_log_subject on chain_log ((topics[2]), block_number, log_index)`,
  `drop index idx_chain_log_tx`,
  `create index idx_chain_log_tx on chain_log (tx_hash, block_number, log_index)`,

  // Trades by account. Written by the engine, with the match.
  `create table match_account (
    account text not null, number int8 not null, match_id text not null,
    primary key (account, number))`,
  `insert into match_account (account, number, match_id)
    select distinct lower(orders.maker), match.number, match.id
    from match join (
      select id, taker_hash as hash from match union all select match_id, order_hash from match_maker
    ) as party on party.id = match.id join orders on orders.hash = party.hash`,

  // An account's orders by state, the latest first, in all markets and in one; and a market's open ones, the best first.
  `drop index idx_orders_maker`,
  `create index idx_orders_maker_state on orders (maker, state, accepted_at_ms, hash)`,
  `create index idx_orders_maker_market on orders (maker, condition_id, state, accepted_at_ms, hash)`,
  `create index idx_orders_book
    on orders (condition_id, outcome, side, (case when side = 0 then -price else price end), input)
    where state in ('OPEN', 'PARTIALLY_FILLED')`,

  `create index idx_market_created on market (created_at, condition_id)`,
  `create index idx_market_state on market (state, created_at, condition_id)`,
  `create index idx_market_category on market (category, created_at, condition_id)`,
  `create index idx_position_market on position (account, condition_id, outcome desc)`,
  `create index idx_api_key_live on api_key (account, created_at_ms) where revoked_at_ms is null`,
];

export const reads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
