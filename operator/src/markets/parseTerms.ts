import { z } from "zod";
import type { MarketTerms } from "./MarketDirectory";

const decimal = z.string().regex(/^\d+(\.\d{1,6})?$/, 'expected decimal text such as "0.5"');

/** Integers may stand as numbers: a file of settings is written by hand. */
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
    .regex(/^0x[0-9a-fA-F]{64}$/, "expected a condition id")
    .toLowerCase(),
  z.strictObject({
    tick: decimal.optional(),
    minSize: decimal.optional(),
    minFeeBps: basisPoints.optional(),
    minNotional: decimal.optional(),
  }),
);

/** Reads the terms of single markets, by condition id. @throws Error with a line for each value that is out of place. */
export function parseTerms(json: unknown): Readonly<Record<string, Partial<MarketTerms>>> {
  const parsed = terms.safeParse(json);
  if (parsed.success) return parsed.data as Readonly<Record<string, Partial<MarketTerms>>>;
  const lines = parsed.error.issues.map((issue) => {
    const [inKey] = issue.code === "invalid_key" ? issue.issues : [];
    return `${issue.path.join(".")}: ${inKey?.message ?? issue.message}`;
  });
  throw new Error(lines.join("; "));
}
