import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { parseHex, parseWord, toBigInt, toHex, WORD_BYTES } from "./bytes.js";

/** Which outcomes of a binary condition a collection holds, one bit each. */
export const IndexSet = { YES: 1n, NO: 2n } as const;

// The curve alt_bn128: y^2 = x^3 + 3 over the field of this prime (EIP-196).
const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const B = 3n;

const ODD_Y_FLAG = 1n << 254n;

/**
 * The id ConditionalTokens gives a set of outcomes without a parent collection: the hash of condition and index set,
 * moved to a point of alt_bn128. The point is the first one at an x above the hash; the hash's top bit chooses between
 * its two y; the id is x, with bit 254 set when y is odd.
 * @param indexSet One bit per outcome; IndexSet.YES or IndexSet.NO for a binary condition.
 * @throws InputError naming the argument that is out of place.
 */
export function collectionId(conditionId: string, indexSet: bigint): Hex {
  const condition = parseHex(conditionId, WORD_BYTES, "conditionId");
  const outcomes = parseWord(indexSet, "indexSet");
  if (indexSet === 0n) throw new InputError("indexSet", indexSet, "at least one outcome");

  const hash = toBigInt(keccak_256(concatBytes(condition, outcomes)));
  const wantsOddY = hash >> 255n === 1n;
  let x = hash % P;
  do {
    x = (x + 1n) % P;
  } while (!isSquare((x * x * x + B) % P));

  // The two y of a point are y and P - y, one odd and one even (no point of this curve has y = 0), so the wanted parity
  // is always there and y itself is not needed.
  return toHex(parseWord(wantsOddY ? x | ODD_Y_FLAG : x, "collectionId"));
}

// Euler's criterion.
function isSquare(value: bigint): boolean {
  return power(value, (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let factor = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % P;
    factor = (factor * factor) % P;
  }
  return result;
}
