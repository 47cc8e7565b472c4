import { DEFAULT_WEIGHTS } from "@nostra/sdk/matcher";
import type { MatchingRules } from "./MarketEngine";

/** The most gas of a transaction since the Osaka fork (EIP-7825). */
export const DEFAULT_MAX_TRANSACTION_GAS = 16_777_216;
/** For the transaction itself, and for what the exchange keeps back so that it may begin its last transfer. */
const RESERVE_GAS = 500_000;
/** The longest signature of a contract wallet that an order may carry. */
const MAX_SIGNATURE_BYTES = 4_096;
const MAX_MAKERS = 50;
/** A maker that is passed by costs below two microseconds: a plan below four milliseconds. */
const MAX_PASSED_BY = 2_000;
/** A thousand makers. An order that wants more goes on behind a commit. */
const MAX_PLANS = 20;

/**
 * How the venue matches. A plan is settled by one transaction at the latest when it is tried alone, so it weighs at most what one
 * transaction of its chain may use, whatever its accounts do: it holds 50 makers of plain accounts, or 23 contract wallets.
 * @throws Error when two orders of contract wallets would not fit.
 */
export function matchingRules(
  marginSeconds: bigint,
  maxTransactionGas = DEFAULT_MAX_TRANSACTION_GAS,
): MatchingRules {
  const maxWeight = maxTransactionGas - RESERVE_GAS;
  const { order, walletSignature, signatureByte } = DEFAULT_WEIGHTS;
  const least = 2 * (order + walletSignature + MAX_SIGNATURE_BYTES * signatureByte);
  if (maxWeight < least) {
    throw new Error(
      `MAX_TRANSACTION_GAS is ${maxTransactionGas}; a match of two contract wallets may need ${least + RESERVE_GAS}`,
    );
  }
  return {
    ...{ maxMakers: MAX_MAKERS, marginSeconds },
    ...{ maxPassedBy: MAX_PASSED_BY, maxPlans: MAX_PLANS, maxWeight },
  };
}
