import { InputError } from "../errors/InputError.js";
import { checkBigint } from "./checkOrder.js";
import type { MatchOptions, OrderKind, OrderWeights, SelfTrade, TimeInForce } from "./types.js";
import { checkWeights, DEFAULT_WEIGHTS } from "./weights.js";

/** The gas budget of a match is below 100k for each maker after the first: fifty stay far below a block's limit. */
export const DEFAULT_MAX_MAKERS = 50;

/** Options with their defaults. */
export interface CheckedOptions {
  readonly kind: OrderKind;
  readonly timeInForce: TimeInForce;
  readonly maxMakers: number;
  /** Infinity: any number. */
  readonly maxPassedBy: number;
  readonly maxPlans: number;
  readonly maxWeight: number;
  readonly weights: OrderWeights;
  readonly postOnly: boolean;
  readonly selfTrade: SelfTrade;
  /** From this second of expiration back, orders count as expired; undefined: nothing expires. */
  readonly deadline: bigint | undefined;
  readonly skip: MatchOptions["skip"];
}

const KINDS: readonly unknown[] = ["limit", "market"];
const TIMES_IN_FORCE: readonly unknown[] = ["GTC", "GTD", "FOK", "FAK"];
const SELF_TRADES: readonly unknown[] = ["skip", "cancel-oldest", "cancel-newest", "cancel-both"];

/** What most orders ask for; read once. */
const PLAIN = checkOptions({});

/** Checks options and fills in their defaults. A market order never rests, so it cannot be good till cancelled. */
export function readOptions(options: MatchOptions | undefined): CheckedOptions {
  return options === undefined ? PLAIN : checkOptions(options);
}

function checkOptions(options: MatchOptions): CheckedOptions {
  const { kind = "limit", maxMakers = DEFAULT_MAX_MAKERS, postOnly = false, skip } = options;
  const { timeInForce = kind === "market" ? "FAK" : "GTC", selfTrade = "skip" } = options;
  const { now, marginSeconds = 0n } = options;
  const { maxPassedBy = Infinity, maxPlans = Infinity } = options;
  const { maxWeight = Infinity, weights = DEFAULT_WEIGHTS } = options;
  if (!KINDS.includes(kind)) throw new InputError("options.kind", kind, '"limit" or "market"');
  if (!TIMES_IN_FORCE.includes(timeInForce)) {
    throw new InputError("options.timeInForce", timeInForce, '"GTC", "GTD", "FOK" or "FAK"');
  }
  const rests = timeInForce === "GTC" || timeInForce === "GTD";
  if (kind === "market" && rests) {
    throw new InputError("options.timeInForce", timeInForce, '"FOK" or "FAK" for a market order');
  }
  if (typeof postOnly !== "boolean") {
    throw new InputError("options.postOnly", postOnly, "true or false");
  }
  if (postOnly && !rests) {
    throw new InputError(
      "options.timeInForce",
      timeInForce,
      '"GTC" or "GTD" for a post-only order',
    );
  }
  if (!SELF_TRADES.includes(selfTrade)) {
    throw new InputError(
      "options.selfTrade",
      selfTrade,
      '"skip", "cancel-oldest", "cancel-newest" or "cancel-both"',
    );
  }
  if (!Number.isSafeInteger(maxMakers) || maxMakers < 1) {
    throw new InputError("options.maxMakers", maxMakers, "an integer from 1 on");
  }
  checkCount("options.maxPassedBy", maxPassedBy);
  checkCount("options.maxPlans", maxPlans);
  checkCount("options.maxWeight", maxWeight);
  if (weights !== DEFAULT_WEIGHTS) checkWeights(weights);
  if (now !== undefined) checkBigint("options.now", now);
  checkBigint("options.marginSeconds", marginSeconds);
  if (marginSeconds < 0n) {
    throw new InputError("options.marginSeconds", marginSeconds, "0n or more");
  }
  const deadline = now === undefined ? undefined : now + marginSeconds;
  return {
    kind,
    timeInForce,
    maxMakers,
    maxPassedBy,
    maxPlans,
    maxWeight,
    weights,
    postOnly,
    selfTrade,
    deadline,
    skip,
  };
}

function checkCount(field: string, count: number): void {
  if (count === Infinity || (Number.isSafeInteger(count) && count > 0)) return;
  throw new InputError(field, count, "an integer from 1 on, or Infinity");
}
