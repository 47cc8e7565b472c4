import { sql, type Transaction as DbTransaction } from "kysely";
import { requireLease, type Database, type Lease, type Store } from "../store";
import { readCursor } from "./cursor";
import type { ChainEvent } from "./decode";
import type { Places } from "./places";
import { project } from "./project";
import { eventOf } from "./storeLogs";
import { PROJECTIONS, Tables } from "./Tables";

/** Logs read at a time. */
const PAGE = 5_000;

/**
 * Makes the projections anew from the stored logs, in one transaction: readers see the old ones until the new ones are whole. How
 * to undo the blocks that are not final is made anew as well, for the old way may lead back to rows that were wrong.
 */
export async function rebuild({
  store,
  lease,
  places,
}: {
  readonly store: Store;
  readonly lease: Lease;
  readonly places: Places;
}): Promise<void> {
  await store.transaction(async (trx) => {
    await requireLease(trx, lease);
    await rebuildWithin(trx, places);
  });
}

/** The same within a transaction that does more. */
export async function rebuildWithin(trx: DbTransaction<Database>, places: Places): Promise<void> {
  // Not truncated: that would lock readers out, and empty the tables under those who read an older state.
  for (const table of Object.keys(PROJECTIONS)) {
    await sql`delete from ${sql.table(table)}`.execute(trx);
  }
  await trx.deleteFrom("undo").execute();
  const { final_number } = await readCursor(trx);
  const lowest = await trx
    .selectFrom("chain_block")
    .select(["number", "is_final"])
    .orderBy("number")
    .limit(1)
    .executeTakeFirst();
  // Every header that is kept must stay undoable, but the lowest when it is final: it is what a rewind can go back to.
  const settled = lowest === undefined ? final_number : lowest.number - (lowest.is_final ? 0n : 1n);
  for await (const events of pages(trx)) {
    const done = events.filter(({ log }) => log.blockNumber <= settled);
    await replay(trx, done, places);
    const open = new Map<bigint, ChainEvent[]>();
    for (const event of events.slice(done.length)) {
      const { blockNumber } = event.log;
      open.set(blockNumber, [...(open.get(blockNumber) ?? []), event]);
    }
    for (const [block, some] of open) await replay(trx, some, places, block);
  }
}

async function replay(
  trx: DbTransaction<Database>,
  events: readonly ChainEvent[],
  places: Places,
  undoFor?: bigint,
): Promise<void> {
  if (events.length === 0) return;
  const tables = new Tables(trx);
  await project(events, tables, places);
  await tables.flush(undoFor);
}

/** All stored logs in order, in pages of whole blocks. */
async function* pages(trx: DbTransaction<Database>): AsyncGenerator<ChainEvent[]> {
  let after = -1n;
  for (;;) {
    const { rows } = await sql<{ number: bigint }>`select block_number as number from (
      select block_number from chain_log where block_number > ${after}::int8
      order by block_number, log_index limit ${PAGE}) page order by 1 desc limit 1`.execute(trx);
    const last = rows[0]?.number;
    if (last === undefined) return;
    const logs = await trx
      .selectFrom("chain_log")
      .selectAll()
      .where("block_number", ">", after)
      .where("block_number", "<=", last)
      .orderBy("block_number")
      .orderBy("log_index")
      .execute();
    yield logs.map(eventOf);
    after = last;
  }
}
