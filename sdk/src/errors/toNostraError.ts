import type { Hex } from "../order/Order.js";
import { NostraError } from "./NostraError.js";
import { decodeRevert } from "./decodeRevert.js";

/** The node or the wallet failed before any contract could answer; the original is the `cause`. */
export class TransportError extends NostraError {
  constructor(action: string, cause: unknown) {
    super("TRANSPORT", `${action}: the node or wallet failed`, { details: { action }, cause });
  }
}

/** The user, or a program on the user's behalf, declined to sign or send. */
export class SigningRejectedError extends NostraError {
  constructor(action: string, cause: unknown) {
    super("SIGNING_REJECTED", `${action}: declined by the signer`, { details: { action }, cause });
  }
}

/**
 * Turns whatever a provider or signer threw into a Nostra error: a decoded revert when revert data is found in it, a
 * declined signature, else a TransportError. A Nostra error is returned as it is.
 * @param action What was being done, in a few words, such as "matchOrders".
 */
export function toNostraError(action: string, thrown: unknown): NostraError {
  if (thrown instanceof NostraError) return thrown;
  const data = findRevertData(thrown);
  if (data !== undefined) return decodeRevert(data, thrown);
  if (hasCode(thrown, "ACTION_REJECTED")) return new SigningRejectedError(action, thrown);
  return new TransportError(action, thrown);
}

/** Providers nest the data of a revert at different depths, under these names. */
const NESTING = ["data", "error", "info", "cause"] as const;
const DEEPEST = 8;

function findRevertData(value: unknown, depth = 0): Hex | undefined {
  if (depth > DEEPEST || value === null || value === undefined) return undefined;
  if (typeof value === "string")
    return /^0x([0-9a-fA-F]{2})*$/.test(value) ? (value as Hex) : undefined;
  if (typeof value !== "object") return undefined;
  for (const key of NESTING) {
    const found = findRevertData((value as Record<string, unknown>)[key], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function hasCode(value: unknown, code: string): boolean {
  return typeof value === "object" && value !== null && (value as { code?: unknown }).code === code;
}
