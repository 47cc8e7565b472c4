import { sql, type Kysely, type Migration } from "kysely";

/** Milliseconds of a day: alerts are counted by UTC day. */
const DAY_MS = 86_400_000;

const STATEMENTS = [
  // At most one alert of a type and subject a day. What earlier versions repeated becomes one row with its count.
  `alter table alert
    add column subject text not null default '', add column day int8 not null default 0,
    add column count int8 not null default 1, add column last_at_ms int8 not null default 0,
    add column notified bool not null default true`,
  `update alert set day = at_ms / ${DAY_MS}, last_at_ms = at_ms,
    subject = left(coalesce(data->>'subject', data->>'lane', data->>'endpoint', ''), 200)`,
  `update alert set count = grouped.count, last_at_ms = grouped.last
    from (select min(id) as id, count(*) as count, max(at_ms) as last from alert group by type, subject, day) as grouped
    where alert.id = grouped.id and grouped.count > 1`,
  `delete from alert using
    (select min(id) as id, type, subject, day from alert group by type, subject, day having count(*) > 1) as kept
    where alert.type = kept.type and alert.subject = kept.subject and alert.day = kept.day and alert.id <> kept.id`,
  `create unique index idx_alert_once on alert (type, subject, day)`,
  `create index idx_alert_at on alert (at_ms, id)`,

  // Retention finds the oldest rows by these.
  `create index idx_outbox_id on outbox (id)`,
  `create index idx_session_expires on session (expires_at_ms, id)`,
  `create index idx_used_nonce_expires on used_nonce (expires_at_ms, nonce)`,
  `create index idx_api_key_revoked on api_key (revoked_at_ms, id) where revoked_at_ms is not null`,
  `create index idx_orders_rejected on orders (updated_at_ms, hash) where state = 'REJECTED'`,
  `create index idx_discrepancy_at on discrepancy (detected_at_ms, id)`,

  // Reconciliation reads what has settled by block.
  `create index idx_match_confirmed on match (block_number) where state = 'CONFIRMED'`,
  `create index idx_fill_block on fill (block_number)`,
  `create table watermark (name text primary key, position int8 not null)`,

  // Which market ends were announced. The end time is part of the key: a reorg may create the market with another one.
  `create table market_end (
    condition_id text not null, end_time int8 not null, announced_at_ms int8 not null,
    primary key (condition_id, end_time))`,
];

/** One alert a day, retention, reconciliation of matches, the ends of markets. */
export const monitor: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
