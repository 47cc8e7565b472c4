import type { SignedOrder } from "@nostra/sdk/order";
import { addressWord, word, type Words } from "../abiWords";
import type { StoredMatch } from "./types";

/*
 * The calldata of the exchange, written word by word: twenty times as fast as the coder of ethers, and the same to the byte. A
 * block's worth of matches is encoded on the thread that also answers traders.
 */

const WORD_BYTES = 32n;
/** Heads of an order: its twelve values and where its signature begins. */
const ORDER_HEADS = 13n;

/** What `matchOrders` is called with; with a gas limit, a member of `matchOrdersBatch`. */
export function encodeArguments(match: StoredMatch, gasLimit?: bigint): Words {
  const taker = encodeOrder(match.taker.order);
  const makers = encodeList(match.makers.map(({ order }) => encodeOrder(order)));
  const amounts = match.makers.map(({ making }) => word(making)).join("");
  const heads = gasLimit === undefined ? 4n : 5n;
  const takerAt = heads * WORD_BYTES;
  const makersAt = takerAt + bytesOf(taker);
  const amountsAt = makersAt + bytesOf(makers);
  return [
    ...[word(takerAt), word(makersAt), word(match.takerFillAmount), word(amountsAt)],
    ...(gasLimit === undefined ? [] : [word(gasLimit)]),
    ...[taker, makers, word(BigInt(match.makers.length)), amounts],
  ].join("");
}

/** A list of values that differ in length: how many, where each begins, and they. */
export function encodeList(values: readonly Words[]): Words {
  let at = BigInt(values.length) * WORD_BYTES;
  const heads: Words[] = [];
  for (const value of values) {
    heads.push(word(at));
    at += bytesOf(value);
  }
  return [word(BigInt(values.length)), ...heads, ...values].join("");
}

function encodeOrder(order: SignedOrder): Words {
  const signature = order.signature.slice(2).toLowerCase();
  return [
    ...[
      word(order.salt),
      addressWord(order.maker),
      addressWord(order.signer),
      addressWord(order.taker),
    ],
    ...[word(order.tokenId), word(order.makerAmount), word(order.takerAmount)],
    ...[word(order.expiration), word(order.nonce), word(order.feeRateBps)],
    ...[word(BigInt(order.side)), word(BigInt(order.signatureType))],
    ...[word(ORDER_HEADS * WORD_BYTES), word(BigInt(signature.length / 2))],
    signature.padEnd(Math.ceil(signature.length / 64) * 64, "0"),
  ].join("");
}

function bytesOf(words: Words): bigint {
  return BigInt(words.length / 2);
}
