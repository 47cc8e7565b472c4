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
  const { x, wantsOddY } = findPoint(conditionId, indexSet);
  // The two y of a point are y and P - y, one odd and one even (no point of this curve has y = 0), so the wanted parity
  // is always there and y itself is not needed.
  return toHex(parseWord(wantsOddY ? x | ODD_Y_FLAG : x, "collectionId"));
}

/**
 * How many x ConditionalTokens tries to derive both collection ids of a binary condition: 2 at best, 4 on average, without
 * bound. Each costs it about 7,400 gas, because it takes a square root in the field by 300 multiplications; every split,
 * merge and redemption of the pair pays for all of them.
 * @throws InputError when the condition id is none.
 */
export function derivationSteps(conditionId: string): number {
  return findPoint(conditionId, IndexSet.YES).steps + findPoint(conditionId, IndexSet.NO).steps;
}

interface CurvePoint {
  readonly x: bigint;
  readonly wantsOddY: boolean;
  /** How many x were tried; about every second is on the curve. */
  readonly steps: number;
}

function findPoint(conditionId: string, indexSet: bigint): CurvePoint {
  const condition = parseHex(conditionId, WORD_BYTES, "conditionId");
  const outcomes = parseWord(indexSet, "indexSet");
  if (indexSet === 0n) throw new InputError("indexSet", indexSet, "at least one outcome");

  const hash = toBigInt(keccak_256(concatBytes(condition, outcomes)));
  const wantsOddY = hash >> 255n === 1n;
  let x = hash % P;
  let steps = 0;
  do {
    x = (x + 1n) % P;
    steps += 1;
  } while (!isSquare((x * x * x + B) % P));
  return { x, wantsOddY, steps };
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
