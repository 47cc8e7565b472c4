import { eventsNamed, type Projector, type Transaction } from "../project";
import type { TokenOf, Tables } from "../Tables";

/** What one order gave and got in one match. */
export interface Fill {
  readonly logIndex: number;
  readonly orderHash: string;
  readonly maker: string;
  readonly tokenId: bigint;
  /** The market; undefined for tokens that the exchange's admin registered without one of ours. */
  readonly token: TokenOf | undefined;
  readonly isBuy: boolean;
  /** What it gave: collateral when it buys, shares when it sells. */
  readonly making: bigint;
  /** What it was due, before the fee. */
  readonly taking: bigint;
  readonly remaining: bigint;
  /** Kept from `taking`, in the same asset. */
  readonly fee: bigint;
  /** True for the taker order of its match. */
  readonly isTaker: boolean;
}

/**
 * The fills of a transaction. A match logs the OrderFilled of its makers, then its taker's, then OrdersMatched, then the FeeCharged
 * of each order that pays one. Several matches follow each other. An order that is filled twice within one match has its
 * fees put to its first fills that have none: which was which cannot be told, and their sum is right.
 */
export async function readFills(transaction: Transaction, tables: Tables): Promise<Fill[]> {
  type Open = { -readonly [Field in keyof Fill]: Fill[Field] };
  const fills: Open[] = [];
  let ofMatch: Open[] = [];
  let matched: Open[] = [];
  const names = ["OrderFilled", "OrdersMatched", "FeeCharged"] as const;
  for (const { event, log } of eventsNamed(transaction, ...names)) {
    if (event.name === "OrderFilled") {
      const { orderHash, maker, tokenId, side, making, taking, remaining } = event.args;
      const fill: Open = {
        ...{ logIndex: log.logIndex, tokenId, making, taking, remaining },
        ...{ orderHash: orderHash.toLowerCase(), maker: maker.toLowerCase() },
        ...{ isBuy: side === 0n, fee: 0n, isTaker: false },
        token: await tables.token(tokenId),
      };
      fills.push(fill);
      ofMatch.push(fill);
    } else if (event.name === "OrdersMatched") {
      const taker = ofMatch.at(-1);
      if (taker !== undefined && isOf(taker, event.args.takerOrderHash)) taker.isTaker = true;
      [matched, ofMatch] = [ofMatch, []];
    } else {
      const { orderHash, amount } = event.args;
      const fill = matched.find((one) => isOf(one, orderHash) && one.fee === 0n);
      if (fill !== undefined) fill.fee = amount;
    }
  }
  return fills;
}

function isOf(fill: { readonly orderHash: string }, orderHash: string): boolean {
  return fill.orderHash === orderHash.toLowerCase();
}

/** One row per OrderFilled of a market of ours. */
export const projectFills: Projector = async ({ fills, ...transaction }, tables) => {
  for (const { token, ...fill } of fills) {
    if (token === undefined) continue;
    tables.put("fill", {
      tx_hash: transaction.hash,
      log_index: fill.logIndex,
      block_number: transaction.blockNumber,
      timestamp: transaction.timestamp,
      order_hash: fill.orderHash,
      condition_id: token.conditionId,
      maker: fill.maker,
      token_id: fill.tokenId.toString(),
      outcome: token.outcome,
      side: fill.isBuy ? 0 : 1,
      making: fill.making.toString(),
      taking: fill.taking.toString(),
      fee: fill.fee.toString(),
      is_taker: fill.isTaker,
    });
  }
};
