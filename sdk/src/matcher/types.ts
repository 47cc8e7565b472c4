import type { Hex, Order, SignedOrder } from "../order/Order.js";

/** The market a book is for: the two outcome tokens of one condition. */
export interface BookMarket {
  readonly conditionId?: Hex;
  /** Token id of the YES outcome. */
  readonly yes: bigint;
  /** Token id of the NO outcome. */
  readonly no: bigint;
  /** Distance between two prices of the book, in millionths of a collateral unit per share unit. Default 1n. */
  readonly tick?: bigint;
  /** The fewest shares an order may be signed for, in share units. Default: any. */
  readonly minSize?: bigint;
  /** The most shares an order may be signed for, in share units. Default: any. */
  readonly maxSize?: bigint;
  /** What becomes of an order whose price is between ticks: placed where its limit is not worsened (default), or refused. */
  readonly offTick?: "place" | "refuse";
}

/** A checked market: its tick is set. */
export interface Market extends BookMarket {
  readonly tick: bigint;
}

/** Where an order stands when prices are read in YES terms: bids buy YES or sell NO, asks sell YES or buy NO. */
export type BookSide = "bid" | "ask";

/** An order as it arrives. */
export interface IncomingOrder {
  /** EIP-712 hash of the order. */
  readonly hash: Hex;
  readonly order: Order | SignedOrder;
  /** What is left of `order.makerAmount`, as the exchange counts it. Default: all of it. */
  readonly remaining?: bigint;
}

/** An order given to a book. */
export interface NewRestingOrder extends IncomingOrder {
  /** Place in the order of arrival; lower is earlier. Default: behind all that ever rested in the book. */
  readonly sequence?: number;
}

/** An order that waits in a book. Never changed in place: a fill puts a new object in its stead. */
export interface RestingOrder {
  readonly hash: Hex;
  readonly order: Order | SignedOrder;
  /** What is left of `order.makerAmount`: collateral units for BUY, share units for SELL. Above zero. */
  readonly remaining: bigint;
  /** Place in the order of arrival; lower is earlier. */
  readonly sequence: number;
}

/** What matching needs to know of a book. Every list is in priority order, best first. */
export interface BookView {
  readonly market: Market;
  bids(): readonly RestingOrder[];
  asks(): readonly RestingOrder[];
  get(hash: Hex): RestingOrder | undefined;
  has(hash: Hex): boolean;
}

/** What was asked of a book took more orders out of it than named. */
export interface ApplyResult {
  /** Orders that the plan cancels by the self-trade rule, as they rested. */
  readonly cancelled: readonly RestingOrder[];
  /** Orders of which only dust is left, with what is left of them. */
  readonly closed: readonly RestingOrder[];
}

/** What lowering the rest of orders did. */
export interface ReduceResult {
  /** The order as it rests now; null when it left the book. */
  readonly resting: RestingOrder | null;
  /** The order as it left with dust; null when it did not. */
  readonly closed: RestingOrder | null;
}

/**
 * The resting orders of one market, both outcomes in one book and priced in YES terms: BUY NO at q is an ask at 1 - q, SELL
 * NO at q a bid at 1 - q. Make one with `createBook`, or `createSpecificationBook`.
 *
 * Always true: every order has something left that can trade at its place, its own hash and its own place in the order of
 * arrival. A method that throws has changed nothing.
 */
export interface OrderBook extends BookView {
  /** How many orders rest in the book. */
  readonly size: number;
  /** How many times the book was changed. */
  readonly version: number;
  /**
   * Lets an order rest, without matching it. Give the `sequence` it had before to put an order back at its old place.
   * @returns the order as it rests.
   */
  add(incoming: NewRestingOrder): RestingOrder;
  /** Takes an order out. @returns the order as it rested. */
  cancel(hash: Hex): RestingOrder;
  /**
   * Takes out every order that is dead at `now`, in Unix seconds; at most `most` of them, the first to die first and of those
   * of one second the earliest. @returns them in the order of arrival.
   */
  expire(now: bigint, most?: number): readonly RestingOrder[];
  /** The second in which the next resting order dies; null when none ever does. */
  nextExpiration(): bigint | null;
  /** Lowers what is left of an order, which keeps its place; 0n takes it out, and so does dust. */
  reduce(hash: Hex, remaining: bigint): ReduceResult;
  /**
   * Does to the makers of a plan what the exchange will do: reduces them, and drops those with nothing or dust left. Also
   * cancels what the plan cancels. The plan must have been made from this book's present state.
   */
  apply(plan: MatchPlan): ApplyResult;
  /** Places all orders on the ticks of another size. @returns the orders that are dust at their new place, closed. */
  changeTick(tick: bigint): readonly RestingOrder[];
  /** Plans a match; the book is not changed. `matchOrder` says how. */
  match(taker: IncomingOrder, options?: MatchOptions): MatchResult;
  /** The levels of one side in YES terms, best first. The book must not change meanwhile. */
  levels(side: BookSide): Iterable<DepthLevel>;
  depth(): Depth;
}

/** All orders resting at one price. */
export interface DepthLevel {
  /** Price of YES, in millionths. */
  readonly price: bigint;
  /** Shares that the level's orders still trade, in share units: YES and NO together. */
  readonly shares: bigint;
  readonly orders: number;
}

/** The book by price, in YES terms, best first on both sides. */
export interface Depth {
  readonly bids: readonly DepthLevel[];
  readonly asks: readonly DepthLevel[];
}

/**
 * How the exchange settles a maker order with the taker order:
 * - COMPLEMENTARY: one buys what the other sells;
 * - MINT: both buy, one YES and one NO; their collateral becomes new pairs;
 * - MERGE: both sell, one YES and one NO; their pairs become collateral.
 */
export type MatchKind = "COMPLEMENTARY" | "MINT" | "MERGE";

/** One maker order's part in a match. */
export interface MakerFill {
  readonly hash: Hex;
  readonly order: Order | SignedOrder;
  readonly kind: MatchKind;
  /** What the maker gives, in units of what its order gives. */
  readonly making: bigint;
  /** What the maker receives before fee: its signed price, rounded up in its favour. */
  readonly taking: bigint;
  /** What this fill adds to what the taker gives. */
  readonly takerMaking: bigint;
  /** What this fill adds to what the taker receives, before fee. */
  readonly takerTaking: bigint;
  /** What is left of the maker order afterwards, in units of what it gives. */
  readonly remainingAfter: bigint;
  /** Where the maker stands: price of YES, in millionths. */
  readonly price: bigint;
}

/** One call of `matchOrders`, with everything the exchange will compute from it. */
export interface MatchPlan {
  readonly market: Market;
  readonly takerHash: Hex;
  readonly taker: Order | SignedOrder;
  /** The most the taker order may give and consume: the argument of `matchOrders`. */
  readonly takerFillAmount: bigint;
  /** What the taker really gives. */
  readonly making: bigint;
  /** What the taker really receives, before fee. */
  readonly taking: bigint;
  /** What the taker order loses of its remaining amount; at least `making`. */
  readonly consumed: bigint;
  readonly takerRemainingAfter: bigint;
  /** In priority order; no order twice. */
  readonly makers: readonly MakerFill[];
  /** Resting orders of the taker's own account that the self-trade rule cancels. */
  readonly cancels: readonly Hex[];
  /** True when the self-trade rule drops what is left of the taker order. */
  readonly endsTaker: boolean;
}

/**
 * What an order asks for. `limit`: a size in shares, at the limit or better. `market`: never rests, and a market BUY is for
 * an amount of collateral rather than for a size. A SELL gives shares, so it is for a size in both kinds.
 */
export type OrderKind = "limit" | "market";

/**
 * What becomes of the part not matched at once. GTC: it rests. GTD: it rests, and must have an expiration. FAK: it is
 * dropped. FOK: then nothing is matched.
 */
export type TimeInForce = "GTC" | "GTD" | "FOK" | "FAK";

/**
 * What happens when an order meets one of the same account: `skip` passes it by; `cancel-oldest` cancels the resting one and
 * goes on; `cancel-newest` stops and drops the rest of the arriving one; `cancel-both` does both.
 */
export type SelfTrade = "skip" | "cancel-oldest" | "cancel-newest" | "cancel-both";

/** What an order adds to the weight of its plan: the most gas that it may cost (rule B12). Whole numbers from 0 on. */
export interface OrderWeights {
  /** Every order. */
  readonly order: number;
  /** Added to every order that a contract wallet signs. */
  readonly walletSignature: number;
  /** Added for each byte of such a signature. */
  readonly signatureByte: number;
}

/** How a match is made: the second it is, and the rules the taker asks for. */
export interface MatchOptions {
  /** The present in Unix seconds. Expired makers are passed by and an expired taker is refused. Absent: nothing expires. */
  readonly now?: bigint;
  /** How long before its expiration an order counts as expired, for a settlement takes time. Needs `now`. Default 0n. */
  readonly marginSeconds?: bigint;
  /** The most maker orders in one plan. Default DEFAULT_MAX_MAKERS. */
  readonly maxMakers?: number;
  /**
   * The most makers that one plan's walk may look at without taking them (rule B11). Default: any number. Bounds the work that
   * makers nobody can take cause.
   */
  readonly maxPassedBy?: number;
  /** The most plans that one submit makes (rule B11). Default: any number. */
  readonly maxPlans?: number;
  /** The most that the taker and the makers of one plan may weigh together (rule B12). Default: anything. */
  readonly maxWeight?: number;
  /** What an order weighs. Default DEFAULT_WEIGHTS. */
  readonly weights?: OrderWeights;
  /** Default `limit`. */
  readonly kind?: OrderKind;
  /** Default GTC for `limit`, FAK for `market`. */
  readonly timeInForce?: TimeInForce;
  /** True lets a GTC or GTD order rest only if it does not trade on arrival. */
  readonly postOnly?: boolean;
  /** Default `skip`. */
  readonly selfTrade?: SelfTrade;
  /** True passes a resting order by, such as one without funds. It stays in the book. */
  readonly skip?: (resting: RestingOrder) => boolean;
}

/**
 * Why nothing was matched:
 * - EXPIRED: the taker order is dead;
 * - NOT_CROSSING: no resting order meets its price;
 * - NO_TAKEABLE_MAKER: some do, but each is expired, skipped, private, the taker's own, or too small for whole units;
 * - FOK_UNFILLABLE: one plan cannot fill all of it;
 * - POST_ONLY: it would have traded;
 * - SELF_TRADE: the self-trade rule drops it;
 * - WORK_LIMIT: `maxPassedBy` or `maxPlans` is reached, and makers behind that were not looked at.
 */
export type NoMatchReason =
  | "EXPIRED"
  | "NOT_CROSSING"
  | "NO_TAKEABLE_MAKER"
  | "FOK_UNFILLABLE"
  | "POST_ONLY"
  | "SELF_TRADE"
  | "WORK_LIMIT";

/** The plan of a match, or why there is none. */
export type MatchResult =
  | { readonly status: "matched"; readonly plan: MatchPlan }
  | {
      readonly status: "no-match";
      readonly reason: NoMatchReason;
      /** Resting orders of the taker's own account that the self-trade rule cancels. */
      readonly cancels: readonly Hex[];
    };
