import type { Clock } from "../clock";
import type { Rpc } from "../rpc";
import type { Store } from "../store";
import { SignatureType } from "@nostra/sdk/order";
import type { Head } from "./chain";
import { suggestFees } from "./fees";
import type { Prober } from "./probe";
import { gasLimitOf, gasLimitOfAll, gasLimitOfBatch, type PricedMatch } from "./encodeMatches";
import type { Hindrances } from "./Hindrances";
import type { Journal } from "./Journal";
import type { SettlerOptions } from "./options";
import { accountsOf, ordersOf } from "./readMatches";
import { askVenue, simulate, type SimulateParams, type Verdict } from "./simulate";
import type { Suspects } from "./Suspects";
import type { StoredMatch } from "./types";
import { findUnknownFill } from "./verifyFailure";

/** What a look at the waiting matches comes to. */
export interface Gathered {
  /** Clean ones first, suspect ones behind them. */
  readonly batch: readonly PricedMatch[];
  /** Of their transaction. */
  readonly gasLimit: bigint;
  /** True when one of them is suspect: then even one alone goes by `matchOrdersBatch`. */
  readonly hasSuspects: boolean;
  /** True when a match is to be released now. */
  readonly hasFailed: boolean;
}

export interface GathererParams {
  readonly rpc: Rpc;
  readonly clock: Clock;
  readonly store: Store;
  readonly journal: () => Journal;
  readonly suspects: Suspects;
  readonly hindrances: Hindrances;
  readonly targets: SimulateParams;
  readonly prober: Prober;
}

/** Matches looked at together: their questions go to the node at once, and what traders wait for must not stand behind too many. */
const PAGE = 10;
/** A transaction that had no room for so many clean matches is full: those behind them wait for the next one untried. */
const MAX_WITHOUT_ROOM = 5;
const NOTHING: Gathered = { batch: [], gasLimit: 0n, hasSuspects: false, hasFailed: false };
/** Matches whose probe is remembered. Beyond it all are forgotten, and probed again when they are met. */
const MAX_PROBED = 1_000;
/** How often the exchange is asked whether it takes matches while none waits. */
const ASK_IDLE_MS = 15_000;

/**
 * Chooses the matches of the next settlement. Each is tried alone on the latest state.
 *
 * - One that would settle is taken, if there is room: clean ones in their order, then suspect ones, which share a part of the gas.
 * - One with an order to blame, or that fails with none, is dealt with and passed over. But when an account of it is in a match
 *   before it that is taken or left for the next transaction, it may fail only for that one's sake: it waits.
 * - One that the node does not answer for is passed over like one that fails, unless the node answers for none.
 */
export class Gatherer {
  readonly #params: GathererParams;
  readonly #options: SettlerOptions;
  /** Matches that fail with nobody to blame, and until when they rest. */
  readonly #stuck = new Map<string, number>();
  /** Matches that are held back, and since when. */
  readonly #heldSince = new Map<string, number>();
  /** What probing showed, by match: each is probed once. */
  readonly #fickle = new Map<string, boolean>();
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(params: GathererParams, options: SettlerOptions) {
    this.#params = params;
    this.#options = options;
  }

  /** @param limit The most gas of a transaction. */
  async gather(limit: bigint, head: Head): Promise<Gathered> {
    const { owns, maxLookAhead } = this.#options;
    const journal = this.#params.journal();
    const markets = owns === undefined ? undefined : (await journal.waitingMarkets()).filter(owns);
    if (markets?.length === 0) return NOTHING;

    const plan = new Plan(limit, this.#options);
    let hasFailed = false;
    let looked = 0;
    let stuckCount = 0;
    let after: bigint | undefined;
    while (looked < maxLookAhead && !plan.isFull) {
      const page = await journal.waitingMatches(PAGE, this.#resting(), {
        ...(after === undefined ? {} : { after }),
        ...(markets === undefined ? {} : { conditionIds: markets }),
      });
      if (page.length === 0) break;
      looked += page.length;
      after = page.at(-1)?.number;
      const ready = await this.#withoutHeld(page, plan);
      const verdicts = await this.#try(ready);
      const closed = verdicts.find(({ kind }) => kind === "closed");
      if (closed?.kind === "closed") return this.#impossible(closed.reason);
      const isSilent = verdicts.length > 0 && verdicts.every(({ kind }) => kind === "unknown");
      if (isSilent) {
        const venue = await askVenue(this.#params.rpc, this.#params.targets);
        if (venue !== "open") return this.#impossible(venue.reason);
      }
      for (const [index, match] of ready.entries()) {
        const verdict = verdicts[index] as Verdict;
        if (verdict.kind === "settles") {
          const isDone = await this.#place({ match, gas: verdict.gas }, plan, head);
          hasFailed ||= isDone;
        } else if (!plan.touches(match)) {
          // Not `||=`, which would leave the second failing match of a look undone.
          const isDone = await this.#fail(match, verdict);
          hasFailed ||= isDone;
          if (verdict.kind !== "guilty") stuckCount += 1;
        } else plan.leave(match);
      }
      if (page.length < PAGE) break;
    }
    this.#report(looked, stuckCount, plan);
    if (looked === 0) await this.#askIdle();
    return { ...plan.result(), hasFailed };
  }

  /** Forgets what is known of a match that is over. */
  forget(matchId: string): void {
    this.#stuck.delete(matchId);
    this.#heldSince.delete(matchId);
    this.#fickle.delete(matchId);
  }

  /** Leaves those out that have an account which must pause, or of which one is taken already. */
  async #withoutHeld(page: readonly StoredMatch[], plan: Plan): Promise<StoredMatch[]> {
    const { budget } = this.#params.suspects;
    const ready: StoredMatch[] = [];
    const out = new Set<string>();
    for (const match of page) {
      const over = accountsOf(match).filter((account) => budget.isOver(account));
      const isHeld = over.some(
        (account) => budget.isPaused(account) || out.has(account) || plan.has(account),
      );
      if (isHeld) {
        plan.leave(match);
        await this.#hold(match);
      } else ready.push(match);
      for (const account of over) out.add(account);
    }
    return ready;
  }

  /** @returns whether the match is to be released: no transaction has room for it. */
  async #place(priced: PricedMatch, plan: Plan, head: Head): Promise<boolean> {
    const { suspects, journal } = this.#params;
    const { match } = priced;
    if (gasLimitOfAll([priced]) > plan.limit) {
      await journal().giveUp(match, "GAS_LIMIT");
      return true;
    }
    const isSuspect = suspects.isSuspect(match) || (await this.#isFickle(priced, head));
    if (plan.add(priced, isSuspect)) {
      this.#heldSince.delete(match.id);
      return false;
    }
    plan.leave(match);
    return isSuspect ? this.#hold(match) : false;
  }

  /** True when a match with a contract wallet is answered differently at another price or in another block. */
  async #isFickle(priced: PricedMatch, head: Head): Promise<boolean> {
    const { rpc, prober } = this.#params;
    const { match } = priced;
    const known = this.#fickle.get(match.id);
    if (known !== undefined) return known;
    if (!ordersOf(match).some(({ order }) => order.signatureType === SignatureType.EIP1271)) {
      return false;
    }
    const fees = await suggestFees(rpc, head.baseFee, this.#options.maxFeeCap).catch(
      () => undefined,
    );
    if (fees === undefined) return false;
    const probed = await prober.probe(match, { head, fees, gasLimit: gasLimitOf(priced) });
    if (this.#fickle.size >= MAX_PROBED) this.#fickle.clear();
    this.#fickle.set(match.id, probed.kind === "differs");
    return probed.kind === "differs";
  }

  /** @returns whether the match is to be released. */
  async #fail(
    match: StoredMatch,
    verdict: Exclude<Verdict, { kind: "settles" }>,
  ): Promise<boolean> {
    const { journal, store, hindrances, clock } = this.#params;
    if (verdict.kind === "guilty") {
      const [hash] = verdict.guilty;
      const fill = await findUnknownFill(store.db, match, hash);
      if (fill === undefined) return journal().blame(match, hash, verdict.reason);
      const data = { matchId: match.id, orderHash: hash, transactionHash: fill };
      const text = `transaction ${fill} filled an order of match ${match.id}, and no match is known to have settled by it`;
      hindrances.raise("node_inconsistent", "CRITICAL", data, text);
      this.#stuck.set(match.id, clock.monotonicMs() + this.#options.stuckMs);
      return false;
    }
    this.#stuck.set(match.id, clock.monotonicMs() + this.#options.stuckMs);
    hindrances.raise("match_stuck", "HIGH", { matchId: match.id, reason: verdict.reason });
    hindrances.calm("match_stuck");
    await journal().countAttempt(match, this.#options.maxAttempts);
    return match.attempts + 1 >= this.#options.maxAttempts;
  }

  /** @returns whether it has been held for too long, and is to be released. */
  async #hold(match: StoredMatch): Promise<boolean> {
    const nowMs = this.#params.clock.monotonicMs();
    const since = this.#heldSince.get(match.id) ?? nowMs;
    this.#heldSince.set(match.id, since);
    if (nowMs - since < this.#options.maxHoldMs) return false;
    await this.#params.journal().giveUp(match, "HELD_TOO_LONG");
    return true;
  }

  #try(matches: readonly StoredMatch[]): Promise<Verdict[]> {
    const { rpc, targets } = this.#params;
    return Promise.all(matches.map((match) => simulate(rpc, match, targets)));
  }

  #impossible(reason: string): Gathered {
    const { hindrances } = this.#params;
    hindrances.raise("settling_impossible", "HIGH", { reason }, sayWhy(reason));
    return NOTHING;
  }

  #report(looked: number, stuckCount: number, plan: Plan): void {
    const { hindrances } = this.#params;
    if (looked > 0) hindrances.calm("settling_impossible");
    if (plan.isEmpty && stuckCount > 0 && stuckCount === looked) {
      const text = `every one of the ${looked} matches that wait fails with no order to blame`;
      hindrances.raise("all_matches_stuck", "HIGH", { matches: looked }, text);
    } else if (!plan.isEmpty || looked > 0 || this.#stuck.size === 0) {
      hindrances.calm("all_matches_stuck");
    }
  }

  /** Notices while nothing waits that the venue is paused, or that this account may not settle. */
  async #askIdle(): Promise<void> {
    const { rpc, targets, clock, hindrances } = this.#params;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#askedAtMs < ASK_IDLE_MS) return;
    this.#askedAtMs = nowMs;
    const venue = await askVenue(rpc, targets);
    if (venue === "open") hindrances.calm("settling_impossible");
    else if (venue.isAnswer) this.#impossible(venue.reason);
  }

  #resting(): string[] {
    const nowMs = this.#params.clock.monotonicMs();
    for (const [id, until] of this.#stuck) if (until <= nowMs) this.#stuck.delete(id);
    return [...this.#stuck.keys()];
  }
}

/** A transaction as it fills up. */
class Plan {
  readonly limit: bigint;
  readonly #most: number;
  readonly #suspectPart: bigint;
  readonly #clean: PricedMatch[] = [];
  readonly #suspects: PricedMatch[] = [];
  /** Accounts of what is taken or left for the next one. */
  readonly #accounts = new Set<string>();
  readonly #taken = new Set<string>();
  /** A suspect match that is too large for the suspects' share: it may have a transaction of its own. */
  #large: PricedMatch | undefined;
  /** Clean matches that there was no room for. */
  #withoutRoom = 0;

  constructor(limit: bigint, { maxMatchesPerBatch, suspectPart }: SettlerOptions) {
    this.limit = limit;
    this.#most = maxMatchesPerBatch;
    this.#suspectPart = suspectPart;
  }

  get isFull(): boolean {
    const count = this.#clean.length + this.#suspects.length;
    return count >= this.#most || this.#withoutRoom >= MAX_WITHOUT_ROOM;
  }

  get isEmpty(): boolean {
    return this.result().batch.length === 0;
  }

  touches(match: StoredMatch): boolean {
    return accountsOf(match).some((account) => this.#accounts.has(account));
  }

  has(account: string): boolean {
    return this.#taken.has(account);
  }

  leave(match: StoredMatch): void {
    for (const account of accountsOf(match)) this.#accounts.add(account);
  }

  add(priced: PricedMatch, isSuspect: boolean): boolean {
    if (this.isFull) return false;
    if (isSuspect && !this.#fitsSuspects(priced)) {
      this.#large ??= priced;
      return false;
    }
    const clean = isSuspect ? this.#clean : [...this.#clean, priced];
    const suspects = isSuspect ? [...this.#suspects, priced] : this.#suspects;
    if (gasLimitOfBatch(clean, suspects) > this.limit) {
      if (!isSuspect) this.#withoutRoom += 1;
      return false;
    }
    (isSuspect ? this.#suspects : this.#clean).push(priced);
    this.leave(priced.match);
    for (const account of accountsOf(priced.match)) this.#taken.add(account);
    return true;
  }

  result(): Omit<Gathered, "hasFailed"> {
    const batch = [...this.#clean, ...this.#suspects];
    if (batch.length === 0 && this.#large !== undefined) {
      return { batch: [this.#large], gasLimit: gasLimitOfAll([this.#large]), hasSuspects: true };
    }
    const gasLimit = gasLimitOfBatch(this.#clean, this.#suspects);
    return { batch, gasLimit, hasSuspects: this.#suspects.length > 0 };
  }

  #fitsSuspects(priced: PricedMatch): boolean {
    return gasLimitOfAll([...this.#suspects, priced]) <= this.limit / this.#suspectPart;
  }
}

function sayWhy(reason: string): string {
  if (reason === "Paused") return "trading is paused on the exchange";
  if (reason === "NotOperator")
    return "the operator's account has no OPERATOR role on the exchange";
  return `the node does not answer: ${reason}`;
}
