import { keccak_256 } from "@noble/hashes/sha3.js";
import { InputError } from "../errors/InputError.js";
import type { Address } from "../order/Order.js";
import { toHex } from "./bytes.js";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** Stands for "anyone" as an order's taker. */
export const ZERO_ADDRESS: Address = "0x0000000000000000000000000000000000000000";

/** The same address with its EIP-55 checksum, whatever the case of the one given. @throws InputError when it is none. */
export function checksumAddress(address: string): Address {
  return checksum(address, "address");
}

/**
 * Reads an address. One in mixed case must carry the right EIP-55 checksum; one in a single case carries none.
 * @param field How errors name the value.
 * @returns it with its checksum. @throws InputError naming `field`.
 */
export function parseAddress(text: string, field = "address"): Address {
  const address = checksum(text, field);
  if (address !== text && hasMixedCase(text)) {
    throw new InputError(field, text, `an address with a right checksum (${address})`);
  }
  return address;
}

/** The same few addresses come again and again, and a checksum costs a hash. */
const known = new Map<string, Address>();
const MOST_KNOWN = 1024;

function checksum(text: string, field: string): Address {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (typeof text !== "string" || !ADDRESS.test(text)) {
    throw new InputError(field, text, "an address: 20 bytes as 0x-prefixed hex");
  }
  const address = withChecksum(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, address);
  return address;
}

function withChecksum(text: string): Address {
  const digits = text.slice(2).toLowerCase();
  const hash = toHex(keccak_256(new TextEncoder().encode(digits))).slice(2);
  let address = "0x";
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charAt(i);
    address += hash.charAt(i) >= "8" ? digit.toUpperCase() : digit;
  }
  return address as Address;
}

function hasMixedCase(text: string): boolean {
  return /[a-f]/.test(text) && /[A-F]/.test(text);
}
