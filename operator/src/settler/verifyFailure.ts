import type { Deployment } from "@nostra/sdk/deployments";
import type { Kysely } from "kysely";
import type { Rpc } from "../rpc";
import type { Database } from "../store";
import { NodeInconsistentError, readBlockLogs, type Receipt } from "./chain";
import { findSettled } from "./readOutcomes";
import type { Hex, OpenSettlement, Outcome, StoredMatch } from "./types";

/**
 * Holds what a receipt says of failed matches against the block's own logs and against the indexer's fills, before any order is
 * blamed: a node that lies about a receipt would otherwise put a wrong book for a true one.
 * @throws NodeInconsistentError when either says that a match settled which the receipt says failed.
 */
export async function verifyFailure(
  rpc: Rpc,
  db: Kysely<Database>,
  deployment: Deployment,
  {
    receipt,
    settlement,
    outcomes,
  }: {
    readonly receipt: Receipt;
    readonly settlement: OpenSettlement;
    readonly outcomes: readonly Outcome[];
  },
): Promise<void> {
  const failed = outcomes.filter(({ settled }) => !settled).map(({ match }) => match);
  if (failed.length === 0) return;
  const logs = await readBlockLogs(rpc, receipt, deployment.contracts.ctfExchange);
  // What the receipt says settled is taken out first: of two matches that are alike one may have failed.
  const own = logs.filter(({ transactionHash }) => transactionHash === receipt.hash);
  const inBlock = findSettled(
    { logs: own },
    outcomes.map(({ match }) => match),
    deployment,
  );
  const settledCount = outcomes.length - failed.length;
  if (inBlock.size > settledCount) {
    throw new NodeInconsistentError(
      receipt.hash,
      `its receipt says that ${failed.length} of ${outcomes.length} matches failed, the logs of block ${receipt.blockNumber} show ${inBlock.size} that settled`,
    );
  }
  const fills = await db
    .selectFrom("fill")
    .select(["order_hash", "tx_hash"])
    .where(
      "tx_hash",
      "in",
      settlement.attempts.map(({ hash }) => hash),
    )
    .where(
      "order_hash",
      "in",
      failed.map(({ taker }) => taker.hash),
    )
    .execute();
  const settledTakers = new Set(
    outcomes.filter(({ settled }) => settled).map(({ match }) => match.taker.hash as string),
  );
  const fill = fills.find(({ order_hash }) => !settledTakers.has(order_hash));
  if (fill !== undefined) {
    throw new NodeInconsistentError(
      receipt.hash,
      `its receipt says that the match of ${fill.order_hash} failed, the indexer has a fill of it in ${fill.tx_hash}`,
    );
  }
}

/**
 * The transaction of this lane that filled an order of the match where no match of ours is known to have settled; undefined when
 * there is none. Then the order is not to blame: the match, or one like it, has settled, and what said otherwise was wrong.
 */
export async function findUnknownFill(
  db: Kysely<Database>,
  match: StoredMatch,
  guilty: Hex,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("fill")
    .innerJoin("tx_attempt", "tx_attempt.hash", "fill.tx_hash")
    .select("fill.tx_hash")
    .where("fill.order_hash", "in", [guilty, match.taker.hash])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("match")
            .leftJoin("match_maker", "match_maker.match_id", "match.id")
            .select("match.id")
            .whereRef("match.tx_hash", "=", "fill.tx_hash")
            .where((or) =>
              or.or([
                or("match.taker_hash", "=", or.ref("fill.order_hash")),
                or("match_maker.order_hash", "=", or.ref("fill.order_hash")),
              ]),
            ),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return row?.tx_hash;
}
