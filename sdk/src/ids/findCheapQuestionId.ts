import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { parseHex, parseWord, toHex, WORD_BYTES } from "./bytes.js";
import { derivationSteps } from "./collectionId.js";
import { conditionId } from "./conditionId.js";
import { questionIdOf } from "./questionIdOf.js";

/** Whose condition it will be, and how long to look. */
export interface FindCheapQuestionIdOptions {
  /** The oracle of the market's condition: `deployment.contracts.resolutionOracle`. The cost depends on it too. */
  readonly oracle: string;
  /** The most salts to try: 1 to 10,000. Default 64, after which only one text in a hundred million is not at its best. */
  readonly attempts?: number;
}

/** A question id, and how much its condition costs to use. */
export interface CheapQuestionId {
  readonly questionId: Hex;
  /** What was added to the text; with 0 the question id is `questionIdOf(text)`. */
  readonly salt: number;
  /** How many salts were tried. */
  readonly attempts: number;
  /** How many x ConditionalTokens tries for both token ids: 2 is the least there is. */
  readonly derivationSteps: number;
}

/** How many salts findCheapQuestionId tries when it is not told. */
export const DEFAULT_QUESTION_ATTEMPTS = 64;
const MOST_ATTEMPTS = 10_000;

/** One x for each of the two collections. */
const FEWEST_STEPS = 2;

/**
 * A question id of the text whose outcome tokens are cheap to derive on chain.
 *
 * Where the cost comes from: ConditionalTokens maps each collection to a point of a curve. It hashes condition and index set
 * and tries one x after the other until the curve has a point there, which every second x has. Each try costs about 7,400
 * gas, and all are repeated by every split, merge and redemption, and by every match that mints or merges. An id at random
 * takes 4 tries for both tokens on average, and one in nine takes 7 or more; the cheapest take 2. One id in four is of these,
 * so a few salts suffice.
 *
 * Salt 0 is `questionIdOf(text)`, salt n the keccak256 of that and n as 32 bytes. Salts are tried in order; the first with 2
 * steps wins, else, after the last attempt, the first with the fewest. The same text, oracle and attempts give the same id,
 * on every machine. A millisecond or two per salt.
 * @throws InputError naming the argument that is out of place.
 */
export function findCheapQuestionId(
  text: string,
  options: FindCheapQuestionIdOptions,
): CheapQuestionId {
  const most = options.attempts ?? DEFAULT_QUESTION_ATTEMPTS;
  if (!Number.isInteger(most) || most < 1 || most > MOST_ATTEMPTS) {
    throw new InputError("attempts", most, `a whole number from 1 to ${MOST_ATTEMPTS}`);
  }
  const unsalted = questionIdOf(text);
  const stepsOf = (questionId: Hex): number =>
    derivationSteps(conditionId(options.oracle, questionId));

  let best = { questionId: unsalted, salt: 0, derivationSteps: stepsOf(unsalted) };
  let attempts = 1;
  while (best.derivationSteps > FEWEST_STEPS && attempts < most) {
    const salt = attempts;
    attempts += 1;
    const questionId = saltedId(unsalted, salt);
    const steps = stepsOf(questionId);
    if (steps < best.derivationSteps) best = { questionId, salt, derivationSteps: steps };
  }
  return { ...best, attempts };
}

function saltedId(unsalted: Hex, salt: number): Hex {
  const id = parseHex(unsalted, WORD_BYTES, "questionId");
  return toHex(keccak_256(concatBytes(id, parseWord(BigInt(salt), "salt"))));
}
