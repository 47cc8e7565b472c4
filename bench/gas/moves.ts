import { BUY, type Order } from "./orders";

/** One match: what is sent, and so what must move. */
export interface Match {
  readonly taker: Order;
  readonly makers: readonly Order[];
  /** The taker's declared fill; all of its order unless told. */
  readonly takerFill?: bigint;
  /** What each maker gives; all of its order unless told. */
  readonly makerFills?: readonly bigint[];
}

/** Asset ids: an outcome token, or zero for collateral. */
export const COLLATERAL = 0n;

const BASIS_POINTS = 10_000n;

/** Changes of balances, by account and asset. */
export class Moves {
  readonly #changes = new Map<string, Map<bigint, bigint>>();

  add(account: string, asset: bigint, amount: bigint): void {
    const ofAccount = this.#changes.get(account) ?? new Map<bigint, bigint>();
    this.#changes.set(account, ofAccount);
    ofAccount.set(asset, (ofAccount.get(asset) ?? 0n) + amount);
  }

  of(account: string, asset: bigint): bigint {
    return this.#changes.get(account)?.get(asset) ?? 0n;
  }

  accounts(): string[] {
    return [...this.#changes.keys()];
  }
}

export function makerFillsOf({ makers, makerFills }: Match): readonly bigint[] {
  return makerFills ?? makers.map(({ makerAmount }) => makerAmount);
}

/** What the signed orders say must move, added to `moves`. Nothing is asked of the contract. */
export function addMovesOf(match: Match, feeReceiver: string, moves: Moves): void {
  let takerGives = 0n;
  let takerReceives = 0n;
  for (const [i, making] of makerFillsOf(match).entries()) {
    const order = match.makers[i] as Order;
    const taking = ceilDiv(making * order.takerAmount, order.makerAmount);
    exchange(order, making, taking, feeReceiver, moves);

    // Complementary: the other's part. Mint: tokens for what the maker leaves unpaid. Merge: the reverse.
    const complementary = order.side !== match.taker.side;
    const minting = order.side === BUY;
    if (complementary) {
      takerGives += taking;
      takerReceives += making;
    } else {
      takerGives += minting ? taking - making : making;
      takerReceives += minting ? taking : making - taking;
    }
  }
  exchange(match.taker, takerGives, takerReceives, feeReceiver, moves);
}

/** One account gives and receives; the fee is kept from what it receives. */
function exchange(
  { maker, side, tokenId, feeRateBps }: Order,
  gives: bigint,
  receives: bigint,
  feeReceiver: string,
  moves: Moves,
): void {
  const [given, received] = side === BUY ? [COLLATERAL, tokenId] : [tokenId, COLLATERAL];
  const fee = (feeRateBps * receives) / BASIS_POINTS;
  moves.add(maker, given, -gives);
  moves.add(maker, received, receives - fee);
  moves.add(feeReceiver, received, fee);
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
