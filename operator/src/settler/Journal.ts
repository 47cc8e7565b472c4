import { sql, type Insertable, type Transaction, type Updateable } from "kysely";
import type { Bus, MatchEvent } from "../bus";
import type { Clock } from "../clock";
import { requireLease, type Database, type Lease, type MatchTable, type Store } from "../store";
import type { OutboxTable } from "../store/schema";
import type { Receipt } from "./chain";
import { chargesOf } from "./chargesOf";
import type { Charge } from "./GasBudget";
import { matchEvent, readMatches } from "./readMatches";
import { isFruitless } from "./readOutcomes";
import type {
  Attempt,
  GiveUp,
  Hex,
  OpenNonce,
  OpenSettlement,
  Outcome,
  StoredMatch,
} from "./types";

export interface Lane {
  readonly nextNonce: bigint;
  readonly state: "RUNNING" | "STOPPED";
  readonly reason: string | null;
}

/** What a new settlement is, but for its nonce and its first attempt. */
export interface NewSettlement {
  readonly purpose: "match" | "void";
  readonly calldata: Hex;
  readonly gasLimit: bigint;
  readonly matches: readonly StoredMatch[];
  /** Absent: the lane's next one. A gap below that is filled with the nonce that is missing. */
  readonly nonce?: bigint;
}

/** Signs for a nonce. Called within the transaction that takes it. */
export type SignFor = (nonce: bigint) => Promise<Attempt>;

const UNSETTLED = ["MATCHED", "RETRYING"] as const;

/**
 * What a lane remembers. Each method that writes is one transaction of the lane's writer: it checks the lease, changes a state,
 * and tells the outbox of it; the bus hears of it after the commit. Any of them may fail and be called again.
 */
export class Journal {
  readonly #store: Store;
  readonly #lane: string;
  readonly #lease: Lease;
  readonly #bus: Bus;
  readonly #clock: Clock;

  constructor(params: {
    readonly store: Store;
    readonly lane: string;
    readonly lease: Lease;
    readonly bus: Bus;
    readonly clock: Clock;
  }) {
    this.#store = params.store;
    this.#lane = params.lane;
    this.#lease = params.lease;
    this.#bus = params.bus;
    this.#clock = params.clock;
  }

  // ---------------------------------------------------------------------------------------------- the lane

  /** The lane's row, made on first sight. */
  async openLane(chainNonce: bigint): Promise<Lane> {
    await this.#write(async (trx) => {
      const row = { address: this.#lane, next_nonce: chainNonce, state: "RUNNING", reason: null };
      await trx
        .insertInto("lane")
        .values({ ...row, state: "RUNNING" })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
    return this.lane();
  }

  async lane(): Promise<Lane> {
    const row = await this.#store.db
      .selectFrom("lane")
      .selectAll()
      .where("address", "=", this.#lane)
      .executeTakeFirstOrThrow();
    return { nextNonce: row.next_nonce, state: row.state, reason: row.reason };
  }

  async stopLane(reason: string): Promise<void> {
    await this.#write(async (trx) => {
      await trx
        .updateTable("lane")
        .set({ state: "STOPPED", reason })
        .where("address", "=", this.#lane)
        .execute();
    });
  }

  /** People have looked: the lane goes on at the chain's nonce, and these matches are known to be in final blocks. */
  async resumeLane(nextNonce: bigint, found: readonly FoundMatch[]): Promise<void> {
    await this.#write(async (trx, events) => {
      for (const { match, hash, blockNumber } of found) {
        await this.#change(trx, events, [match], {
          ...{ state: "CONFIRMED", tx_hash: hash, block_number: blockNumber },
          ...{ reason: null, guilty_hash: null },
        });
      }
      await trx
        .updateTable("lane")
        .set({ next_nonce: nextNonce, state: "RUNNING", reason: null })
        .where("address", "=", this.#lane)
        .execute();
    });
  }

  // ---------------------------------------------------------------------------------------------- reading

  /** Settlements whose nonce is not spent for good, lowest nonce first: without what they carry, which is much. */
  async openNonces(): Promise<OpenNonce[]> {
    const rows = await this.#store.db
      .selectFrom("settlement")
      .select(["id", "state", "block_number", "block_hash", "created_at_ms"])
      .where("lane", "=", this.#lane)
      .where("state", "in", ["SENT", "MINED"])
      .orderBy("nonce")
      .execute();
    return rows.map((row) => ({
      ...{ id: row.id, state: row.state, createdAtMs: row.created_at_ms },
      ...{ blockNumber: row.block_number, blockHash: row.block_hash as Hex | null },
    }));
  }

  /** One of `openNonces` with its attempts and its matches; undefined when it is open no more. */
  async openSettlement(id: bigint): Promise<OpenSettlement | undefined> {
    const [found] = await this.#readSettlements([id]);
    return found;
  }

  /** MINED settlements of which a match was failed by an order. */
  async minedWithGuilty(): Promise<OpenSettlement[]> {
    const rows = await this.#store.db
      .selectFrom("settlement")
      .select("id")
      .where("lane", "=", this.#lane)
      .where("state", "=", "MINED")
      .where((where) =>
        where.exists(
          where
            .selectFrom("match")
            .select("match.id")
            .whereRef("match.settlement_id", "=", "settlement.id")
            .where("match.guilty_hash", "is not", null),
        ),
      )
      .orderBy("nonce")
      .execute();
    return this.#readSettlements(rows.map(({ id }) => id));
  }

  async #readSettlements(ids: readonly bigint[]): Promise<OpenSettlement[]> {
    if (ids.length === 0) return [];
    const rows = await this.#store.db
      .selectFrom("settlement")
      .selectAll()
      .where("id", "in", ids)
      .where("state", "in", ["SENT", "MINED"])
      .orderBy("nonce")
      .execute();
    const open: OpenSettlement[] = [];
    for (const row of rows) {
      const attempts = await this.#store.db
        .selectFrom("tx_attempt")
        .selectAll()
        .where("settlement_id", "=", row.id)
        .orderBy("max_fee_per_gas")
        .orderBy("signed_at_ms")
        .execute();
      const matches = await this.#store.db
        .selectFrom("match")
        .selectAll()
        .where("settlement_id", "=", row.id)
        .orderBy("place")
        .orderBy("number")
        .execute();
      open.push({
        ...{ id: row.id, nonce: row.nonce, purpose: row.purpose, state: row.state },
        ...{ calldata: row.calldata as Hex, gasLimit: row.gas_limit, gasUsed: row.gas_used },
        ...{ blockNumber: row.block_number, blockHash: row.block_hash as Hex | null },
        createdAtMs: row.created_at_ms,
        attempts: attempts.map((attempt) => ({
          ...{ hash: attempt.hash as Hex, raw: attempt.raw as Hex },
          signedAtBlock: attempt.signed_at_block,
          fees: {
            maxFeePerGas: BigInt(attempt.max_fee_per_gas),
            maxPriorityFeePerGas: BigInt(attempt.max_priority_fee_per_gas),
          },
        })),
        matches: await readMatches(this.#store.db, matches),
      });
    }
    return open;
  }

  /** True when this nonce of the lane has been given to a settlement, whatever came of it. */
  async hasNonce(nonce: bigint): Promise<boolean> {
    const row = await this.#store.db
      .selectFrom("settlement")
      .select("id")
      .where("lane", "=", this.#lane)
      .where("nonce", "=", nonce)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The highest block that holds a transaction of the lane, as far as is known. */
  async highestBlock(): Promise<bigint> {
    const row = await this.#store.db
      .selectFrom("settlement")
      .select((eb) => eb.fn.max("block_number").as("highest"))
      .where("lane", "=", this.#lane)
      .where("state", "in", ["MINED", "CONFIRMED"])
      .executeTakeFirst();
    return row?.highest ?? 0n;
  }

  /** Matches that no transaction is out for, in the order of settling, from the one after `after`. */
  async waitingMatches(
    limit: number,
    except: readonly string[],
    {
      after,
      conditionIds,
    }: { readonly after?: bigint; readonly conditionIds?: readonly string[] } = {},
  ): Promise<StoredMatch[]> {
    let query = this.#store.db
      .selectFrom("match")
      .selectAll()
      .where("state", "in", UNSETTLED)
      .where("settlement_id", "is", null)
      .where("guilty_hash", "is", null)
      .where("give_up", "is", null)
      .orderBy("number")
      .limit(limit);
    if (except.length > 0) query = query.where("id", "not in", except);
    if (after !== undefined) query = query.where("number", ">", after);
    if (conditionIds !== undefined) query = query.where("condition_id", "in", conditionIds);
    return readMatches(this.#store.db, await query.execute());
  }

  /** Markets with matches that wait. */
  async waitingMarkets(): Promise<Hex[]> {
    const rows = await this.#store.db
      .selectFrom("match")
      .select("condition_id")
      .distinct()
      .where("state", "in", UNSETTLED)
      .where("settlement_id", "is", null)
      .execute();
    return rows.map(({ condition_id }) => condition_id as Hex);
  }

  /**
   * Matches that will never settle, for an order is to blame or they are given up, and no transaction of theirs can land any
   * more.
   */
  async matchesToRelease(): Promise<StoredMatch[]> {
    const rows = await this.#store.db
      .selectFrom("match")
      .selectAll()
      .where("state", "in", UNSETTLED)
      .where("settlement_id", "is", null)
      .where((eb) => eb.or([eb("guilty_hash", "is not", null), eb("give_up", "is not", null)]))
      .orderBy("number")
      .execute();
    return readMatches(this.#store.db, rows);
  }

  /** Every match that is not in a final block and has not failed. */
  async unsettledMatches(): Promise<StoredMatch[]> {
    const rows = await this.#store.db
      .selectFrom("match")
      .selectAll()
      .where("state", "in", UNSETTLED)
      .orderBy("number")
      .execute();
    return readMatches(this.#store.db, rows);
  }

  // ---------------------------------------------------------------------------------------------- a settlement's life

  /**
   * Takes a nonce, signs, and stores the settlement, its first attempt and its matches' part in it, or nothing of that.
   * @returns undefined when somebody else has one of the matches, or the lane may not send now.
   */
  async createSettlement(
    fresh: NewSettlement,
    signFor: SignFor,
  ): Promise<{ readonly nonce: bigint; readonly attempt: Attempt } | undefined> {
    const nowMs = BigInt(this.#clock.nowMs());
    return this.#write(async (trx) => {
      const lane = await trx
        .selectFrom("lane")
        .selectAll()
        .where("address", "=", this.#lane)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const open = await trx
        .selectFrom("settlement")
        .select("id")
        .where("lane", "=", this.#lane)
        .where("state", "=", "SENT")
        .executeTakeFirst();
      const ids = fresh.matches.map(({ id }) => id);
      const free =
        ids.length === 0
          ? []
          : await trx
              .selectFrom("match")
              .select("id")
              .where("id", "in", ids)
              .where("state", "in", UNSETTLED)
              .where("settlement_id", "is", null)
              .where("guilty_hash", "is", null)
              .where("give_up", "is", null)
              .forUpdate()
              .execute();
      if (lane.state !== "RUNNING" || open !== undefined || free.length !== ids.length) return;

      const nonce = fresh.nonce ?? lane.next_nonce;
      const attempt = await signFor(nonce);
      const { id } = await trx
        .insertInto("settlement")
        .values({
          ...{ lane: this.#lane, nonce, purpose: fresh.purpose, calldata: fresh.calldata },
          ...{ gas_limit: fresh.gasLimit, state: "SENT", status: null },
          ...{ tx_hash: null, block_number: null, block_hash: null },
          ...{ created_at_ms: nowMs, updated_at_ms: nowMs },
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await this.#addAttempt(trx, id, attempt);
      if (fresh.nonce === undefined) {
        await trx
          .updateTable("lane")
          .set({ next_nonce: nonce + 1n })
          .where("address", "=", this.#lane)
          .execute();
      }
      // A receipt names a match by its place in the batch, which need not be the order of matching.
      const places = JSON.stringify(ids.map((matchId, place) => ({ id: matchId, place })));
      await sql`
        update match set settlement_id = ${id}, place = given.place
        from jsonb_to_recordset(${places}::jsonb) as given (id text, place integer)
        where match.id = given.id`.execute(trx);
      return { nonce, attempt };
    });
  }

  /** Signs and stores another attempt for the same nonce. With purpose `void` the nonce is to be used up by nothing. */
  async addAttempt(
    { id, nonce }: OpenSettlement,
    purpose: "match" | "void",
    signFor: SignFor,
  ): Promise<Attempt | undefined> {
    return this.#write(async (trx) => {
      const row = await trx
        .updateTable("settlement")
        .set({ purpose, updated_at_ms: BigInt(this.#clock.nowMs()) })
        .where("id", "=", id)
        .where("state", "=", "SENT")
        .returning("id")
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const attempt = await signFor(nonce);
      await this.#addAttempt(trx, id, attempt);
      return attempt;
    });
  }

  /** SENT to MINED: what settled is MINED; what failed keeps waiting for the block to be final, with the reason known. */
  async mined(
    { id }: OpenSettlement,
    receipt: Receipt,
    outcomes: readonly Outcome[],
  ): Promise<void> {
    await this.#write(async (trx, events) => {
      await this.#setSettlement(trx, id, {
        ...{ state: "MINED", tx_hash: receipt.hash, status: receipt.succeeded ? 1 : 0 },
        ...{ block_number: receipt.blockNumber, block_hash: receipt.blockHash },
        gas_used: receipt.gasUsed,
      });
      await this.#change(trx, events, settledOf(outcomes), {
        ...{ state: "MINED", tx_hash: receipt.hash, block_number: receipt.blockNumber },
        ...{ reason: null, guilty_hash: null },
      });
      for (const outcome of outcomes) {
        if (outcome.settled) continue;
        const { match, reason, guilty } = outcome;
        await this.#change(trx, events, [match], { reason, guilty_hash: guilty });
      }
    });
  }

  /** MINED back to SENT: its block was undone. The nonce is the same, and so is everything signed for it. */
  async undone({ id, matches }: OpenSettlement): Promise<void> {
    await this.#write(async (trx, events) => {
      await this.#setSettlement(trx, id, {
        ...{ state: "SENT", tx_hash: null, status: null, block_number: null, block_hash: null },
        gas_used: null,
      });
      await this.#change(trx, events, matches, {
        ...{ state: "MATCHED", tx_hash: null, block_number: null },
        ...{ reason: null, guilty_hash: null },
      });
    });
  }

  /**
   * MINED to CONFIRMED. What settled is CONFIRMED; what failed is RETRYING, or to be released when an order is to blame or its
   * attempts are used up. What the failed ones cost is charged.
   */
  async confirmed(settlement: OpenSettlement, maxAttempts: number): Promise<readonly Charge[]> {
    const { id, matches } = settlement;
    const charges = chargesOf(settlement);
    await this.#write(async (trx, events) => {
      await this.#setSettlement(trx, id, { state: "CONFIRMED" });
      const failed = matches.filter(({ state }) => state !== "MINED");
      await this.#change(
        trx,
        events,
        matches.filter(({ state }) => state === "MINED"),
        { state: "CONFIRMED" },
      );
      await this.#free(trx, events, failed, maxAttempts);
      for (const charge of charges) await this.#charge(trx, charge);
    });
    return charges;
  }

  /** Another attempt for a match that never was sent came to nothing: the node refuses it and no order is to blame. */
  async countAttempt(match: StoredMatch, maxAttempts: number): Promise<void> {
    const attempts = match.attempts + 1;
    await this.#write(async (trx) => {
      await trx
        .updateTable("match")
        .set({ attempts, give_up: attempts >= maxAttempts ? "FRUITLESS" : null })
        .where("id", "=", match.id)
        .where("settlement_id", "is", null)
        .where("state", "in", UNSETTLED)
        .execute();
    });
  }

  /** Gives a match up of which nothing is out, though no order is to blame. */
  async giveUp(match: StoredMatch, why: GiveUp): Promise<void> {
    await this.#write(async (trx) => {
      await trx
        .updateTable("match")
        .set({ give_up: why })
        .where("id", "=", match.id)
        .where("settlement_id", "is", null)
        .where("state", "in", UNSETTLED)
        .execute();
    });
  }

  /** Writes what the lane remembers of accounts, under its lease. */
  async remember(work: (db: Transaction<Database>) => Promise<void>): Promise<void> {
    await this.#write((trx) => work(trx));
  }

  async #charge(trx: Transaction<Database>, charge: Charge): Promise<void> {
    const { settlementId, matchId, accounts, gas, reason, isGuilty } = charge;
    await trx
      .insertInto("fruitless_charge")
      .values(
        accounts.map((account) => ({
          ...{ settlement_id: settlementId, match_id: matchId, account, gas, reason },
          ...{ is_guilty: isGuilty, at_ms: BigInt(this.#clock.nowMs()) },
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** SENT to LOST: another transaction has spent the nonce for good. What that one settled is CONFIRMED. */
  async lost(
    { id, matches }: OpenSettlement,
    receipt: Receipt,
    settled: ReadonlySet<StoredMatch>,
  ): Promise<void> {
    await this.#write(async (trx, events) => {
      await this.#setSettlement(trx, id, { state: "LOST" });
      await this.#change(trx, events, [...settled], {
        ...{ state: "CONFIRMED", tx_hash: receipt.hash, block_number: receipt.blockNumber },
        ...{ reason: null, guilty_hash: null },
      });
      const others = matches
        .filter((match) => !settled.has(match))
        .map((match) => ({ ...match, guiltyHash: null, reason: "FOREIGN_NONCE" }));
      await this.#free(trx, events, others);
    });
  }

  /** Names the order that keeps a match from settling, of which nothing was sent, or nothing can land any more. */
  async blame(match: StoredMatch, guilty: Hex, reason: string): Promise<boolean> {
    return this.#write(async (trx, events) => {
      const free = await trx
        .selectFrom("match")
        .select("id")
        .where("id", "=", match.id)
        .where("settlement_id", "is", null)
        .forUpdate()
        .executeTakeFirst();
      if (free === undefined) return false;
      await this.#change(trx, events, [match], { guilty_hash: guilty, reason });
      return true;
    });
  }

  // ---------------------------------------------------------------------------------------------- figures

  /** When the oldest match that waits for its settlement was made; null when none waits. */
  async oldestUnsettledMs(): Promise<bigint | null> {
    const oldest = await this.#store.db
      .selectFrom("match")
      .select("matched_at_ms")
      .where("state", "in", UNSETTLED)
      .orderBy("number")
      .limit(1)
      .executeTakeFirst();
    return oldest?.matched_at_ms ?? null;
  }

  // ---------------------------------------------------------------------------------------------- within a transaction

  /** Frees failed matches of their settlement: with nobody to blame they are to be tried again. */
  async #free(
    trx: Transaction<Database>,
    events: MatchEvent[],
    failed: readonly StoredMatch[],
    maxAttempts = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    for (const match of failed) {
      const { guiltyHash, reason } = match;
      const attempts = match.attempts + (guiltyHash === null && isFruitless(reason) ? 1 : 0);
      const isUsedUp = guiltyHash === null && attempts >= maxAttempts;
      await this.#change(trx, events, [match], {
        ...{ attempts, give_up: isUsedUp ? "FRUITLESS" : null },
        ...(guiltyHash === null ? { state: "RETRYING" } : {}),
        ...{ settlement_id: null, guilty_hash: guiltyHash, reason },
        ...{ tx_hash: null, block_number: null },
      });
    }
  }

  async #addAttempt(trx: Transaction<Database>, id: bigint, attempt: Attempt): Promise<void> {
    await trx
      .insertInto("tx_attempt")
      .values({
        ...{ hash: attempt.hash, settlement_id: id, raw: attempt.raw },
        max_fee_per_gas: attempt.fees.maxFeePerGas.toString(),
        max_priority_fee_per_gas: attempt.fees.maxPriorityFeePerGas.toString(),
        signed_at_ms: BigInt(this.#clock.nowMs()),
        signed_at_block: attempt.signedAtBlock,
      })
      .execute();
  }

  async #setSettlement(
    trx: Transaction<Database>,
    id: bigint,
    patch: Updateable<Database["settlement"]>,
  ): Promise<void> {
    await trx
      .updateTable("settlement")
      .set({ ...patch, updated_at_ms: BigInt(this.#clock.nowMs()) })
      .where("id", "=", id)
      .execute();
  }

  /** The one way a match's state changes here: what is over stays over, and every change is told. */
  async #change(
    trx: Transaction<Database>,
    events: MatchEvent[],
    matches: readonly StoredMatch[],
    patch: Updateable<MatchTable>,
  ): Promise<void> {
    if (matches.length === 0) return;
    const nowMs = this.#clock.nowMs();
    const rows = await trx
      .updateTable("match")
      .set({ ...patch, updated_at_ms: BigInt(nowMs) })
      .where(
        "id",
        "in",
        matches.map(({ id }) => id),
      )
      .where("state", "not in", ["CONFIRMED", "FAILED"])
      .returning(["id", "state", "tx_hash", "block_number", "reason", "guilty_hash"])
      .execute();
    const byId = new Map(rows.map((row) => [row.id, row]));
    const rowsToStore: Insertable<OutboxTable>[] = [];
    for (const match of matches) {
      const row = byId.get(match.id);
      if (row === undefined) continue;
      const event = matchEvent(match, row, nowMs);
      const accounts = new Set([event.taker, ...event.makers.map(({ maker }) => maker)]);
      const topics = [
        `market:${event.conditionId}`,
        ...[...accounts].map((account) => `user:${account.toLowerCase()}`),
      ];
      const payload = JSON.stringify(event);
      for (const topic of topics) {
        rowsToStore.push({ topic, type: event.type, payload, at_ms: BigInt(nowMs) });
      }
      events.push(event);
    }
    if (rowsToStore.length > 0) await trx.insertInto("outbox").values(rowsToStore).execute();
  }

  async #write<T>(
    work: (trx: Transaction<Database>, events: MatchEvent[]) => Promise<T>,
  ): Promise<T> {
    const events: MatchEvent[] = [];
    const result = await this.#store.transaction(async (trx) => {
      await requireLease(trx, this.#lease);
      return work(trx, events);
    });
    for (const event of events) this.#bus.publish(event);
    return result;
  }
}

/** A match found in a final block that this database did not know of. */
export interface FoundMatch {
  readonly match: StoredMatch;
  readonly hash: Hex;
  readonly blockNumber: bigint;
}

function settledOf(outcomes: readonly Outcome[]): StoredMatch[] {
  return outcomes.filter(({ settled }) => settled).map(({ match }) => match);
}
