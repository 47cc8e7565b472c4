import type { Connection } from "../contracts/connect.js";
import { findEvent } from "../events/decodeLogs.js";
import type { Hex } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";

/** The three results there are, by their payout vector: what YES and NO redeem for, as parts of the whole. */
export const PAYOUTS = {
  YES: [1n, 0n],
  NO: [0n, 1n],
  /** Each token redeems for half a unit. */
  SPLIT: [1n, 1n],
} as const;

/** A word for each of the three payout vectors. */
export type ResultName = keyof typeof PAYOUTS;

interface QuestionParams {
  readonly questionId: Hex;
}

export interface ProposeResult extends TxResult {
  /** Unix second before which the proposal may be disputed, and from which on it may be finalized. */
  readonly disputeDeadlineSeconds: bigint;
}

/** Proposes a result, from the market's end time on. Resolvers only. */
export function proposeResolution(
  connection: Connection,
  params: QuestionParams & { readonly result: ResultName },
): PreparedTx<ProposeResult> {
  return prepareTx({
    action: "proposeResolution",
    contract: connection.oracle,
    method: "proposeResolution",
    args: [params.questionId, PAYOUTS[params.result]],
    read: (receipt) => ({
      disputeDeadlineSeconds: findEvent(receipt, "ResolutionProposed", connection.deployment).args
        .disputeDeadline,
    }),
  });
}

/** Disputes the proposal inside its window. Resolvers only, not the proposer. */
export function disputeResolution(
  connection: Connection,
  params: QuestionParams,
): PreparedTx<TxResult> {
  return prepareQuestionTx(connection, "disputeResolution", params);
}

/** Makes an undisputed proposal final after its window. Anyone. */
export function finalizeResolution(
  connection: Connection,
  params: QuestionParams,
): PreparedTx<TxResult> {
  return prepareQuestionTx(connection, "finalizeResolution", params);
}

/** Ends a market that stayed silent, or a dispute nobody decided, as SPLIT after its time-out. Anyone. */
export function finalizeByTimeout(
  connection: Connection,
  params: QuestionParams,
): PreparedTx<TxResult> {
  return prepareQuestionTx(connection, "finalizeByTimeout", params);
}

/** Decides a disputed question. Oracle admin only. */
export function adminFinalizeResolution(
  connection: Connection,
  params: QuestionParams & { readonly result: ResultName },
): PreparedTx<TxResult> {
  return prepareTx({
    action: "adminFinalizeResolution",
    contract: connection.oracle,
    method: "adminFinalizeResolution",
    args: [params.questionId, PAYOUTS[params.result]],
    read: readNothing,
  });
}

/**
 * What YES and NO would redeem for, as parts of their sum, if from now on nobody did anything but what is open to everyone:
 * the final result, the proposal that stands, [1,1] after a time-out; [0,0] while undecided. Only a final result is certain.
 * @throws through ethers when the question does not exist (UnknownMarket).
 */
export async function readExpectedPayouts(
  connection: Connection,
  questionId: Hex,
): Promise<readonly [yes: bigint, no: bigint]> {
  const [yes = 0n, no = 0n] = await connection.oracle.expectedPayouts(questionId);
  return [yes, no];
}

function prepareQuestionTx(
  connection: Connection,
  method: "disputeResolution" | "finalizeResolution" | "finalizeByTimeout",
  params: QuestionParams,
): PreparedTx<TxResult> {
  return prepareTx({
    action: method,
    contract: connection.oracle,
    method,
    args: [params.questionId],
    read: readNothing,
  });
}
