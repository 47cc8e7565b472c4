import { interfaces } from "@nostra/sdk/contracts";
import {
  ContractRevertError,
  decodeRevert,
  toNostraError,
  TransportError,
} from "@nostra/sdk/errors";
import type { Rpc } from "../rpc";
import { encodeMatch, matchArguments } from "./encodeMatches";
import { ordersOf } from "./readMatches";
import type { Hex, StoredMatch } from "./types";

/** What would come of a match if it were sent now, alone. */
export type Verdict =
  | { readonly kind: "settles"; readonly gas: bigint }
  /** It fails, and these orders are to blame. */
  | { readonly kind: "guilty"; readonly guilty: readonly [Hex, ...Hex[]]; readonly reason: string }
  /** It fails, and nobody is to blame. Others may pass. */
  | { readonly kind: "stuck"; readonly reason: string }
  /** No match would pass, or nobody knows. */
  | { readonly kind: "wait"; readonly reason: string };

export interface SimulateParams {
  readonly operator: string;
  readonly exchange: string;
  readonly inspector: string;
}

/** Refusals that concern the venue: no order is to blame and no match passes until somebody mends it. */
const VENUE_ERRORS: ReadonlySet<string> = new Set(["Paused", "NotOperator"]);

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
    return judge(rpc, match, params, toNostraError("matchOrders", thrown));
  }
}

async function judge(
  rpc: Rpc,
  match: StoredMatch,
  { inspector }: SimulateParams,
  error: Error,
): Promise<Verdict> {
  if (error instanceof ContractRevertError && VENUE_ERRORS.has(error.revertName)) {
    return { kind: "wait", reason: error.revertName };
  }
  const named = error instanceof ContractRevertError ? error.orderHash : undefined;
  let others: readonly { readonly hash: Hex; readonly reason: string }[];
  try {
    others = await inspect(rpc, match, inspector);
  } catch (thrown) {
    // The first refusal is an answer; without one, and with no other, the node is not there.
    if (named === undefined)
      return { kind: "wait", reason: reasonOf(toNostraError("inspectMatch", thrown)) };
    others = [];
  }
  const members = new Set(ordersOf(match).map(({ hash }) => hash));
  const [first, ...rest] = [
    ...new Set([...(named === undefined ? [] : [named]), ...others.map(({ hash }) => hash)]),
  ].filter((hash) => members.has(hash));
  if (first === undefined) return { kind: "stuck", reason: reasonOf(error) };
  const reason = named === undefined ? (others[0]?.reason ?? reasonOf(error)) : reasonOf(error);
  return { kind: "guilty", guilty: [first, ...rest], reason };
}

/** Every order that keeps a match from settling, with the first reason of each call. */
async function inspect(
  rpc: Rpc,
  match: StoredMatch,
  inspector: string,
): Promise<readonly { readonly hash: Hex; readonly reason: string }[]> {
  const [takerOrder, makerOrders, takerFillAmount, makerFillAmounts] = matchArguments(match);
  const data = interfaces.matchInspector.encodeFunctionData("inspectMatch", [
    [takerOrder, makerOrders, takerFillAmount, makerFillAmounts, 0n],
  ]);
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
