/*
 * The exchange as a plain ledger of bigints, written from the rules in ICTFExchange and from nothing else: no transfer
 * routes, no pairs, no passes. Each order gives and receives; the sum of that is the match.
 */

export type Asset = "usdc" | "yes" | "no";
export type Holdings = Record<Asset, bigint>;

export const BUY = 0;
export const SELL = 1;

export interface ModelOrder {
  hash: string;
  maker: string;
  /** The only counterparty; the zero address for anyone. */
  taker: string;
  token: "yes" | "no";
  side: number;
  makerAmount: bigint;
  takerAmount: bigint;
  feeRateBps: bigint;
}

export interface ModelMatch {
  takerOrder: ModelOrder;
  makerOrders: ModelOrder[];
  takerFillAmount: bigint;
  makerFillAmounts: bigint[];
}

/** What one order gave and received in a match. */
export interface Fill {
  order: ModelOrder;
  making: bigint;
  taking: bigint;
  fee: bigint;
  remaining: bigint;
}

export interface Refusal {
  error: string;
  args: (string | bigint)[];
}

export type Prediction =
  { settles: true; makers: Fill[]; taker: Fill } | { settles: false; refusal: Refusal };

const ANYONE = `0x${"00".repeat(20)}`;

export function ceilDiv(a: bigint, b: bigint): bigint {
  return a / b + (a % b === 0n ? 0n : 1n);
}

/** What an order gives away. */
export function givenAsset({ side, token }: ModelOrder): Asset {
  return side === BUY ? "usdc" : token;
}

/** What an order is paid in, and its fee is taken from. */
export function receivedAsset({ side, token }: ModelOrder): Asset {
  return side === BUY ? token : "usdc";
}

/** The sums that the makers' fills imply: what the taker gives (D), what it gets (G). */
export function impliedTotals(
  takerSide: number,
  makers: { side: number; making: bigint; taking: bigint }[],
): { making: bigint; taking: bigint } {
  let [given, received] = [0n, 0n];
  for (const { side, making, taking } of makers) {
    if (side !== takerSide) {
      // They swap: what one gives is what the other gets.
      given += taking;
      received += making;
    } else if (side === BUY) {
      // They buy `taking` pairs at 1.00 each; the taker pays what the maker does not.
      given += taking - making;
      received += taking;
    } else {
      // They sell `making` pairs at 1.00 each; the taker is paid what the maker is not.
      given += making;
      received += making - taking;
    }
  }
  return { making: given, taking: received };
}

export class ModelExchange {
  private readonly remaining = new Map<string, bigint>();
  private readonly ended = new Set<string>();

  constructor(
    readonly ledger: Map<string, Holdings>,
    readonly tokenIds: { yes: bigint; no: bigint },
    readonly conditionalTokens: string,
    public feeReceiver: string,
  ) {}

  /** What is left of an order; all of it while it was never seen. */
  remainingOf(order: ModelOrder): bigint {
    return this.remaining.get(order.hash) ?? order.makerAmount;
  }

  isOver(order: ModelOrder): boolean {
    return this.ended.has(order.hash);
  }

  /** The status as the contract tells it: nothing remains of an order it never saw. */
  statusOf(order: ModelOrder): { isFilledOrCancelled: boolean; remaining: bigint } {
    const remaining = this.remaining.get(order.hash) ?? 0n;
    return { isFilledOrCancelled: this.isOver(order), remaining };
  }

  /** What a match would do. Changes nothing. */
  predict(match: ModelMatch): Prediction {
    const refuse = (error: string, ...args: (string | bigint)[]): Prediction => {
      return { settles: false, refusal: { error, args } };
    };
    const { takerOrder, makerOrders, takerFillAmount, makerFillAmounts } = match;
    if (makerOrders.length === 0) return refuse("NoMakerOrders");
    if (makerOrders.length !== makerFillAmounts.length) {
      return refuse("LengthMismatch", BigInt(makerOrders.length), BigInt(makerFillAmounts.length));
    }

    const makers: Fill[] = [];
    /** What is left after the fills before this one: an order may be named twice. */
    const left = new Map<string, bigint>();
    for (const [i, order] of makerOrders.entries()) {
      const making = makerFillAmounts[i] as bigint;
      if (order.taker !== ANYONE && order.taker !== takerOrder.maker) {
        return refuse("NotTaker", order.hash, order.taker, takerOrder.maker);
      }
      if (takerOrder.taker !== ANYONE && takerOrder.taker !== order.maker) {
        return refuse("NotTaker", takerOrder.hash, takerOrder.taker, order.maker);
      }
      const available = left.get(order.hash) ?? this.remainingOf(order);
      if (this.isOver(order) || available === 0n) {
        return refuse("OrderFilledOrCancelled", order.hash);
      }
      if (making === 0n) return refuse("ZeroFill", order.hash);
      if (making > available) return refuse("MakingGtRemaining", order.hash, making, available);

      const sameSide = order.side === takerOrder.side;
      const sameToken = order.token === takerOrder.token;
      const [id, takerId] = [this.tokenIds[order.token], this.tokenIds[takerOrder.token]];
      if (!sameSide && !sameToken) return refuse("MismatchedTokenIds", order.hash, id, takerId);
      if (sameSide && sameToken) {
        const complement = this.tokenIds[takerOrder.token === "yes" ? "no" : "yes"];
        return refuse("InvalidComplement", order.hash, id, complement);
      }

      const taking = ceilDiv(making * order.takerAmount, order.makerAmount);
      const remaining = available - making;
      left.set(order.hash, remaining);
      makers.push({ order, making, taking, fee: feeOf(order, taking), remaining });
    }

    const totals = impliedTotals(
      takerOrder.side,
      makers.map(({ order, making, taking }) => ({ side: order.side, making, taking })),
    );
    const { hash, makerAmount, takerAmount } = takerOrder;
    const available = this.remainingOf(takerOrder);
    if (this.isOver(takerOrder)) return refuse("OrderFilledOrCancelled", hash);
    if (takerFillAmount === 0n) return refuse("ZeroFill", hash);
    if (takerFillAmount > available) {
      return refuse("MakingGtRemaining", hash, takerFillAmount, available);
    }
    if (totals.making > takerFillAmount) {
      return refuse("TakerFillExceeded", hash, totals.making, takerFillAmount);
    }
    if (totals.taking * makerAmount < totals.making * takerAmount) {
      return refuse("NotCrossing", hash, totals.making, totals.taking);
    }
    const worth = ceilDiv(totals.taking * makerAmount, takerAmount);
    const consumed = worth < takerFillAmount ? worth : takerFillAmount;
    const fee = feeOf(takerOrder, totals.taking);
    const taker = { order: takerOrder, ...totals, fee, remaining: available - consumed };
    return { settles: true, makers, taker };
  }

  /** Does what was predicted. */
  apply({ makers, taker }: Extract<Prediction, { settles: true }>): void {
    const before = this.totalOf("yes");
    for (const { order, making, taking, fee, remaining } of [...makers, taker]) {
      this.add(order.maker, givenAsset(order), -making);
      this.add(order.maker, receivedAsset(order), taking - fee);
      this.add(this.feeReceiver, receivedAsset(order), fee);
      this.remaining.set(order.hash, remaining);
      if (remaining === 0n) this.ended.add(order.hash);
    }
    // A pair more means a unit of collateral more in ConditionalTokens, and the reverse.
    this.add(this.conditionalTokens, "usdc", this.totalOf("yes") - before);
  }

  totalOf(asset: Asset): bigint {
    return [...this.ledger.values()].reduce((sum, holdings) => sum + holdings[asset], 0n);
  }

  private add(account: string, asset: Asset, amount: bigint): void {
    const holdings = this.ledger.get(account);
    if (holdings === undefined) throw new Error(`${account} is not in the ledger`);
    holdings[asset] += amount;
  }
}

function feeOf({ feeRateBps }: ModelOrder, received: bigint): bigint {
  return (feeRateBps * received) / 10_000n;
}
