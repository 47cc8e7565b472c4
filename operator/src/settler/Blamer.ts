import type { Deployment } from "@nostra/sdk/deployments";
import type { Engine } from "../engine/Engine";
import type { Rpc } from "../rpc";
import type { Store } from "../store";
import type { Head, Receipt } from "./chain";
import { gasLimitsIn } from "./encodeMatches";
import type { Journal } from "./Journal";
import { readOutcomes } from "./readOutcomes";
import { simulate, type SimulateParams } from "./simulate";
import type { Suspects } from "./Suspects";
import type { OpenSettlement, Outcome } from "./types";
import { verifyFailure } from "./verifyFailure";

export interface BlamerParams {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly store: Store;
  readonly engine: Pick<Engine, "command">;
  readonly journal: () => Journal;
  readonly suspects: Suspects;
  readonly targets: SimulateParams;
  /** A match is over. */
  readonly onReleased: (matchId: string) => void;
}

/** Finds out what failed and by whose order, and gives back what the innocents gave. */
export class Blamer {
  readonly #params: BlamerParams;
  /** Guilty orders that the engine has been told of. */
  readonly #invalidated = new Set<string>();

  constructor(params: BlamerParams) {
    this.#params = params;
  }

  /**
   * What a receipt of ours says of each match, held against the block's logs and the indexer's fills.
   * @throws NodeInconsistentError when they contradict it; OperatorError when it is incomplete.
   */
  async outcomes(receipt: Receipt, settlement: OpenSettlement): Promise<readonly Outcome[]> {
    const { rpc, deployment, store } = this.#params;
    const { matches, calldata, gasLimit } = settlement;
    const limits = calldata === "0x" ? [] : gasLimitsIn(calldata, gasLimit);
    const outcomes = readOutcomes(receipt, matches, deployment, limits);
    await verifyFailure(rpc, store.db, deployment, { receipt, settlement, outcomes });
    return receipt.succeeded ? outcomes : this.#explain(outcomes);
  }

  /**
   * A transaction that failed as a whole does not say why. Whether the venue is closed, or an order is to blame, is asked of the
   * present state; when neither is, it is an attempt that came to nothing, and the next one goes by a batch, which does say why.
   */
  async #explain(outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const { rpc, targets } = this.#params;
    const [first, ...others] = outcomes;
    if (first === undefined) return outcomes;
    const verdict = await simulate(rpc, first.match, targets);
    if (verdict.kind === "closed") {
      const { reason } = verdict;
      return outcomes.map(({ match }) => ({ match, settled: false, reason, guilty: null }));
    }
    if (others.length > 0) return outcomes;
    const reason = verdict.kind === "settles" ? "TRANSACTION_FAILED" : verdict.reason;
    const guilty = verdict.kind === "guilty" ? verdict.guilty[0] : null;
    return [{ match: first.match, settled: false, reason, guilty }];
  }

  /** An order that failed a match in a block is dead whatever becomes of the block: it leaves the book at once. */
  async blameForMined(): Promise<void> {
    const { engine, suspects, journal } = this.#params;
    for (const { matches } of await journal().minedWithGuilty()) {
      for (const match of matches) {
        const { id, conditionId, guiltyHash, reason } = match;
        if (guiltyHash === null || this.#invalidated.has(`${id} ${guiltyHash}`)) continue;
        await journal().remember((db) => suspects.blame(db, match, guiltyHash, true));
        await engine.command(conditionId, {
          ...{ op: "invalidate", hash: guiltyHash, reason: reason ?? "REFUSED" },
        });
        this.#invalidated.add(`${id} ${guiltyHash}`);
      }
    }
  }

  /** Gives back what the innocents gave, now that no transaction with their match can land. */
  async release(head: Head): Promise<void> {
    const { rpc, targets, engine, journal, suspects, onReleased } = this.#params;
    for (const match of await journal().matchesToRelease()) {
      const { id: matchId, guiltyHash, giveUp } = match;
      const reason = guiltyHash === null ? giveUp : match.reason;
      // The chain may know of more to blame: better now than one after the other.
      const verdict = await simulate(rpc, match, targets);
      const named = verdict.kind === "guilty" ? verdict.guilty : [];
      const guilty = [...new Set([...(guiltyHash === null ? [] : [guiltyHash]), ...named])];
      const wasCostly = this.#invalidated.has(`${matchId} ${guiltyHash}`);
      await journal().remember(async (db) => {
        for (const hash of guilty) {
          if (hash === guiltyHash && wasCostly) continue;
          await suspects.blame(db, match, hash, false);
        }
        if (guiltyHash === null) await suspects.giveUp(db, match);
      });
      await engine.command(match.conditionId, {
        ...{ op: "release", matchId, guilty, reason: reason ?? "REFUSED" },
        now: head.timestamp,
      });
      this.#invalidated.delete(`${matchId} ${guiltyHash}`);
      onReleased(matchId);
    }
  }
}
