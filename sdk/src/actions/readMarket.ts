import type { Connection } from "../contracts/connect.js";
import type { Address, Hex } from "../order/Order.js";
import type { MarketIds } from "./markets.js";

/** Where a market stands, in the order of the contract's enum. */
export const MARKET_STATUSES = [
  "NONE",
  "ACTIVE",
  "ENDED",
  "PROPOSED",
  "DISPUTED",
  "RESOLVED",
  "CANCELLED",
] as const;

/** A word for each state of a market; see docs/protocol.md. */
export type MarketStatus = (typeof MARKET_STATUSES)[number];

export interface MarketDetails extends MarketIds {
  readonly status: MarketStatus;
  readonly creator: Address;
  readonly createdAtSeconds: bigint;
  readonly endTimeSeconds: bigint;
  readonly resolutionTimeSeconds: bigint;
  /** How long a proposed result stays open to dispute. */
  readonly disputeWindowSeconds: bigint;
  /** How many clarifications there are; their texts are in the MarketClarified events. */
  readonly clarifications: bigint;
  /** keccak256 of the ABI-encoded question, description and category. */
  readonly textHash: Hex;
  /** What YES and NO redeem for, as parts of their sum; both 0n until the market is over. */
  readonly payouts: readonly [yes: bigint, no: bigint];
}

/** Reads a market by its question id. @throws through ethers when it does not exist (UnknownMarket). */
export async function readMarket(connection: Connection, questionId: Hex): Promise<MarketDetails> {
  const market = await connection.factory.getMarket(questionId);
  return {
    questionId: market.questionId as Hex,
    conditionId: market.conditionId as Hex,
    yes: market.token0,
    no: market.token1,
    status: MARKET_STATUSES[Number(market.status)] ?? "NONE",
    creator: market.creator as Address,
    createdAtSeconds: market.createdAt,
    endTimeSeconds: market.endTime,
    resolutionTimeSeconds: market.resolutionTime,
    disputeWindowSeconds: market.disputeWindow,
    clarifications: market.clarifications,
    textHash: market.textHash as Hex,
    payouts: [market.payouts[0], market.payouts[1]],
  };
}
