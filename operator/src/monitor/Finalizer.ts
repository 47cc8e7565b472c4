import { finalizeByTimeout, finalizeResolution, type PreparedTx } from "@nostra/sdk/actions";
import type { Connection } from "@nostra/sdk";
import { ContractRevertError } from "@nostra/sdk/errors";
import type { Hex } from "@nostra/sdk/order";
import type { Signer } from "ethers";
import type { Alarm } from "../alerts";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { MarketTable } from "../store";
import type { Ending } from "./dueMarkets";

export interface FinalizerParams {
  /** Of an account of its own, never a lane's. */
  readonly connection: Connection;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly log: Log;
  /** The most a unit of gas may cost, in wei. Default: 2,000 gwei, as for settlements. */
  readonly maxFeePerGas?: bigint;
}

/** How long a transaction may stay unseen before it is sent again, at a higher fee. */
const RESEND_MS = 60_000;
const MAX_PAUSE_MS = 3_600_000;
/** Between two questions whether what is out is in, however many markets wait for it. */
const ASK_EVERY_MS = 500;
/** Nonces spent for one market within 24 hours: what a finalization that keeps failing on chain may cost. */
const MAX_SENDS_A_DAY = 5;
const DAY_MS = 86_400_000;
const DEFAULT_MAX_FEE = 2_000_000_000_000n;
/** Reporting payouts takes about 100,000; one that needs more than this is not sent. */
const MAX_GAS = 1_000_000n;
/** Of the chain's clock, which may be a block behind the venue's. */
const NOT_YET = new Set(["DisputeWindowOpen", "TimeoutNotReached"]);
const DONE_ALREADY = new Set(["AlreadyFinalized"]);
const NOT_YET_MS = 5_000;

interface Progress {
  /** Nonces that were used within the last day, by the monotonic time of their first use. Each costs gas once at most. */
  readonly nonces: Map<number, number>;
  /** Tries in a row that came to nothing. */
  failures: number;
  notBeforeMs: number;
}

interface Outstanding {
  readonly questionId: Hex;
  readonly hash: string;
  readonly nonce: number;
  readonly sentAtMs: number;
}

/**
 * Sends what finalizes due results. At most one transaction is out at a time, always at the account's next nonce, so a transaction
 * that does not get in holds up no other: after a minute it is replaced at a higher fee. Every finalization is tried without sending
 * first; one that the contract refuses costs no gas. A market gets at most five transactions a day; pauses double from one minute to
 * an hour. What does not work raises `state_transition_failure`.
 *
 * Memory is all it has. After a restart a due market is simulated again, and an outstanding transaction of the earlier process is
 * replaced or found to have done its work.
 */
export class Finalizer {
  readonly #params: FinalizerParams;
  readonly #progress = new Map<Hex, Progress>();
  #out: Outstanding | null = null;
  /** How often something was sent at the nonce used last. */
  #atNonce = { nonce: -1, tries: 0 };
  #askedAtMs = -Infinity;

  constructor(params: FinalizerParams) {
    this.#params = params;
  }

  /** Forgets a market that is final. */
  forget(questionId: Hex): void {
    this.#progress.delete(questionId);
  }

  /** Does what can be done now for a market that is due. @returns whether a transaction was sent. */
  async finalize(market: MarketTable, { how }: Ending): Promise<boolean> {
    const { clock, log } = this.#params;
    const questionId = market.question_id as Hex;
    const nowMs = clock.monotonicMs();
    const progress = this.#progressOf(questionId);
    if (nowMs < progress.notBeforeMs) return false;
    if (this.#out !== null && this.#out.questionId !== questionId) {
      // It may be in by now; if not, it has a minute before another takes its nonce.
      if (nowMs - this.#out.sentAtMs < RESEND_MS && !(await this.#isIn(this.#out))) return false;
    }
    for (const [nonce, at] of progress.nonces) {
      if (nowMs - at >= DAY_MS) progress.nonces.delete(nonce);
    }
    try {
      const tx = this.#transaction(questionId, how);
      await tx.simulate();
      if (progress.nonces.size >= MAX_SENDS_A_DAY) {
        progress.notBeforeMs = nowMs + MAX_PAUSE_MS;
        this.#fail(
          market,
          how,
          `${MAX_SENDS_A_DAY} transactions of the last 24 hours did not work`,
        );
        return false;
      }
      return await this.#send(market, how, tx, progress);
    } catch (err) {
      const revert = err instanceof ContractRevertError ? err.revertName : undefined;
      if (revert !== undefined && NOT_YET.has(revert)) {
        progress.notBeforeMs = nowMs + NOT_YET_MS;
        return false;
      }
      this.#pause(progress, nowMs);
      // The indexer is behind.
      if (revert !== undefined && DONE_ALREADY.has(revert)) return false;
      log.warn({ err, questionId, how }, "a due result could not be finalized");
      this.#fail(market, how, revert ?? messageOf(err));
      return false;
    }
  }

  #transaction(questionId: Hex, how: Ending["how"]): PreparedTx<unknown> {
    const { connection } = this.#params;
    return how === "proposal"
      ? finalizeResolution(connection, { questionId })
      : finalizeByTimeout(connection, { questionId });
  }

  async #send(
    market: MarketTable,
    how: Ending["how"],
    tx: PreparedTx<unknown>,
    progress: Progress,
  ): Promise<boolean> {
    const { connection, clock, log, maxFeePerGas: cap = DEFAULT_MAX_FEE } = this.#params;
    const questionId = market.question_id as Hex;
    const signer = connection.runner as Signer;
    const needed = await tx.estimateGas();
    const gasLimit = (needed * 5n) / 4n;
    if (gasLimit > MAX_GAS) throw new Error(`it needs ${needed} gas, at most ${MAX_GAS} is spent`);
    const nonce = await signer.getNonce("latest");
    if (this.#atNonce.nonce !== nonce) this.#atNonce = { nonce, tries: 0 };
    // What is out already at this nonce must be outbid on both fees, also what an earlier process sent.
    const fees = await feesOf(signer, BigInt(this.#atNonce.tries), cap);
    if (fees === undefined) {
      this.#pause(progress, clock.monotonicMs());
      this.#fail(market, how, `gas costs more than the cap of ${cap} wei`);
      return false;
    }
    // From here on it may be out, whatever the node answers.
    const nowMs = clock.monotonicMs();
    this.#atNonce.tries += 1;
    if (!progress.nonces.has(nonce)) progress.nonces.set(nonce, nowMs);
    progress.notBeforeMs = nowMs + pauseMs(progress.nonces.size - 1);
    const sent = await signer.sendTransaction({
      ...{ to: tx.to, data: tx.data, nonce, gasLimit },
      ...fees,
    });
    progress.failures = 0;
    this.#out = { questionId, hash: sent.hash, nonce, sentAtMs: nowMs };
    log.info({ questionId, how, hash: sent.hash }, "sent what finalizes a due result");
    return true;
  }

  /** True when its nonce is spent, by itself or by what replaced it. */
  async #isIn(out: Outstanding): Promise<boolean> {
    const signer = this.#params.connection.runner as Signer;
    const nowMs = this.#params.clock.monotonicMs();
    if (nowMs - this.#askedAtMs < ASK_EVERY_MS) return false;
    this.#askedAtMs = nowMs;
    if ((await signer.getNonce("latest")) <= out.nonce) return false;
    if (this.#out === out) this.#out = null;
    return true;
  }

  #progressOf(questionId: Hex): Progress {
    let progress = this.#progress.get(questionId);
    if (progress === undefined) {
      progress = { nonces: new Map(), failures: 0, notBeforeMs: -Infinity };
      this.#progress.set(questionId, progress);
    }
    return progress;
  }

  #pause(progress: Progress, nowMs: number): void {
    progress.notBeforeMs = nowMs + pauseMs(progress.failures);
    progress.failures += 1;
  }

  #fail(market: MarketTable, how: Ending["how"], reason: string): void {
    const { condition_id: subject, question_id: questionId } = market;
    const data = { subject, questionId, how, reason: reason.slice(0, 200) };
    this.#params.alarm({ type: "state_transition_failure", severity: "HIGH", data });
  }
}

function pauseMs(failures: number): number {
  return Math.min(RESEND_MS * 2 ** failures, MAX_PAUSE_MS);
}

/** The network's fees, 25 % more for each try before; at most the cap. Undefined when the cap does not pay for the next block. */
async function feesOf(signer: Signer, tries: bigint, cap: bigint): Promise<object | undefined> {
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await signer.provider!.getFeeData();
  const raise = (fee: bigint): bigint => {
    const raised = (fee * 5n ** tries) / 4n ** tries;
    return raised < cap ? raised : cap;
  };
  if (maxFeePerGas === null || maxPriorityFeePerGas === null) {
    if (gasPrice === null) throw new Error("the node names no gas price");
    return gasPrice > cap ? undefined : { gasPrice: raise(gasPrice) };
  }
  // ethers asks for twice the base fee and the tip.
  const nextBlock = (maxFeePerGas - maxPriorityFeePerGas) / 2n + maxPriorityFeePerGas;
  if (nextBlock > cap) return undefined;
  const most = raise(maxFeePerGas);
  const tip = raise(maxPriorityFeePerGas);
  return { type: 2, maxFeePerGas: most, maxPriorityFeePerGas: tip < most ? tip : most };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
