import type { Hex } from "@nostra/sdk/order";
import type { Engine } from "../engine/Engine";
import type { AccountLimits } from "../intake/AccountLimits";
import type { MarketTable } from "../store";
import type { MarketDirectory } from "./MarketDirectory";

/** What an order of a market must keep to, in the units of the API. */
export interface TermsInForce {
  /** Distance of two prices, in millionths. */
  readonly tick: number;
  /** The fewest shares of an order, in units. */
  readonly minSize: string;
  readonly minFeeBps: number;
  /** The least collateral of an order, in units. */
  readonly minNotional: string;
  /** Open orders that an account may have in the market. */
  readonly maxOpenOrders: number;
}

/**
 * The terms of a market; null when its book is not open. A book keeps the tick and the least size that it was opened with, so
 * these are the book's where it asks for more.
 */
export function termsInForce(
  { condition_id }: Pick<MarketTable, "condition_id">,
  markets: Pick<MarketDirectory, "byCondition" | "termsOf">,
  engine: Pick<Engine, "book">,
  { maxOpenOrders }: Pick<AccountLimits, "maxOpenOrders">,
): TermsInForce | null {
  const book = engine.book(condition_id as Hex);
  const row = markets.byCondition(condition_id);
  if (book === undefined || row === undefined) return null;
  const { minSize = 0n, minFeeBps = 0n, minNotional = 0n } = markets.termsOf(row);
  const { tick, minSize: ofBook = 0n } = book.market;
  return {
    tick: Number(tick),
    minSize: (minSize > ofBook ? minSize : ofBook).toString(),
    minFeeBps: Number(minFeeBps),
    minNotional: minNotional.toString(),
    maxOpenOrders,
  };
}
