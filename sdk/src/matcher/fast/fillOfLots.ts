import { Side, type Order } from "../../order/Order.js";
import { matchKindOf } from "../priority.js";
import type { MakerFill } from "../types.js";
import type { FastBook } from "./FastBook.js";
import type { TickBook } from "./TickBook.js";

/** The amounts of one of the TickBook's fills: lots times ticks, so that nothing rounds. */
export function fillOfLots(
  book: FastBook,
  ticks: TickBook,
  taker: Order,
  index: number,
): MakerFill {
  const slot = ticks.fillSlots[index]!;
  const lots = ticks.fillLots[index]!;
  const order = book.orderAt(slot);
  const kind = matchKindOf(taker, order);
  const isBuy = order.side === Side.BUY;
  // A lot of shares is as many units as there are ticks; at the maker's own price it costs that price in ticks.
  const price = isBuy ? ticks.ticks - ticks.fillRanks[index]! : ticks.fillRanks[index]!;
  const shares = product(lots, ticks.ticks);
  const cost = product(lots, price);
  return {
    hash: book.hashAt(slot),
    order,
    kind,
    making: isBuy ? cost : shares,
    taking: isBuy ? shares : cost,
    takerMaking:
      kind === "COMPLEMENTARY" ? (isBuy ? shares : cost) : isBuy ? shares - cost : shares,
    takerTaking:
      kind === "COMPLEMENTARY" ? (isBuy ? cost : shares) : isBuy ? shares : shares - cost,
    remainingAfter: product(ticks.lotsOf(slot) - lots, isBuy ? price : ticks.ticks),
    price: book.priceAt(slot),
  };
}

/** The exact product of two whole numbers, each exact in a double. */
export function product(left: number, right: number): bigint {
  const rounded = left * right;
  return rounded <= Number.MAX_SAFE_INTEGER ? BigInt(rounded) : BigInt(left) * BigInt(right);
}
