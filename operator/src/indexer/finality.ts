import { requireLease } from "../store";
import type { VenueEvent } from "../bus";
import { readCursor } from "./cursor";
import type { Writing } from "./takeIn";

/**
 * Marks blocks up to `final` as final, never fewer than before, and forgets how to undo what lies twice the depth below: a
 * finality that people take back seldom goes further, and then the logs are still there to rebuild from.
 * @returns what to tell: the head again, with the new finality; undefined when nothing moved.
 */
export async function advanceFinality(
  { store, lease }: Writing,
  { final, hash, undoDepth }: { final: bigint; hash: string; undoDepth: bigint },
): Promise<VenueEvent | undefined> {
  return store.transaction(async (trx) => {
    await requireLease(trx, lease);
    const cursor = await readCursor(trx);
    if (final <= cursor.final_number || final > cursor.head_number) return undefined;
    const marked = await trx
      .updateTable("chain_block")
      .set({ is_final: true })
      .where("number", "=", final)
      .where("hash", "=", hash)
      .returning("number")
      .executeTakeFirst();
    // The block that was asked about is not the one that is here.
    if (marked === undefined) return undefined;
    await trx
      .updateTable("chain_block")
      .set({ is_final: true })
      .where("number", "<", final)
      .where("is_final", "=", false)
      .execute();
    const floor = final - 2n * undoDepth;
    await trx.deleteFrom("undo").where("block_number", "<=", floor).execute();
    await trx.deleteFrom("chain_block").where("number", "<", floor).execute();
    await trx
      .updateTable("cursor")
      .set({ final_number: final })
      .where("name", "=", "chain")
      .execute();
    const head = await trx
      .selectFrom("chain_block")
      .selectAll()
      .where("number", "=", cursor.head_number)
      .executeTakeFirstOrThrow();
    return {
      ...{ type: "block", number: Number(head.number), hash: head.hash as `0x${string}` },
      ...{ timestamp: Number(head.timestamp), finalNumber: Number(final) },
      ...{ generation: Number(cursor.generation), undone: false },
    };
  });
}
