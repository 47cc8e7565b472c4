import { InputError } from "../errors/InputError.js";
import { parseAddress, ZERO_ADDRESS } from "../ids/address.js";
import { toBigInt, WORD_BYTES } from "../ids/bytes.js";
import { MAX_AMOUNT } from "../units/constants.js";
import { isBuy, type SideInput } from "../units/isBuy.js";
import { limitAmounts, type LimitTerms, type OrderAmounts } from "../units/limitAmounts.js";
import { type Address, type Order, Side, SignatureType } from "./Order.js";
import { parseExpiration, type ExpirationInput } from "./parseExpiration.js";
import { parseUint256 } from "./parseUint256.js";

/** The highest fee rate the exchange takes, in basis points. */
export const MAX_FEE_RATE_BPS = 1_000n;

/** What an order trades: a price and a size, or the two exact amounts in units. Not both. */
export type OrderTrade =
  | (Omit<LimitTerms, "side"> & {
      readonly makerAmount?: undefined;
      readonly takerAmount?: undefined;
    })
  | (OrderAmounts & {
      readonly price?: undefined;
      readonly size?: undefined;
      readonly tick?: undefined;
      readonly snap?: undefined;
    });

/** What an order is made of besides its trade: who, which token, which way, until when. */
export interface OrderInput {
  /** The account that trades. */
  readonly maker: string;
  /**
   * The key that signs for the maker, when it is not the maker's own: one that the maker authorised (authorizeSigner). Not
   * the owner of a contract wallet: see makerIsContract.
   */
  readonly signer?: string | undefined;
  /** True when the maker is a contract that confirms signatures itself (EIP-1271), such as a Safe. Its owners sign. */
  readonly makerIsContract?: boolean | undefined;
  /** The outcome token, as bigint or decimal text. */
  readonly tokenId: bigint | string;
  readonly side: SideInput;
  /** The maker's nonce in the exchange now. There is no default: an order with another nonce is dead. */
  readonly nonce: bigint | string;
  /** When the order dies: a Date, a Unix second, or 0 for never. One day after now if not given. */
  readonly expiration?: ExpirationInput | undefined;
  /** Default 0n; at most MAX_FEE_RATE_BPS. */
  readonly feeRateBps?: bigint | string | undefined;
  /** The only account that may be on the other side; anyone if not given. */
  readonly taker?: string | undefined;
  /** 256 random bits if not given. */
  readonly salt?: bigint | string | undefined;
  /** The present Unix second; the clock's if not given. */
  readonly nowSeconds?: bigint | undefined;
}

const FIELDS: ReadonlySet<string> = new Set([
  "maker",
  "tokenId",
  "side",
  "nonce",
  "expiration",
  "feeRateBps",
  "taker",
  "signer",
  "makerIsContract",
  "salt",
  "nowSeconds",
  "price",
  "size",
  "tick",
  "snap",
  "makerAmount",
  "takerAmount",
] satisfies (keyof OrderInput | keyof OrderTrade)[]);

/**
 * Makes an order out of what a person means. Everything the exchange would refuse for itself is refused here; funds,
 * nonce and registration are the chain's to say. How the signature will be checked follows from who signs: the maker
 * itself, a `signer` it authorised, or owners of a maker that is a contract.
 * @throws TickError, InexactAmountError as limitAmounts does. @throws InputError naming the field that is out of place
 * or unknown.
 */
export function buildOrder(input: OrderInput & OrderTrade): Order {
  refuseUnknownFields(input);
  const buy = isBuy(input.side);
  const maker = parseAccount(input.maker, "maker");
  const signer = input.signer === undefined ? maker : parseAccount(input.signer, "signer");
  return {
    salt: input.salt === undefined ? randomSalt() : parseUint256("salt", input.salt),
    maker,
    signer,
    taker: input.taker === undefined ? ZERO_ADDRESS : parseAddress(input.taker, "taker"),
    tokenId: parseTokenId(input.tokenId),
    ...parseAmounts(input, buy),
    expiration: parseExpiration(input.expiration, input.nowSeconds),
    nonce: parseUint256("nonce", input.nonce),
    feeRateBps: parseFeeRate(input.feeRateBps),
    side: buy ? Side.BUY : Side.SELL,
    signatureType: signatureTypeOf(input, maker, signer),
  };
}

// A misspelt optional field would silently be its default.
function refuseUnknownFields(input: object): void {
  for (const [field, value] of Object.entries(input)) {
    if (!FIELDS.has(field)) throw new InputError(field, value, "no such field");
  }
}

function parseAccount(account: string, field: string): Address {
  const address = parseAddress(account, field);
  if (address === ZERO_ADDRESS) throw new InputError(field, account, "an account");
  return address;
}

// The number that the exchange wants follows from who signs, so nobody has to know it.
function signatureTypeOf(input: OrderInput, maker: Address, signer: Address): SignatureType {
  const { makerIsContract = false } = input;
  if (typeof makerIsContract !== "boolean") {
    throw new InputError("makerIsContract", makerIsContract, "true or false");
  }
  if (signer === maker) return makerIsContract ? SignatureType.EIP1271 : SignatureType.EOA;
  if (makerIsContract) {
    throw new InputError(
      "signer",
      input.signer,
      "nothing beside makerIsContract, when owners sign; or leave makerIsContract out for a key that the contract authorised",
    );
  }
  return SignatureType.DELEGATE;
}

function parseTokenId(tokenId: bigint | string): bigint {
  const id = parseUint256("tokenId", tokenId);
  if (id === 0n) throw new InputError("tokenId", tokenId, "an outcome token; zero is none");
  return id;
}

function parseFeeRate(feeRateBps: bigint | string = 0n): bigint {
  const rate = parseUint256("feeRateBps", feeRateBps);
  if (rate > MAX_FEE_RATE_BPS) {
    throw new InputError("feeRateBps", feeRateBps, `at most ${MAX_FEE_RATE_BPS} basis points`);
  }
  return rate;
}

function parseAmounts(input: OrderInput & OrderTrade, buy: boolean): OrderAmounts {
  if (input.makerAmount === undefined && input.takerAmount === undefined) {
    return limitAmounts({ ...input, side: input.side });
  }
  for (const field of ["price", "size", "tick", "snap"] as const) {
    if (input[field] !== undefined) {
      throw new InputError(field, input[field], "nothing beside makerAmount and takerAmount");
    }
  }
  const makerAmount = parseAmount("makerAmount", input.makerAmount);
  const takerAmount = parseAmount("takerAmount", input.takerAmount);
  if (buy ? makerAmount > takerAmount : takerAmount > makerAmount) {
    throw new InputError(
      buy ? "makerAmount" : "takerAmount",
      buy ? makerAmount : takerAmount,
      "a price of at most 1",
    );
  }
  return { makerAmount, takerAmount };
}

function parseAmount(field: string, amount: unknown): bigint {
  if (typeof amount !== "bigint" || amount <= 0n || amount > MAX_AMOUNT) {
    throw new InputError(field, amount, "1 to 2^120 - 1 units as bigint");
  }
  return amount;
}

function randomSalt(): bigint {
  return toBigInt(globalThis.crypto.getRandomValues(new Uint8Array(WORD_BYTES)));
}
