import { setTimeout as pause } from "node:timers/promises";
import type { Deployment } from "@nostra/sdk/deployments";
import type { Alarm, Alert } from "../alerts";
import type { Bus, VenueEvent } from "../bus";
import type { Clock } from "../clock";
import { FencedError, InUseError } from "../errors";
import type { Log } from "../log";
import type { Finality, Rpc } from "../rpc";
import { acquireLease, LEASE_MS, releaseLease, renewLease, type Lease, type Store } from "../store";
import { compareWithChain } from "./compareWithChain";
import { readHead, readHeader, readHeaderByHash, type ChainLog, type Header } from "./chain";
import { findCursor, storedHash, type Cursor } from "./cursor";
import {
  FinalUndoneError,
  NodeInconsistentError,
  NodesDisagreeError,
  RewindRefusedError,
} from "./errors";
import { advanceFinality } from "./finality";
import { fundsOf } from "./notices";
import { placesOf, type Places } from "./places";
import { readBlock, type BlockLogs } from "./readBlock";
import { readRange } from "./readRange";
import { rebuild } from "./rebuild";
import { findWrongLogs, reconcile, type Reconciliation } from "./reconcile";
import { rewindByRebuild } from "./rewind";
import { toJson } from "./Tables";
import { takeInBlock, takeInRange, type Writing } from "./takeIn";
import { undoBlock } from "./undoBlock";

export interface IndexerOptions {
  readonly store: Store;
  readonly rpc: Rpc;
  /** Another node, of another house if possible: both must agree about what is final. */
  readonly secondRpc?: Rpc;
  readonly deployment: Deployment;
  readonly finality: Finality;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** Who this is, for people: host and process. */
  readonly holder: string;
  /** Accounts of the venue: what they finalize is told as automatic. */
  readonly ownAccounts?: readonly string[];
  /** How far the final block usually lies behind the head. How to undo is kept for twice as much below it. Default 128. */
  readonly undoDepth?: bigint;
  /** So many final blocks or more are taken in by ranges, and only what they end in is told. Default 32. */
  readonly backfillFrom?: bigint;
  /** Most final blocks asked for at once. Default 2,000. */
  readonly rangeSize?: bigint;
  /** Between two polls. Default 1,000. */
  readonly pollMs?: number;
}

/** Where the indexer stands: see the class. */
export type IndexerState = "IDLE" | "STANDBY" | "RUNNING" | "PAUSED" | "HALTED" | "FENCED";

export interface IndexerStatus {
  readonly state: IndexerState;
  /** What keeps it from going on. */
  readonly reason: string | null;
  /** The node's head when it was last asked. */
  readonly chainHead: bigint | null;
  readonly head: bigint | null;
  readonly final: bigint | null;
  readonly generation: bigint | null;
  /** The last reorg that was followed: the highest block that stayed, and how many went. */
  readonly lastReorg: { readonly ancestor: bigint; readonly depth: bigint } | null;
}

/** A chain that changes more often than this within one poll is not one chain. */
const REORGS_PER_POLL = 8;
/** How often a block that contradicts itself is asked for again, before the poll is given up. */
const ATTEMPTS = 3;
const MOST_BACKOFF_MS = 30_000;

/**
 * Follows the chain into the database, and is the only one that writes what has settled.
 *
 * | state   | means                                                             | goes to                            |
 * | ------- | ----------------------------------------------------------------- | ---------------------------------- |
 * | IDLE    | not started, or stopped                                           | any                                |
 * | STANDBY | another process writes; this one tries again with every poll      | RUNNING when that one falls silent |
 * | RUNNING | the last poll went well                                           | any                                |
 * | PAUSED  | the last poll failed, or two nodes disagree; nothing was written  | RUNNING when a poll goes well      |
 * | HALTED  | the chain undid what was final; nothing is read or written        | RUNNING after `rewind`             |
 * | FENCED  | another process took over; this one never writes again            | -                                  |
 *
 * Always true of the tables: they are the result of the logs of one chain of blocks, each the child of the one before, up to the
 * cursor; and every block above `final_number` can be undone. So dying between any two statements loses nothing and repeats nothing.
 *
 * A poll asks for the head and for what is final. Up to there, blocks are taken in by ranges; above it one by one, each by its
 * hash. A block whose parent is not the cursor means that blocks were undone: the parents of the new block are followed by hash,
 * never by height, so that a node that swaps between two forks cannot lead to a mixture, down to a block that is here; what
 * lies above it is undone, newest first. What is final is never undone by itself. Finality only grows, and may stand still. A head
 * below the cursor is an old answer, and ignored.
 *
 * Told on the bus, after the commit: what each block changed, and then the block, so that who hears of a block has heard all of it.
 * An undone block is told first, and then how what it changed stands. The head is told again when finality moves.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #places: Places;
  readonly #own: ReadonlySet<string>;
  readonly #undoDepth: bigint;
  readonly #rangeSize: bigint;
  readonly #backfillFrom: bigint;
  /** Collateral logs of blocks that may be undone: not stored, for they concern only who listens now. */
  readonly #collateral = new Map<string, readonly ChainLog[]>();
  /** Alerts that still stand, and those of the poll at hand. */
  #raised = new Set<string>();
  #raisedNow = new Set<string>();
  #state: IndexerState = "IDLE";
  #reason: string | null = null;
  #chainHead: bigint | null = null;
  #lastReorg: IndexerStatus["lastReorg"] = null;
  #lease: Lease | undefined;
  #renewedAtMs = 0;
  #stuck: FinalUndoneError | FencedError | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> | undefined;
  #stopping = new AbortController();

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#places = placesOf(options.deployment);
    this.#own = new Set((options.ownAccounts ?? []).map((account) => account.toLowerCase()));
    this.#undoDepth = options.undoDepth ?? 128n;
    this.#rangeSize = options.rangeSize ?? 2_000n;
    this.#backfillFrom = options.backfillFrom ?? 32n;
  }

  // -------------------------------------------------------------------------------------- life

  /** Polls from now on, until `stop`. A poll that fails is repeated, later and later. */
  start(): void {
    if (this.#loop !== undefined) return;
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** Ends after the block at hand, and lets the next process write at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
    this.#stopping = new AbortController();
    await this.#alone(async () => {
      if (this.#lease !== undefined) await releaseLease(this.#options.store.db, this.#lease);
      this.#lease = undefined;
    });
    if (this.#state !== "FENCED" && this.#state !== "HALTED") this.#become("IDLE");
  }

  /** One poll: brings the tables up to the node's head. @throws whatever kept it from that; the tables are whole nevertheless. */
  step(): Promise<void> {
    return this.#alone(async () => {
      this.#raisedNow = new Set();
      try {
        const isWriter = await this.#poll();
        this.#become(isWriter ? "RUNNING" : "STANDBY");
        if (isWriter) this.#raised = this.#raisedNow;
      } catch (fault) {
        this.#fail(fault);
        throw fault;
      }
    });
  }

  async status(): Promise<IndexerStatus> {
    const cursor = await findCursor(this.#options.store.db);
    return {
      ...{ state: this.#state, reason: this.#reason, chainHead: this.#chainHead },
      head: cursor?.head_number ?? null,
      final: cursor?.final_number ?? null,
      generation: cursor?.generation ?? null,
      lastReorg: this.#lastReorg,
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { pollMs = 1_000, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.step();
        failures = 0;
      } catch (fault) {
        failures += 1;
        log.warn({ fault, failures }, "indexer: a poll failed");
        if (fault instanceof FencedError) return;
      }
      const waitMs = Math.min(pollMs * 2 ** failures, Math.max(pollMs, MOST_BACKOFF_MS));
      await pause(waitMs, undefined, { signal, ref: true }).catch(() => undefined);
    }
  }

  #become(state: IndexerState, reason: string | null = null): void {
    if (state !== this.#state) this.#options.log.info({ state, reason }, "indexer");
    [this.#state, this.#reason] = [state, reason];
  }

  #fail(fault: unknown): void {
    const reason = fault instanceof Error ? fault.message : String(fault);
    if (fault instanceof FencedError) {
      this.#stuck = fault;
      this.#lease = undefined;
      this.#become("FENCED", reason);
      this.#raise({ type: "indexer_fenced", severity: "HIGH", data: { reason } });
      return;
    }
    if (fault instanceof FinalUndoneError) {
      this.#stuck = fault;
      this.#become("HALTED", reason);
      this.#raise({ type: "final_undone", severity: "CRITICAL", data: { ...fault.details } });
      return;
    }
    this.#become("PAUSED", reason);
    if (fault instanceof NodesDisagreeError) {
      this.#raise({ type: "nodes_disagree", severity: "CRITICAL", data: { ...fault.details } });
    } else if (fault instanceof NodeInconsistentError) {
      this.#raise({ type: "node_inconsistent", severity: "HIGH", data: { ...fault.details } });
    } else {
      this.#raise({ type: "indexer_error", severity: "MEDIUM", data: { reason } });
    }
  }

  /** Once, until a poll goes well without it. */
  #raise(alert: Alert): void {
    this.#raisedNow.add(alert.type);
    if (this.#raised.has(alert.type)) return;
    this.#raised.add(alert.type);
    // An alert is JSON in the end.
    const data = JSON.parse(toJson(alert.data)) as Alert["data"];
    this.#options.alarm({ ...alert, isChange: true, data });
  }

  /** One thing at a time: a poll, or what people ask for. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work, work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  // -------------------------------------------------------------------------------------- polling

  /** @returns false when another process is the writer. */
  async #poll(): Promise<boolean> {
    if (this.#stuck !== undefined) throw this.#stuck;
    const { rpc } = this.#options;
    let writing: Writing;
    try {
      writing = await this.#asWriter();
    } catch (refusal) {
      if (refusal instanceof InUseError) return false;
      throw refusal;
    }
    const head = await readHead(rpc);
    this.#chainHead = head;
    let cursor = await this.#firstCursor(head);
    if (cursor === undefined || head < cursor.head_number) return true;
    const final = await this.#finalOf(head, cursor);

    let reorgs = 0;
    for (; !this.#stopping.signal.aborted; cursor = await this.#cursor()) {
      writing = await this.#asWriter();
      const found = await this.#takeInNext(writing, cursor, { head, final });
      if (found === "done") break;
      if (found === "taken") continue;
      reorgs += 1;
      if (reorgs > REORGS_PER_POLL) {
        throw new NodeInconsistentError("it keeps changing its mind", found.number);
      }
      await this.#follow(writing, cursor, found);
    }
    await this.#settle(writing, final);
    return true;
  }

  /** Takes the next piece in; or finds that there is none; or that it does not follow what is here, and gives its header. */
  async #takeInNext(
    writing: Writing,
    cursor: Cursor,
    { head, final }: { readonly head: bigint; readonly final: bigint },
  ): Promise<"taken" | "done" | Header> {
    const { rpc } = this.#options;
    const next = cursor.head_number + 1n;
    if (next > head) {
      // Nothing is new. Is what is here still there?
      const same = next > 0n ? await readHeader(rpc, cursor.head_number) : undefined;
      return same === undefined || same.hash === cursor.head_hash ? "done" : same;
    }
    // A few blocks that are final already are told of in full, like any others.
    if (final - next >= this.#backfillFrom) {
      const [from, to, size] = [next, final, this.#rangeSize];
      const range = await readRange(rpc, { from, to, size, places: this.#places });
      if (range.first.parentHash !== cursor.head_hash) return range.first;
      this.#publish(await takeInRange(writing, range));
      return "taken";
    }
    const header = await readHeader(rpc, next);
    if (header === undefined) return "done";
    if (header.parentHash !== cursor.head_hash) return header;
    const logs = await this.#readBlock(header);
    const notices = await takeInBlock(writing, header, logs);
    if (notices !== undefined) {
      this.#collateral.set(header.hash, logs.collateral);
      const funds = fundsOf([], logs.collateral, this.#places);
      this.#publish([...funds, ...notices]);
    }
    return "taken";
  }

  async #readBlock(header: Header): Promise<BlockLogs> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await readBlock(this.#options.rpc, header, this.#places);
      } catch (fault) {
        if (!(fault instanceof NodeInconsistentError) || attempt === ATTEMPTS) throw fault;
      }
    }
  }

  /** Up to where blocks are final, as far as the nodes agree. Never less than before. */
  async #finalOf(head: bigint, cursor: Cursor): Promise<bigint> {
    const { rpc, secondRpc, finality } = this.#options;
    const said = await finality(rpc, head);
    let final = said < head ? said : head;
    if (final <= cursor.final_number) return cursor.final_number;
    if (secondRpc === undefined) return final;
    let second: Header | undefined;
    try {
      const secondHead = await readHead(secondRpc);
      if (secondHead < final) final = secondHead;
      if (final <= cursor.final_number) return cursor.final_number;
      second = await readHeader(secondRpc, final);
    } catch (fault) {
      // Blocks can be followed without it, but none becomes final; and what is far behind is not followed block by block.
      if (head - cursor.head_number > this.#rangeSize) throw fault;
      const data = { reason: fault instanceof Error ? fault.message : String(fault) };
      this.#raise({ type: "second_node_down", severity: "HIGH", data });
      return cursor.final_number;
    }
    const first = await readHeader(rpc, final);
    if (first?.hash !== second?.hash) {
      throw new NodesDisagreeError(final, first?.hash ?? "none", second?.hash ?? "none");
    }
    return final;
  }

  /** Marks as final what the node still has as it is here. */
  async #settle(writing: Writing, final: bigint): Promise<void> {
    const cursor = await this.#cursor();
    const upTo = final < cursor.head_number ? final : cursor.head_number;
    if (upTo <= cursor.final_number) return;
    const header = await readHeader(this.#options.rpc, upTo);
    if (header === undefined) return;
    const { hash } = header;
    const undoDepth = this.#undoDepth;
    const notice = await advanceFinality(writing, { final: upTo, hash, undoDepth });
    if (notice === undefined) return;
    const open = await this.#options.store.db
      .selectFrom("chain_block")
      .select("hash")
      .where("is_final", "=", false)
      .execute();
    const keep = new Set(open.map((block) => block.hash));
    for (const held of this.#collateral.keys()) if (!keep.has(held)) this.#collateral.delete(held);
    this.#publish([notice]);
  }

  // -------------------------------------------------------------------------------------- reorgs

  /** Undoes what the chain undid: all above the highest block that `header`'s forebears and the tables share. */
  async #follow(writing: Writing, cursor: Cursor, header: Header): Promise<void> {
    const { rpc, store, log } = this.#options;
    let number = cursor.head_number;
    let hash = header.number === number ? header.hash : header.parentHash;
    while ((await storedHash(store.db, cursor, number)) !== hash) {
      if (number <= cursor.final_number) throw await this.#finalUndone(cursor);
      const parent = await readHeaderByHash(rpc, hash);
      if (parent?.number !== number) {
        throw new NodeInconsistentError("it does not know the parents of its own block", number);
      }
      hash = parent.parentHash;
      number -= 1n;
    }
    const depth = cursor.head_number - number;
    this.#lastReorg = { ancestor: number, depth };
    log.warn({ ancestor: number.toString(), depth: depth.toString() }, "indexer: reorg");
    await this.#undoTo(writing, number);
  }

  async #undoTo(writing: Writing, number: bigint): Promise<void> {
    for (let at = await this.#cursor(); at.head_number > number; at = await this.#cursor()) {
      const notices = await undoBlock(writing, at);
      if (notices === undefined) continue;
      const collateral = this.#collateral.get(at.head_hash) ?? [];
      this.#collateral.delete(at.head_hash);
      this.#publish([...notices, ...fundsOf([], collateral, this.#places)]);
    }
  }

  async #finalUndone(cursor: Cursor): Promise<FinalUndoneError> {
    const { store, rpc } = this.#options;
    const kept = await store.db
      .selectFrom("chain_block")
      .select(["number", "hash"])
      .where("number", "<", cursor.final_number)
      .orderBy("number", "desc")
      .execute();
    let agreed: bigint | null = null;
    for (const { number, hash } of kept) {
      if ((await readHeader(rpc, number))?.hash !== hash) continue;
      agreed = number;
      break;
    }
    const stored = await storedHash(store.db, cursor, cursor.final_number);
    return new FinalUndoneError(cursor.final_number, stored ?? "unknown", agreed);
  }

  // -------------------------------------------------------------------------------------- what people ask for

  /**
   * Forgets every block above this one, final or not, so that the next poll takes them in anew. For people, after the chain undid
   * what was final, or to read blocks again.
   * @throws RewindRefusedError when the chain has another block there: go further back.
   */
  rewind(toBlock: bigint): Promise<void> {
    return this.#alone(async () => {
      if (this.#stuck instanceof FencedError) throw this.#stuck;
      const { rpc, store, deployment } = this.#options;
      const writing = await this.#asWriter();
      const start = BigInt(deployment.startBlock);
      const cursor = await findCursor(store.db);
      if (cursor === undefined || toBlock >= cursor.head_number) return;
      const number = toBlock < start - 1n ? start - 1n : toBlock;
      const header = number < 0n ? undefined : await readHeader(rpc, number);
      const hash = header?.hash ?? (await readHeader(rpc, start))?.parentHash;
      const stored = await storedHash(store.db, cursor, number);
      if (hash === undefined || (stored !== undefined && stored !== hash)) {
        throw new RewindRefusedError(number, stored ?? "unknown", hash ?? null);
      }
      const newest = await store.db
        .selectFrom("chain_log")
        .select(["block_number", "block_hash"])
        .where("block_number", "<=", number)
        .orderBy("block_number", "desc")
        .limit(1)
        .executeTakeFirst();
      if (newest !== undefined) {
        const onChain = await readHeader(rpc, newest.block_number);
        if (onChain?.hash !== newest.block_hash) {
          const { block_number, block_hash } = newest;
          throw new RewindRefusedError(block_number, block_hash, onChain?.hash ?? null);
        }
      }
      const lowest = await store.db
        .selectFrom("chain_block")
        .select((eb) => eb.fn.min("number").as("number"))
        .executeTakeFirst();
      if (typeof lowest?.number === "bigint" && number >= lowest.number)
        await this.#undoTo(writing, number);
      else this.#publish(await rewindByRebuild(writing, { number, hash, header }));
      this.#stuck = undefined;
      this.#raised.clear();
      this.#options.log.warn({ block: number.toString() }, "indexer: rewound");
    });
  }

  /** Makes the projections anew from the stored logs. */
  rebuild(): Promise<void> {
    return this.#alone(async () => {
      const { store } = this.#options;
      await rebuild({ store, lease: (await this.#asWriter()).lease, places: this.#places });
    });
  }

  /**
   * Holds the tables against the contracts at the final block, and repairs what differs: see `reconcile.ts`. Blocks are taken in
   * meanwhile. Undefined when there is nothing final to compare with, or it went out of reach: try again.
   */
  async reconcile(): Promise<Reconciliation | undefined> {
    const { store, rpc, deployment, clock, alarm } = this.#options;
    const { lease } = await this.#alone(() => this.#asWriter());
    const [from, size] = [BigInt(deployment.startBlock), this.#rangeSize];
    return reconcile({
      ...{ store, lease, alarm, nowMs: BigInt(clock.nowMs()) },
      compare: () => compareWithChain({ store, rpc, deployment }),
      rebuild: () => this.rebuild(),
      findWrongLogs: (to) =>
        findWrongLogs({ store, rpc, places: this.#places }, { from, to, size }),
      readAgain: async (block) => {
        await this.rewind(block - 1n);
        await this.step();
      },
    });
  }

  // -------------------------------------------------------------------------------------- helpers

  /** The right to write, kept alive. @throws InUseError, FencedError */
  async #asWriter(): Promise<Writing> {
    const { store, clock, holder, log } = this.#options;
    const monotonicMs = clock.monotonicMs();
    if (this.#lease === undefined) {
      this.#lease = await acquireLease(store.db, "indexer", holder);
      this.#renewedAtMs = monotonicMs;
    } else if (monotonicMs - this.#renewedAtMs > Number(LEASE_MS) / 3) {
      await renewLease(store.db, this.#lease);
      this.#renewedAtMs = monotonicMs;
    }
    const [lease, places, own] = [this.#lease, this.#places, this.#own];
    return { store, lease, places, own, log, nowMs: () => clock.nowMs() };
  }

  async #cursor(): Promise<Cursor> {
    return (await findCursor(this.#options.store.db))!;
  }

  /** The cursor; before the first block it stands on the parent of the deployment's. */
  async #firstCursor(head: bigint): Promise<Cursor | undefined> {
    const { store, rpc, deployment } = this.#options;
    const found = await findCursor(store.db);
    const start = BigInt(deployment.startBlock);
    if (found !== undefined || head < start) return found;
    const first = await readHeader(rpc, start);
    if (first === undefined) return undefined;
    await store.db
      .insertInto("cursor")
      .values({
        ...{ name: "chain", head_number: start - 1n, head_hash: first.parentHash },
        ...{ final_number: start - 1n, generation: 0n },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return this.#cursor();
  }

  #publish(events: readonly VenueEvent[] | undefined): void {
    for (const event of events ?? []) this.#options.bus.publish(event);
  }
}
