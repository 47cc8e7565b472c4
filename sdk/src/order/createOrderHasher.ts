import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { InputError } from "../errors/InputError.js";
import { parseHex, parseWord, toHex, WORD_BYTES, writeHex } from "../ids/bytes.js";
import type { Hex, Order } from "./Order.js";
import type { OrderDomain } from "./orderDomain.js";
import { ORDER_TYPE_STRING } from "./orderTypes.js";

/** Hashes orders of one domain. */
export interface OrderHasher {
  /** The EIP-712 hash of an order. @throws InputError naming the field that its type cannot hold. */
  (order: Order): Hex;
  /** The same as bytes: what a key signs. */
  readonly digest: (order: Order) => Uint8Array;
  /** The EIP-712 struct hash, which does not depend on the domain. */
  readonly structHash: (order: Order) => Hex;
  readonly domainSeparator: Hex;
}

/** What createOrderHasher may be told. */
export interface OrderHasherOptions {
  /** Keccak-256 of bytes, for who has a faster one. Default: in JavaScript. */
  readonly keccak256?: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

const DOMAIN_TYPE_STRING =
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

const ORDER_TYPE_HASH = keccak256Text(ORDER_TYPE_STRING);

// An order has no member of variable length, so one buffer serves every order. It holds the two hashed messages in a
// row: type hash and twelve words; then 0x1901, domain separator and the hash of the first.
const STRUCT_BYTES = 13 * WORD_BYTES;
const DIGEST_START = STRUCT_BYTES;
const SEPARATOR_START = DIGEST_START + 2;
const STRUCT_HASH_START = SEPARATOR_START + WORD_BYTES;
const BUFFER_BYTES = STRUCT_HASH_START + WORD_BYTES;

/**
 * Prepares the hashing of many orders: the domain separator is computed once, and each order is written into one fixed
 * buffer. Name and version may be those of any exchange with the same order struct.
 * @throws InputError naming the field of the domain that is out of place.
 */
export function createOrderHasher(
  domain: OrderDomain,
  { keccak256 = keccak_256 }: OrderHasherOptions = {},
): OrderHasher {
  const buffer = new Uint8Array(BUFFER_BYTES);
  const view = new DataView(buffer.buffer);
  const separator = separatorOf(domain);
  buffer.set(ORDER_TYPE_HASH);
  buffer.set([0x19, 0x01], DIGEST_START);
  buffer.set(separator, SEPARATOR_START);

  const struct = buffer.subarray(0, STRUCT_BYTES);
  const message = buffer.subarray(DIGEST_START);

  const structHash = (order: Order): Uint8Array => {
    writeUint256(view, 1, order.salt, "salt");
    writeAddress(buffer, 2, order.maker, "maker");
    writeAddress(buffer, 3, order.signer, "signer");
    writeAddress(buffer, 4, order.taker, "taker");
    writeUint256(view, 5, order.tokenId, "tokenId");
    writeUint256(view, 6, order.makerAmount, "makerAmount");
    writeUint256(view, 7, order.takerAmount, "takerAmount");
    writeUint256(view, 8, order.expiration, "expiration");
    writeUint256(view, 9, order.nonce, "nonce");
    writeUint256(view, 10, order.feeRateBps, "feeRateBps");
    writeUint8(view, 11, order.side, "side");
    writeUint8(view, 12, order.signatureType, "signatureType");
    return keccak256(struct);
  };
  const digest = (order: Order): Uint8Array => {
    buffer.set(structHash(order), STRUCT_HASH_START);
    return keccak256(message);
  };

  return Object.assign((order: Order) => toHex(digest(order)), {
    digest,
    structHash: (order: Order) => toHex(structHash(order)),
    domainSeparator: toHex(separator),
  });
}

function separatorOf(domain: OrderDomain): Uint8Array {
  const contract = new Uint8Array(WORD_BYTES);
  contract.set(parseHex(domain.verifyingContract, 20, "domain.verifyingContract"), 12);
  return keccak_256(
    concatBytes(
      keccak256Text(DOMAIN_TYPE_STRING),
      keccak256Text(domain.name),
      keccak256Text(domain.version),
      parseWord(BigInt(domain.chainId), "domain.chainId"),
      contract,
    ),
  );
}

function keccak256Text(text: string): Uint8Array {
  return keccak_256(new TextEncoder().encode(text));
}

function writeUint256(view: DataView, word: number, value: bigint, field: string): void {
  if (typeof value !== "bigint")
    throw new InputError(`order.${field}`, value, "a uint256 as bigint");
  const start = word * WORD_BYTES;
  const upper = value >> 192n;
  if (upper < 0n || upper >> 64n !== 0n) {
    throw new InputError(`order.${field}`, value, "a uint256 as bigint");
  }
  // setBigUint64 keeps the lowest 64 bits of what it is given.
  view.setBigUint64(start, upper);
  view.setBigUint64(start + 8, value >> 128n);
  view.setBigUint64(start + 16, value >> 64n);
  view.setBigUint64(start + 24, value);
}

const ADDRESS_LENGTH = 42;

// The twelve bytes in front of an address stay zero from the start.
function writeAddress(buffer: Uint8Array, word: number, address: string, field: string): void {
  const isAddress =
    typeof address === "string" && address.length === ADDRESS_LENGTH && address.startsWith("0x");
  if (!isAddress || !writeHex(address, buffer, word * WORD_BYTES + 12)) {
    throw new InputError(`order.${field}`, address, "an address");
  }
}

function writeUint8(view: DataView, word: number, value: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > 255) {
    throw new InputError(`order.${field}`, value, "a uint8");
  }
  view.setUint8(word * WORD_BYTES + 31, value);
}
