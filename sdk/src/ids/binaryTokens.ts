import { collectionId, IndexSet } from "./collectionId.js";
import { positionId } from "./positionId.js";

/** The ids of the two outcome tokens of a binary condition. */
export interface BinaryTokens {
  readonly yes: bigint;
  readonly no: bigint;
}

/**
 * The two outcome tokens of a condition, computed without a node: about a millisecond.
 * @param collateral The token that backs them.
 * @throws InputError naming the argument that is out of place.
 */
export function binaryTokens(collateral: string, conditionId: string): BinaryTokens {
  return {
    yes: positionId(collateral, collectionId(conditionId, IndexSet.YES)),
    no: positionId(collateral, collectionId(conditionId, IndexSet.NO)),
  };
}
