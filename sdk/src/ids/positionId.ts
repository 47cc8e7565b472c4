import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { parseAddress } from "./address.js";
import { parseHex, toBigInt, WORD_BYTES } from "./bytes.js";

/**
 * The ERC-1155 id of an outcome token: keccak256 of the collateral's address and the collection id, packed.
 * @throws InputError naming the argument that is out of place.
 */
export function positionId(collateral: string, collectionId: string): bigint {
  return toBigInt(
    keccak_256(
      concatBytes(
        parseHex(parseAddress(collateral, "collateral"), 20, "collateral"),
        parseHex(collectionId, WORD_BYTES, "collectionId"),
      ),
    ),
  );
}
