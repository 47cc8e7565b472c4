import {
  type HDNodeWallet,
  HDNodeWallet as Wallets,
  Mnemonic,
  TypedDataEncoder,
  ZeroAddress,
  id,
} from "ethers";
import { ORDER_TYPES } from "@nostra/sdk/order";

/** Outcome tokens of one lot: an amount without round digits, as real ones are. */
export const LOT = 123_456_780n;

export const BUY = 0;
export const SELL = 1;

export type Outcome = "YES" | "NO";

/** What a scenario says of an order. */
export interface OrderTerms {
  readonly maker: string;
  readonly outcome: Outcome;
  /** Collateral for one outcome token, in cents. */
  readonly cents: number;
  /** Size in lots; one unless told. */
  readonly lots?: number;
  readonly feeRateBps?: number;
  /** Who signs, when not the maker itself. */
  readonly signer?: string;
  /** Whose key signs, when not the signer's own: for accounts that are contracts. */
  readonly signedBy?: string;
  /** 0 EOA unless told. */
  readonly signatureType?: number;
  /** Replaces the signature, for kinds that need none. */
  readonly signature?: string;
}

export interface Order {
  readonly salt: bigint;
  readonly maker: string;
  readonly signer: string;
  readonly taker: string;
  readonly tokenId: bigint;
  readonly makerAmount: bigint;
  readonly takerAmount: bigint;
  readonly expiration: bigint;
  readonly nonce: bigint;
  readonly feeRateBps: bigint;
  readonly side: number;
  readonly signatureType: number;
  readonly signature: string;
}

/** Makes orders of one scenario. They are the same in every run, and whatever other scenarios there are. */
export interface OrderMaker {
  buy(terms: OrderTerms): Order;
  sell(terms: OrderTerms): Order;
}

/** A salt of 6 bytes: all but that many bits of a hash are dropped. */
const DROPPED_SALT_BITS = 208n;

const mnemonic = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const keys = new Map<string, HDNodeWallet>();

/** The address of the n-th well-known development key; its key signs from now on. */
export function account(n: number): string {
  const wallet = Wallets.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${n}`);
  keys.set(wallet.address, wallet);
  return wallet.address;
}

/** Collateral for that many lots. */
export function cost(cents: number, lots = 1): bigint {
  return ((LOT * BigInt(cents)) / 100n) * BigInt(lots);
}

export function orderMaker(
  scenario: string,
  exchange: string,
  tokenIds: Readonly<Record<Outcome, bigint>>,
): OrderMaker {
  const domain = {
    name: "Nostra CTF Exchange",
    version: "1",
    chainId: 31337,
    verifyingContract: exchange,
  };
  let signed = 0;

  function sign(terms: OrderTerms, side: number, makerAmount: bigint, takerAmount: bigint): Order {
    const signer = terms.signer ?? terms.maker;
    const fields = {
      salt: BigInt(id(`${scenario}/${signed++}`)) >> DROPPED_SALT_BITS,
      maker: terms.maker,
      signer,
      taker: ZeroAddress,
      tokenId: tokenIds[terms.outcome],
      makerAmount,
      takerAmount,
      expiration: 0n,
      nonce: 0n,
      feeRateBps: BigInt(terms.feeRateBps ?? 0),
      side,
      signatureType: terms.signatureType ?? 0,
    };
    if (terms.signature !== undefined) return { ...fields, signature: terms.signature };

    const key = keys.get(terms.signedBy ?? signer);
    if (key === undefined) throw new Error(`no key signs for ${signer}`);
    const digest = TypedDataEncoder.hash(domain, ORDER_TYPES, fields);
    return { ...fields, signature: key.signingKey.sign(digest).serialized };
  }

  return {
    buy: (terms) => sign(terms, BUY, cost(terms.cents, terms.lots), LOT * BigInt(terms.lots ?? 1)),
    sell: (terms) =>
      sign(terms, SELL, LOT * BigInt(terms.lots ?? 1), cost(terms.cents, terms.lots)),
  };
}
