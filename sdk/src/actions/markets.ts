import type { Connection } from "../contracts/connect.js";
import { InputError } from "../errors/InputError.js";
import { decodeLogs, findEvent } from "../events/decodeLogs.js";
import type { NostraEvent } from "../events/NostraEvent.js";
import type { Address, Hex } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";

/** A market to be created: its texts, its times, its tokens' condition. */
export interface CreateMarketParams {
  /** Any 32 bytes not used before; `questionIdOf(text)` makes one from a text key, `findCheapQuestionId` a cheap one. */
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

/** One of several markets that are created at once. */
export interface NewMarketParams extends CreateMarketParams {
  /** How long a proposed result stays open to dispute: 1 to 30 days. The oracle's default when absent. */
  readonly disputeWindowSeconds?: bigint;
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

export interface CreateMarketsResult extends TxResult {
  /** In the order given. */
  readonly markets: readonly MarketIds[];
}

/** Unix seconds beyond this look like milliseconds: the year 5138. */
const LARGEST_PLAUSIBLE_SECOND = 100_000_000_000n;

/** Creates a binary market, with the oracle's default dispute window. The sender must be the factory's admin or a creator. */
export function createBinaryMarket(
  connection: Connection,
  params: CreateMarketParams,
): PreparedTx<CreateMarketResult> {
  requireSeconds(params, "");
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
    read: (receipt) => ({
      market: idsOf(findEvent(receipt, "MarketCreated", connection.deployment)),
    }),
  });
}

/**
 * Creates many binary markets in one transaction, all or none, each with a dispute window of its own choice. An error names
 * the question that cannot be created. The sender must be the factory's admin or a creator.
 */
export function createMarkets(
  connection: Connection,
  markets: readonly NewMarketParams[],
): PreparedTx<CreateMarketsResult> {
  if (markets.length === 0) throw new InputError("markets", "[]", "at least one market");
  for (const [i, market] of markets.entries()) {
    requireSeconds(market, `markets[${i}].`);
    // On chain zero means the default, which is said here by leaving the window away.
    if (market.disputeWindowSeconds === 0n) {
      throw new InputError(`markets[${i}].disputeWindowSeconds`, 0n, "1 to 30 days in seconds");
    }
  }
  return prepareTx({
    action: "createMarkets",
    contract: connection.factory,
    method: "createBinaryMarkets",
    args: [
      markets.map((market) => ({
        questionId: market.questionId,
        question: market.question,
        description: market.description,
        category: market.category,
        endTime: market.endTimeSeconds,
        resolutionTime: market.resolutionTimeSeconds,
        disputeWindow: market.disputeWindowSeconds ?? 0n,
      })),
    ],
    read: (receipt) => ({
      markets: decodeLogs(receipt, connection.deployment)
        .filter((event) => event.name === "MarketCreated")
        .map(idsOf),
    }),
  });
}

function requireSeconds(params: CreateMarketParams, path: string): void {
  for (const field of ["endTimeSeconds", "resolutionTimeSeconds"] as const) {
    if (params[field] > LARGEST_PLAUSIBLE_SECOND) {
      const expected = "Unix seconds; this looks like milliseconds";
      throw new InputError(`${path}${field}`, params[field], expected);
    }
  }
}

function idsOf({ args }: NostraEvent<"MarketCreated">): MarketIds {
  return {
    questionId: args.questionId as Hex,
    conditionId: args.conditionId as Hex,
    yes: args.token0,
    no: args.token1,
  };
}

export interface ClarifyMarketResult extends TxResult {
  /** The note's place in the market's log, from zero. */
  readonly index: bigint;
}

/**
 * Adds a note of 1 to 2,048 bytes beside a market's text, for ever, until the market is over. The factory's admin, and the
 * market's creator while it holds its role.
 */
export function clarifyMarket(
  connection: Connection,
  params: { readonly questionId: Hex; readonly text: string },
): PreparedTx<ClarifyMarketResult> {
  return prepareTx({
    action: "clarifyMarket",
    contract: connection.factory,
    method: "clarifyMarket",
    args: [params.questionId, params.text],
    read: (receipt) => ({
      index: findEvent(receipt, "MarketClarified", connection.deployment).args.index,
    }),
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

/** Stops the creation of markets, and nothing else. The factory's pausers and admin. */
export function pauseCreation(connection: Connection): PreparedTx<TxResult> {
  return prepareFactoryTx(connection, "pauseCreation");
}

/** Starts the creation of markets again. Factory admin only. */
export function unpauseCreation(connection: Connection): PreparedTx<TxResult> {
  return prepareFactoryTx(connection, "unpauseCreation");
}

/** Lets an account stop the creation of markets. Factory admin only. */
export function addPauser(
  connection: Connection,
  params: { readonly pauser: Address },
): PreparedTx<TxResult> {
  return prepareFactoryTx(connection, "addPauser", params.pauser);
}

/** Takes that back. Factory admin only. */
export function removePauser(
  connection: Connection,
  params: { readonly pauser: Address },
): PreparedTx<TxResult> {
  return prepareFactoryTx(connection, "removePauser", params.pauser);
}

function prepareFactoryTx(
  connection: Connection,
  method: "pauseCreation" | "unpauseCreation" | "addPauser" | "removePauser",
  ...args: readonly unknown[]
): PreparedTx<TxResult> {
  return prepareTx({
    action: method,
    contract: connection.factory,
    method,
    args,
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
