import { gasLimitsIn } from "./encodeMatches";
import type { Charge } from "./GasBudget";
import { accountsOf, ordersOf } from "./readMatches";
import { isFruitless } from "./readOutcomes";
import type { OpenSettlement } from "./types";

/**
 * What each failed match of a final settlement is charged: at most its own gas limit, and its share of the whole by those limits
 * when the transaction failed as a whole. A match that names no order is charged to all its accounts.
 */
export function chargesOf(settlement: OpenSettlement): readonly Charge[] {
  const { id, calldata, gasLimit, gasUsed, matches } = settlement;
  if (settlement.purpose === "void" || gasUsed === null || calldata === "0x") return [];
  const limits = gasLimitsIn(calldata, gasLimit);
  const failed = matches.filter(({ state }) => state !== "MINED");
  const hasFailedWhole = failed.length === matches.length;
  const all = limits.reduce((a, b) => a + b, 0n);
  return matches.flatMap((match, index): Charge[] => {
    const { guiltyHash, reason } = match;
    if (match.state === "MINED") return [];
    if (guiltyHash === null && !isFruitless(reason)) return [];
    const limit = limits[index] ?? gasLimit;
    const share = hasFailedWhole && all > 0n ? (gasUsed * limit) / all : least(limit, gasUsed);
    const guilty = ordersOf(match).find(({ hash }) => hash === guiltyHash)?.order.maker;
    return [
      {
        ...{ settlementId: id, matchId: match.id, gas: share, reason: reason ?? "REFUSED" },
        accounts: guilty === undefined ? [...new Set(accountsOf(match))] : [guilty.toLowerCase()],
        isGuilty: guilty !== undefined,
      },
    ];
  });
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
