import { interfaces } from "@nostra/sdk/contracts";
import type { Deployment } from "@nostra/sdk/deployments";
import { decodeLogs } from "@nostra/sdk/events";
import type { Kysely } from "kysely";
import { OperatorError } from "../errors";
import type { Rpc } from "../rpc";
import type { Database } from "../store";
import { readReceipt } from "./chain";
import { findSpender } from "./findSpender";
import type { FoundMatch } from "./Journal";
import { ordersOf } from "./readMatches";
import { findSettled } from "./readOutcomes";
import type { Hex, StoredMatch } from "./types";

/** What a lane that goes on again found out about its unsettled matches. */
export interface ResumeReport {
  /** Landed by a transaction that this database did not know. */
  readonly settled: readonly FoundMatch[];
  /** Perhaps landed: of this order less is left on chain than all that is known explains. Released, not tried again. */
  readonly unexplained: readonly { readonly match: StoredMatch; readonly hash: Hex }[];
  /** Certainly not landed: to be tried again. */
  readonly waiting: readonly StoredMatch[];
}

/**
 * Decides what an unsettled match is when nonces of the lane were spent that this database does not know. The rule:
 *
 * 1. Each unknown nonce's transaction is found on chain. A match whose taker, makers and amounts one of them settled is
 *    settled.
 * 2. Of every order of the other matches, the exchange is asked what is left. It must be what the last fill in those
 *    transactions left, or else makerAmount less what settled matches of this database took. If less is left, somebody filled
 *    the order where nobody looked, perhaps by this very match: it is released, for to send it could fill it twice.
 * 3. What remains has not landed, and is tried again.
 */
export async function planResume(params: {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly db: Kysely<Database>;
  readonly lane: string;
  /** The final block, in which the nonces are spent. */
  readonly final: bigint;
  /** A block to begin the search at. */
  readonly highestBlock: bigint;
  /** The unknown nonces: from this one, up to and without that one. */
  readonly from: bigint;
  readonly to: bigint;
  readonly unsettled: readonly StoredMatch[];
}): Promise<ResumeReport> {
  const { rpc, deployment, db } = params;
  const settled: FoundMatch[] = [];
  const leftByFill = new Map<string, bigint>();
  let open = params.unsettled;
  for (let nonce = params.from; nonce < params.to; nonce += 1n) {
    const hash = await findSpender(rpc, params.lane, nonce, {
      ...{ from: params.highestBlock, to: params.final },
    });
    const receipt = hash === undefined ? undefined : await readReceipt(rpc, hash);
    if (receipt === undefined) {
      throw new OperatorError("NONCE_NOT_FOUND", `no block shows who spent nonce ${nonce}`, {
        ...{ status: 503, details: { nonce }, retryAfterSeconds: 10 },
      });
    }
    for (const { name, args } of decodeLogs(receipt.logs, deployment)) {
      if (name === "OrderFilled") leftByFill.set(args.orderHash.toLowerCase(), args.remaining);
    }
    const found = findSettled(receipt, open, deployment);
    const { blockNumber } = receipt;
    for (const match of found) settled.push({ match, hash: receipt.hash, blockNumber });
    open = open.filter((match) => !found.has(match));
  }

  const left = await readLeft(rpc, deployment, open);
  const taken = await readTaken(db, [...left.keys()]);
  const unexplained: { match: StoredMatch; hash: Hex }[] = [];
  const waiting: StoredMatch[] = [];
  for (const match of open) {
    const short = ordersOf(match).find(({ hash, order }) => {
      const expected = leftByFill.get(hash) ?? order.makerAmount - (taken.get(hash) ?? 0n);
      return (left.get(hash) ?? order.makerAmount) < expected;
    });
    if (short === undefined) waiting.push(match);
    else unexplained.push({ match, hash: short.hash });
  }
  return { settled, unexplained, waiting };
}

/** What the exchange says is left of each order. */
async function readLeft(
  rpc: Rpc,
  { contracts }: Deployment,
  matches: readonly StoredMatch[],
): Promise<Map<Hex, bigint>> {
  const orders = new Map(matches.flatMap(ordersOf).map((one) => [one.hash, one.order]));
  if (orders.size === 0) return new Map();
  const { ctfExchange } = interfaces;
  const data = ctfExchange.encodeFunctionData("getOrderStatuses", [[...orders.keys()]]);
  const call = { to: contracts.ctfExchange, data };
  const answer = (await rpc.send("eth_call", [call, "latest"])) as string;
  const [statuses] = ctfExchange.decodeFunctionResult("getOrderStatuses", answer);
  return new Map(
    [...orders].map(([hash, { makerAmount }], index) => {
      const { isFilledOrCancelled, remaining } = statuses[index] as {
        isFilledOrCancelled: boolean;
        remaining: bigint;
      };
      // The exchange remembers nothing of an order it has never seen.
      const isUnseen = !isFilledOrCancelled && remaining === 0n;
      return [hash, isUnseen ? makerAmount : remaining];
    }),
  );
}

/** What the settled matches of this database took of each order. */
async function readTaken(
  db: Kysely<Database>,
  hashes: readonly Hex[],
): Promise<Map<string, bigint>> {
  const taken = new Map<string, bigint>();
  if (hashes.length === 0) return taken;
  const add = (hash: string, amount: string): void => {
    taken.set(hash, (taken.get(hash) ?? 0n) + BigInt(amount));
  };
  const asTaker = await db
    .selectFrom("match")
    .select(["taker_hash", "consumed"])
    .where("taker_hash", "in", hashes)
    .where("state", "in", ["MINED", "CONFIRMED"])
    .execute();
  for (const { taker_hash, consumed } of asTaker) add(taker_hash, consumed);
  const asMaker = await db
    .selectFrom("match_maker")
    .innerJoin("match", "match.id", "match_maker.match_id")
    .select(["match_maker.order_hash", "match_maker.making"])
    .where("match_maker.order_hash", "in", hashes)
    .where("match.state", "in", ["MINED", "CONFIRMED"])
    .execute();
  for (const { order_hash, making } of asMaker) add(order_hash, making);
  return taken;
}
