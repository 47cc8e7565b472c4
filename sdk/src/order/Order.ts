/** Bytes as 0x-prefixed lower-case hex. */
export type Hex = `0x${string}`;

/** An account or contract, as 0x-prefixed hex with EIP-55 checksum. */
export type Address = `0x${string}`;

/** Which way an order trades its outcome token. BUY gives collateral; SELL gives the outcome token. */
export const Side = { BUY: 0, SELL: 1 } as const;
export type Side = (typeof Side)[keyof typeof Side];

/**
 * How an order's signature is checked: by the maker's own key (EOA), by a key the maker authorised on chain (DELEGATE), or
 * by asking the maker, a contract (EIP1271). Nobody types it: see buildOrder.
 */
export const SignatureType = { EOA: 0, DELEGATE: 1, EIP1271: 2 } as const;
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType];

/** The twelve signed fields of an order, as the exchange hashes them. Amounts are units of the asset's smallest part. */
export interface Order {
  /** Makes two otherwise equal orders different; random. */
  readonly salt: bigint;
  /** The account that trades. */
  readonly maker: Address;
  /** The account that answers for the signature: another than the maker only for SignatureType.DELEGATE. */
  readonly signer: Address;
  /** The only account that may be on the other side; the zero address means anyone. */
  readonly taker: Address;
  /** The outcome token traded: an ERC-1155 id of ConditionalTokens. */
  readonly tokenId: bigint;
  /** The most the maker gives: collateral units for BUY, token units for SELL. */
  readonly makerAmount: bigint;
  /** What the maker receives, before fee, for giving all of makerAmount. */
  readonly takerAmount: bigint;
  /** Unix second from which on the order is dead; 0n means never. */
  readonly expiration: bigint;
  /** The maker's nonce in the exchange when signing. */
  readonly nonce: bigint;
  /** The fee rate the maker agrees to, in basis points of what it receives. */
  readonly feeRateBps: bigint;
  readonly side: Side;
  readonly signatureType: SignatureType;
}

/** An order with the signature that proves its maker wants it; "0x" when the maker approved it on chain instead. */
export interface SignedOrder extends Order {
  readonly signature: Hex;
}
