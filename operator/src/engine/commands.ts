import type { Hex } from "@nostra/sdk/order";
import { z } from "zod";

/*
 * What is asked of a market's engine besides new orders. Commands and orders share one numbering, the market's inputs, and a
 * command is stored before it is done, so that a replay of the inputs gives the same book.
 */

const hex = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;

/** Why the venue took an order out. */
export const CANCEL_REASONS = [
  "BY_MAKER",
  "HEARTBEAT",
  "UNFUNDED",
  "NONCE_RAISED",
  "CANCELLED_ON_CHAIN",
  "MARKET_ENDED",
  "BY_OPERATOR",
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

export const command = z.discriminatedUnion("op", [
  /** Takes an order out of the book; nothing when it is not in it. */
  z.object({ op: z.literal("cancel"), hash: hex, reason: z.enum(CANCEL_REASONS) }),
  /** Takes an order that the chain refuses out for good; what it gave in unsettled matches stays reserved until their release. */
  z.object({ op: z.literal("invalidate"), hash: hex, reason: z.string() }),
  /** Takes out every order that is dead at this second. */
  z.object({ op: z.literal("expire"), now: z.string() }),
  /** The chain says that no more than this is left of an order. */
  z.object({ op: z.literal("reduce"), hash: hex, remaining: z.string() }),
  /**
   * A match will not settle. Its guilty orders are taken out for good; what the others gave in it is theirs again, at their old
   * place. Nothing when the match has failed already.
   */
  z.object({
    op: z.literal("release"),
    matchId: z.string(),
    guilty: z.array(hex),
    reason: z.string(),
    now: z.string(),
  }),
]);

export type Command = z.infer<typeof command>;
