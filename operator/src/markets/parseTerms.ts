import { parseCollateral, parsePrice } from "@nostra/sdk/units";
import { z } from "zod";
import type { MarketTerms } from "./MarketDirectory";

/** A tick as people write it: it must divide 1, or prices of YES and NO would not add up. */
export const tick = z.string().refine(isTick, {
  error: "expected a price between 0 and 1 that divides 1, such as 0.01, 0.005 or 0.001",
});

/** An amount of shares or collateral as people write it. */
export const amount = z.string().refine(isAmount, {
  error: "expected an amount with at most 6 decimals, such as 1 or 0.5",
});

/** A file of settings is written by hand: basis points may stand as a number. */
const basisPoints = z
  .union([
    z.number().int(),
    z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number),
  ])
  .refine((bps) => bps >= 0 && bps <= 1_000, "expected 0 to 1000 basis points")
  .transform(String);

const terms = z.record(
  z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, "expected condition ids as names")
    .toLowerCase(),
  z.strictObject({
    tick: tick.optional(),
    minSize: amount.optional(),
    minFeeBps: basisPoints.optional(),
    minNotional: amount.optional(),
  }),
);

/** Reads the terms of single markets, by condition id. @throws Error that names the first value out of place. */
export function parseTerms(json: unknown): Readonly<Record<string, Partial<MarketTerms>>> {
  const parsed = terms.safeParse(json);
  if (parsed.success) return parsed.data as Readonly<Record<string, Partial<MarketTerms>>>;
  const [issue] = parsed.error.issues;
  const [inKey] = issue?.code === "invalid_key" ? issue.issues : [];
  const at = (issue?.path ?? []).map(String).join(".").slice(0, 80);
  const message = inKey?.message ?? issue?.message ?? "not readable";
  throw new Error(
    `${at === "" ? "" : `${at}: `}${message}; ` +
      "expected {condition id: {tick, minSize, minFeeBps, minNotional}}, each optional",
  );
}

function isTick(text: string): boolean {
  try {
    const price = parsePrice(text);
    return price > 0n && price < 1_000_000n && 1_000_000n % price === 0n;
  } catch {
    return false;
  }
}

function isAmount(text: string): boolean {
  try {
    return parseCollateral(text) >= 0n;
  } catch {
    return false;
  }
}
