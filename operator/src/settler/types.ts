import type { Address, Hex, SignedOrder } from "@nostra/sdk/order";
import type { MatchState, SettlementState } from "../store/schema";

/** An order of a match, as it was signed. */
export interface MatchedOrder {
  readonly hash: Hex;
  readonly order: SignedOrder;
  readonly outcome: "YES" | "NO";
}

/** A maker's part in a match. */
export interface MakerPart extends MatchedOrder {
  readonly kind: string;
  readonly making: bigint;
  readonly taking: bigint;
  readonly price: number;
}

/** A match with everything that its call of `matchOrders` and its events need. */
export interface StoredMatch {
  readonly id: string;
  readonly number: bigint;
  readonly conditionId: Hex;
  readonly taker: MatchedOrder;
  readonly takerFillAmount: bigint;
  /** What the taker order loses of its remaining amount. */
  readonly consumed: bigint;
  readonly makers: readonly MakerPart[];
  readonly price: number;
  readonly shares: string;
  readonly state: MatchState;
  readonly settlementId: bigint | null;
  readonly guiltyHash: Hex | null;
  readonly reason: string | null;
  /** Attempts that came to nothing with no order named. */
  readonly attempts: number;
  /** Why it is to be released though no order is to blame. */
  readonly giveUp: GiveUp | null;
}

/**
 * Why a match is given up with no order to blame.
 * - `FRUITLESS`: MAX_ATTEMPTS attempts came to nothing;
 * - `GAS_LIMIT`: it may need more gas than a transaction of the chain may have;
 * - `HELD_TOO_LONG`: an account of it has burnt its gas of the hour, or no batch had room for a suspect match.
 */
export type GiveUp = "FRUITLESS" | "GAS_LIMIT" | "HELD_TOO_LONG";

/** A signed transaction. */
export interface Attempt {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly fees: Fees;
  readonly signedAtBlock: bigint;
}

/** What a transaction pays per unit of gas, at most. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A settlement whose nonce is not spent for good. */
export interface OpenNonce {
  readonly id: bigint;
  readonly state: SettlementState;
  readonly blockNumber: bigint | null;
  readonly blockHash: Hex | null;
  readonly createdAtMs: bigint;
}

/** A settlement whose nonce is not spent for good, with all that was signed for it and the matches it is for, in order. */
export interface OpenSettlement extends OpenNonce {
  readonly nonce: bigint;
  readonly purpose: "match" | "void";
  readonly calldata: Hex;
  readonly gasLimit: bigint;
  /** Gas that its transaction used; null before a receipt is known. */
  readonly gasUsed: bigint | null;
  /** The first to the last. */
  readonly attempts: readonly Attempt[];
  readonly matches: readonly StoredMatch[];
}

/** Signs the transactions of a lane. An ethers Wallet is one, and so is anything that keeps the key elsewhere. */
export interface TransactionSigner {
  readonly address: string;
  signTransaction(transaction: UnsignedTransaction): Promise<string>;
}

export interface UnsignedTransaction {
  readonly type: 2;
  readonly chainId: number;
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What came of a match in a receipt. */
export type Outcome =
  | { readonly match: StoredMatch; readonly settled: true }
  | {
      readonly match: StoredMatch;
      readonly settled: false;
      readonly reason: string;
      /** The order to blame; null when none is. */
      readonly guilty: Hex | null;
    };

export type { Address, Hex };
