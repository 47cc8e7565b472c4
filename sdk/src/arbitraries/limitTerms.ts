import fc from "fast-check";
import { formatDecimal } from "../units/formatDecimal.js";
import { parsePrice } from "../units/parsePrice.js";
import { sizeStep } from "../units/sizeStep.js";
import { aPrice, aTick } from "./amounts.js";

/** What limitAmounts, buildOrder and createLimitOrder take as it is: on the tick, and with a cost of whole units. */
export interface ExactLimitTerms {
  readonly side: "BUY" | "SELL";
  readonly price: string;
  readonly size: string;
  readonly tick: string;
}

/** Terms of a limit order that are exact, so that nothing refuses them. */
export function limitTerms(): fc.Arbitrary<ExactLimitTerms> {
  const side = fc.constantFrom("BUY" as const, "SELL" as const);
  return aTick().chain((tick) =>
    aPrice(tick).chain((price) => {
      const step = sizeStep(parsePrice(price));
      const size = fc
        .bigInt({ min: 1n, max: 10n ** 11n })
        .map((n) => formatDecimal("size", n * step));
      return fc.record({
        side,
        price: fc.constant(price),
        size,
        tick: fc.constant(tick),
      });
    }),
  );
}
