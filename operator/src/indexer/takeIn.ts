import { sql, type Transaction as DbTransaction } from "kysely";
import type { VenueEvent } from "../bus";
import type { Log } from "../log";
import { requireLease, type Database, type Lease, type Store } from "../store";
import type { Header } from "./chain";
import { decode, type ChainEvent } from "./decode";
import { readCursor, type Cursor } from "./cursor";
import { fundsOf, noticesOf, storeOutbox } from "./notices";
import type { Places } from "./places";
import { eventsNamed, project } from "./project";
import type { BlockLogs } from "./readBlock";
import type { Range } from "./readRange";
import { storeLogs } from "./storeLogs";
import { Tables } from "./Tables";

/** What all writing needs. */
export interface Writing {
  readonly store: Store;
  readonly lease: Lease;
  readonly places: Places;
  /** Accounts whose finalizing is the venue's own doing. */
  readonly own: ReadonlySet<string>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * One block that may still be undone, in one transaction: its header, its logs, what they change, how to undo it, what streams are
 * told, and the cursor. Dying anywhere leaves all of it or nothing. A block that does not follow the cursor changes nothing.
 * @returns what to tell, now that it is stored; undefined when the block is not the next one.
 */
export async function takeInBlock(
  { store, lease, places, own, nowMs, log }: Writing,
  header: Header,
  { logs, collateral }: BlockLogs,
): Promise<VenueEvent[] | undefined> {
  const events = logs.map((one) => decode(one, header.timestamp));
  warnOfUnknown(events, log);
  return store.transaction(async (trx) => {
    await requireLease(trx, lease);
    const cursor = await readCursor(trx);
    if (!isNext(cursor, header)) return undefined;
    await insertBlock(trx, header, false);
    await storeLogs(trx, events, places);
    const tables = new Tables(trx);
    await project(events, tables, places);
    const changes = await tables.flush(header.number);
    const notices = noticesOf(changes, {
      atMs: nowMs(),
      automatic: finalizedBy(own, changes, events),
    });
    await storeOutbox(trx, notices);
    await moveCursor(trx, header.number, header.hash);
    const block: VenueEvent = {
      ...{ type: "block", number: Number(header.number), hash: header.hash as `0x${string}` },
      ...{ timestamp: Number(header.timestamp), finalNumber: Number(cursor.final_number) },
      ...{ generation: Number(cursor.generation), undone: false },
    };
    return [...notices, ...fundsOf(events, collateral, places), block];
  });
}

/**
 * A stretch of final blocks, in one transaction. It is never undone block by block, so only its last header is kept, and nothing
 * below it can be undone from then on. Streams are not told of the past; who follows orders is.
 */
export async function takeInRange(
  { store, lease, places, nowMs, log }: Writing,
  { first, last, logs, timestamps }: Range,
): Promise<VenueEvent[] | undefined> {
  const events = logs.map((one) => decode(one, timestamps.get(one.blockHash)!));
  warnOfUnknown(events, log);
  return store.transaction(async (trx) => {
    await requireLease(trx, lease);
    const cursor = await readCursor(trx);
    if (!isNext(cursor, first)) return undefined;
    await trx.deleteFrom("undo").execute();
    await trx.deleteFrom("chain_block").execute();
    await insertBlock(trx, last, true);
    await storeLogs(trx, events, places);
    const tables = new Tables(trx);
    await project(events, tables, places);
    const changes = await tables.flush();
    await moveCursor(trx, last.number, last.hash, last.number);
    const notices = noticesOf(changes, { atMs: nowMs(), automatic: new Set() });
    const block: VenueEvent = {
      ...{ type: "block", number: Number(last.number), hash: last.hash as `0x${string}` },
      ...{ timestamp: Number(last.timestamp), finalNumber: Number(last.number) },
      ...{ generation: Number(cursor.generation), undone: false },
    };
    return [...notices.filter(({ type }) => type.startsWith("chain-")), block];
  });
}

/** Stored like the others, but it changes nothing: perhaps a contract is newer than this program. */
function warnOfUnknown(events: readonly ChainEvent[], log: Log): void {
  for (const { event, log: one } of events) {
    if (event !== undefined) continue;
    const { address, txHash, logIndex, topics } = one;
    log.warn({ address, txHash, logIndex, topic: topics[0] }, "indexer: unknown event");
  }
}

function isNext(cursor: Cursor, { number, parentHash }: Header): boolean {
  return number === cursor.head_number + 1n && parentHash === cursor.head_hash;
}

async function insertBlock(
  trx: DbTransaction<Database>,
  header: Header,
  isFinal: boolean,
): Promise<void> {
  const { number, hash, parentHash, timestamp } = header;
  await trx
    .insertInto("chain_block")
    .values({ number, hash, parent_hash: parentHash, timestamp, is_final: isFinal })
    .execute();
}

async function moveCursor(
  trx: DbTransaction<Database>,
  number: bigint,
  hash: string,
  final?: bigint,
): Promise<void> {
  await trx
    .updateTable("cursor")
    .set({
      ...{ head_number: number, head_hash: hash },
      ...(final === undefined
        ? {}
        : { final_number: sql<bigint>`greatest(final_number, ${final}::int8)` }),
    })
    .where("name", "=", "chain")
    .execute();
}

/** The conditions whose question one of our own accounts finalized. */
function finalizedBy(
  own: ReadonlySet<string>,
  changes: Awaited<ReturnType<Tables["flush"]>>,
  events: readonly ChainEvent[],
): ReadonlySet<string> {
  const questions = new Set(
    [...eventsNamed({ events }, "ResolutionFinalized")]
      .filter(({ event }) => own.has(event.args.account.toLowerCase()))
      .map(({ event }) => event.args.questionId.toLowerCase()),
  );
  return new Set(
    changes.flatMap(({ table, after }) =>
      table === "market" && after !== undefined && questions.has(after.question_id)
        ? [after.condition_id]
        : [],
    ),
  );
}
