import { Side, type Address, type SignedOrder } from "@nostra/sdk/order";
import type { AccountWork } from "../engine/AccountWork";
import type { NewOrder } from "../engine/Engine";
import { OperatorError } from "../errors";

/** What one account may have at the venue. An account is the maker that orders name, whoever sends them. */
export interface AccountLimits {
  /** Open orders in one market, those that arrive among them. */
  readonly maxOpenOrders: number;
  /** Open orders in all markets. */
  readonly maxOpenOrdersInAll: number;
  /** Matches that it took and that are not on chain; from then on its orders must be post-only. */
  readonly maxUnsettledMatches: number;
  /** Collateral units of those matches. */
  readonly maxUnsettledCollateral: bigint;
  /** Orders that came to nothing (REJECTED) within an hour; from then on its orders must be able to rest. */
  readonly maxRejectedAnHour: number;
}

export const DEFAULT_ACCOUNT_LIMITS: AccountLimits = {
  maxOpenOrders: 1_000,
  maxOpenOrdersInAll: 5_000,
  maxUnsettledMatches: 200,
  maxUnsettledCollateral: 100_000_000_000n,
  maxRejectedAnHour: 2_000,
};

type Wishes = Pick<NewOrder, "timeInForce" | "postOnly">;

/** Refuses an order of an account that has too much already. Every look takes the same time, whatever the account has. */
export function requireWithinLimits(
  work: AccountWork,
  limits: AccountLimits,
  order: SignedOrder,
  conditionId: string,
  { timeInForce, postOnly }: Wishes,
): void {
  const { maker } = order;
  const rests = timeInForce === "GTC" || timeInForce === "GTD";
  if (rests) requireRoom(work, limits, maker, conditionId);
  if (!postOnly) requireSettled(work, limits, maker);
  const rejected = work.rejected.of(maker);
  if (!rests && rejected >= limits.maxRejectedAnHour) {
    throw tooMany(
      "TOO_MANY_REJECTED",
      `${rejected} orders of this account came to nothing within an hour, and the limit is ` +
        `${limits.maxRejectedAnHour}: send orders that may rest (GTC or GTD), or wait`,
      { maker, rejected, limit: limits.maxRejectedAnHour },
      60,
    );
  }
}

function requireRoom(
  work: AccountWork,
  { maxOpenOrders, maxOpenOrdersInAll }: AccountLimits,
  maker: Address,
  conditionId: string,
): void {
  const scopes = [
    ["market", work.openOrders.inGroup(maker, conditionId), maxOpenOrders, "in this market"],
    ["account", work.openOrders.of(maker), maxOpenOrdersInAll, "in all markets"],
  ] as const;
  for (const [scope, open, limit, where] of scopes) {
    if (open < limit) continue;
    throw new OperatorError(
      "TOO_MANY_OPEN_ORDERS",
      `the account has ${open} open orders ${where}, and the limit is ${limit}: cancel some first`,
      { status: 422, details: { maker, scope, open, limit, conditionId } },
    );
  }
}

function requireSettled(
  work: AccountWork,
  { maxUnsettledMatches, maxUnsettledCollateral }: AccountLimits,
  maker: Address,
): void {
  const matches = work.unsettled.of(maker);
  const collateral = work.unsettled.amountOf(maker);
  if (matches < maxUnsettledMatches && collateral < maxUnsettledCollateral) return;
  throw tooMany(
    "TOO_MANY_UNSETTLED",
    `${matches} matches that this account took, of ${collateral} units of collateral, are not on chain yet; ` +
      `the limits are ${maxUnsettledMatches} and ${maxUnsettledCollateral}: wait, or send post-only orders`,
    {
      ...{ maker, matches, limit: maxUnsettledMatches },
      ...{ collateral: `${collateral}`, collateralLimit: `${maxUnsettledCollateral}` },
    },
    5,
  );
}

function tooMany(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
  retryAfterSeconds: number,
): OperatorError {
  return new OperatorError(code, message, { status: 429, retryAfterSeconds, details });
}

/** The collateral that an order is for: what a BUY pays at most, what a SELL asks at least. */
export function notionalOf({ side, makerAmount, takerAmount }: SignedOrder): bigint {
  return side === Side.BUY ? makerAmount : takerAmount;
}
