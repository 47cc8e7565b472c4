import fc from "fast-check";
import { UNIT } from "../units/constants.js";
import { formatDecimal } from "../units/formatDecimal.js";
import { parsePrice } from "../units/parsePrice.js";

/** A limit order without its token's id: which outcome, which way, at which price, how much. */
export interface QuoteTerms {
  readonly outcome: "YES" | "NO";
  readonly side: "BUY" | "SELL";
  /** On a tick of 0.01. */
  readonly price: string;
  /** Whole shares, so that every cost is exact. */
  readonly size: string;
}

/** A taker and makers that cross it. */
export interface CrossingTerms {
  readonly taker: QuoteTerms;
  /** One to `mostMakers`, in any order, each at the taker's limit or better. */
  readonly makers: readonly QuoteTerms[];
}

const TICK = UNIT / 100n;

/**
 * A taker's order and makers' orders it meets: each maker alone crosses it, by trading the same outcome the other way, by
 * minting (both buy, the two outcomes), or by merging (both sell). A matcher must find a match for every draw, and the exchange
 * must settle it.
 */
export function crossingTerms(mostMakers = 5): fc.Arbitrary<CrossingTerms> {
  const steps = fc.bigInt({ min: 1n, max: 99n });
  const size = fc.bigInt({ min: 1n, max: 1_000n }).map(String);
  const outcome = fc.constantFrom("YES" as const, "NO" as const);
  const side = fc.constantFrom("BUY" as const, "SELL" as const);
  return fc.record({ outcome, side, price: steps.map(textOf), size }).chain((taker) => {
    const limit = parsePrice(taker.price) / TICK;
    // The same outcome the other way, at the limit or better for the taker.
    const direct = (
      taker.side === "BUY"
        ? fc.bigInt({ min: 1n, max: limit })
        : fc.bigInt({ min: limit, max: 99n })
    ).map((at) => ({ outcome: taker.outcome, side: other(taker.side), price: textOf(at) }));
    // The other outcome the same way: the two prices together are at least 1 to mint, at most 1 to merge.
    const across = (
      taker.side === "BUY"
        ? fc.bigInt({ min: 100n - limit, max: 99n })
        : fc.bigInt({ min: 1n, max: 100n - limit })
    ).map((at) => ({
      outcome: taker.outcome === "YES" ? ("NO" as const) : ("YES" as const),
      ...{ side: taker.side, price: textOf(at) },
    }));
    const maker = fc
      .tuple(fc.oneof(direct, across), size)
      .map(([terms, shares]): QuoteTerms => ({ ...terms, size: shares }));
    const makers = fc.array(maker, { minLength: 1, maxLength: mostMakers });
    return fc.record({ taker: fc.constant(taker), makers });
  });
}

function other(side: "BUY" | "SELL"): "BUY" | "SELL" {
  return side === "BUY" ? "SELL" : "BUY";
}

function textOf(steps: bigint): string {
  return formatDecimal("price", steps * TICK);
}
