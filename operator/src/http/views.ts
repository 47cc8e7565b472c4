import { checksumAddress } from "@nostra/sdk/ids";
import type { Address, Hex } from "@nostra/sdk/order";
import type { Selectable } from "kysely";
import type { z } from "zod";
import type { Store } from "../store";
import type {
  ChainLogTable,
  MarketTable,
  MatchMakerTable,
  MatchTable,
  OrdersTable,
} from "../store/schema";
import type { Deps } from "./Deps";
import type { eventOut, marketOut, orderOut, tradeOut } from "./schemas";

/** How rows of the database are told. */

type Told<Schema extends z.ZodType> = z.output<Schema>;
type Db = Store["db"];

const checksums = new Map<string, Address>();
const MOST_CHECKSUMS = 50_000;

/** An address with its checksum, remembered: working it out takes a keccak. */
export function tellAddress(address: string): Address {
  let told = checksums.get(address);
  if (told === undefined) {
    told = checksumAddress(address);
    if (checksums.size >= MOST_CHECKSUMS) checksums.clear();
    checksums.set(address, told);
  }
  return told;
}

export function sideName(side: number): "BUY" | "SELL" {
  return side === 0 ? "BUY" : "SELL";
}

export function tellOrder(row: Selectable<OrdersTable>): Told<typeof orderOut> {
  return {
    hash: row.hash as Hex,
    conditionId: row.condition_id as Hex,
    status: row.state,
    reason: row.reason,
    side: sideName(row.side),
    outcome: row.outcome,
    price: row.price,
    remaining: row.remaining,
    kind: row.kind,
    timeInForce: row.time_in_force,
    postOnly: row.post_only,
    order: {
      salt: row.salt,
      maker: tellAddress(row.maker),
      signer: tellAddress(row.signer),
      taker: tellAddress(row.taker),
      tokenId: row.token_id,
      makerAmount: row.maker_amount,
      takerAmount: row.taker_amount,
      expiration: row.expiration,
      nonce: row.nonce,
      feeRateBps: row.fee_rate_bps.toString(),
      side: row.side,
      signatureType: row.signature_type,
    },
    signature: row.signature as Hex,
    acceptedAt: Number(row.accepted_at_ms),
    updatedAt: Number(row.updated_at_ms),
  };
}

/** By the chain's second, by which orders are refused too: a market that takes none never says OPEN. */
export function tellMarket(
  row: Selectable<MarketTable>,
  { chainNow, termsOf }: Pick<Deps, "chainNow" | "termsOf">,
): Told<typeof marketOut> {
  const hasEnded = row.state === "OPEN" && row.end_time <= chainNow();
  const at = (time: bigint | null): number | null => (time === null ? null : Number(time));
  return {
    conditionId: row.condition_id as Hex,
    questionId: row.question_id as Hex,
    slug: row.slug,
    question: row.question,
    description: row.description,
    category: row.category,
    creator: tellAddress(row.creator),
    tokens: { yes: row.yes, no: row.no },
    state: hasEnded ? "ENDED" : row.state,
    outcome: row.outcome,
    registered: row.registered,
    createdAt: Number(row.created_at),
    endTime: Number(row.end_time),
    resolutionTime: Number(row.resolution_time),
    disputeWindow: Number(row.dispute_window),
    proposedAt: at(row.proposed_at),
    disputedAt: at(row.disputed_at),
    finalizedAt: at(row.finalized_at),
    terms: termsOf?.(row) ?? null,
  };
}

/** Matches with their makers and whose orders they were. */
export async function tellTrades(
  db: Db,
  rows: readonly Selectable<MatchTable>[],
  makersOf: ReadonlyMap<string, readonly Selectable<MatchMakerTable>[]>,
): Promise<Told<typeof tradeOut>[]> {
  if (rows.length === 0) return [];
  const makers = rows.flatMap(({ id }) => makersOf.get(id) ?? []);
  const hashes = new Set([
    ...rows.map((row) => row.taker_hash),
    ...makers.map((m) => m.order_hash),
  ]);
  const orders = await db
    .selectFrom("orders")
    .select(["hash", "maker", "side", "outcome"])
    .where("hash", "in", [...hashes])
    .execute();
  const orderOf = new Map(orders.map((order) => [order.hash, order]));
  return rows.map((row) => {
    const taker = orderOf.get(row.taker_hash);
    return {
      id: row.id,
      number: Number(row.number),
      conditionId: row.condition_id as Hex,
      state: row.state,
      price: row.price,
      shares: row.shares,
      takerHash: row.taker_hash as Hex,
      taker: taker === undefined ? null : tellAddress(taker.maker),
      takerSide: taker === undefined ? null : sideName(taker.side),
      takerOutcome: taker?.outcome ?? null,
      making: row.making,
      taking: row.taking,
      makers: (makersOf.get(row.id) ?? []).map((maker) => {
        const order = orderOf.get(maker.order_hash);
        return {
          hash: maker.order_hash as Hex,
          maker: order === undefined ? null : tellAddress(order.maker),
          kind: maker.kind,
          price: maker.price,
          making: maker.making,
          taking: maker.taking,
        };
      }),
      txHash: row.tx_hash as Hex | null,
      blockNumber: row.block_number === null ? null : Number(row.block_number),
      reason: row.reason,
      guiltyHash: row.guilty_hash as Hex | null,
      matchedAt: Number(row.matched_at_ms),
      updatedAt: Number(row.updated_at_ms),
    };
  });
}

export function tellEvent(row: Selectable<ChainLogTable>): Told<typeof eventOut> {
  return {
    name: row.name,
    conditionId: row.condition_id as Hex | null,
    args: row.args,
    address: tellAddress(row.address),
    txHash: row.tx_hash as Hex,
    blockNumber: Number(row.block_number),
    blockHash: row.block_hash as Hex,
    logIndex: row.log_index,
    timestamp: Number(row.timestamp),
    accounts: row.accounts.map(tellAddress),
  };
}
