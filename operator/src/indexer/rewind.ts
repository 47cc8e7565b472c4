import type { VenueEvent } from "../bus";
import { requireLease } from "../store";
import { readCursor } from "./cursor";
import type { ChainEvent } from "./decode";
import { fundsOf, noticesOf, storeOutbox } from "./notices";
import { rebuildWithin } from "./rebuild";
import { eventOf } from "./storeLogs";
import { idOf, readRows, type Change, type Projection } from "./Tables";
import type { Writing } from "./takeIn";

/** The block to stand on again. */
export interface Target {
  readonly number: bigint;
  readonly hash: string;
  /** Its header, when there is such a block: there is none before the first. */
  readonly header: { readonly parentHash: string; readonly timestamp: bigint } | undefined;
}

/**
 * Forgets every block above one, where how to undo them is not known any more: their logs go, and the projections are made anew
 * from those that stay. In one transaction.
 * @returns what to tell, as if each block had been undone.
 */
export async function rewindByRebuild(
  { store, lease, places, nowMs }: Writing,
  { number, hash, header }: Target,
): Promise<VenueEvent[]> {
  return store.transaction(async (trx) => {
    await requireLease(trx, lease);
    const cursor = await readCursor(trx);
    const gone = (
      await trx
        .selectFrom("chain_log")
        .selectAll()
        .where("block_number", ">", number)
        .orderBy("block_number")
        .orderBy("log_index")
        .execute()
    ).map(eventOf);
    const blocks = await trx
      .selectFrom("chain_block")
      .selectAll()
      .where("number", ">", number)
      .orderBy("number", "desc")
      .execute();
    const keys = touchedBy(gone);
    const read = async (): Promise<[Projection, Map<string, object>][]> => {
      const found: [Projection, Map<string, object>][] = [];
      for (const [table, some] of Object.entries(keys) as [Projection, object[]][]) {
        const rows = await readRows(trx, table, some);
        found.push([table, new Map(rows.map((row) => [idOf(table, row as never), row]))]);
      }
      return found;
    };
    const before = await read();
    await trx.deleteFrom("chain_log").where("block_number", ">", number).execute();
    await trx.deleteFrom("chain_block").execute();
    if (header !== undefined) {
      const { parentHash: parent_hash, timestamp } = header;
      await trx
        .insertInto("chain_block")
        .values({ number, hash, parent_hash, timestamp, is_final: true })
        .execute();
    }
    const generation = cursor.generation + BigInt(Math.max(1, blocks.length));
    await trx
      .updateTable("cursor")
      .set({ ...{ head_number: number, head_hash: hash, final_number: number }, generation })
      .where("name", "=", "chain")
      .execute();
    await rebuildWithin(trx, places);
    const after = new Map(await read());
    const changes = before.flatMap(([table, rows]) => {
      const ids = new Set([...rows.keys(), ...after.get(table)!.keys()]);
      return [...ids].map(
        (id) => ({ table, before: rows.get(id), after: after.get(table)!.get(id) }) as Change,
      );
    });
    const notices = noticesOf(changes, { atMs: nowMs(), automatic: new Set() });
    await storeOutbox(trx, notices);
    const undone = blocks.map((block): VenueEvent => ({
      ...{ type: "block", number: Number(block.number), hash: block.hash as `0x${string}` },
      ...{ timestamp: Number(block.timestamp), finalNumber: Number(number) },
      ...{ generation: Number(generation), undone: true },
    }));
    return [...undone, ...notices, ...fundsOf(gone, [], places)];
  });
}

/** The rows that these events may have changed, of what others are told about. */
function touchedBy(
  events: readonly ChainEvent[],
): Readonly<Record<"order_on_chain" | "account_nonce" | "market" | "position", object[]>> {
  const keys: Record<"order_on_chain" | "account_nonce" | "market" | "position", object[]> = {
    ...{ order_on_chain: [], account_nonce: [], market: [], position: [] },
  };
  const hold = (account: string, id: bigint): void => {
    keys.position.push({ account: account.toLowerCase(), token_id: id });
  };
  const seen = new Set<string>();
  for (const { event } of events) {
    if (event === undefined) continue;
    const { name, args } = event;
    if (name === "OrderFilled" || name === "OrderCancelled") {
      keys.order_on_chain.push({ order_hash: args.orderHash.toLowerCase() });
    } else if (name === "NonceIncremented") {
      keys.account_nonce.push({ account: args.maker.toLowerCase() });
    } else if (name === "TransferSingle" || name === "TransferBatch") {
      const ids = name === "TransferSingle" ? [args.id] : args.ids;
      for (const id of ids) [args.from, args.to].forEach((account) => hold(account, id));
    }
    if ("conditionId" in args) keys.market.push({ condition_id: args.conditionId.toLowerCase() });
  }
  for (const [table, rows] of Object.entries(keys) as [keyof typeof keys, object[]][]) {
    keys[table] = rows.filter((row) => {
      const id = `${table} ${Object.values(row).join(" ")}`;
      return !seen.has(id) && seen.add(id);
    });
  }
  return keys;
}
