import type { Transaction as DbTransaction } from "kysely";
import type { VenueEvent } from "../bus";
import { requireLease, type Database } from "../store";
import { readCursor, type Cursor } from "./cursor";
import { fundsOf, noticesOf, storeOutbox } from "./notices";
import { eventOf } from "./storeLogs";
import { idOf, PROJECTIONS, readRows, replaceRows, type Change, type Projection } from "./Tables";
import type { Writing } from "./takeIn";

/**
 * Undoes the head block, in one transaction: every row it changed is again what it was, its logs and header are gone, and the
 * cursor stands on its parent. Nothing when the head is another block by now.
 * @returns what to tell: that the block is undone, then how everything it touched stands.
 */
export async function undoBlock(
  { store, lease, places, nowMs }: Writing,
  head: Cursor,
): Promise<VenueEvent[] | undefined> {
  return store.transaction(async (trx) => {
    await requireLease(trx, lease);
    const cursor = await readCursor(trx);
    if (cursor.head_hash !== head.head_hash) return undefined;
    const block = await trx
      .selectFrom("chain_block")
      .selectAll()
      .where("number", "=", cursor.head_number)
      .executeTakeFirstOrThrow();
    const logs = await trx
      .selectFrom("chain_log")
      .selectAll()
      .where("block_hash", "=", block.hash)
      .orderBy("log_index")
      .execute();
    const changes = await restore(trx, block.number);
    await trx.deleteFrom("chain_log").where("block_hash", "=", block.hash).execute();
    await trx.deleteFrom("undo").where("block_number", "=", block.number).execute();
    await trx.deleteFrom("chain_block").where("number", "=", block.number).execute();
    const generation = cursor.generation + 1n;
    const [head_number, head_hash] = [block.number - 1n, block.parent_hash];
    const final_number = head_number < cursor.final_number ? head_number : cursor.final_number;
    await trx
      .updateTable("cursor")
      .set({ head_number, head_hash, final_number, generation })
      .where("name", "=", "chain")
      .execute();
    const notices = noticesOf(changes, { atMs: nowMs(), automatic: new Set() });
    await storeOutbox(trx, notices);
    const undone: VenueEvent = {
      ...{ type: "block", number: Number(block.number), hash: block.hash as `0x${string}` },
      ...{ timestamp: Number(block.timestamp), finalNumber: Number(final_number) },
      ...{ generation: Number(generation), undone: true },
    };
    return [undone, ...notices, ...fundsOf(logs.map(eventOf), [], places)];
  });
}

/** Puts back every row that the block changed. */
async function restore(trx: DbTransaction<Database>, block: bigint): Promise<Change[]> {
  const undo = await trx
    .selectFrom("undo")
    .selectAll()
    .where("block_number", "=", block)
    .orderBy("id", "desc")
    .execute();
  const changes: Change[] = [];
  for (const table of Object.keys(PROJECTIONS) as Projection[]) {
    const rows = undo.filter(({ table_name }) => table_name === table);
    if (rows.length === 0) continue;
    const keys = rows.map(({ key }) => key);
    const now = await readRows(trx, table, keys);
    const back = rows.flatMap(({ before }) => (before === null ? [] : [before]));
    await replaceRows(trx, table, keys, back);
    const restored = await readRows(trx, table, keys);
    const byId = (list: readonly object[]): ReadonlyMap<string, object> =>
      new Map(list.map((row) => [idOf(table, row as never), row]));
    const [before, after] = [byId(now), byId(restored)];
    for (const id of keys.map((key) => idOf(table, key as never))) {
      changes.push({ table, before: before.get(id), after: after.get(id) } as Change);
    }
  }
  return changes;
}
