import type { Deployment } from "@nostra/sdk/deployments";
import { ChainMismatchError } from "@nostra/sdk/errors";
import type { Alarm, Severity } from "../alerts";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import type { Engine } from "../engine/Engine";
import { FencedError, OperatorError } from "../errors";
import type { Log } from "../log";
import type { Finality, Rpc } from "../rpc";
import { acquireLease, LEASE_MS, releaseLease, renewLease, type Lease, type Store } from "../store";
import { broadcast } from "./broadcast";
import { CoolDown } from "./CoolDown";
import {
  knowsTransaction,
  readBalance,
  readBlockHash,
  readHead,
  readNonce,
  readReceipt,
  type Head,
  type Receipt,
} from "./chain";
import { encodeMatches, gasLimitOfAll, type PricedMatch } from "./encodeMatches";
import { bumpFees, suggestFees } from "./fees";
import { findSpender } from "./findSpender";
import { Journal, type Lane, type SignFor } from "./Journal";
import { planResume, type ResumeReport } from "./planResume";
import { accountsOf, ordersOf } from "./readMatches";
import { findSettled, readOutcomes } from "./readOutcomes";
import { signAttempt } from "./signAttempt";
import { simulate, type SimulateParams, type Verdict } from "./simulate";
import type {
  Attempt,
  Fees,
  Hex,
  OpenSettlement,
  Outcome,
  StoredMatch,
  TransactionSigner,
} from "./types";

export interface SettlerOptions {
  /** The most matches in one transaction. */
  readonly maxMatchesPerBatch: number;
  /** The most gas of one transaction. The chain's own limit (EIP-7825) is 16,777,216. */
  readonly maxGas: bigint;
  /** Blocks after which a transaction that is not mined is signed anew with higher fees. */
  readonly bumpAfterBlocks: bigint;
  /** The most a unit of gas may cost, in wei. */
  readonly maxFeeCap: bigint;
  /** How long an account rests whose order kept a match from settling. */
  readonly coolDownMs: number;
  /** How long a match rests that fails with nobody to blame. */
  readonly stuckMs: number;
  /** How often the lane looks when nothing wakes it. */
  readonly pollMs: number;
  /** Which markets are this lane's. Default: all. */
  readonly owns?: (conditionId: Hex) => boolean;
}

export const SETTLER_DEFAULTS: SettlerOptions = {
  maxMatchesPerBatch: 20,
  maxGas: 16_700_000n,
  bumpAfterBlocks: 5n,
  maxFeeCap: 2_000_000_000_000n,
  coolDownMs: 60_000,
  stuckMs: 30_000,
  pollMs: 1_000,
};

export interface SettlerParams {
  readonly store: Store;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly wallet: TransactionSigner;
  readonly engine: Pick<Engine, "command">;
  readonly bus: Bus;
  readonly finality: Finality;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** Who this is, for people: host and process. */
  readonly holder: string;
  readonly options?: Partial<SettlerOptions>;
  /** Tells whether the node is given up for the moment; see resilientRpc. */
  readonly breakerOpen?: () => boolean;
}

export interface SettlerReadiness {
  /** Wei that the lane has for gas. Null when the node does not answer. */
  readonly gasBalance: bigint | null;
  readonly laneState: Lane["state"];
  readonly laneReason: string | null;
  /** How long the transaction that is out has been out. Null when none is. */
  readonly pendingAgeMs: number | null;
  /** How long the oldest unsettled match has waited. Null when none does. */
  readonly oldestUnsettledMs: number | null;
  readonly breakerOpen: boolean;
}

const VOID_GAS = 21_000n;

/**
 * Brings matches to the chain, each exactly once, by one account: a lane.
 *
 * A match is MATCHED, then part of a settlement: one nonce of the lane. A settlement is SENT from the moment it is signed and
 * stored, before anything is sent; MINED when any of its attempts has a receipt; CONFIRMED when that block is final; SENT again
 * when it is undone; LOST when the nonce was finally spent by a transaction that is not ours, which has been found.
 *
 * What always holds:
 * - a match belongs to one settlement at most until that nonce is spent for good; only then may it get another;
 * - every attempt for a nonce is stored before it is sent, so a crash at any point is the same as a slow network;
 * - at most one settlement of the lane is made while none is SENT, and all SENT ones are looked after;
 * - a step writes nothing that a step after a crash would not write again.
 */
export class Settler {
  readonly #params: SettlerParams;
  readonly #options: SettlerOptions;
  readonly #lane: string;
  readonly #targets: SimulateParams;
  readonly #coolDown: CoolDown;
  /** Matches that fail with nobody to blame, and until when they rest. */
  readonly #stuck = new Map<string, number>();
  /** What has been alarmed and still holds. */
  readonly #raised = new Set<string>();
  /** Guilty orders that the engine has been told of. */
  readonly #invalidated = new Set<string>();
  #lease: Lease | undefined;
  #journal: Journal | undefined;
  #loop: Promise<void> | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #stopping = false;
  #fenced = false;
  #awake: () => void = () => undefined;

  constructor(params: SettlerParams) {
    this.#params = params;
    this.#options = { ...SETTLER_DEFAULTS, ...params.options };
    this.#lane = params.wallet.address.toLowerCase();
    this.#coolDown = new CoolDown(this.#options.coolDownMs);
    const { ctfExchange, matchInspector } = params.deployment.contracts;
    this.#targets = { operator: this.#lane, exchange: ctfExchange, inspector: matchInspector };
  }

  // ---------------------------------------------------------------------------------------------- life

  /**
   * Takes the lane, and looks at what was left.
   * @throws ChainMismatchError when the node is on another chain; InUseError when another process has the lane.
   */
  async open(): Promise<void> {
    const { rpc, deployment, store, bus, clock, holder } = this.#params;
    const chainId = BigInt((await rpc.send("eth_chainId", [])) as string);
    const expected = BigInt(deployment.chainId);
    if (chainId !== expected) throw new ChainMismatchError(expected, chainId);

    const nowMs = clock.nowMs();
    const lease = await acquireLease(store.db, `lane:${this.#lane}`, holder, BigInt(nowMs));
    this.#lease = lease;
    this.#journal = new Journal({ store, lane: this.#lane, lease, bus, clock });
    await this.#coolDown.load(store.db, nowMs);
    const chainNonce = await readNonce(rpc, this.#lane);
    const lane = await this.#journal.openLane(chainNonce);
    if (lane.state === "RUNNING") await this.#checkForeignUse(lane, chainNonce);
  }

  /** Opens the lane and keeps going until stopped. */
  async start(): Promise<void> {
    await this.open();
    const period = Number(LEASE_MS) / 3;
    this.#renewal = setInterval(() => void this.#renew().catch(() => undefined), period);
    this.#renewal.unref();
    this.#loop = this.#run();
  }

  /** Ends after the step in hand is done, and gives the lane back. What is out stays out: it is in the journal. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#renewal);
    this.#awake();
    await this.#loop;
    if (this.#lease !== undefined && !this.#fenced) {
      await releaseLease(this.#params.store.db, this.#lease);
    }
    this.#lease = undefined;
  }

  /** There may be something to do. */
  wake(): void {
    this.#awake();
  }

  async #run(): Promise<void> {
    while (!this.#stopping && !this.#fenced) {
      const woken = new Promise<void>((resolve) => {
        this.#awake = resolve;
      });
      try {
        await this.step();
        this.#calm("settler_failing");
      } catch (thrown) {
        this.#params.log.error({ err: thrown, lane: this.#lane }, "settler step failed");
        if (!this.#fenced) this.#raise("settler_failing", "HIGH", { error: String(thrown) });
      }
      if (this.#stopping || this.#fenced) break;
      let timer: NodeJS.Timeout | undefined;
      const later = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#options.pollMs);
      });
      await Promise.race([woken, later]);
      clearTimeout(timer);
    }
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#params;
    if (this.#lease === undefined) return;
    try {
      await renewLease(store.db, this.#lease, BigInt(clock.nowMs()));
    } catch (thrown) {
      if (thrown instanceof FencedError) this.#onFenced();
      throw thrown;
    }
  }

  #onFenced(): void {
    this.#fenced = true;
    this.#raise("lane_taken_over", "CRITICAL", {});
    this.#awake();
  }

  // ---------------------------------------------------------------------------------------------- a step

  /** Looks at the chain once and does what is due. May be repeated at will. */
  async step(): Promise<void> {
    const { rpc, finality } = this.#params;
    await this.#renew();
    try {
      const lane = await this.#book().lane();
      const head = await readHead(rpc);
      const final = await finality(rpc, head.number);
      const isRunning = lane.state === "RUNNING";
      const changed = await this.#watchMined(final);
      const mined = await this.#watchSent(head, final, isRunning);
      if (mined || changed) await this.#watchMined(final);
      await this.#blameForMined();
      await this.#release(head);
      if (isRunning) await this.#settleNext(head);
    } catch (thrown) {
      if (thrown instanceof FencedError) this.#onFenced();
      throw thrown;
    }
  }

  /** MINED settlements: their block is still there and now final, or it was undone. @returns whether any changed. */
  async #watchMined(final: bigint): Promise<boolean> {
    let changed = false;
    for (const settlement of await this.#book().openSettlements()) {
      const { state, blockNumber, blockHash } = settlement;
      if (state !== "MINED" || blockNumber === null) continue;
      const isCanonical = (await readBlockHash(this.#params.rpc, blockNumber)) === blockHash;
      if (isCanonical && blockNumber > final) continue;
      if (isCanonical) await this.#book().confirmed(settlement);
      else await this.#book().undone(settlement);
      changed = true;
    }
    return changed;
  }

  /** SENT settlements: mined, or to be sent again, paid better, or given up. @returns whether any was mined. */
  async #watchSent(head: Head, final: bigint, isRunning: boolean): Promise<boolean> {
    const { rpc } = this.#params;
    let mined = false;
    for (const settlement of await this.#book().openSettlements()) {
      if (settlement.state !== "SENT") continue;
      const receipt = await this.#findReceipt(settlement);
      if (receipt !== undefined) {
        await this.#book().mined(settlement, receipt, await this.#outcomes(receipt, settlement));
        this.#calm("gas_price_above_cap");
        mined = true;
      } else if ((await readNonce(rpc, this.#lane)) > settlement.nonce) {
        await this.#watchSpent(settlement, final);
      } else if (isRunning) {
        await this.#push(settlement, head);
      }
    }
    return mined;
  }

  async #findReceipt({ attempts }: OpenSettlement): Promise<Receipt | undefined> {
    for (const { hash } of [...attempts].reverse()) {
      const receipt = await readReceipt(this.#params.rpc, hash);
      if (receipt !== undefined) return receipt;
    }
    return undefined;
  }

  /** What a receipt of ours says of each match. A transaction that failed as a whole does not say why: it is tried again. */
  async #outcomes(receipt: Receipt, { matches }: OpenSettlement): Promise<Outcome[]> {
    const { rpc, deployment } = this.#params;
    const outcomes = readOutcomes(receipt, matches, deployment);
    const [only, ...others] = matches;
    if (receipt.succeeded || only === undefined || others.length > 0) return outcomes;
    const verdict = await simulate(rpc, only, this.#targets);
    const reason = verdict.kind === "settles" ? "TRANSACTION_FAILED" : verdict.reason;
    const guilty = verdict.kind === "guilty" ? verdict.guilty[0] : null;
    return [{ match: only, settled: false, reason, guilty }];
  }

  /**
   * The nonce is spent and no receipt of ours is there. Until that is final nothing is known. Then the spender is looked up: a
   * missing receipt alone would be no proof, and to send a match again without proof is to settle it twice.
   */
  async #watchSpent(settlement: OpenSettlement, final: bigint): Promise<void> {
    const { rpc, deployment } = this.#params;
    const { nonce, attempts } = settlement;
    if ((await readNonce(rpc, this.#lane, final)) <= nonce) return;
    const from = attempts[0]?.signedAtBlock ?? 0n;
    const spender = await findSpender(rpc, this.#lane, nonce, { from, to: final });
    if (spender === undefined || attempts.some(({ hash }) => hash === spender)) return;
    const receipt = await readReceipt(rpc, spender);
    if (receipt === undefined || receipt.blockNumber > final) return;
    const settled = findSettled(receipt, settlement.matches, deployment);
    await this.#book().lost(settlement, receipt, settled);
    this.#raise("foreign_nonce", "CRITICAL", { nonce: nonce.toString(), hash: spender });
    this.#calm("foreign_nonce");
  }

  /** Sends what the node has forgotten, and after a while pays more for it. */
  async #push(settlement: OpenSettlement, head: Head): Promise<void> {
    const { rpc } = this.#params;
    const last = settlement.attempts.at(-1);
    if (last === undefined) return;
    if (!(await knowsTransaction(rpc, last.hash))) await this.#send(last);
    if (head.number - last.signedAtBlock < this.#options.bumpAfterBlocks) return;

    const { maxFeeCap } = this.#options;
    const asked = await suggestFees(rpc, head.baseFee, maxFeeCap);
    const fees = asked === undefined ? undefined : bumpFees(last.fees, asked, maxFeeCap);
    if (fees === undefined) {
      this.#raise("gas_price_above_cap", "HIGH", { cap: maxFeeCap.toString() });
      return;
    }
    const purpose = (await this.#isPointless(settlement)) ? "void" : settlement.purpose;
    const content = purpose === "void" ? this.#nothing() : this.#calling(settlement);
    const sign = this.#signer({ ...content, fees, head });
    const attempt = await this.#book().addAttempt(settlement, purpose, sign);
    if (attempt !== undefined) await this.#send(attempt);
  }

  /** True when no match of it would settle any more: its nonce is better used up by nothing. */
  async #isPointless({ purpose, matches }: OpenSettlement): Promise<boolean> {
    if (purpose === "void") return true;
    const verdicts = await this.#try(matches);
    return verdicts.every(({ kind }) => kind === "guilty");
  }

  // ---------------------------------------------------------------------------------------------- blame

  /** An order that failed a match in a block is dead whatever becomes of the block: it leaves the book at once. */
  async #blameForMined(): Promise<void> {
    for (const { state, matches } of await this.#book().openSettlements()) {
      if (state !== "MINED") continue;
      for (const { id, conditionId, guiltyHash, reason, ...match } of matches) {
        if (guiltyHash === null || this.#invalidated.has(`${id} ${guiltyHash}`)) continue;
        this.#rest(ordersOf({ id, conditionId, guiltyHash, reason, ...match }), guiltyHash);
        await this.#params.engine.command(conditionId, {
          ...{ op: "invalidate", hash: guiltyHash, reason: reason ?? "REFUSED" },
        });
        this.#invalidated.add(`${id} ${guiltyHash}`);
      }
    }
  }

  /** Gives back what the innocents gave, now that no transaction with their match can land. */
  async #release(head: Head): Promise<void> {
    for (const match of await this.#book().matchesToRelease()) {
      const { id: matchId, guiltyHash, reason } = match;
      if (guiltyHash === null) continue;
      // The chain may know of more to blame: better now than one after the other.
      const verdict = await simulate(this.#params.rpc, match, this.#targets);
      const others = verdict.kind === "guilty" ? verdict.guilty : [];
      const guilty = [...new Set([guiltyHash, ...others])];
      for (const hash of guilty) this.#rest(ordersOf(match), hash);
      await this.#params.engine.command(match.conditionId, {
        ...{ op: "release", matchId, guilty, reason: reason ?? "REFUSED" },
        now: head.timestamp,
      });
      this.#invalidated.delete(`${matchId} ${guiltyHash}`);
      this.#stuck.delete(matchId);
    }
  }

  #rest(
    orders: readonly { readonly hash: Hex; readonly order: { readonly maker: string } }[],
    guilty: Hex,
  ): void {
    const found = orders.find(({ hash }) => hash === guilty);
    if (found !== undefined) this.#coolDown.add(found.order.maker, this.#params.clock.nowMs());
  }

  // ---------------------------------------------------------------------------------------------- the next settlement

  /** Makes the next settlement, unless one is out. */
  async #settleNext(head: Head): Promise<void> {
    const { rpc } = this.#params;
    const open = await this.#book().openSettlements();
    if (open.some(({ state }) => state === "SENT")) return;
    // A node that is behind would let a match pass that needs what was just filled.
    if (head.number < (await this.#book().highestBlock())) return;
    if (!(await this.#checkNonce(head))) return;

    const matches = await this.#gather(head);
    if (matches.length === 0) return;
    const fees = await this.#payable(head, gasLimitOfAll(matches), rpc);
    if (fees === undefined) return;
    const content = {
      ...{ to: this.#targets.exchange, data: encodeMatches(matches) },
      gasLimit: this.#capped(gasLimitOfAll(matches), head),
    };
    const created = await this.#book().createSettlement(
      {
        ...{ purpose: "match", calldata: content.data, gasLimit: content.gasLimit },
        matches: matches.map(({ match }) => match),
      },
      this.#signer({ ...content, fees, head }),
    );
    if (created !== undefined) await this.#send(created.attempt);
  }

  /** The lane and the chain agree on the next nonce. A gap is filled first; a nonce of nobody we know stops the lane. */
  async #checkNonce(head: Head): Promise<boolean> {
    const lane = await this.#book().lane();
    const chainNonce = await readNonce(this.#params.rpc, this.#lane);
    if (chainNonce === lane.nextNonce) return true;
    if (chainNonce > lane.nextNonce) {
      await this.#checkForeignUse(lane, chainNonce);
      return false;
    }
    // Below ours: the node is behind, or nothing was ever sent with that nonce and all that follows waits for it.
    if (await this.#book().hasNonce(chainNonce)) return false;
    await this.#fillGap(head, chainNonce);
    return false;
  }

  async #fillGap(head: Head, nonce: bigint): Promise<void> {
    const fees = await this.#payable(head, VOID_GAS, this.#params.rpc);
    if (fees === undefined) return;
    const content = this.#nothing();
    const created = await this.#book().createSettlement(
      { purpose: "void", calldata: "0x", gasLimit: content.gasLimit, matches: [], nonce },
      this.#signer({ ...content, fees, head }),
    );
    if (created !== undefined) await this.#send(created.attempt);
  }

  /** More nonces are spent than this database gave out: the key is used elsewhere, or the database is an old copy. */
  async #checkForeignUse(lane: Lane, chainNonce: bigint): Promise<void> {
    if (chainNonce <= lane.nextNonce) return;
    const reason = `the chain is at nonce ${chainNonce}, the database at ${lane.nextNonce}`;
    await this.#book().stopLane(reason);
    this.#raise("lane_stopped", "CRITICAL", { reason });
  }

  /**
   * The first matches that would settle now, in their order, as many as fit. Those with an order to blame are released on the
   * way; but one that shares an account with a match before it may fail only for that one's sake, so it waits its turn.
   */
  async #gather(head: Head): Promise<PricedMatch[]> {
    const { maxMatchesPerBatch, owns } = this.#options;
    const markets =
      owns === undefined ? undefined : (await this.#book().waitingMarkets()).filter(owns);
    if (markets?.length === 0) return [];
    const waiting = await this.#book().waitingMatches(maxMatchesPerBatch, this.#resting(), markets);
    const verdicts = await this.#try(waiting);
    const limit = this.#capped(this.#options.maxGas, head);
    const taken: PricedMatch[] = [];
    const accounts = new Set<string>();
    const guilty: { match: StoredMatch; hash: Hex; reason: string }[] = [];
    let reachable = true;
    for (const [index, match] of waiting.entries()) {
      const verdict = verdicts[index] as Verdict;
      if (verdict.kind === "wait") {
        this.#raise("settling_impossible", "HIGH", { reason: verdict.reason });
        reachable = false;
        break;
      }
      if (verdict.kind === "settles") {
        const next = [...taken, { match, gas: verdict.gas }];
        if (taken.length > 0 && gasLimitOfAll(next) > limit) break;
        taken.push({ match, gas: verdict.gas });
        for (const account of accountsOf(match)) accounts.add(account);
        continue;
      }
      if (accountsOf(match).some((account) => accounts.has(account))) break;
      if (verdict.kind === "guilty") {
        guilty.push({ match, hash: verdict.guilty[0], reason: verdict.reason });
      } else {
        this.#setAside(match, verdict.reason);
      }
    }
    if (reachable && waiting.length > 0) this.#calm("settling_impossible");
    for (const { match, hash, reason } of guilty) await this.#book().blame(match, hash, reason);
    if (guilty.length > 0) await this.#release(head);
    return taken;
  }

  #try(matches: readonly StoredMatch[]): Promise<Verdict[]> {
    return Promise.all(matches.map((match) => simulate(this.#params.rpc, match, this.#targets)));
  }

  /** A match that fails with nobody to blame must not hold up the others. */
  #setAside(match: StoredMatch, reason: string): void {
    this.#stuck.set(match.id, this.#params.clock.nowMs() + this.#options.stuckMs);
    this.#raise(`match_stuck`, "HIGH", { matchId: match.id, reason });
    this.#calm("match_stuck");
  }

  #resting(): string[] {
    const nowMs = this.#params.clock.nowMs();
    for (const [id, until] of this.#stuck) if (until <= nowMs) this.#stuck.delete(id);
    return [...this.#stuck.keys()];
  }

  // ---------------------------------------------------------------------------------------------- sending

  /** Today's fees, if they are below the cap and the lane can pay them. */
  async #payable(head: Head, gasLimit: bigint, rpc: Rpc): Promise<Fees | undefined> {
    const { maxFeeCap } = this.#options;
    const fees = await suggestFees(rpc, head.baseFee, maxFeeCap);
    if (fees === undefined) {
      this.#raise("gas_price_above_cap", "HIGH", { cap: maxFeeCap.toString() });
      return undefined;
    }
    this.#calm("gas_price_above_cap");
    const balance = await readBalance(rpc, this.#lane);
    if (balance < gasLimit * fees.maxFeePerGas) {
      this.#raise("operator_gas", "CRITICAL", { balance: balance.toString() });
      return undefined;
    }
    this.#calm("operator_gas");
    return fees;
  }

  #capped(gas: bigint, head: Head): bigint {
    const { maxGas } = this.#options;
    const most = maxGas < head.gasLimit ? maxGas : head.gasLimit;
    return gas < most ? gas : most;
  }

  #nothing(): Content {
    return { to: this.#lane, data: "0x", gasLimit: VOID_GAS };
  }

  #calling({ calldata, gasLimit }: OpenSettlement): Content {
    return { to: this.#targets.exchange, data: calldata, gasLimit };
  }

  #signer({ fees, head, ...content }: Content & { fees: Fees; head: Head }): SignFor {
    const { wallet, deployment } = this.#params;
    return (nonce) =>
      signAttempt(wallet, {
        ...{ ...content, ...fees, nonce, chainId: deployment.chainId },
        signedAtBlock: head.number,
      });
  }

  async #send({ hash, raw }: Attempt): Promise<void> {
    const { reception, message } = await broadcast(this.#params.rpc, raw);
    this.#params.log.info({ hash, reception, message, lane: this.#lane }, "transaction sent");
    if (reception === "poor") this.#raise("operator_gas", "CRITICAL", { message });
  }

  // ---------------------------------------------------------------------------------------------- for others

  /** True while the account rests because an order of it kept a match from settling. */
  isCoolingDown(account: string): boolean {
    return this.#coolDown.has(account, this.#params.clock.nowMs());
  }

  /** Collateral units that matches without a receipt are worth, at most. */
  async unsettledValue(): Promise<bigint> {
    return (await this.#book().unsettled()).value;
  }

  async readiness(): Promise<SettlerReadiness> {
    const { rpc, clock, breakerOpen } = this.#params;
    const nowMs = BigInt(clock.nowMs());
    const lane = await this.#book().lane();
    const { oldestMs } = await this.#book().unsettled();
    const open = await this.#book().openSettlements();
    const sent = open.find(({ state }) => state === "SENT");
    return {
      gasBalance: await readBalance(rpc, this.#lane).catch(() => null),
      ...{ laneState: lane.state, laneReason: lane.reason },
      pendingAgeMs: sent === undefined ? null : Number(nowMs - sent.createdAtMs),
      oldestUnsettledMs: oldestMs === null ? null : Number(nowMs - oldestMs),
      breakerOpen: breakerOpen?.() ?? false,
    };
  }

  /**
   * For people, after they have found out who used the key: lets a stopped lane go on at the chain's nonce. `planResume` tells
   * by what rule each unsettled match is settled, released or left to be tried again.
   * @throws OperatorError when the lane is not stopped, or when it is too early to tell.
   */
  async resumeLane(): Promise<ResumeReport> {
    const { rpc, finality, deployment, store } = this.#params;
    const lane = await this.#book().lane();
    if (lane.state !== "STOPPED") {
      throw new OperatorError("LANE_RUNNING", "the lane is not stopped", { status: 409 });
    }
    await this.step();
    if ((await this.#book().openSettlements()).length > 0) {
      throw tooEarly("a settlement of the lane is not final");
    }
    const head = await readHead(rpc);
    const final = await finality(rpc, head.number);
    const chainNonce = await readNonce(rpc, this.#lane);
    if ((await readNonce(rpc, this.#lane, final)) !== chainNonce) {
      throw tooEarly("a transaction of the lane is not final");
    }
    const report = await planResume({
      ...{ rpc, deployment, db: store.db, lane: this.#lane, final },
      ...{ from: lane.nextNonce, to: chainNonce, highestBlock: await this.#book().highestBlock() },
      unsettled: await this.#book().unsettledMatches(),
    });
    for (const { match, hash } of report.unexplained) {
      await this.#book().blame(match, hash, "UNEXPLAINED_FILL");
    }
    await this.#book().resumeLane(chainNonce, report.settled);
    this.#calm("lane_stopped");
    this.wake();
    return report;
  }

  // ---------------------------------------------------------------------------------------------- within

  #book(): Journal {
    if (this.#journal === undefined) throw new Error("the lane is not open");
    return this.#journal;
  }

  /** Once, until it is over. */
  #raise(type: string, severity: Severity, data: Readonly<Record<string, unknown>>): void {
    if (this.#raised.has(type)) return;
    this.#raised.add(type);
    this.#params.alarm({ type, severity, isChange: true, data: { lane: this.#lane, ...data } });
  }

  #calm(type: string): void {
    this.#raised.delete(type);
  }
}

interface Content {
  readonly to: string;
  readonly data: Hex;
  readonly gasLimit: bigint;
}

function tooEarly(what: string): OperatorError {
  return new OperatorError("TOO_EARLY", `${what}: try again later`, {
    status: 503,
    retryAfterSeconds: 10,
  });
}
