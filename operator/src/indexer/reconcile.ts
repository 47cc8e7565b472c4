import type { Alarm } from "../alerts";
import type { Rpc } from "../rpc";
import { requireLease, type Lease, type Store } from "../store";
import type { Comparison, Difference } from "./compareWithChain";
import type { Places } from "./places";
import { readRange } from "./readRange";

/** What a reconciliation found and did. */
export interface Reconciliation extends Comparison {
  /** How many of the differences are gone. */
  readonly repaired: number;
}

/** What a reconciliation asks of the indexer. */
export interface ReconcileParams {
  readonly store: Store;
  readonly lease: Lease;
  readonly alarm: Alarm;
  readonly nowMs: bigint;
  compare(): Promise<Comparison | undefined>;
  /** Makes the projections anew from the stored logs. */
  rebuild(): Promise<void>;
  /** The first block whose stored logs are not the chain's; undefined when all are. */
  findWrongLogs(upTo: bigint): Promise<bigint | undefined>;
  /** Takes everything from this block on in anew. */
  readAgain(from: bigint): Promise<void>;
}

/** So many are named in an alert. */
const NAMED = 20;

/**
 * Compares, writes down what differs, raises `state_discrepancy`, and repairs, always by replaying and never by setting a row to
 * what the chain says: a row that is wrong has a cause. First the projections are made anew from the stored logs. If that does not
 * do, a log is wrong or missing: everything from the first such block on is read again. What differs even then is an alarm for
 * people. What lies in the exchange is no fault of the tables, and told once.
 */
export async function reconcile(params: ReconcileParams): Promise<Reconciliation | undefined> {
  const { store, alarm } = params;
  const found = await params.compare();
  if (found === undefined) return undefined;
  const news = await unknownOf(store, found.differences);
  await record(params, found.blockNumber, news);
  if (news.length > 0) {
    const blockNumber = found.blockNumber.toString();
    const data = { blockNumber, count: news.length, differences: news.slice(0, NAMED) };
    alarm({ type: "state_discrepancy", severity: "HIGH", isChange: true, data });
  }
  if (!found.differences.some(isRepairable)) return { ...found, repaired: 0 };

  await params.rebuild();
  let left = (await params.compare())?.differences ?? found.differences;
  if (left.some(isRepairable)) {
    const from = await params.findWrongLogs(found.blockNumber);
    if (from !== undefined) {
      await params.readAgain(from);
      left = (await params.compare())?.differences ?? left;
    }
  }
  const still = new Set(left.map(nameOf));
  const gone = found.differences.filter((difference) => !still.has(nameOf(difference)));
  await markRepaired(params, gone);
  const lasting = left.filter(isRepairable);
  if (lasting.length > 0) {
    const data = { count: lasting.length, differences: lasting.slice(0, NAMED) };
    alarm({ type: "state_discrepancy_lasting", severity: "CRITICAL", data });
  }
  return { ...found, repaired: gone.length };
}

/** Looks for the first block up to `to` whose stored logs differ from the chain's. */
export async function findWrongLogs(
  { store, rpc, places }: { readonly store: Store; readonly rpc: Rpc; readonly places: Places },
  { from, to, size }: { readonly from: bigint; readonly to: bigint; readonly size: bigint },
): Promise<bigint | undefined> {
  for (let start = from; start <= to;) {
    const { logs, last } = await readRange(rpc, { from: start, to, size, places });
    const stored = await store.db
      .selectFrom("chain_log")
      .select(["block_number", "block_hash", "log_index", "address", "topics", "data", "tx_hash"])
      .where("block_number", ">=", start)
      .where("block_number", "<=", last.number)
      .execute();
    const text = (log: {
      readonly address: string;
      readonly topics: readonly string[];
      readonly data: string;
    }): string => [log.address, ...log.topics, log.data].join(" ");
    const here = new Map(
      stored.map((log) => [
        `${log.block_hash} ${log.log_index} ${log.tx_hash} ${text(log)}`,
        log.block_number,
      ]),
    );
    const wrong: bigint[] = [];
    for (const log of logs) {
      const id = `${log.blockHash} ${log.logIndex} ${log.txHash} ${text(log)}`;
      if (!here.delete(id)) wrong.push(log.blockNumber);
    }
    wrong.push(...here.values());
    if (wrong.length > 0) return wrong.reduce((least, at) => (at < least ? at : least));
    start = last.number + 1n;
  }
  return undefined;
}

function isRepairable({ kind }: Difference): boolean {
  return kind !== "exchange";
}

function nameOf({ kind, subject }: Difference): string {
  return `${kind} ${subject}`;
}

/** Those that were not written down before, just so, and left unrepaired. */
async function unknownOf(store: Store, differences: readonly Difference[]): Promise<Difference[]> {
  if (differences.length === 0) return [];
  const open = await store.db
    .selectFrom("discrepancy")
    .select(["kind", "subject", "in_tables", "on_chain"])
    .where("repaired", "=", false)
    .execute();
  const known = new Set(
    open.map(({ kind, subject, in_tables, on_chain }) =>
      [kind, subject, in_tables, on_chain].join(" "),
    ),
  );
  return differences.filter(
    ({ kind, subject, inTables, onChain }) =>
      !known.has([kind, subject, inTables, onChain].join(" ")),
  );
}

async function record(
  { store, lease, nowMs }: ReconcileParams,
  blockNumber: bigint,
  differences: readonly Difference[],
): Promise<void> {
  if (differences.length === 0) return;
  await store.transaction(async (trx) => {
    await requireLease(trx, lease);
    for (const { kind, subject, inTables, onChain } of differences) {
      await trx
        .insertInto("discrepancy")
        .values({
          ...{ kind, subject, block_number: blockNumber, in_tables: inTables, on_chain: onChain },
          ...{ detected_at_ms: nowMs, repaired: false },
        })
        .execute();
    }
  });
}

async function markRepaired(
  { store, lease }: ReconcileParams,
  gone: readonly Difference[],
): Promise<void> {
  if (gone.length === 0) return;
  await store.transaction(async (trx) => {
    await requireLease(trx, lease);
    for (const { kind, subject } of gone) {
      await trx
        .updateTable("discrepancy")
        .set({ repaired: true })
        .where("kind", "=", kind)
        .where("subject", "=", subject)
        .where("repaired", "=", false)
        .execute();
    }
  });
}
