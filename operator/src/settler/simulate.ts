import { interfaces } from "@nostra/sdk/contracts";
import { ContractRevertError, decodeRevert, TransportError } from "@nostra/sdk/errors";
import { classifyCallError, type CallFailure } from "../callErrors";
import type { Rpc } from "../rpc";
import { encodeMatch } from "./encodeMatches";
import { word } from "../abiWords";
import { encodeArguments } from "./encodeOrders";
import { ordersOf } from "./readMatches";
import type { Hex, StoredMatch } from "./types";

/** What would come of a match if it were sent now, alone. */
export type Verdict =
  | { readonly kind: "settles"; readonly gas: bigint }
  /** It fails, and these orders are to blame. */
  | { readonly kind: "guilty"; readonly guilty: readonly [Hex, ...Hex[]]; readonly reason: string }
  /** It fails, or runs out of gas, and nobody is to blame. Others may pass. */
  | { readonly kind: "stuck"; readonly reason: string }
  /** No match passes until somebody mends the venue. */
  | { readonly kind: "closed"; readonly reason: string }
  /** The node did not answer for this match. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface SimulateParams {
  readonly operator: string;
  readonly exchange: string;
  readonly inspector: string;
}

/** Refusals that concern the venue: no order is to blame and no match passes until somebody mends it. */
export const VENUE_ERRORS: ReadonlySet<string> = new Set(["Paused", "NotOperator"]);

/** Tries a match on the latest state, without sending anything. Never throws. */
export async function simulate(
  rpc: Rpc,
  match: StoredMatch,
  params: SimulateParams,
): Promise<Verdict> {
  const call = { from: params.operator, to: params.exchange, data: encodeMatch(match) };
  try {
    const gas = BigInt((await rpc.send("eth_estimateGas", [call, "latest"])) as string);
    return { kind: "settles", gas };
  } catch (thrown) {
    return judge(rpc, match, params, classifyCallError("matchOrders", thrown));
  }
}

/** Whether the exchange takes matches of this operator at all: a batch of none is refused only when the venue is closed. */
export async function askVenue(
  rpc: Rpc,
  { operator, exchange }: SimulateParams,
): Promise<"open" | { readonly reason: string; readonly isAnswer: boolean }> {
  const data = interfaces.ctfExchange.encodeFunctionData("matchOrdersBatch", [[]]);
  try {
    await rpc.send("eth_call", [{ from: operator, to: exchange, data }, "latest"]);
    return "open";
  } catch (thrown) {
    const { kind, error } = classifyCallError("matchOrdersBatch", thrown);
    return { reason: reasonOf(error), isAnswer: kind !== "transport" };
  }
}

async function judge(
  rpc: Rpc,
  match: StoredMatch,
  { inspector }: SimulateParams,
  failure: CallFailure,
): Promise<Verdict> {
  const { error } = failure;
  const named = error instanceof ContractRevertError ? error.orderHash : undefined;
  if (error instanceof ContractRevertError && VENUE_ERRORS.has(error.revertName)) {
    return { kind: "closed", reason: error.revertName };
  }
  const own = failure.kind === "outOfGas" ? "OUT_OF_GAS" : reasonOf(error);
  let others: readonly { readonly hash: Hex; readonly reason: string }[] = [];
  try {
    others = await inspect(rpc, match, inspector);
  } catch (thrown) {
    // The first refusal is an answer. Without one, the inspector's own trouble may be one: it ran out of gas, or reverted.
    const inspected = classifyCallError("inspectMatch", thrown);
    if (failure.kind === "transport" && inspected.kind === "transport") {
      return { kind: "unknown", reason: own };
    }
  }
  const members = new Set(ordersOf(match).map(({ hash }) => hash));
  const [first, ...rest] = [
    ...new Set([...(named === undefined ? [] : [named]), ...others.map(({ hash }) => hash)]),
  ].filter((hash) => members.has(hash));
  if (first === undefined) {
    return failure.kind === "transport"
      ? { kind: "unknown", reason: own }
      : { kind: "stuck", reason: own };
  }
  const reason = named === undefined ? (others[0]?.reason ?? own) : own;
  return { kind: "guilty", guilty: [first, ...rest], reason };
}

const INSPECT_SELECTOR = interfaces.matchInspector.getFunction("inspectMatch")!.selector;

/** Every order that keeps a match from settling, with the first reason of each call. */
async function inspect(
  rpc: Rpc,
  match: StoredMatch,
  inspector: string,
): Promise<readonly { readonly hash: Hex; readonly reason: string }[]> {
  const data = `${INSPECT_SELECTOR}${word(32n)}${encodeArguments(match, 0n)}`;
  const answer = (await rpc.send("eth_call", [{ to: inspector, data }, "latest"])) as string;
  const [problems] = interfaces.matchInspector.decodeFunctionResult("inspectMatch", answer);
  return (problems as { orderHash: string; reason: string }[]).map(({ orderHash, reason }) => ({
    hash: orderHash.toLowerCase() as Hex,
    reason: reasonOf(decodeRevert(reason as Hex)),
  }));
}

/** An error in one word, where it has a name. */
export function reasonOf(error: Error): string {
  if (error instanceof ContractRevertError) return error.revertName;
  if (error instanceof TransportError) return "NODE_FAILED";
  return error.message;
}
