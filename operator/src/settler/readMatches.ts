import type { Side, SignatureType } from "@nostra/sdk/order";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { Database, MatchTable, OrdersTable } from "../store";
import type { MatchEvent } from "../bus";
import type { Address, GiveUp, Hex, MatchedOrder, StoredMatch } from "./types";

type Reader = Kysely<Database> | Transaction<Database>;

/** Completes rows of `match` with their makers and all signed orders. In the order given. */
export async function readMatches(
  db: Reader,
  rows: readonly Selectable<MatchTable>[],
): Promise<StoredMatch[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const makers = await db
    .selectFrom("match_maker")
    .selectAll()
    .where("match_id", "in", ids)
    .orderBy("index")
    .execute();
  const hashes = [...new Set([...rows, ...makers].map(hashOf))];
  const orders = await db.selectFrom("orders").selectAll().where("hash", "in", hashes).execute();
  const byHash = new Map(orders.map((row) => [row.hash, matchedOrder(row)]));
  const orderOf = (hash: string): MatchedOrder => {
    const order = byHash.get(hash);
    if (order === undefined) throw new Error(`match of an unknown order ${hash}`);
    return order;
  };

  const makersOf = new Map<string, typeof makers>();
  for (const maker of makers) {
    const same = makersOf.get(maker.match_id);
    if (same === undefined) makersOf.set(maker.match_id, [maker]);
    else same.push(maker);
  }

  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    conditionId: row.condition_id as Hex,
    taker: orderOf(row.taker_hash),
    takerFillAmount: BigInt(row.taker_fill_amount),
    consumed: BigInt(row.consumed),
    makers: (makersOf.get(row.id) ?? []).map((maker) => ({
      ...orderOf(maker.order_hash),
      kind: maker.kind,
      making: BigInt(maker.making),
      taking: BigInt(maker.taking),
      price: maker.price,
    })),
    price: row.price,
    shares: row.shares,
    state: row.state,
    settlementId: row.settlement_id,
    guiltyHash: row.guilty_hash as Hex | null,
    reason: row.reason,
    attempts: row.attempts,
    giveUp: row.give_up as GiveUp | null,
  }));
}

/** All orders of a match: its makers, then its taker. */
export function ordersOf(match: StoredMatch): readonly MatchedOrder[] {
  return [...match.makers, match.taker];
}

/** Its accounts, in lower case. */
export function accountsOf(match: StoredMatch): readonly string[] {
  return ordersOf(match).map(({ order }) => order.maker.toLowerCase());
}

/** What the world is told of a match. */
export function matchEvent(
  match: StoredMatch,
  row: Pick<
    Selectable<MatchTable>,
    "state" | "tx_hash" | "block_number" | "reason" | "guilty_hash"
  >,
  atMs: number,
): MatchEvent {
  const { taker } = match;
  return {
    type: "match",
    conditionId: match.conditionId,
    matchId: match.id,
    state: row.state,
    takerHash: taker.hash,
    taker: taker.order.maker,
    takerSide: taker.order.side === 0 ? "BUY" : "SELL",
    takerOutcome: taker.outcome,
    price: match.price,
    shares: match.shares,
    makers: match.makers.map(({ hash, order, kind, price, making, taking }) => ({
      ...{ hash, maker: order.maker, kind, price },
      ...{ making: making.toString(), taking: taking.toString() },
    })),
    txHash: row.tx_hash as Hex | null,
    blockNumber: row.block_number === null ? null : Number(row.block_number),
    reason: row.reason,
    guiltyHash: row.guilty_hash as Hex | null,
    atMs,
  };
}

function hashOf(row: { taker_hash: string } | { order_hash: string }): string {
  return "taker_hash" in row ? row.taker_hash : row.order_hash;
}

function matchedOrder(row: Selectable<OrdersTable>): MatchedOrder {
  return {
    hash: row.hash as Hex,
    outcome: row.outcome,
    order: {
      salt: BigInt(row.salt),
      maker: row.maker as Address,
      signer: row.signer as Address,
      taker: row.taker as Address,
      tokenId: BigInt(row.token_id),
      makerAmount: BigInt(row.maker_amount),
      takerAmount: BigInt(row.taker_amount),
      expiration: BigInt(row.expiration),
      nonce: BigInt(row.nonce),
      feeRateBps: BigInt(row.fee_rate_bps),
      side: row.side as Side,
      signatureType: row.signature_type as SignatureType,
      signature: row.signature as Hex,
    },
  };
}
