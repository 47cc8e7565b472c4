import { InexactAmountError } from "../errors/InexactAmountError.js";
import { InputError } from "../errors/InputError.js";
import { MAX_AMOUNT, UNIT } from "./constants.js";
import { formatDecimal } from "./formatDecimal.js";
import { parsePositiveDecimal, type DecimalInput } from "./parseDecimal.js";
import { parsePrice } from "./parsePrice.js";
import { isBuy, type SideInput } from "./isBuy.js";
import { sizeStep } from "./sizeStep.js";

/** What an order gives at most and what it wants for all of it, in units of 1e-6: the order's two amounts. */
export interface OrderAmounts {
  readonly makerAmount: bigint;
  readonly takerAmount: bigint;
}

/** A limit order as a person says it: so many shares, at this price or better. */
export interface LimitTerms {
  readonly side: SideInput;
  /** Collateral per share. */
  readonly price: DecimalInput;
  /** Shares to buy or sell. */
  readonly size: DecimalInput;
  /** The market's price grid; see parsePrice. An off-tick price is refused with or without `snap`. */
  readonly tick?: DecimalInput | undefined;
  /**
   * "favorable" rounds a cost that is no whole number of collateral units to the maker's advantage: BUY pays the unit
   * below, SELL asks the unit above. The limit is never worse than asked. Without it such a cost is refused.
   */
  readonly snap?: "favorable" | undefined;
}

/**
 * The amounts of a limit order: BUY gives price * size of collateral for size shares, SELL the reverse. Exact unless
 * `snap` says otherwise.
 * @throws InexactAmountError naming the exact sizes on either side when price * size is no whole number of units.
 * @throws TickError when the price is off the tick. @throws InputError for any other value out of place.
 */
export function limitAmounts(terms: LimitTerms): OrderAmounts {
  const buy = isBuy(terms.side);
  const price = parsePrice(terms.price, terms.tick);
  const size = parsePositiveDecimal("size", terms.size);
  const snap = parseSnap(terms.snap);

  const scaledCost = price * size;
  let cost = scaledCost / UNIT;
  if (scaledCost % UNIT !== 0n) {
    if (!snap) throw inexact(terms.size, price, size);
    if (!buy) cost += 1n;
  }
  if (cost === 0n) {
    throw new InputError("size", terms.size, "a size that costs at least one unit of collateral");
  }
  return buy ? { makerAmount: cost, takerAmount: size } : { makerAmount: size, takerAmount: cost };
}

function parseSnap(snap: LimitTerms["snap"]): boolean {
  if (snap === undefined) return false;
  if (snap === "favorable") return true;
  throw new InputError("snap", snap, '"favorable", or nothing');
}

function inexact(given: DecimalInput, price: bigint, size: bigint): InexactAmountError {
  const step = sizeStep(price);
  const below = size - (size % step);
  const nearest = [below, below + step].filter((units) => units > 0n && units <= MAX_AMOUNT);
  return new InexactAmountError(
    "size",
    given,
    formatDecimal("price", price),
    nearest.map((units) => formatDecimal("size", units)),
  );
}
