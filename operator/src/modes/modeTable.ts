/** What a venue takes, from everything to nothing. A later mode takes no more than an earlier one. */
export const MODES = [
  "open",
  "warm-up",
  "post-only",
  "cancel-only",
  "read-only",
  "maintenance",
] as const;
export type Mode = (typeof MODES)[number];

/** What somebody may ask the venue to do. */
export const ACTIONS = [
  "order",
  "post-only order",
  "cancel",
  "heartbeat",
  "sign-in",
  "read",
] as const;
export type Action = (typeof ACTIONS)[number];

export interface ModeRules {
  /** What is taken; everything else is refused with `code` and `status`. */
  readonly takes: readonly Action[];
  /** Code and HTTP status of a refusal. */
  readonly code: string;
  readonly status: number;
  /** One sentence about what is taken, for errors and the docs. */
  readonly says: string;
}

const LOOKING_AFTER_ORDERS: readonly Action[] = ["cancel", "heartbeat", "sign-in", "read"];
const POST_ONLY: Omit<ModeRules, "says"> = {
  takes: ["post-only order", ...LOOKING_AFTER_ORDERS],
  ...{ code: "POST_ONLY_NOW", status: 425 },
};

/** The modes and what each takes. docs/operator.md shows the same table, and a test compares the two. */
export const MODE_TABLE: Readonly<Record<Mode, ModeRules>> = {
  open: {
    takes: ACTIONS,
    ...{ code: "OPEN", status: 503, says: "everything is taken" },
  },
  "warm-up": {
    ...POST_ONLY,
    says: "after a start only post-only orders and cancels are taken",
  },
  "post-only": { ...POST_ONLY, says: "only post-only orders and cancels are taken" },
  "cancel-only": {
    takes: LOOKING_AFTER_ORDERS,
    ...{ code: "CANCEL_ONLY", status: 503, says: "no orders are taken; cancels are" },
  },
  "read-only": {
    takes: ["heartbeat", "read"],
    ...{ code: "READ_ONLY", status: 503, says: "only reads and heartbeats are taken" },
  },
  maintenance: {
    takes: [],
    ...{ code: "MAINTENANCE", status: 503, says: "only health and status are answered" },
  },
};

export function isMode(text: unknown): text is Mode {
  return MODES.includes(text as Mode);
}

/** How much a mode forbids: a higher number forbids more. */
export function severityOf(mode: Mode): number {
  return MODES.indexOf(mode);
}
