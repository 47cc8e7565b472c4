import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../ids/bytes.js";
import type { Hex } from "../order/Order.js";

/** What stands at one price: the price of YES in millionths, and shares in share units as decimal text. */
export type Level = readonly [price: number, shares: string];

/** Both sides of a book by price, in YES terms, best first. */
export interface Levels {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** The keccak of a book's levels: who follows a book by its changes compares it with the venue's. */
export function hashLevels({ bids, asks }: Levels): Hex {
  const lineOf = ([price, shares]: Level): string => `${price} ${shares}`;
  const text = ["bids", ...bids.map(lineOf), "asks", ...asks.map(lineOf)].join("\n");
  return toHex(keccak_256(utf8ToBytes(text)));
}
