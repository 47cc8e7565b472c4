import type { Connection } from "../contracts/connect.js";
import { InputError } from "../errors/InputError.js";
import { findEvent } from "../events/decodeLogs.js";
import type { Hex } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";

export interface CreateMarketParams {
  /** Any 32 bytes not used before; `questionIdOf(text)` makes one from a text key. */
  readonly questionId: Hex;
  readonly question: string;
  /** The rules of resolution. */
  readonly description: string;
  readonly category: string;
  /** Unix second from which on a result may be proposed. */
  readonly endTimeSeconds: bigint;
  /** Unix second at which a result is expected at the latest. */
  readonly resolutionTimeSeconds: bigint;
}

/** A market's ids, as its creation made them. */
export interface MarketIds {
  readonly questionId: Hex;
  readonly conditionId: Hex;
  /** Position id of YES, `token0` on chain. */
  readonly yes: bigint;
  /** Position id of NO, `token1` on chain. */
  readonly no: bigint;
}

export interface CreateMarketResult extends TxResult {
  readonly market: MarketIds;
}

/** Unix seconds beyond this look like milliseconds: the year 5138. */
const LARGEST_PLAUSIBLE_SECOND = 100_000_000_000n;

/** Creates a binary market. The sender must be the factory's admin or a creator. */
export function createBinaryMarket(
  connection: Connection,
  params: CreateMarketParams,
): PreparedTx<CreateMarketResult> {
  for (const field of ["endTimeSeconds", "resolutionTimeSeconds"] as const) {
    if (params[field] > LARGEST_PLAUSIBLE_SECOND) {
      throw new InputError(field, params[field], "Unix seconds; this looks like milliseconds");
    }
  }
  return prepareTx({
    action: "createBinaryMarket",
    contract: connection.factory,
    method: "createBinaryMarket",
    args: [
      params.questionId,
      params.question,
      params.description,
      params.category,
      params.endTimeSeconds,
      params.resolutionTimeSeconds,
    ],
    read: (receipt) => {
      const { args } = findEvent(receipt, "MarketCreated", connection.deployment);
      return {
        market: {
          questionId: args.questionId as Hex,
          conditionId: args.conditionId as Hex,
          yes: args.token0,
          no: args.token1,
        },
      };
    },
  });
}

/** Ends a market on which no proposal stands: holders redeem half a unit per token. Factory admin only. */
export function cancelMarket(
  connection: Connection,
  params: { readonly questionId: Hex },
): PreparedTx<TxResult> {
  return prepareTx({
    action: "cancelMarket",
    contract: connection.factory,
    method: "cancelMarket",
    args: [params.questionId],
    read: readNothing,
  });
}

/** Pairs a market's tokens at the exchange, ids taken as given. Exchange admin only; refused when already registered. */
export function registerToken(connection: Connection, market: MarketIds): PreparedTx<TxResult> {
  return prepareTx({
    action: "registerToken",
    contract: connection.exchange,
    method: "registerToken",
    args: [market.yes, market.no, market.conditionId],
    read: readNothing,
  });
}

/** Pairs a condition's tokens at the exchange, which derives the ids itself. Registrars and admin; may be repeated. */
export function registerCondition(
  connection: Connection,
  params: { readonly conditionId: Hex },
): PreparedTx<TxResult> {
  return prepareTx({
    action: "registerCondition",
    contract: connection.exchange,
    method: "registerCondition",
    args: [params.conditionId],
    read: readNothing,
  });
}

/** True when the exchange trades these two tokens as YES and NO of this condition. */
export async function isRegistered(connection: Connection, market: MarketIds): Promise<boolean> {
  const [complement, conditionId] = await Promise.all([
    connection.exchange.getComplement(market.yes),
    connection.exchange.getConditionId(market.yes),
  ]);
  return complement === market.no && conditionId === market.conditionId;
}
