import { keccak_256 } from "@noble/hashes/sha3.js";
import { InputError } from "../errors/InputError.js";
import type { Hex } from "../order/Order.js";
import { toHex } from "./bytes.js";

/** The question id of a text: keccak256 of its UTF-8 bytes. @throws InputError when there is no text. */
export function questionIdOf(text: string): Hex {
  if (typeof text !== "string" || text === "") {
    throw new InputError("text", text, "the question's text");
  }
  return toHex(keccak_256(new TextEncoder().encode(text)));
}
