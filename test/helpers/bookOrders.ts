import type { IncomingOrder } from "@nostra/sdk/matcher";

/** Orders for tests of the book: of a market with tokens 11 and 22, by made-up accounts, with hashes counted up. */
export const YES = 11n;
export const NO = 22n;
export const BUY = 0;
export const SELL = 1;
export const UNIT = 1_000_000n; // one share, and one collateral token, in their smallest parts

export type Account = `0x${string}`;
export const account = (digit: string): Account => `0x${digit.repeat(40)}`;
export const ANYONE = account("0");
export const TAKER = account("a");
export const ALICE = account("b");
export const BOB = account("c");
export const CAROL = account("d");

let nextHash = 1;
export const freshHash = (): Account => `0x${(nextHash++).toString(16).padStart(64, "0")}`;

export interface Shape {
  maker?: Account;
  taker?: Account;
  expiration?: bigint;
  signed?: boolean;
  /** A contract wallet signs it. */
  isWallet?: boolean;
}

/** An order by its raw amounts: gives `makerAmount`, wants `takerAmount`. */
export function raw(
  side: 0 | 1,
  tokenId: bigint,
  makerAmount: bigint,
  takerAmount: bigint,
  { maker = ALICE, taker = ANYONE, expiration = 0n, signed = true, isWallet = false }: Shape = {},
): IncomingOrder {
  const hash = freshHash();
  const order = {
    salt: BigInt(hash),
    maker,
    signer: maker,
    taker,
    tokenId,
    makerAmount,
    takerAmount,
    expiration,
    nonce: 0n,
    feeRateBps: 0n,
    side,
    signatureType: isWallet ? (2 as const) : (0 as const),
  };
  return { hash, order: signed ? { ...order, signature: "0x5151" } : order };
}

/** An order for whole shares at a price in cents. */
export const buy = (tokenId: bigint, shares: bigint, cents: bigint, shape?: Shape): IncomingOrder =>
  raw(BUY, tokenId, (shares * cents * UNIT) / 100n, shares * UNIT, shape);
export const sell = (
  tokenId: bigint,
  shares: bigint,
  cents: bigint,
  shape?: Shape,
): IncomingOrder => raw(SELL, tokenId, shares * UNIT, (shares * cents * UNIT) / 100n, shape);
