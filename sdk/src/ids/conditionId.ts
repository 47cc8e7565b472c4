import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { parseAddress } from "./address.js";
import { parseHex, parseWord, toHex, WORD_BYTES } from "./bytes.js";

const MOST_SLOTS = 256n;

/**
 * The id ConditionalTokens gives a condition: keccak256 of oracle, question id and number of outcomes, packed.
 * @param oracle The account that reports the payouts.
 * @throws InputError naming the argument that is out of place; ConditionalTokens takes 2 to 256 outcomes.
 */
export function conditionId(oracle: string, questionId: string, outcomeSlotCount = 2n): Hex {
  const slots = parseWord(outcomeSlotCount, "outcomeSlotCount");
  if (outcomeSlotCount < 2n || outcomeSlotCount > MOST_SLOTS) {
    throw new InputError("outcomeSlotCount", outcomeSlotCount, "2 to 256 outcomes");
  }
  return toHex(
    keccak_256(
      concatBytes(
        parseHex(parseAddress(oracle, "oracle"), 20, "oracle"),
        parseHex(questionId, WORD_BYTES, "questionId"),
        slots,
      ),
    ),
  );
}
