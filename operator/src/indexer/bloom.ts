import { getBytes, keccak256 } from "ethers";

/*
 * The filter in a block's header: each log sets three of its 2,048 bits for its address and three for each of its topics. Bits
 * that are not set prove that a log is not there; bits that are set prove nothing alone, but no log means no bit.
 */

const BYTES = 256;

/** What of a log the filter knows. */
export interface Bloomed {
  readonly address: string;
  readonly topics: readonly string[];
}

/** True when a log of this address, or with this topic, may be in the block; false when none is. */
export function mayContain(bloom: string, item: string): boolean {
  const bits = getBytes(bloom);
  return bitsOf(item).every(([byte, mask]) => (bits[byte]! & mask) !== 0);
}

/** The filter of a block with these logs. */
export function bloomOf(logs: readonly Bloomed[]): Uint8Array {
  const bits = new Uint8Array(BYTES);
  const items = new Set(logs.flatMap(({ address, topics }) => [address, ...topics]));
  for (const item of items) {
    for (const [byte, mask] of bitsOf(item)) bits[byte]! |= mask;
  }
  return bits;
}

/** True when the filter has a bit that none of these logs sets: at least one log is missing. */
export function hasUnexplainedBits(bloom: string, logs: readonly Bloomed[]): boolean {
  const explained = bloomOf(logs);
  return getBytes(bloom).some((byte, at) => (byte & ~explained[at]!) !== 0);
}

/** Three pairs of bytes of the hash, eleven bits of each, counted from the filter's end. */
function bitsOf(item: string): [byte: number, mask: number][] {
  const hash = getBytes(keccak256(item));
  return [0, 2, 4].map((at) => {
    const bit = ((hash[at]! << 8) | hash[at + 1]!) & 0x7ff;
    return [BYTES - 1 - (bit >> 3), 1 << (bit & 7)];
  });
}
