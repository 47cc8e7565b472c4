import { tryParseHex } from "../ids/bytes.js";

/** r, s and v: the form in which the exchange takes the signature of a key. */
export const SIGNATURE_BYTES = 65;

/** v of a signature is this plus the parity of the point's y. */
export const V_OFFSET = 27;

/** The longest signature read for a contract to judge: several times that of a passkey or of a wallet of twenty owners. */
export const MAX_SIGNATURE_BYTES = 4_096;

/** Reads 0x-prefixed hex of any length up to MAX_SIGNATURE_BYTES; undefined when it is none. */
export function tryParseSignature(hex: string): Uint8Array | undefined {
  if (typeof hex !== "string" || hex.length > 2 + 2 * MAX_SIGNATURE_BYTES) return undefined;
  // Half a byte would be dropped.
  return hex.length % 2 === 0 ? tryParseHex(hex, (hex.length - 2) / 2) : undefined;
}
