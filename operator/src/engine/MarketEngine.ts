import {
  BookRecorder,
  type BookMarket,
  type LogState,
  type MatchOptions,
  type MatchPlan,
  type RestingOrder,
  type SubmitResult,
} from "@nostra/sdk/matcher";
import { isNostraError } from "@nostra/sdk/errors";
import { Side, type Address, type Hex } from "@nostra/sdk/order";
import type { MatchEvent } from "../bus";
import type { AccountWork } from "./AccountWork";
import type { Command } from "./commands";
import type { Effects } from "./Effects";
import { Levels } from "./Levels";
import { assetOf, isOpen, placeOf, sharesOf, type OrderRecord } from "./OrderRecord";
import type { OrderRecords } from "./OrderRecords";
import type { Reservations } from "./Reservations";
import type { RestingPairs } from "./RestingPairs";

/** A market that the venue trades. */
export interface VenueMarket extends BookMarket {
  readonly conditionId: Hex;
  readonly tick: bigint;
  /** The least fee rate that an order must sign, in basis points. Default 0. Intake's alone: the book does not look at it. */
  readonly minFeeBps?: bigint;
  /** The least collateral that an order must be for, in units. Default 0. Intake's alone. */
  readonly minNotional?: bigint;
}

/** A match that is not final: what to give back to whom if it fails. */
export interface UnsettledMatch {
  readonly id: string;
  /** By order: what it loses of its remaining amount, and what it gives. */
  readonly parts: readonly {
    readonly hash: Hex;
    readonly consumed: bigint;
    readonly making: bigint;
  }[];
  /** As it was told of when it was made. */
  readonly told: MatchEvent;
}

/** How matching is done, for every order of the venue alike. */
export interface MatchingRules {
  readonly maxMakers: number;
  /** How long before its expiration an order counts as dead: a settlement takes time. */
  readonly marginSeconds: bigint;
  /** See MatchOptions of the matcher: the bounds of one order's work. Default: none. */
  readonly maxPassedBy?: number;
  readonly maxPlans?: number;
  readonly maxWeight?: number;
}

/** The most orders that one input takes out of the book because they died. */
const MAX_EXPIRED_AT_ONCE = 500;

/** Hashing a whole book stops everything for its length, so the log has that rarely: decisions are checked in every line. */
const STATE_EVERY = 1_000_000;

export interface MarketEngineParams {
  readonly market: VenueMarket;
  readonly rules: MatchingRules;
  readonly reservations: Reservations;
  /** Orders of the venue by hash: open ones, and those in unsettled matches. */
  readonly records: OrderRecords;
  readonly work: AccountWork;
  readonly pairs?: RestingPairs;
  readonly resume?: LogState;
  readonly keccak256?: (bytes: Uint8Array) => Uint8Array;
}

/**
 * One market: does inputs in their order, in memory, and says what has to be stored. It reads no clock and asks nobody, so the same
 * inputs lead to the same book, the same matches and the same log, before a crash and after.
 *
 * Always true: an order rests in the book exactly when its record says so, and then the book has what the record says is left;
 * what an order and its unsettled matches may give is reserved.
 */
export class MarketEngine {
  readonly market: VenueMarket;
  readonly recorder: BookRecorder;
  readonly levels = new Levels();
  readonly unsettled = new Map<string, UnsettledMatch>();
  readonly #rules: MatchingRules;
  readonly #reservations: Reservations;
  readonly #records: OrderRecords;
  readonly #work: AccountWork;
  readonly #pairs: RestingPairs | undefined;
  readonly #resting = new Set<Hex>();
  /** Orders whose matching stopped at a limit of work. */
  #stopped: Hex[] = [];
  /** The book's version that followers were told last. */
  #toldVersion: number;
  /** Matches made by the input that is being done. */
  #plans = 0;

  constructor(params: MarketEngineParams) {
    const { market, rules, reservations, records, work, pairs, resume, keccak256 } = params;
    this.market = market;
    this.#rules = rules;
    this.#reservations = reservations;
    this.#records = records;
    this.#work = work;
    this.#pairs = pairs;
    this.recorder = new BookRecorder(market, {
      stateEvery: STATE_EVERY,
      ...(resume === undefined ? {} : { resume }),
      ...(keccak256 === undefined ? {} : { keccak256 }),
    });
    for (const side of ["bid", "ask"] as const) {
      for (const { price, shares } of this.recorder.book.levels(side)) {
        this.levels.add(side, Number(price), shares);
      }
    }
    this.levels.takeChanges();
    this.#toldVersion = this.recorder.version;
  }

  /** An order arrives, at the chain's second `now`. */
  arrive(record: OrderRecord, now: bigint, effects: Effects, atMs: number): void {
    this.#plans = 0;
    if (this.hasDead(now)) this.#expire(now, record.input, effects, atMs);
    this.#records.set(record);
    effects.orders.set(record.hash, record);
    this.#submit(record, record.input, { postOnly: record.postOnly, now }, effects, atMs);
  }

  /** Does a command, at the chain's second `now`. @returns false when there was nothing to do. */
  perform(command: Command, input: number, now: bigint, effects: Effects, atMs: number): boolean {
    this.#plans = 0;
    switch (command.op) {
      case "cancel":
        return this.#takeOut(command.hash, "CANCELLED", command.reason, input, effects, atMs);
      case "invalidate":
        return this.#invalidate(command.hash, command.reason, input, effects, atMs);
      case "expire":
        return this.#expire(command.now, input, effects, atMs);
      case "rematch": {
        const record = this.#records.get(command.hash);
        if (record === undefined || !record.rests) return false;
        this.#giveBack(record, 0n, command.now, input, effects, atMs);
        return true;
      }
      case "reduce":
        return this.#reduce(command.hash, command.remaining, input, effects, atMs);
      case "correct":
        return this.#correct(command, input, now, effects, atMs);
      case "release":
        return this.#release(command, input, effects, atMs);
    }
  }

  /** A match is final: nobody will get anything back. Orders that are over are forgotten. */
  conclude(matchId: string): void {
    const match = this.unsettled.get(matchId);
    if (match === undefined) return;
    this.unsettled.delete(matchId);
    for (const { hash } of match.parts) {
      this.settleReservation(matchId, hash);
      this.#unbind(hash);
    }
  }

  /** What a match takes of an order's maker is taken: the chain's own balances show it. */
  settleReservation(matchId: string, hash: Hex): void {
    const record = this.#records.get(hash);
    if (record !== undefined) this.#reserve(`${matchId} ${hash}`, record, 0n);
    this.#work.unsettled.release(matchId);
    this.#work.unsettledWorth.remove(matchId);
  }

  /** The opposite, when the chain has undone it. */
  restoreReservation(matchId: string): void {
    const match = this.unsettled.get(matchId);
    if (match === undefined) return;
    this.#countUnsettled(match.told);
    for (const { hash, making } of match.parts) {
      const record = this.#records.get(hash);
      if (record !== undefined) this.#reserve(`${matchId} ${hash}`, record, making);
    }
  }

  /** Takes on what an earlier process left: an order that is open, or in an unsettled match. */
  adopt(record: OrderRecord): void {
    this.#records.set(record);
    if (!isOpen(record)) return;
    this.#reserve(record.hash, record, record.remaining);
    this.#work.openOrders.hold(record.hash, record.order.maker, record.conditionId);
    if (record.rests) this.#resting.add(record.hash);
  }

  adoptMatch(match: UnsettledMatch, isOnChain: boolean): void {
    this.unsettled.set(match.id, match);
    for (const { hash } of match.parts) this.#bind(hash);
    if (!isOnChain) this.restoreReservation(match.id);
  }

  /** What changed in the book since this was asked last, as one event; null when nothing did. */
  takeBookEvent(atMs: number): Parameters<Effects["events"]["push"]>[0] | null {
    const to = this.recorder.version;
    const from = this.#toldVersion;
    if (from === to) return null;
    this.#toldVersion = to;
    const { conditionId } = this.market;
    return { type: "book", conditionId, from, to, ...this.levels.takeChanges(), atMs };
  }

  /** The second from which on some order that rests is dead to this market; null when none ever is. */
  nextExpiration(): bigint | null {
    const next = this.recorder.book.nextExpiration();
    return next === null ? null : next - this.#rules.marginSeconds;
  }

  /** True when an order rests that is dead at `now`. */
  hasDead(now: bigint): boolean {
    const next = this.nextExpiration();
    return next !== null && next <= now;
  }

  /** Some orders that rest, at most `most`. */
  someResting(most: number): readonly Readonly<OrderRecord>[] {
    const some: OrderRecord[] = [];
    for (const hash of this.#resting) {
      if (some.length === most) break;
      some.push(this.#records.get(hash)!);
    }
    return some;
  }

  /** Orders whose matching stopped at a limit of work since this was asked last, and that rest: there is more for them. */
  takeStopped(): readonly Hex[] {
    const stopped = this.#stopped;
    this.#stopped = [];
    return stopped;
  }

  // ------------------------------------------------------------------------------------------ orders in

  #submit(
    record: OrderRecord,
    input: number,
    { postOnly, now }: { readonly postOnly: boolean; readonly now: bigint },
    effects: Effects,
    atMs: number,
  ): void {
    const { hash, order, remaining } = record;
    const { kind, timeInForce, selfTrade } = record;
    const partners = this.#pairs?.partnersOf(order.maker) ?? [];
    const options: MatchOptions = {
      ...{ kind, timeInForce, postOnly, selfTrade, now, ...this.#rules },
      ...(partners.length === 0 ? {} : { skip: isOfAny(partners) }),
    };
    let result: SubmitResult;
    try {
      const incoming = { hash, order, remaining, sequence: record.input };
      const recorded = this.recorder.submit(incoming, options);
      this.#log(recorded.line, input, effects);
      result = recorded.result;
    } catch (thrown) {
      // The book does not take it; intake has looked for this already, so it is rare. Nothing has changed.
      if (!isNostraError(thrown)) throw thrown;
      this.#change(record, { state: "REJECTED", reason: thrown.code, rests: false }, effects, atMs);
      return;
    }

    if (result.plans.length > 0 && record.shown === null) this.#placed(record, effects, atMs);
    for (const plan of result.plans) this.#matched(plan, record, input, effects, atMs);
    for (const own of result.cancelled) {
      this.#left(own.hash, "CANCELLED", "SELF_TRADE", effects, atMs);
    }
    for (const dust of result.closed) this.#closed(dust, effects, atMs);
    record.remaining = result.remaining;
    const isDone = result.remaining === 0n || (result.reason === "DUST" && result.plans.length > 0);
    const rests = result.rested !== null;
    if (rests) {
      this.#stand(record, result.remaining);
      const isStopped = result.reason === "WORK_LIMIT" && result.plans.length > 0;
      if (isStopped) this.#stopped.push(hash);
    }
    const wasMatched = record.remaining < order.makerAmount;
    if (isDone) this.#change(record, { state: "FILLED", reason: null, rests }, effects, atMs);
    else if (rests) {
      const state = wasMatched ? "PARTIALLY_FILLED" : "OPEN";
      this.#change(record, { state, reason: null, rests }, effects, atMs);
    } else {
      const { reason } = result;
      const state = reason === "EXPIRED" ? "EXPIRED" : wasMatched ? "CANCELLED" : "REJECTED";
      this.#change(record, { state, reason, rests }, effects, atMs);
    }
  }

  /** Emits that an order arrived, before what its matches make of it: it is not in the book yet. */
  #placed(record: OrderRecord, effects: Effects, atMs: number): void {
    const { hash, conditionId, order } = record;
    record.shown = false;
    effects.events.push({
      ...{ type: "order", conditionId, hash, maker: order.maker, state: "OPEN" },
      ...{ remaining: record.remaining.toString(), reason: null, rests: false, rested: false },
      atMs,
    });
  }

  #matched(
    plan: MatchPlan,
    taker: OrderRecord,
    input: number,
    effects: Effects,
    atMs: number,
  ): void {
    const id = `${this.market.conditionId}:${input}:${this.#plans++}`;
    const parts = [
      { hash: taker.hash, consumed: plan.consumed, making: plan.making },
      ...plan.makers.map(({ hash, making }) => ({ hash, consumed: making, making })),
    ];
    const event = this.#matchEvent(id, plan, taker, atMs);
    this.unsettled.set(id, { id, parts, told: event });
    this.#countUnsettled(event);
    for (const { hash, making } of parts) {
      this.#reserve(`${id} ${hash}`, this.#bind(hash), making);
    }

    for (const fill of plan.makers) {
      const maker = this.#records.get(fill.hash) as OrderRecord;
      this.#stand(maker, fill.remainingAfter);
      const state = fill.remainingAfter === 0n ? "FILLED" : "PARTIALLY_FILLED";
      const rests = fill.remainingAfter > 0n;
      this.#change(maker, { state, reason: null, rests }, effects, atMs);
    }

    effects.matches.push({
      id,
      condition_id: this.market.conditionId,
      input: BigInt(input),
      taker_hash: taker.hash,
      taker_fill_amount: plan.takerFillAmount.toString(),
      making: plan.making.toString(),
      taking: plan.taking.toString(),
      consumed: plan.consumed.toString(),
      price: event.price,
      shares: event.shares,
      state: "MATCHED",
      ...{
        settlement_id: null,
        tx_hash: null,
        block_number: null,
        reason: null,
        guilty_hash: null,
      },
      matched_at_ms: BigInt(atMs),
      updated_at_ms: BigInt(atMs),
    });
    plan.makers.forEach((fill, index) =>
      effects.makers.push({
        match_id: id,
        index,
        order_hash: fill.hash,
        kind: fill.kind,
        making: fill.making.toString(),
        taking: fill.taking.toString(),
        price: Number(fill.price),
      }),
    );
    effects.tellMatch(event);
  }

  #matchEvent(id: string, plan: MatchPlan, taker: OrderRecord, atMs: number): MatchEvent {
    const isBuy = taker.order.side === Side.BUY;
    const [shares, collateral] = isBuy ? [plan.taking, plan.making] : [plan.making, plan.taking];
    const own = (collateral * 2_000_000n + shares) / (2n * shares);
    return {
      type: "match",
      conditionId: this.market.conditionId,
      matchId: id,
      state: "MATCHED",
      takerHash: taker.hash,
      taker: taker.order.maker,
      takerSide: isBuy ? "BUY" : "SELL",
      takerOutcome: taker.outcome,
      price: Number(taker.outcome === "YES" ? own : 1_000_000n - own),
      shares: shares.toString(),
      makers: plan.makers.map((fill) => ({
        hash: fill.hash,
        maker: fill.order.maker,
        kind: fill.kind,
        price: Number(fill.price),
        making: fill.making.toString(),
        taking: fill.taking.toString(),
      })),
      ...{ txHash: null, blockNumber: null, reason: null, guiltyHash: null },
      atMs,
    };
  }

  // ------------------------------------------------------------------------------------------ orders out

  #takeOut(
    hash: Hex,
    state: "CANCELLED" | "INVALIDATED",
    reason: string,
    input: number,
    effects: Effects,
    atMs: number,
  ): boolean {
    if (!this.recorder.book.has(hash)) return false;
    this.#log(this.recorder.cancel(hash).line, input, effects);
    this.#left(hash, state, reason, effects, atMs);
    return true;
  }

  /** Takes a guilty order out for good, also when all of it is matched. */
  #invalidate(hash: Hex, reason: string, input: number, effects: Effects, atMs: number): boolean {
    if (this.#takeOut(hash, "INVALIDATED", reason, input, effects, atMs)) return true;
    const record = this.#records.get(hash);
    if (record === undefined || record.state === "INVALIDATED") return false;
    this.#change(record, { state: "INVALIDATED", reason, rests: false }, effects, atMs);
    return true;
  }

  #reduce(hash: Hex, remaining: bigint, input: number, effects: Effects, atMs: number): boolean {
    const record = this.#records.get(hash);
    if (record === undefined || !record.rests || remaining >= record.remaining) return false;
    const { result, line } = this.recorder.reduce(hash, remaining);
    this.#log(line, input, effects);
    this.#stand(record, remaining);
    if (result.closed !== null) this.#closed(result.closed, effects, atMs);
    else {
      const state = remaining === 0n ? "FILLED" : "PARTIALLY_FILLED";
      this.#change(record, { state, reason: null, rests: remaining > 0n }, effects, atMs);
    }
    return true;
  }

  /**
   * Takes out orders that no settlement could reach in time: nobody can take them any more. At most a number of them, so that a
   * thousand orders that die at once do not hold up what comes next.
   */
  #expire(now: bigint, input: number, effects: Effects, atMs: number): boolean {
    const deadline = now + this.#rules.marginSeconds;
    const { result, line } = this.recorder.expire(deadline, MAX_EXPIRED_AT_ONCE);
    this.#log(line, input, effects);
    for (const { hash } of result) this.#left(hash, "EXPIRED", null, effects, atMs);
    return result.length > 0;
  }

  #correct(
    { hash, from, to }: Extract<Command, { op: "correct" }>,
    input: number,
    now: bigint,
    effects: Effects,
    atMs: number,
  ): boolean {
    const record = this.#records.get(hash);
    if (record === undefined || record.remaining !== from || from === to) return false;
    if (record.rests && to < from) return this.#reduce(hash, to, input, effects, atMs);
    if (record.rests) {
      this.#giveBack(record, to - from, now, input, effects, atMs);
      return true;
    }
    record.remaining = to;
    const isFilled = to === 0n && record.state === "INVALIDATED";
    const change = isFilled ? ({ state: "FILLED", reason: null } as const) : {};
    this.#change(record, change, effects, atMs);
    return true;
  }

  /** An order left the book with what it had. */
  #left(
    hash: Hex,
    state: "CANCELLED" | "EXPIRED" | "INVALIDATED",
    reason: string | null,
    effects: Effects,
    atMs: number,
  ): void {
    const record = this.#records.get(hash) as OrderRecord;
    this.#stand(record, 0n, record.remaining);
    this.#change(record, { state, reason, rests: false }, effects, atMs);
  }

  /** An order left the book with dust. */
  #closed({ hash, remaining }: RestingOrder, effects: Effects, atMs: number): void {
    const record = this.#records.get(hash) as OrderRecord;
    this.#stand(record, 0n, remaining);
    this.#change(record, { state: "FILLED", reason: "DUST", rests: false }, effects, atMs);
  }

  // ------------------------------------------------------------------------------------------ failed matches

  /**
   * Guilty orders leave for good; each of the others gets back what it gave and arrives anew, with its old place in the queue. A
   * FOK order, or a FAK order that was filled whole, is matched anew too, and its rest dropped as before.
   */
  #release(
    { matchId, guilty, reason, now }: Extract<Command, { op: "release" }>,
    input: number,
    effects: Effects,
    atMs: number,
  ): boolean {
    const match = this.unsettled.get(matchId);
    if (match === undefined) return false;
    this.unsettled.delete(matchId);
    const guiltyHash = guilty[0] ?? null;
    effects.failed.push({ id: matchId, reason, guilty: guiltyHash, at_ms: BigInt(atMs) });
    effects.tellMatch({ ...match.told, state: "FAILED", reason, guiltyHash, atMs });
    for (const { hash } of match.parts) this.settleReservation(matchId, hash);
    for (const hash of guilty) this.#invalidate(hash, reason, input, effects, atMs);

    const parts = match.parts
      .map((part) => ({ ...part, record: this.#records.get(part.hash) as OrderRecord }))
      .sort((left, right) => left.record.input - right.record.input);
    for (const { hash, consumed, record } of parts) {
      this.#giveBack(record, consumed, now, input, effects, atMs);
      this.#unbind(hash);
    }
    return true;
  }

  #giveBack(
    record: OrderRecord,
    consumed: bigint,
    now: bigint,
    input: number,
    effects: Effects,
    atMs: number,
  ): void {
    if (record.rests) {
      this.#log(this.recorder.cancel(record.hash).line, input, effects);
      this.#stand(record, 0n, record.remaining);
      record.rests = false;
    }
    record.remaining += consumed;
    // It may come back only from a state that the match put it in.
    if (!isOpen(record) && record.state !== "FILLED") {
      this.#change(record, {}, effects, atMs);
      return;
    }
    // Post-only was judged when it came.
    this.#submit(record, input, { postOnly: false, now }, effects, atMs);
  }

  // ------------------------------------------------------------------------------------------ bookkeeping

  /** Keeps the levels when what an order has in the book becomes `remaining`; it leaves with `dropped`. */
  #stand(record: OrderRecord, remaining: bigint, dropped?: bigint): void {
    const { side, price } = placeOf(record, this.market.tick);
    const before = record.rests ? sharesOf(record.order, record.remaining) : 0n;
    this.levels.add(side, price, sharesOf(record.order, remaining) - before);
    record.remaining = dropped ?? remaining;
  }

  #change(
    record: OrderRecord,
    change: Partial<Pick<OrderRecord, "state" | "reason" | "rests">>,
    effects: Effects,
    atMs: number,
  ): void {
    Object.assign(record, change);
    const { hash, conditionId, order, state, remaining, reason } = record;
    this.#reserve(hash, record, isOpen(record) ? remaining : 0n);
    if (isOpen(record)) this.#work.openOrders.hold(hash, order.maker, conditionId);
    else this.#work.openOrders.release(hash);
    if (record.rests) this.#resting.add(hash);
    else this.#resting.delete(hash);
    if (state === "REJECTED") this.#work.rejected.add(order.maker);
    const row = { hash, state, remaining: remaining.toString(), reason };
    const rested = record.shown ?? false;
    record.shown = record.rests;
    const book = { rests: record.rests, rested };
    const event = {
      type: "order",
      conditionId,
      ...row,
      maker: order.maker,
      ...book,
      atMs,
    } as const;
    const { row: stored } = record;
    // Of an order that came to rest its maker has the answer.
    if (stored.state === state && stored.remaining === remaining && stored.reason === reason) {
      effects.events.push(event);
    } else {
      record.row = { state, remaining, reason };
      if (!effects.orders.has(hash))
        effects.updates.set(hash, { ...row, updated_at_ms: BigInt(atMs) });
      effects.tellOrder(event);
    }
    this.#forgetIfOver(record);
  }

  #reserve(name: string, { order }: OrderRecord, amount: bigint): void {
    this.#reservations.set(name, order.maker, assetOf(order), amount);
  }

  /** Who takes makes the work: the account whose order rested cannot be made to wait by others' orders. */
  #countUnsettled(event: MatchEvent): void {
    const { matchId, conditionId, taker, takerOutcome, price, shares } = event;
    if (this.#work.unsettled.has(matchId)) return;
    this.#work.unsettledWorth.add(matchId, worthOf(event));
    const own = BigInt(takerOutcome === "YES" ? price : 1_000_000 - price);
    this.#work.unsettled.hold(matchId, taker, conditionId, (BigInt(shares) * own) / 1_000_000n);
  }

  #bind(hash: Hex): OrderRecord {
    const record = this.#records.get(hash) as OrderRecord;
    record.openMatches += 1;
    return record;
  }

  #unbind(hash: Hex): void {
    const record = this.#records.get(hash);
    if (record === undefined) return;
    record.openMatches -= 1;
    this.#forgetIfOver(record);
  }

  /** An order that is over, with no match that could still fail, is the database's alone. */
  #forgetIfOver(record: OrderRecord): void {
    if (!isOpen(record) && record.openMatches === 0) this.#records.delete(record);
  }

  #log(line: string, input: number, effects: Effects): void {
    const n = BigInt(this.recorder.count - 1);
    effects.lines.push({ condition_id: this.market.conditionId, n, input: BigInt(input), line });
  }
}

/** What a match is worth in collateral units. See AccountWork. */
function worthOf({ takerSide, makers }: MatchEvent): bigint {
  let worth = 0n;
  for (const { kind, making, taking } of makers) {
    const isMaking = kind === "MERGE" || (kind === "COMPLEMENTARY" && takerSide === "SELL");
    worth += BigInt(isMaking ? making : taking);
  }
  return worth;
}

/** True for orders of these accounts. */
function isOfAny(accounts: readonly Address[]): (resting: RestingOrder) => boolean {
  const wanted = new Set(accounts.map((account) => account.toLowerCase()));
  return ({ order }) => wanted.has(order.maker.toLowerCase());
}
