import type { PreparedTx, TxResult } from "../actions/PreparedTx.js";
import type { MarketStatus } from "../actions/readMarket.js";
import type { Funds } from "../errors/FundsError.js";
import type { Address, Hex } from "../order/Order.js";
import type { Rational } from "../units/priceOf.js";
import type { ChainVerifyFailure } from "../verify/verifyOrderOnChain.js";

/**
 * Everything checkOrder can find, in the order in which it lists it, and what each means. BLOCKS: the exchange would refuse a
 * match of the order. WARNS: it would settle, but its maker or a venue may not want it to.
 */
export const FINDING_CODES = {
  /** The side is neither BUY nor SELL. */
  INVALID_SIDE: "BLOCKS",
  /** An amount is zero, or more than the exchange takes. */
  INVALID_AMOUNT: "BLOCKS",
  /** The price is above 1. */
  INVALID_PRICE: "BLOCKS",
  /** The signed fee rate is above the exchange's maximum. */
  FEE_TOO_HIGH: "BLOCKS",
  /** The exchange does not trade the token. */
  TOKEN_NOT_REGISTERED: "BLOCKS",
  /** Its maker ended it. */
  ORDER_CANCELLED: "BLOCKS",
  /** Nothing is left of it. */
  ORDER_FILLED: "BLOCKS",
  /** It is dead since its expiration second. */
  EXPIRED: "BLOCKS",
  /** Its nonce is below the maker's: it died when the maker raised it. */
  STALE_NONCE: "BLOCKS",
  /** Its nonce is above the maker's. */
  FUTURE_NONCE: "BLOCKS",
  /** There is no such kind of signature. */
  UNSUPPORTED_SIGNATURE_TYPE: "BLOCKS",
  /** It carries no signature, and its maker has not approved it on chain. */
  SIGNATURE_MISSING: "BLOCKS",
  /** The signature does not prove it. */
  INVALID_SIGNATURE: "BLOCKS",
  /** The maker lets the signer sign no longer, or never did. */
  SIGNER_NOT_AUTHORIZED: "BLOCKS",
  /** It is for another counterparty than the one asked about. */
  NOT_TAKER: "BLOCKS",
  /** Matching is stopped. */
  EXCHANGE_PAUSED: "BLOCKS",
  /** The maker holds less than it needs. */
  INSUFFICIENT_BALANCE: "BLOCKS",
  /** The maker lets the exchange move less than it needs. */
  INSUFFICIENT_ALLOWANCE: "BLOCKS",
  /** The maker is a contract that does not take the outcome token it buys. */
  TOKENS_REFUSED: "BLOCKS",
  /** It dies within the time asked about. */
  EXPIRES_SOON: "WARNS",
  /** The price is between two ticks. The exchange knows no ticks; a venue may refuse it. */
  OFF_TICK: "WARNS",
  /** One account alone may be on the other side. */
  PRIVATE: "WARNS",
  /** The market is past its end time: its result may be known to others. */
  MARKET_ENDED: "WARNS",
  /** The market has its result; its tokens trade on, and redeem for the payouts. */
  MARKET_RESOLVED: "WARNS",
  /** The market was cancelled; its tokens trade on, and redeem for half each. */
  MARKET_CANCELLED: "WARNS",
} as const;

/** The stable name of a reason; FINDING_CODES lists them. */
export type FindingCode = keyof typeof FINDING_CODES;

interface Amounts {
  readonly makerAmount: bigint;
  readonly takerAmount: bigint;
}

interface Nonces {
  readonly maker: Address;
  readonly nonce: bigint;
  /** The one an order of this maker must have now. */
  readonly currentNonce: bigint;
}

interface Times {
  readonly expirationSeconds: bigint;
  /** The block's. */
  readonly nowSeconds: bigint;
}

interface MarketState {
  readonly questionId: Hex;
  readonly status: MarketStatus;
  readonly endTimeSeconds: bigint;
  /** What YES and NO redeem for, as parts of their sum; both 0n until the market is over. */
  readonly payouts: readonly [yes: bigint, no: bigint];
}

/** The values of each finding. */
export interface FindingValues {
  readonly INVALID_SIDE: { readonly side: number };
  readonly INVALID_AMOUNT: Amounts & { readonly maxAmount: bigint };
  readonly INVALID_PRICE: Amounts;
  readonly FEE_TOO_HIGH: { readonly feeRateBps: bigint; readonly maxFeeRateBps: bigint };
  readonly TOKEN_NOT_REGISTERED: { readonly tokenId: bigint };
  /** What had not been filled. */
  readonly ORDER_CANCELLED: { readonly remaining: bigint };
  readonly ORDER_FILLED: Record<never, never>;
  readonly EXPIRED: Times;
  readonly STALE_NONCE: Nonces;
  readonly FUTURE_NONCE: Nonces;
  readonly UNSUPPORTED_SIGNATURE_TYPE: { readonly signatureType: number };
  readonly SIGNATURE_MISSING: { readonly expected: Address };
  readonly INVALID_SIGNATURE: {
    readonly kind: "EOA" | "DELEGATE" | "EIP1271";
    /** Who should have signed, or confirmed. */
    readonly expected: Address;
    /** The account the signature names; null when it names none, or when a contract was asked. */
    readonly recovered: Address | null;
    readonly reason: ChainVerifyFailure;
    /** The exchange it should be for; one meant for another names a stranger. */
    readonly chainId: bigint;
    readonly verifyingContract: Address;
  };
  readonly SIGNER_NOT_AUTHORIZED: {
    readonly maker: Address;
    readonly signer: Address;
    /** When the authorisation ended; 0n when there is none. */
    readonly expirationSeconds: bigint;
  };
  readonly NOT_TAKER: { readonly taker: Address; readonly counterparty: Address };
  readonly EXCHANGE_PAUSED: Record<never, never>;
  readonly INSUFFICIENT_BALANCE: Funds;
  readonly INSUFFICIENT_ALLOWANCE: Funds & {
    /** The exchange. */
    readonly spender: Address;
  };
  readonly TOKENS_REFUSED: { readonly receiver: Address; readonly tokenId: bigint };
  readonly EXPIRES_SOON: Times;
  readonly OFF_TICK: {
    readonly price: Rational;
    readonly tick: string;
    /** The valid prices next to it, ascending: two, or one at the edge of the grid. */
    readonly nearest: readonly string[];
  };
  readonly PRIVATE: { readonly taker: Address };
  readonly MARKET_ENDED: MarketState;
  readonly MARKET_RESOLVED: MarketState;
  readonly MARKET_CANCELLED: MarketState;
}

/** One thing that is to be said of an order. `code` tells which, and so which `values` there are. */
export type Finding<Code extends FindingCode = FindingCode> = {
  [C in Code]: {
    readonly code: C;
    readonly severity: (typeof FINDING_CODES)[C];
    readonly values: FindingValues[C];
    /** One sentence for people. */
    readonly message: string;
    /**
     * What the maker itself can send to repair it; empty when no single transaction does. An `approveOrder` among them is
     * the maker's consent to the order: show the order before it is sent.
     */
    readonly fix: readonly PreparedTx<TxResult>[];
  };
}[Code];
