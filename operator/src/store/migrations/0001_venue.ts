import { sql, type Kysely, type Migration } from "kysely";

/** What each table is for and who writes it is told in ../schema.ts. */
const STATEMENTS = [
  `create table meta (key text primary key, value text not null)`,
  `create table lease (
    name text primary key, holder text not null, fence int8 not null, position int8 not null default 0, expires_at_ms int8 not null)`,

  // The venue
  `create table orders (
    hash text primary key, condition_id text not null, input int8 not null,
    salt numeric(78,0) not null, maker text not null, signer text not null, taker text not null,
    token_id numeric(78,0) not null, maker_amount numeric(78,0) not null, taker_amount numeric(78,0) not null,
    expiration numeric(78,0) not null, nonce numeric(78,0) not null, fee_rate_bps int4 not null,
    side int4 not null, signature_type int4 not null, signature text not null,
    kind text not null, time_in_force text not null, post_only bool not null, self_trade text not null,
    price int4 not null, outcome text not null, state text not null, remaining numeric(78,0) not null,
    reason text, accepted_at_ms int8 not null, updated_at_ms int8 not null,
    unique (condition_id, input))`,
  `create index idx_orders_maker on orders (maker, condition_id, input)`,
  `create index idx_orders_open on orders (condition_id, input) where state in ('OPEN', 'PARTIALLY_FILLED')`,
  `create table line (
    condition_id text not null, n int8 not null, input int8 not null, line text not null,
    primary key (condition_id, n))`,
  `create table match (
    id text primary key, number int8 generated always as identity unique, condition_id text not null, input int8 not null,
    taker_hash text not null, taker_fill_amount numeric(78,0) not null, making numeric(78,0) not null,
    taking numeric(78,0) not null, consumed numeric(78,0) not null, price int4 not null, shares numeric(78,0) not null,
    state text not null, settlement_id int8, tx_hash text, block_number int8, reason text, guilty_hash text,
    matched_at_ms int8 not null, updated_at_ms int8 not null)`,
  `create index idx_match_market on match (condition_id, number)`,
  `create index idx_match_taker on match (taker_hash)`,
  `create index idx_match_unsettled on match (number) where state in ('MATCHED', 'MINED', 'RETRYING')`,
  `create index idx_match_settlement on match (settlement_id) where settlement_id is not null`,
  `create index idx_match_tx on match (tx_hash) where tx_hash is not null`,
  `create table match_maker (
    match_id text not null, index int4 not null, order_hash text not null, kind text not null,
    making numeric(78,0) not null, taking numeric(78,0) not null, price int4 not null,
    primary key (match_id, index))`,
  `create index idx_match_maker_order on match_maker (order_hash)`,

  // Settlement
  `create table lane (address text primary key, next_nonce int8 not null, state text not null, reason text)`,
  `create table settlement (
    id int8 generated always as identity primary key, lane text not null, nonce int8 not null, purpose text not null,
    calldata text not null, gas_limit int8 not null, state text not null, tx_hash text, block_number int8,
    block_hash text, status int4, created_at_ms int8 not null, updated_at_ms int8 not null,
    unique (lane, nonce))`,
  `create index idx_settlement_open on settlement (lane, nonce) where state in ('SENT', 'MINED')`,
  `create table tx_attempt (
    hash text primary key, settlement_id int8 not null references settlement, raw text not null,
    max_fee_per_gas numeric(78,0) not null, max_priority_fee_per_gas numeric(78,0) not null,
    signed_at_ms int8 not null, signed_at_block int8 not null)`,
  `create index idx_tx_attempt_settlement on tx_attempt (settlement_id)`,
  `create table outbox (
    id int8 generated always as identity, topic text not null, type text not null,
    payload text not null, at_ms int8 not null,
    primary key (topic, id))`,

  // The chain, as logs
  `create table chain_block (
    number int8 primary key, hash text not null unique, parent_hash text not null, timestamp int8 not null,
    is_final bool not null)`,
  `create table chain_log (
    block_hash text not null, block_number int8 not null, log_index int4 not null, tx_hash text not null,
    address text not null, topics text[] not null, data text not null, name text, args jsonb, condition_id text,
    accounts text[] not null, timestamp int8 not null,
    primary key (block_hash, log_index))`,
  `create index idx_chain_log_place on chain_log (block_number, log_index)`,
  `create index idx_chain_log_market on chain_log (condition_id, block_number, log_index)`,
  `create index idx_chain_log_name on chain_log (name, block_number, log_index)`,
  `create index idx_chain_log_tx on chain_log (tx_hash)`,
  `create table cursor (
    name text primary key, head_number int8 not null, head_hash text not null, final_number int8 not null,
    generation int8 not null)`,
  `create table undo (
    id int8 generated always as identity primary key, block_number int8 not null, table_name text not null,
    key jsonb not null, before jsonb)`,
  `create index idx_undo_block on undo (block_number, id)`,
  `create table discrepancy (
    id int8 generated always as identity primary key, kind text not null, subject text not null,
    block_number int8 not null, in_tables text not null, on_chain text not null, detected_at_ms int8 not null,
    repaired bool not null)`,

  // The chain, as projections
  `create table market (
    condition_id text primary key, question_id text not null unique, yes numeric(78,0) not null,
    no numeric(78,0) not null, slug text not null unique, question text not null, description text not null,
    category text not null, creator text not null, end_time int8 not null, resolution_time int8 not null,
    dispute_window int8 not null, created_at int8 not null, registered bool not null, state text not null,
    outcome text, proposed_at int8, disputed_at int8, finalized_at int8, last_tx text not null)`,
  `create index idx_market_yes on market (yes)`,
  `create index idx_market_no on market (no)`,
  `create table fill (
    tx_hash text not null, log_index int4 not null, block_number int8 not null, timestamp int8 not null,
    order_hash text not null, condition_id text not null, maker text not null, token_id numeric(78,0) not null,
    outcome text not null, side int4 not null, making numeric(78,0) not null, taking numeric(78,0) not null,
    fee numeric(78,0) not null, is_taker bool not null,
    primary key (tx_hash, log_index))`,
  `create index idx_fill_order on fill (order_hash)`,
  `create index idx_fill_maker on fill (maker, block_number, log_index)`,
  `create index idx_fill_market on fill (condition_id, block_number, log_index)`,
  `create table order_on_chain (
    order_hash text primary key, making numeric(78,0) not null, remaining numeric(78,0), cancelled bool not null)`,
  `create table account_nonce (account text primary key, nonce numeric(78,0) not null)`,
  `create table position (
    account text not null, token_id numeric(78,0) not null, condition_id text not null, outcome text not null,
    shares numeric(78,0) not null, cost numeric(78,0) not null, realized numeric(78,0) not null,
    bought numeric(78,0) not null, sold numeric(78,0) not null,
    primary key (account, token_id))`,
  `create table candle (
    condition_id text not null, interval int4 not null, start int8 not null, open int4 not null, high int4 not null,
    low int4 not null, close int4 not null, shares numeric(78,0) not null, volume numeric(78,0) not null,
    trades int4 not null,
    primary key (condition_id, interval, start))`,

  // People
  `create table alert (
    id int8 generated always as identity primary key, type text not null, severity text not null, data jsonb not null,
    at_ms int8 not null)`,
  `create table heartbeat (account text primary key, seconds int4 not null)`,
  `create table api_key (
    id text primary key, account text not null, secret text not null, scopes text[] not null, created_at_ms int8 not null,
    revoked_at_ms int8)`,
  `create index idx_api_key_account on api_key (account)`,
  `create table session (
    id text primary key, account text not null, refresh_hash text not null, created_at_ms int8 not null,
    expires_at_ms int8 not null, revoked bool not null)`,
  `create table used_nonce (nonce text primary key, expires_at_ms int8 not null, used bool not null)`,
];

export const venue: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
