import { interfaces } from "@nostra/sdk/contracts";
import type { Deployment } from "@nostra/sdk/deployments";
import { ContractRevertError, decodeRevert } from "@nostra/sdk/errors";
import { decodeLogs, type NostraEvent } from "@nostra/sdk/events";
import { OperatorError } from "../errors";
import type { Receipt } from "./chain";
import { ordersOf } from "./readMatches";
import { reasonOf, VENUE_ERRORS } from "./simulate";
import type { Hex, Outcome, StoredMatch } from "./types";

/**
 * What the receipt of our own transaction says of its matches. A match failed when its place in the batch is reported so; it
 * settled when the exchange told of exactly its taker, its makers and their amounts.
 * @param matches In the order in which they were sent.
 * @param gasLimits Of each in its batch. With them, one that those before it left too little gas for is STARVED.
 * @throws OperatorError when a transaction that succeeded tells of neither: then the node has not told everything.
 */
export function readOutcomes(
  receipt: Receipt,
  matches: readonly StoredMatch[],
  deployment: Deployment,
  gasLimits: readonly bigint[] = [],
): Outcome[] {
  const { contracts } = deployment;
  if (!receipt.succeeded || receipt.to !== contracts.ctfExchange.toLowerCase()) {
    const reason = receipt.succeeded ? "REPLACED" : "TRANSACTION_FAILED";
    return matches.map((match) => ({ match, settled: false, reason, guilty: null }));
  }
  const failures = new Map<number, Outcome>();
  for (const { args } of eventsOf(receipt, "MatchFailed", deployment)) {
    const index = Number(args.index);
    const match = matches[index];
    if (match?.taker.hash !== args.takerOrderHash.toLowerCase()) throw incomplete(receipt);
    failures.set(index, failureOf(match, args.reason, index === 0 ? undefined : gasLimits[index]));
  }
  const settled = findSettled(
    receipt,
    matches.filter((_, index) => !failures.has(index)),
    deployment,
  );
  return matches.map((match, index) => {
    const failure = failures.get(index);
    if (failure !== undefined) return failure;
    if (!settled.has(match)) throw incomplete(receipt);
    return { match, settled: true };
  });
}

/** Those matches that a transaction, ours or not, settled: by content. */
export function findSettled(
  receipt: Pick<Receipt, "logs">,
  matches: readonly StoredMatch[],
  deployment: Deployment,
): Set<StoredMatch> {
  const told: string[] = [];
  for (const { args } of eventsOf(receipt, "OrdersMatched", deployment)) {
    told.push(contentOf(args.takerOrderHash, args.makerOrderHashes, args.makerFillAmounts));
  }
  const settled = new Set<StoredMatch>();
  for (const match of matches) {
    const { taker, makers } = match;
    const hashes = makers.map(({ hash }) => hash);
    const amounts = makers.map(({ making }) => making);
    const place = told.indexOf(contentOf(taker.hash, hashes, amounts));
    if (place === -1) continue;
    // Each event stands for one match: two may be alike.
    told.splice(place, 1);
    settled.add(match);
  }
  return settled;
}

/** The exchange's events of a name. A receipt has a dozen others for each match, which are not read. */
function eventsOf<Name extends "MatchFailed" | "OrdersMatched">(
  { logs }: Pick<Receipt, "logs">,
  name: Name,
  deployment: Deployment,
): NostraEvent<Name>[] {
  const { topicHash } = interfaces.ctfExchange.getEvent(name)!;
  const exchange = deployment.contracts.ctfExchange.toLowerCase();
  const ours = logs.filter(
    ({ address, topics }) =>
      topics[0]?.toLowerCase() === topicHash && address.toLowerCase() === exchange,
  );
  return decodeLogs(ours, deployment) as unknown as NostraEvent<Name>[];
}

function incomplete({ hash }: Receipt): OperatorError {
  return new OperatorError(
    "INCOMPLETE_RECEIPT",
    `the receipt of ${hash} does not tell of all its matches`,
    {
      status: 503,
      details: { hash },
    },
  );
}

/** What a match failed of that the others before it left too little gas for. */
export const STARVED = "STARVED";

/** Failures that say nothing of the match itself. All others count as attempts that came to nothing. */
const NO_ATTEMPT: ReadonlySet<string> = new Set([
  ...[STARVED, "REPLACED", "FOREIGN_NONCE"],
  ...VENUE_ERRORS,
]);

/** True when a failure with no order to blame counts against the match. */
export function isFruitless(reason: string | null): boolean {
  return reason !== null && !NO_ATTEMPT.has(reason);
}

function failureOf(match: StoredMatch, data: string, gasLimit: bigint | undefined): Outcome {
  const error = decodeRevert(data as Hex);
  // The batch itself says so before the match begins, naming the match's whole limit.
  const isStarved =
    error instanceof ContractRevertError &&
    error.revertName === "InsufficientGas" &&
    error.args["needed"] === gasLimit;
  if (isStarved) return { match, settled: false, reason: STARVED, guilty: null };
  const named = error instanceof ContractRevertError ? error.orderHash?.toLowerCase() : undefined;
  const guilty = ordersOf(match).find(({ hash }) => hash === named)?.hash ?? null;
  // A match that used up its own gas reverts without a word.
  const reason = data === "0x" ? "OUT_OF_GAS" : reasonOf(error);
  return { match, settled: false, reason, guilty };
}

function contentOf(taker: string, makers: readonly string[], amounts: readonly bigint[]): string {
  return [taker, ...makers, ...amounts].join().toLowerCase();
}
