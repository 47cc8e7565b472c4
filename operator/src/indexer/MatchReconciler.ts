import type { Deployment } from "@nostra/sdk/deployments";
import { interfaces } from "@nostra/sdk/contracts";
import type { Address, Hex } from "@nostra/sdk/order";
import { sql, type Transaction } from "kysely";
import type { Alarm } from "../alerts";
import type { Bus, OrderEvent, VenueEvent } from "../bus";
import type { Clock } from "../clock";
import type { VenueEngine } from "../engine/VenueEngine";
import type { Log } from "../log";
import type { Rpc } from "../rpc";
import { matchEvent, readMatches } from "../settler/readMatches";
import {
  requireLease,
  type Database,
  type Lease,
  type MatchState,
  type OrderState,
  type Store,
} from "../store";
import { readSettled, settledName, type SettledMatch } from "./readSettled";

export interface MatchReconcilerParams {
  readonly store: Store;
  readonly engine: Pick<VenueEngine, "command" | "record" | "arrivingOrder">;
  /** The engine's: what it writes is written here under its right. */
  readonly lease: Lease;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly bus: Pick<Bus, "publish">;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** OrdersMatched events looked at in one step. Default 200. */
  readonly pageSize?: number;
}

/** What a step found. */
export interface MatchReconciliation {
  /** Matches and orders that were compared. */
  readonly compared: number;
  readonly differences: readonly MatchDifference[];
  /** True when everything up to the final block was compared. */
  readonly isDone: boolean;
}

/** Where the venue's own records and the chain's logs did not agree. */
export interface MatchDifference {
  readonly kind: "match" | "remaining";
  /** A match's id, or an order's hash. */
  readonly subject: string;
  readonly inTables: string;
  readonly onChain: string;
  readonly repaired: boolean;
}

const WATERMARK = "matches";
/** How often what is held is looked at again, and how many of it at once, those first that waited longest. */
const HELD_EVERY_MS = 2_000;
const MAX_HELD_AT_ONCE = 200;
const NAMED = 20;

/**
 * Compares matches and remaining amounts with what the exchange logged in final blocks, and repairs both. The indexer's logs are the
 * truth: they are checked against each block's bloom filter, while a receipt is one node's word.
 *
 * - For each OrdersMatched event there must be a match that settled in that transaction. Else one with the same orders and amounts
 *   that failed, or waits though no transaction of it is out, is what settled: it becomes CONFIRMED.
 * - For each match that is CONFIRMED there must be such an event. Else, when the exchange agrees that nothing was taken, it becomes
 *   FAILED.
 * - For each order of these: what the exchange left of it, less what matches that wait will take, is what remains. The engine corrects
 *   an order that it has; of others the row is corrected.
 *
 * The work is incremental: each step takes the next blocks, up to a page of events, and a stored watermark says where to go on. What
 * is still under way, a match whose transaction is out or an order with newer fills, is held and looked at again; the watermark stays
 * below it.
 */
export class MatchReconciler {
  readonly #params: MatchReconcilerParams;
  readonly #pageSize: number;
  /** Up to which block everything was looked at, or is held. */
  #position: bigint | undefined;
  /** Blocks with a match that is still under way: to be looked at again. */
  readonly #heldBlocks = new Set<bigint>();
  /** Orders with a match under way, and the last block that names them. */
  readonly #heldOrders = new Map<string, bigint>();
  #heldAtMs = -Infinity;
  /** The final block of the step. */
  #final = 0n;

  constructor(params: MatchReconcilerParams) {
    this.#params = params;
    this.#pageSize = params.pageSize ?? 200;
  }

  /** Looks at the next blocks. */
  async step(): Promise<MatchReconciliation> {
    const final = await this.#finalBlock();
    if (final === undefined) return { compared: 0, differences: [], isDone: true };
    this.#final = final;
    this.#position ??=
      (await this.#readWatermark()) ?? BigInt(this.#params.deployment.startBlock) - 1n;
    // The indexer was set back.
    if (this.#position > final) this.#position = final;
    const { blocks, orders } = this.#takeHeld();
    const from = this.#position;
    const to = await this.#endOfPage(from, final);
    const found = { compared: 0, differences: [] as MatchDifference[] };
    if (to > from || blocks.length + orders.size > 0) {
      const range = { from, to, held: blocks, orders, final };
      const { compared, differences } = await this.#compare(range).catch((fault: unknown) => {
        for (const block of blocks) this.#heldBlocks.add(block);
        for (const [hash, block] of orders) this.#heldOrders.set(hash, block);
        throw fault;
      });
      found.compared = compared;
      found.differences.push(...differences);
      this.#position = to;
      await this.#storeWatermark();
      this.#report(final, differences);
    }
    return { ...found, isDone: to === final };
  }

  /** Everything from the first block on, for people: the venue may run. */
  async all(): Promise<MatchReconciliation> {
    this.#position = BigInt(this.#params.deployment.startBlock) - 1n;
    const differences: MatchDifference[] = [];
    let compared = 0;
    for (;;) {
      this.#heldAtMs = -Infinity;
      const step = await this.step();
      compared += step.compared;
      differences.push(...step.differences);
      if (step.isDone) return { compared, differences, isDone: this.#heldBlocks.size === 0 };
    }
  }

  // ------------------------------------------------------------------------------------------ where

  async #finalBlock(): Promise<bigint | undefined> {
    const row = await this.#params.store.db
      .selectFrom("cursor")
      .select("final_number")
      .where("name", "=", "chain")
      .executeTakeFirst();
    return row?.final_number;
  }

  async #readWatermark(): Promise<bigint | undefined> {
    const row = await this.#params.store.db
      .selectFrom("watermark")
      .select("position")
      .where("name", "=", WATERMARK)
      .executeTakeFirst();
    return row?.position;
  }

  /** Below everything that is held. */
  async #storeWatermark(): Promise<void> {
    let position = this.#position!;
    for (const block of [...this.#heldBlocks, ...this.#heldOrders.values()]) {
      if (block <= position) position = block - 1n;
    }
    await this.#params.store.db
      .insertInto("watermark")
      .values({ name: WATERMARK, position })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ position }))
      .execute();
  }

  /** The block up to which a page of events, or of confirmed matches, goes. */
  async #endOfPage(from: bigint, final: bigint): Promise<bigint> {
    const { rows } = await sql<{ events: bigint | null; matches: bigint | null }>`select
      (select block_number from chain_log where name = 'OrdersMatched' and block_number > ${from}
        and block_number <= ${final} order by block_number, log_index offset ${this.#pageSize} limit 1) as events,
      (select block_number from match where state = 'CONFIRMED' and block_number > ${from}
        and block_number <= ${final} order by block_number offset ${this.#pageSize} limit 1) as matches`.execute(
      this.#params.store.db,
    );
    const { events, matches } = rows[0]!;
    return [events, matches].reduce<bigint>(
      (least, block) => (block !== null && block < least ? block : least),
      final,
    );
  }

  /** What is held and due, taken off: what is still under way is held again. */
  #takeHeld(): {
    readonly blocks: readonly bigint[];
    readonly orders: ReadonlyMap<string, bigint>;
  } {
    const nowMs = this.#params.clock.monotonicMs();
    if (nowMs - this.#heldAtMs < HELD_EVERY_MS) return { blocks: [], orders: new Map() };
    this.#heldAtMs = nowMs;
    const blocks = [...this.#heldBlocks].slice(0, MAX_HELD_AT_ONCE);
    const orders = new Map([...this.#heldOrders].slice(0, MAX_HELD_AT_ONCE));
    for (const block of blocks) this.#heldBlocks.delete(block);
    for (const hash of orders.keys()) this.#heldOrders.delete(hash);
    return { blocks, orders };
  }

  /** Each order is held once, with the last block that names it: one that trades all the time holds back nothing else. */
  #holdOrder(hash: string, blockOf: ReadonlyMap<string, bigint>): void {
    this.#heldOrders.delete(hash);
    this.#heldOrders.set(hash, blockOf.get(hash)!);
  }

  // ------------------------------------------------------------------------------------------ comparing

  async #compare(range: {
    readonly from: bigint;
    readonly to: bigint;
    readonly held: readonly bigint[];
    readonly orders: ReadonlyMap<string, bigint>;
    readonly final: bigint;
  }): Promise<{ readonly compared: number; readonly differences: readonly MatchDifference[] }> {
    const { store } = this.#params;
    const settled = await readSettled(store.db, range);
    const differences: MatchDifference[] = [];
    /** Orders to be compared, by the block that they are held with. */
    const orders = new Map(range.orders);

    const eventsOf = groupBy(settled.events, (event) => `${event.txHash} ${event.name}`);
    const matchesOf = groupBy(settled.matches, settledName);
    for (const events of eventsOf.values()) {
      const { name, txHash, blockNumber, hashes } = events[0]!;
      for (const hash of hashes) orders.set(hash, blockNumber);
      const alike = matchesOf.get(name) ?? [];
      const known = alike.filter(
        ({ row }) => row.tx_hash === txHash && ["MINED", "CONFIRMED"].includes(row.state),
      );
      if (known.some(({ row }) => row.state === "MINED")) this.#heldBlocks.add(blockNumber);
      let missing = events.length - known.length;
      if (missing <= 0) continue;
      if (alike.some(({ isOut, row }) => isOut && row.state !== "MINED")) {
        // Its settler has not looked at the receipt yet.
        this.#heldBlocks.add(blockNumber);
        continue;
      }
      const free = alike
        .filter(({ row }) => ["MATCHED", "RETRYING", "FAILED"].includes(row.state))
        .sort((a, b) => Number(a.row.state === "FAILED") - Number(b.row.state === "FAILED"));
      for (const match of free) {
        if (missing === 0) break;
        const difference = await this.#confirm(match, txHash as Hex, blockNumber);
        if (difference === undefined) continue;
        missing -= 1;
        differences.push(difference);
        // A release that was under way may have come after it.
        this.#heldBlocks.add(blockNumber);
      }
    }

    for (const match of settled.matches) {
      const { row } = match;
      if (row.state !== "CONFIRMED" || row.tx_hash === null || row.block_number === null) continue;
      const isInRange = row.block_number > range.from && row.block_number <= range.to;
      if (!isInRange && !range.held.includes(row.block_number)) continue;
      for (const hash of match.hashes) orders.set(hash, row.block_number);
      const name = settledName(match);
      const alike = (matchesOf.get(name) ?? []).filter((one) => {
        return one.row.tx_hash === row.tx_hash && one.row.state === "CONFIRMED";
      });
      const events = eventsOf.get(`${row.tx_hash} ${name}`)?.length ?? 0;
      if (events >= alike.length || alike.indexOf(match) < events) continue;
      const difference = await this.#fail(match, range.final);
      if (difference !== undefined) differences.push(difference);
    }

    const hashes = [...orders.keys()];
    for (let at = 0; at < hashes.length; at += 200) {
      const some = hashes.slice(at, at + 200);
      differences.push(...(await this.#compareOrders(some, orders, range.final)));
    }
    return { compared: settled.events.length + hashes.length, differences };
  }

  async #compareOrders(
    hashes: readonly string[],
    blockOf: ReadonlyMap<string, bigint>,
    final: bigint,
  ): Promise<MatchDifference[]> {
    const differences: MatchDifference[] = [];
    for (const found of await readRemaining(this.#params.store, hashes, final)) {
      if (found.isBusy) {
        this.#holdOrder(found.hash, blockOf);
        continue;
      }
      const expected = found.left > found.waiting ? found.left - found.waiting : 0n;
      if (expected === found.remaining) continue;
      const difference = await this.#correct(found, expected);
      if (difference === undefined) this.#holdOrder(found.hash, blockOf);
      else differences.push(difference);
    }
    return differences;
  }

  // ------------------------------------------------------------------------------------------ repairing

  async #confirm(
    match: SettledMatch,
    txHash: Hex,
    blockNumber: bigint,
  ): Promise<MatchDifference | undefined> {
    const { state, reason } = match.row;
    return this.#changeMatch(
      match,
      { state: "CONFIRMED", tx_hash: txHash, block_number: blockNumber, reason: null },
      {
        ...{ kind: "match", subject: match.row.id, repaired: true },
        inTables: reason === null ? state : `${state} ${reason}`,
        onChain: `settled by ${txHash}`,
      },
    );
  }

  /** A match that is said to be settled, of which the chain has no event. */
  async #fail(match: SettledMatch, final: bigint): Promise<MatchDifference | undefined> {
    const { id, tx_hash } = match.row;
    // An indexer that lacks logs is not believed against the exchange; it is repaired by its own reconciliation.
    if (!(await this.#agrees(match.hashes, final))) return undefined;
    return this.#changeMatch(
      match,
      { state: "FAILED", tx_hash, block_number: null, reason: "NOT_ON_CHAIN" },
      {
        ...{ kind: "match", subject: id, inTables: `CONFIRMED by ${tx_hash}` },
        ...{ onChain: "not settled", repaired: true },
      },
    );
  }

  /** Changes a match, if it is still as it was read, under the engine's right to write. */
  async #changeMatch(
    { row, isOut }: SettledMatch,
    patch: {
      readonly state: MatchState;
      readonly tx_hash: string | null;
      readonly block_number: bigint | null;
      readonly reason: string | null;
    },
    difference: MatchDifference,
  ): Promise<MatchDifference | undefined> {
    if (isOut) return undefined;
    const { store, lease, clock } = this.#params;
    const nowMs = clock.nowMs();
    const events: VenueEvent[] = [];
    const isChanged = await store.transaction(async (trx) => {
      await requireLease(trx, lease);
      let query = trx
        .updateTable("match")
        .set({ ...patch, guilty_hash: null, updated_at_ms: BigInt(nowMs) })
        .where("id", "=", row.id)
        .where("state", "=", row.state);
      query =
        row.settlement_id === null
          ? query.where("settlement_id", "is", null)
          : query.where("settlement_id", "=", row.settlement_id);
      const changed = await query.returningAll().executeTakeFirst();
      if (changed === undefined) return false;
      const [match] = await readMatches(trx, [changed]);
      const event = matchEvent(match!, changed, nowMs);
      const accounts = new Set([event.taker, ...event.makers.map(({ maker }) => maker)]);
      const topics = [...accounts].map((account) => `user:${account.toLowerCase()}`);
      await storeOutbox(trx, [`market:${event.conditionId}`, ...topics], event);
      events.push(event);
      await this.#record(trx, difference, nowMs);
      return true;
    });
    for (const event of events) this.#params.bus.publish(event);
    return isChanged ? difference : undefined;
  }

  async #correct(found: Remaining, expected: bigint): Promise<MatchDifference | undefined> {
    const { engine, store, lease, clock } = this.#params;
    const { hash, remaining, state, conditionId } = found;
    const difference: MatchDifference = {
      ...{ kind: "remaining", subject: hash, inTables: `${state} ${remaining}` },
      ...{ onChain: expected.toString(), repaired: true },
    };
    const nowMs = clock.nowMs();
    if (engine.record(hash) !== undefined || engine.arrivingOrder(hash) !== undefined) {
      const correction = { op: "correct", hash, from: remaining, to: expected } as const;
      const { done } = await engine.command(conditionId, correction);
      if (!done) return undefined;
      await store.transaction(async (trx) => {
        await requireLease(trx, lease);
        await this.#record(trx, difference, nowMs);
      });
      return difference;
    }
    // An order that is over is the database's alone; nobody but the engine's process writes it.
    const isFilled = expected === 0n && state === "INVALIDATED";
    const change = isFilled ? ({ state: "FILLED", reason: null } as const) : {};
    const events: OrderEvent[] = [];
    const isChanged = await store.transaction(async (trx) => {
      await requireLease(trx, lease);
      const row = await trx
        .updateTable("orders")
        .set({ ...change, remaining: expected.toString(), updated_at_ms: BigInt(nowMs) })
        .where("hash", "=", hash)
        .where("state", "=", state)
        .where("remaining", "=", remaining.toString())
        .returning(["maker", "state", "reason"])
        .executeTakeFirst();
      if (row === undefined) return false;
      const maker = row.maker as Address;
      const event: OrderEvent = {
        ...{ type: "order", conditionId, hash, maker, state: row.state, reason: row.reason },
        // The engine has no such order any more, so no book does.
        ...{ remaining: expected.toString(), rests: false, rested: false, atMs: nowMs },
      };
      await storeOutbox(trx, [`user:${maker}`], event);
      events.push(event);
      await this.#record(trx, difference, nowMs);
      return true;
    });
    for (const event of events) this.#params.bus.publish(event);
    return isChanged ? difference : undefined;
  }

  async #record(
    trx: Transaction<Database>,
    { kind, subject, inTables, onChain, repaired }: MatchDifference,
    nowMs: number,
  ): Promise<void> {
    await trx
      .insertInto("discrepancy")
      .values({
        ...{ kind, subject, block_number: this.#final, repaired },
        ...{ in_tables: inTables, on_chain: onChain, detected_at_ms: BigInt(nowMs) },
      })
      .execute();
  }

  /** True when the exchange has left of these orders, at the final block, what the indexer's tables say. */
  async #agrees(hashes: readonly string[], final: bigint): Promise<boolean> {
    const { rpc, deployment, store } = this.#params;
    const { ctfExchange } = interfaces;
    const data = ctfExchange.encodeFunctionData("getOrderStatuses", [hashes]);
    const call = { to: deployment.contracts.ctfExchange, data };
    const answer = (await rpc.send("eth_call", [call, `0x${final.toString(16)}`])) as string;
    const [statuses] = ctfExchange.decodeFunctionResult("getOrderStatuses", answer) as unknown as [
      { readonly isFilledOrCancelled: boolean; readonly remaining: bigint }[],
    ];
    const tables = new Map(
      (await readRemaining(store, hashes, final)).map((found) => [found.hash as string, found]),
    );
    return hashes.every((hash, at) => {
      const { isFilledOrCancelled, remaining } = statuses[at]!;
      const found = tables.get(hash);
      if (found === undefined) return false;
      // The exchange remembers nothing of an order it has never seen.
      const isUnseen = !isFilledOrCancelled && remaining === 0n;
      return found.left === (isUnseen ? found.makerAmount : remaining);
    });
  }

  #report(final: bigint, differences: readonly MatchDifference[]): void {
    if (differences.length === 0) return;
    const { alarm, log } = this.#params;
    const data = {
      ...{ subject: "matches", blockNumber: final.toString(), count: differences.length },
      differences: differences.slice(0, NAMED),
    };
    log.error(data, "matches or orders differed from the chain; they are repaired");
    alarm({ type: "state_discrepancy", severity: "HIGH", isChange: true, data });
  }
}

/** What is left of an order, by the chain and by the venue. */
interface Remaining {
  readonly hash: Hex;
  readonly conditionId: Hex;
  readonly state: OrderState;
  readonly makerAmount: bigint;
  readonly remaining: bigint;
  /** What the exchange left of it. */
  readonly left: bigint;
  /** What matches that wait will take of it. */
  readonly waiting: bigint;
  /** A transaction of it is out, or in a block that is not final: the figures do not belong together yet. */
  readonly isBusy: boolean;
}

/** By one statement, so that all figures are of one moment. Orders that were cancelled on chain are left out. */
async function readRemaining(
  { db }: Store,
  hashes: readonly string[],
  final: bigint,
): Promise<Remaining[]> {
  const { rows } = await sql<{
    hash: Hex;
    condition_id: Hex;
    state: OrderState;
    maker_amount: string;
    remaining: string;
    left: string;
    waiting: string;
    is_busy: boolean;
  }>`
    with wanted as (select unnest(${`{${hashes.join()}}`}::text[]) as hash),
      part as (
        select wanted.hash, match.consumed as takes, match.state, match.settlement_id, match.block_number
          from wanted join match on match.taker_hash = wanted.hash where match.state <> 'FAILED'
        union all
        select wanted.hash, match_maker.making, match.state, match.settlement_id, match.block_number
          from wanted join match_maker on match_maker.order_hash = wanted.hash
          join match on match.id = match_maker.match_id where match.state <> 'FAILED'),
      parts as (
        select part.hash,
          coalesce(sum(part.takes) filter (where part.state in ('MATCHED', 'RETRYING')), 0) as waiting,
          bool_or(part.state = 'MINED' or coalesce(part.block_number > ${final}, false)
            or (part.state in ('MATCHED', 'RETRYING') and coalesce(settlement.state in ('SENT', 'MINED'), false))) as is_busy
        from part left join settlement on settlement.id = part.settlement_id group by part.hash)
    select orders.hash, orders.condition_id, orders.state, orders.maker_amount::text, orders.remaining::text,
      coalesce(order_on_chain.remaining, orders.maker_amount)::text as left,
      coalesce(parts.waiting, 0)::text as waiting,
      coalesce(parts.is_busy, false) or exists (select 1 from fill
        where fill.order_hash = orders.hash and fill.block_number > ${final}) as is_busy
    from wanted join orders on orders.hash = wanted.hash
      left join order_on_chain on order_on_chain.order_hash = orders.hash
      left join parts on parts.hash = orders.hash
    where not coalesce(order_on_chain.cancelled, false)`.execute(db);
  return rows.map((row) => ({
    ...{ hash: row.hash, conditionId: row.condition_id, state: row.state },
    ...{ makerAmount: BigInt(row.maker_amount), remaining: BigInt(row.remaining) },
    ...{ left: BigInt(row.left), waiting: BigInt(row.waiting), isBusy: row.is_busy },
  }));
}

async function storeOutbox(
  trx: Transaction<Database>,
  topics: readonly string[],
  event: VenueEvent & { readonly atMs: number },
): Promise<void> {
  const row = { type: event.type, payload: JSON.stringify(event), at_ms: BigInt(event.atMs) };
  await trx
    .insertInto("outbox")
    .values(topics.map((topic) => ({ topic, ...row })))
    .execute();
}

function groupBy<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
