import type { Deployment } from "@nostra/sdk/deployments";
import { ChainMismatchError } from "@nostra/sdk/errors";
import type { Alarm } from "../alerts";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import type { Engine } from "../engine/Engine";
import { FencedError, OperatorError } from "../errors";
import type { Log } from "../log";
import type { Finality, Rpc } from "../rpc";
import { acquireLease, LEASE_MS, releaseLease, renewLease, type Lease, type Store } from "../store";
import { Blamer } from "./Blamer";
import {
  knowsTransaction,
  NodeInconsistentError,
  readBalance,
  readBlockHash,
  readHead,
  readNonce,
  readReceipt,
  type Head,
  type Receipt,
} from "./chain";
import { encodeBatch, encodeMatch } from "./encodeMatches";
import { bumpFees, suggestFees } from "./fees";
import { findSpender } from "./findSpender";
import { Gatherer } from "./Gatherer";
import { HOUR_MS } from "./GasBudget";
import { Hindrances } from "./Hindrances";
import { Journal, type Lane } from "./Journal";
import { SETTLER_DEFAULTS, type SettlerOptions } from "./options";
import type { RestingPairs } from "./PairRests";
import { Prober } from "./probe";
import { planResume, type ResumeReport } from "./planResume";
import { findSettled } from "./readOutcomes";
import { Sender, VOID_GAS } from "./Sender";
import { simulate, type SimulateParams } from "./simulate";
import { Suspects } from "./Suspects";
import { transactionGasLimit } from "./transactionGasLimit";
import type { OpenSettlement, TransactionSigner } from "./types";

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
  /** Counts what came of attempts; see Metrics. */
  readonly metrics?: SettlementMetrics;
}

/** What came of attempts, for Prometheus. */
export interface SettlementMetrics {
  /** One match in one transaction that is final: `settled`, or why it failed. */
  attempt(outcome: string): void;
  /** Gas that an attempt burnt for nothing. */
  fruitlessGas(gas: bigint): void;
}

export interface SettlerReadiness {
  /** Whether a match that waits could settle now. */
  readonly canSettle: boolean;
  /** Why it could not, in words for people. Null when it could. */
  readonly reason: string | null;

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

/** How often rests and charges that are over are removed. */
const PRUNE_MS = HOUR_MS;

/** The least time between two looks, however often it is woken: matches of the same moment are settled together. */
const STEP_PAUSE_MS = 50;

/** What keeps a lane from settling, worst first. */
const BLOCKING: readonly string[] = [
  ...["lane_taken_over", "lane_stopped", "operator_gas", "settling_impossible"],
  ...["node_inconsistent", "gas_price_above_cap", "settler_failing"],
];

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
  readonly #hindrances: Hindrances;
  readonly #suspects: Suspects;
  readonly #sender: Sender;
  readonly #blamer: Blamer;
  readonly #gatherer: Gatherer;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  #lease: Lease | undefined;
  #journal: Journal | undefined;
  #loop: Promise<void> | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #stopping = false;
  #fenced = false;
  #awake: () => void = () => undefined;
  /** True while a transaction of the lane is out, as of the last step. */
  #isOut = false;

  constructor(params: SettlerParams) {
    this.#params = params;
    this.#options = { ...SETTLER_DEFAULTS, ...params.options };
    this.#lane = params.wallet.address.toLowerCase();
    const { ctfExchange, matchInspector } = params.deployment.contracts;
    this.#targets = { operator: this.#lane, exchange: ctfExchange, inspector: matchInspector };
    const { rpc, clock, store, deployment, wallet, engine, alarm, log } = params;
    this.#hindrances = new Hindrances(alarm, this.#lane);
    this.#suspects = new Suspects(clock, this.#options);
    const [hindrances, suspects, targets] = [this.#hindrances, this.#suspects, this.#targets];
    const journal = (): Journal => this.#book();
    const { maxFeeCap } = this.#options;
    const { chainId } = deployment;
    this.#sender = new Sender({
      ...{ rpc, wallet, chainId, exchange: ctfExchange, maxFeeCap, hindrances, log },
    });
    const { operator, exchange } = this.#targets;
    const prober = new Prober({ rpc, log, operator, exchange });
    this.#gatherer = new Gatherer(
      { rpc, clock, store, journal, suspects, hindrances, targets, prober },
      this.#options,
    );
    this.#blamer = new Blamer({
      ...{ rpc, deployment, store, engine, journal, suspects, targets },
      onReleased: (matchId) => this.#gatherer.forget(matchId),
    });
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

    const lease = await acquireLease(store.db, `lane:${this.#lane}`, holder);
    this.#lease = lease;
    this.#journal = new Journal({ store, lane: this.#lane, lease, bus, clock });
    await this.#suspects.load(store.db);
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

  /** There may be something to do. A new match waits for the block of the transaction that is out, and so need not wake. */
  wake(why: "block" | "match" = "block"): void {
    if (why === "block" || !this.#isOut) this.#awake();
  }

  async #run(): Promise<void> {
    while (!this.#stopping && !this.#fenced) {
      const woken = new Promise<void>((resolve) => {
        this.#awake = resolve;
      });
      try {
        await this.step();
        this.#hindrances.calm("settler_failing");
      } catch (thrown) {
        this.#params.log.error({ err: thrown, lane: this.#lane }, "settler step failed");
        const data = { error: String(thrown) };
        const text = `the last look at the chain failed: ${String(thrown)}`;
        if (!this.#fenced) this.#hindrances.raise("settler_failing", "HIGH", data, text);
      }
      if (this.#stopping || this.#fenced) break;
      let timer: NodeJS.Timeout | undefined;
      const later = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#options.pollMs);
      });
      await Promise.race([woken, later]);
      clearTimeout(timer);
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(STEP_PAUSE_MS, this.#options.pollMs)),
      );
    }
  }

  async #renew(): Promise<void> {
    const { store } = this.#params;
    if (this.#lease === undefined) return;
    try {
      await renewLease(store.db, this.#lease);
    } catch (thrown) {
      if (thrown instanceof FencedError) this.#onFenced();
      throw thrown;
    }
  }

  #onFenced(): void {
    this.#fenced = true;
    const text = "another process has taken this lane over";
    this.#hindrances.raise("lane_taken_over", "CRITICAL", {}, text);
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
      await this.#blamer.blameForMined();
      await this.#blamer.release(head);
      if (isRunning) await this.#settleNext(head);
      await this.#prune();
    } catch (thrown) {
      if (thrown instanceof FencedError) this.#onFenced();
      if (!(thrown instanceof NodeInconsistentError)) throw thrown;
      // Nothing is settled and nobody blamed until the node makes sense: both could be wrong.
      this.#hindrances.raise(
        "node_inconsistent",
        "CRITICAL",
        { ...thrown.details },
        thrown.message,
      );
    }
  }

  /** MINED settlements: their block is still there and now final, or it was undone. @returns whether any changed. */
  async #watchMined(final: bigint): Promise<boolean> {
    let changed = false;
    for (const { id, state, blockNumber, blockHash } of await this.#book().openNonces()) {
      if (state !== "MINED" || blockNumber === null) continue;
      const isCanonical = (await readBlockHash(this.#params.rpc, blockNumber)) === blockHash;
      if (isCanonical && blockNumber > final) continue;
      const settlement = await this.#book().openSettlement(id);
      if (settlement === undefined) continue;
      if (isCanonical) await this.#confirm(settlement);
      else await this.#book().undone(settlement);
      changed = true;
    }
    return changed;
  }

  /** A settlement is final: what its failed matches cost is charged, and counted. */
  async #confirm(settlement: OpenSettlement): Promise<void> {
    const { metrics } = this.#params;
    const charges = await this.#book().confirmed(settlement, this.#options.maxAttempts);
    this.#suspects.charge(charges);
    for (const { state, reason } of settlement.matches) {
      metrics?.attempt(state === "MINED" ? "settled" : (reason ?? "REFUSED"));
    }
    for (const { gas } of charges) metrics?.fruitlessGas(gas);
    const { budget, isBurning } = this.#suspects;
    if (!isBurning) this.#hindrances.calm("settlement_gas_burnt");
    else {
      const data = { gas: budget.total().toString(), perMs: HOUR_MS };
      this.#hindrances.raise("settlement_gas_burnt", "HIGH", data);
    }
  }

  /** SENT settlements: mined, or to be sent again, paid better, or given up. @returns whether any was mined. */
  async #watchSent(head: Head, final: bigint, isRunning: boolean): Promise<boolean> {
    const { rpc } = this.#params;
    let mined = false;
    for (const { id, state } of await this.#book().openNonces()) {
      if (state !== "SENT") continue;
      const settlement = await this.#book().openSettlement(id);
      if (settlement === undefined) continue;
      const receipt = await this.#findReceipt(settlement);
      if (receipt !== undefined) {
        const outcomes = await this.#blamer.outcomes(receipt, settlement);
        await this.#book().mined(settlement, receipt, outcomes);
        this.#hindrances.calm("gas_price_above_cap");
        this.#hindrances.calm("node_inconsistent");
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
    const data = { nonce: nonce.toString(), hash: spender };
    this.#hindrances.raise("foreign_nonce", "CRITICAL", data);
    this.#hindrances.calm("foreign_nonce");
  }

  /** Sends what the node has forgotten, and after a while pays more for it. */
  async #push(settlement: OpenSettlement, head: Head): Promise<void> {
    const { rpc } = this.#params;
    const last = settlement.attempts.at(-1);
    if (last === undefined) return;
    if (!(await knowsTransaction(rpc, last.hash))) await this.#sender.send(last);
    if (head.number - last.signedAtBlock < this.#options.bumpAfterBlocks) return;

    const { maxFeeCap } = this.#options;
    const asked = await suggestFees(rpc, head.baseFee, maxFeeCap);
    const fees = asked === undefined ? undefined : bumpFees(last.fees, asked, maxFeeCap);
    if (fees === undefined) {
      this.#sender.raiseCap();
      return;
    }
    const purpose = (await this.#isPointless(settlement)) ? "void" : settlement.purpose;
    const content = purpose === "void" ? this.#sender.nothing() : this.#sender.calling(settlement);
    const sign = this.#sender.signer({ ...content, fees, head });
    const attempt = await this.#book().addAttempt(settlement, purpose, sign);
    if (attempt !== undefined) await this.#sender.send(attempt);
  }

  /** True when no match of it would settle any more: its nonce is better used up by nothing. */
  async #isPointless({ purpose, matches }: OpenSettlement): Promise<boolean> {
    if (purpose === "void") return true;
    const verdicts = await Promise.all(
      matches.map((match) => simulate(this.#params.rpc, match, this.#targets)),
    );
    return verdicts.every(({ kind }) => kind === "guilty");
  }

  // ---------------------------------------------------------------------------------------------- the next settlement

  /**
   * Makes the next settlement, unless one is out. A clean match alone goes by `matchOrders`, which costs less. A suspect one goes
   * by `matchOrdersBatch` even when alone: only there does the chain say which order failed it.
   */
  async #settleNext(head: Head): Promise<void> {
    const open = await this.#book().openNonces();
    this.#isOut = open.some(({ state }) => state === "SENT");
    if (this.#isOut) return;
    // A node that is behind would let a match pass that needs what was just filled.
    if (head.number < (await this.#book().highestBlock())) return;
    if (!(await this.#checkNonce(head))) return;

    const { deployment } = this.#params;
    const limit = transactionGasLimit(deployment.chainId, head.gasLimit, this.#options.maxGas);
    const { batch, gasLimit, hasSuspects, hasFailed } = await this.#gatherer.gather(limit, head);
    if (hasFailed) await this.#blamer.release(head);
    const [first] = batch;
    if (first === undefined) return;
    const fees = await this.#sender.payable(head, gasLimit);
    if (fees === undefined) return;
    const isAlone = batch.length === 1 && !hasSuspects;
    const calldata = isAlone ? encodeMatch(first.match) : encodeBatch(batch);
    const content = this.#sender.calling({ calldata, gasLimit });
    const created = await this.#book().createSettlement(
      { ...{ purpose: "match", calldata, gasLimit }, matches: batch.map(({ match }) => match) },
      this.#sender.signer({ ...content, fees, head }),
    );
    if (created === undefined) return;
    this.#isOut = true;
    await this.#sender.send(created.attempt);
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
    const fees = await this.#sender.payable(head, VOID_GAS);
    if (fees === undefined) return;
    const content = this.#sender.nothing();
    const created = await this.#book().createSettlement(
      { purpose: "void", calldata: "0x", gasLimit: content.gasLimit, matches: [], nonce },
      this.#sender.signer({ ...content, fees, head }),
    );
    if (created !== undefined) await this.#sender.send(created.attempt);
  }

  /** More nonces are spent than this database gave out: the key is used elsewhere, or the database is an old copy. */
  async #checkForeignUse(lane: Lane, chainNonce: bigint): Promise<void> {
    if (chainNonce <= lane.nextNonce) return;
    const reason = `the chain is at nonce ${chainNonce}, the database at ${lane.nextNonce}`;
    await this.#book().stopLane(reason);
    this.#hindrances.raise(
      "lane_stopped",
      "CRITICAL",
      { reason },
      `the lane is stopped: ${reason}`,
    );
  }

  async #prune(): Promise<void> {
    const nowMs = this.#params.clock.monotonicMs();
    if (nowMs - this.#prunedAtMs < PRUNE_MS) return;
    this.#prunedAtMs = nowMs;
    await this.#book().remember((db) => this.#suspects.prune(db));
  }

  // ---------------------------------------------------------------------------------------------- for others

  /** True while the account rests because an order of it kept a match from settling. */
  isCoolingDown(account: string): boolean {
    return this.#suspects.isResting(account);
  }

  /** Pairs of accounts that are not to be matched with each other for the moment. */
  get pairRests(): RestingPairs {
    return this.#suspects.pairRests;
  }

  /** Gas that failed attempts burnt in the last hour: of one account, or of all. */
  fruitlessGas(account?: string): bigint {
    const { budget } = this.#suspects;
    return account === undefined ? budget.total() : budget.of(account.toLowerCase());
  }

  async readiness(): Promise<SettlerReadiness> {
    const { rpc, clock, breakerOpen } = this.#params;
    const nowMs = BigInt(clock.nowMs());
    const lane = await this.#book().lane();
    const oldestMs = await this.#book().oldestUnsettledMs();
    const open = await this.#book().openNonces();
    const sent = open.find(({ state }) => state === "SENT");
    const gasBalance = await readBalance(rpc, this.#lane).catch(() => null);
    const isBreakerOpen = breakerOpen?.() ?? false;
    const reason = this.#whyNot(lane, gasBalance, isBreakerOpen);
    return {
      ...{ canSettle: reason === null, reason },
      ...{ gasBalance, laneState: lane.state, laneReason: lane.reason },
      pendingAgeMs: sent === undefined ? null : Number(nowMs - sent.createdAtMs),
      oldestUnsettledMs: oldestMs === null ? null : Number(nowMs - oldestMs),
      breakerOpen: isBreakerOpen,
    };
  }

  /** Why no match could settle now, in words. Null when one could. */
  #whyNot(lane: Lane, gasBalance: bigint | null, isBreakerOpen: boolean): string | null {
    if (lane.state === "STOPPED")
      return `the lane is stopped: ${lane.reason ?? "no reason stored"}`;
    if (isBreakerOpen || gasBalance === null) return "the node does not answer";
    if (gasBalance === 0n)
      return `the operator's account ${this.#lane} has nothing to pay gas with`;
    return this.#hindrances.first(BLOCKING);
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
    if ((await this.#book().openNonces()).length > 0) {
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
    this.#hindrances.calm("lane_stopped");
    this.wake();
    return report;
  }

  // ---------------------------------------------------------------------------------------------- within

  #book(): Journal {
    if (this.#journal === undefined) throw new Error("the lane is not open");
    return this.#journal;
  }
}

function tooEarly(what: string): OperatorError {
  return new OperatorError("TOO_EARLY", `${what}: try again later`, {
    status: 503,
    retryAfterSeconds: 10,
  });
}
