import { interfaces } from "@nostra/sdk/contracts";
import type { Hex, StoredMatch } from "./types";

/** What the exchange allows a token transfer, and keeps for itself before it begins one. Of the contracts' docs. */
const OUTCOME_TRANSFER_GAS = 200_000n;
/** What a transaction needs above what it uses, so that the exchange begins its last transfer. */
const TRANSACTION_SPARE_GAS = 235_000n;
/** What the exchange keeps to report a failed match of a batch. */
const BATCH_RESERVE_GAS = 60_000n;

/** A match, and what it used when it was tried alone. */
export interface PricedMatch {
  readonly match: StoredMatch;
  readonly gas: bigint;
}

/** The arguments of `matchOrders`, which are also the beginning of a member of a batch. */
export function matchArguments(match: StoredMatch): readonly unknown[] {
  return [
    match.taker.order,
    match.makers.map(({ order }) => order),
    match.takerFillAmount,
    match.makers.map(({ making }) => making),
  ];
}

/** The call that settles one match alone. */
export function encodeMatch(match: StoredMatch): Hex {
  return interfaces.ctfExchange.encodeFunctionData("matchOrders", matchArguments(match)) as Hex;
}

/** The call that settles these: of `matchOrders` for one, of `matchOrdersBatch` for more. */
export function encodeMatches(matches: readonly PricedMatch[]): Hex {
  const [first] = matches;
  if (matches.length === 1 && first !== undefined) return encodeMatch(first.match);
  const members = matches.map((one) => [...matchArguments(one.match), gasLimitOf(one)]);
  return interfaces.ctfExchange.encodeFunctionData("matchOrdersBatch", [members]) as Hex;
}

/**
 * The gas limit of their transaction. In a batch every match may use all of its own limit, however little it used when it was
 * tried, and the last one still has its share: a bad match costs the others nothing. What is not used is not paid.
 */
export function gasLimitOfAll(matches: readonly PricedMatch[]): bigint {
  if (matches.length === 1) return sum(matches.map(({ gas }) => gas)) + TRANSACTION_SPARE_GAS;
  const limits = matches.map(gasLimitOf);
  const most = limits.reduce((a, b) => (a > b ? a : b), 0n);
  return sum(limits) + most / 63n + BATCH_RESERVE_GAS + TRANSACTION_SPARE_GAS;
}

function gasLimitOf({ gas }: PricedMatch): bigint {
  return gas + OUTCOME_TRANSFER_GAS;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}
