import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";

export const WORD_BYTES = 32;

const MAX_WORD = 2n ** 256n - 1n;

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const NO_DIGIT = 0x40;
/** What a character's code stands for as a digit of hex, in either case. */
const DIGIT_OF_CODE = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) {
  const character = digit.toString(16);
  DIGIT_OF_CODE[character.charCodeAt(0)] = digit;
  DIGIT_OF_CODE[character.toUpperCase().charCodeAt(0)] = digit;
}

/** Bytes as 0x-prefixed lower-case hex. */
export function toHex(bytes: Uint8Array): Hex {
  let hex = "0x";
  for (const byte of bytes) hex += HEX_OF_BYTE[byte];
  return hex as Hex;
}

/**
 * Reads exactly `byteCount` bytes of 0x-prefixed hex, in either case.
 * @throws InputError naming `field`.
 */
export function parseHex(hex: string, byteCount: number, field: string): Uint8Array {
  const bytes = tryParseHex(hex, byteCount);
  if (bytes === undefined) {
    throw new InputError(field, hex, `${byteCount} bytes as 0x-prefixed hex`);
  }
  return bytes;
}

/** The same; undefined when it is no such hex. */
export function tryParseHex(hex: string, byteCount: number): Uint8Array | undefined {
  if (typeof hex !== "string" || hex.length !== 2 + 2 * byteCount) return undefined;
  const bytes = new Uint8Array(byteCount);
  return hex.startsWith("0x") && writeHex(hex, bytes, 0) ? bytes : undefined;
}

/** Writes the bytes of 0x-prefixed hex from `start` on; false, and some of them written, when a character is no digit of hex. */
export function writeHex(hex: string, into: Uint8Array, start: number): boolean {
  for (let i = 2, at = start; i < hex.length; i += 2, at++) {
    const high = DIGIT_OF_CODE[hex.charCodeAt(i)];
    const low = DIGIT_OF_CODE[hex.charCodeAt(i + 1)];
    if (high === undefined || low === undefined || high + low >= NO_DIGIT) return false;
    into[at] = (high << 4) | low;
  }
  return true;
}

/** A uint256 as its 32 bytes, the highest first. @throws InputError naming `field` when it is none. */
export function parseWord(value: bigint, field: string): Uint8Array {
  if (typeof value !== "bigint" || value < 0n || value > MAX_WORD) {
    throw new InputError(field, value, "a uint256 as bigint");
  }
  return parseHex(`0x${value.toString(16).padStart(2 * WORD_BYTES, "0")}`, WORD_BYTES, field);
}

export function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes));
}
