import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";

export const WORD_BYTES = 32;

const MAX_WORD = 2n ** 256n - 1n;

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

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
  if (!/^0x[0-9a-fA-F]*$/.test(hex)) return undefined;
  const bytes = new Uint8Array(byteCount);
  for (let i = 0; i < byteCount; i++) {
    bytes[i] = Number.parseInt(hex.slice(2 + 2 * i, 4 + 2 * i), 16);
  }
  return bytes;
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
