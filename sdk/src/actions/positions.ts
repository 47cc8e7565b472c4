import { ZeroHash } from "ethers";
import type { Connection } from "../contracts/connect.js";
import { InputError } from "../errors/InputError.js";
import { decodeLogs, findEvent } from "../events/decodeLogs.js";
import { IndexSet } from "../ids/collectionId.js";
import type { Hex } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";
import { requireUnits } from "./requireUnits.js";

const BOTH: readonly bigint[] = [IndexSet.YES, IndexSet.NO];

/** How many pairs of which condition to split or merge. */
export interface PairParams {
  readonly conditionId: Hex;
  /** Pairs, in units: this much collateral on one side, this much YES and this much NO on the other. */
  readonly amount: bigint;
}

/** Turns the sender's collateral into as many YES and NO tokens. Needs `approveSplit` once. */
export function splitPosition(connection: Connection, params: PairParams): PreparedTx<TxResult> {
  return preparePair(connection, "splitPosition", params);
}

/** Turns the sender's YES and NO tokens back into collateral. */
export function mergePositions(connection: Connection, params: PairParams): PreparedTx<TxResult> {
  return preparePair(connection, "mergePositions", params);
}

function preparePair(
  connection: Connection,
  method: "splitPosition" | "mergePositions",
  params: PairParams,
): PreparedTx<TxResult> {
  const amount = requireUnits("amount", params.amount, 1n);
  const { collateral } = connection.deployment.contracts;
  return prepareTx({
    action: method,
    contract: connection.conditionalTokens,
    method,
    args: [collateral, ZeroHash, params.conditionId, BOTH, amount],
    read: readNothing,
  });
}

export interface RedeemResult extends TxResult {
  /** Collateral units received, by the event. */
  readonly payout: bigint;
}

/**
 * Redeems the sender's whole balance of a resolved condition: floor(balance * numerator / denominator) collateral per
 * index set, the floor in favour of the pool. Losing tokens are burned for nothing.
 * @param params.indexSets Which outcomes to redeem: 1 for YES, 2 for NO; both by default.
 */
export function redeemPositions(
  connection: Connection,
  params: { readonly conditionId: Hex; readonly indexSets?: readonly bigint[] },
): PreparedTx<RedeemResult> {
  const indexSets = params.indexSets ?? BOTH;
  for (const indexSet of indexSets) {
    if (!BOTH.includes(indexSet))
      throw new InputError("indexSets", indexSet, "1n (YES) or 2n (NO)");
  }
  return prepareTx({
    action: "redeemPositions",
    contract: connection.conditionalTokens,
    method: "redeemPositions",
    args: [connection.deployment.contracts.collateral, ZeroHash, params.conditionId, indexSets],
    read: (receipt) => ({
      payout: findEvent(receipt, "PayoutRedemption", connection.deployment).args.payout,
    }),
  });
}

export interface RedeemManyResult extends TxResult {
  /** Collateral units received, over all conditions. */
  readonly payout: bigint;
  /** One per condition the sender held something of, in the order given. */
  readonly redemptions: readonly { readonly conditionId: Hex; readonly payout: bigint }[];
}

/**
 * Redeems the sender's YES and NO of many resolved conditions in one transaction, through PositionRedeemer. Needs
 * `approveRedeemer` once. One condition without a result refuses the whole; one of which the sender holds nothing is passed
 * by.
 */
export function redeemMany(
  connection: Connection,
  params: { readonly conditionIds: readonly Hex[] },
): PreparedTx<RedeemManyResult> {
  const { conditionIds } = params;
  if (conditionIds.length === 0) {
    throw new InputError("conditionIds", "[]", "at least one condition");
  }
  return prepareTx({
    action: "redeemMany",
    contract: connection.redeemer,
    method: "redeem",
    args: [conditionIds],
    read: (receipt) => {
      const redemptions = decodeLogs(receipt, connection.deployment)
        .filter((event) => event.name === "PositionsRedeemed")
        .map(({ args }) => ({ conditionId: args.conditionId as Hex, payout: args.payout }));
      return {
        payout: redemptions.reduce((sum, { payout }) => sum + payout, 0n),
        redemptions,
      };
    },
  });
}
