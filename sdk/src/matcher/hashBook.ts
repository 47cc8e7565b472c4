import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../ids/bytes.js";
import type { Hex } from "../order/Order.js";
import { placedPriceOf } from "./priority.js";
import type { BookView, RestingOrder } from "./types.js";

/**
 * The keccak of all that decides what a book does next: market, tick, and each resting order in priority with what is left
 * of it, its place in the order of arrival and its price of YES. Two books with one hash decide alike.
 */
export function hashBook(book: BookView): Hex {
  const { market } = book;
  const lineOf = ({ hash, order, remaining, sequence }: RestingOrder): string =>
    `${hash} ${remaining} ${sequence} ${placedPriceOf(market, order)}`;
  const text = [
    `${market.yes} ${market.no} ${market.tick}`,
    "bids",
    ...book.bids().map(lineOf),
    "asks",
    ...book.asks().map(lineOf),
  ].join("\n");
  return toHex(keccak_256(utf8ToBytes(text)));
}
