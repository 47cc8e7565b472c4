import type { Deployment } from "@nostra/sdk/deployments";
import { ContractRevertError, decodeRevert } from "@nostra/sdk/errors";
import { decodeLogs } from "@nostra/sdk/events";
import { OperatorError } from "../errors";
import type { Receipt } from "./chain";
import { ordersOf } from "./readMatches";
import { reasonOf } from "./simulate";
import type { Hex, Outcome, StoredMatch } from "./types";

/**
 * What the receipt of our own transaction says of its matches. A match failed when its place in the batch is reported so; it
 * settled when the exchange told of exactly its taker, its makers and their amounts.
 * @param matches In the order in which they were sent.
 * @throws OperatorError when a transaction that succeeded tells of neither: then the node has not told everything.
 */
export function readOutcomes(
  receipt: Receipt,
  matches: readonly StoredMatch[],
  deployment: Deployment,
): Outcome[] {
  const { contracts } = deployment;
  if (!receipt.succeeded || receipt.to !== contracts.ctfExchange.toLowerCase()) {
    const reason = receipt.succeeded ? "REPLACED" : "TRANSACTION_FAILED";
    return matches.map((match) => ({ match, settled: false, reason, guilty: null }));
  }
  const failures = new Map<number, Outcome>();
  for (const { name, args } of decodeLogs(receipt.logs, deployment)) {
    if (name !== "MatchFailed") continue;
    const index = Number(args.index);
    const match = matches[index];
    if (match?.taker.hash !== args.takerOrderHash.toLowerCase()) throw incomplete(receipt);
    failures.set(index, failureOf(match, args.reason));
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
  receipt: Receipt,
  matches: readonly StoredMatch[],
  deployment: Deployment,
): Set<StoredMatch> {
  const told: string[] = [];
  for (const { name, args } of decodeLogs(receipt.logs, deployment)) {
    if (name !== "OrdersMatched") continue;
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

function failureOf(match: StoredMatch, data: string): Outcome {
  const error = decodeRevert(data as Hex);
  const named = error instanceof ContractRevertError ? error.orderHash?.toLowerCase() : undefined;
  const guilty = ordersOf(match).find(({ hash }) => hash === named)?.hash ?? null;
  return { match, settled: false, reason: reasonOf(error), guilty };
}

function contentOf(taker: string, makers: readonly string[], amounts: readonly bigint[]): string {
  return [taker, ...makers, ...amounts].join().toLowerCase();
}
