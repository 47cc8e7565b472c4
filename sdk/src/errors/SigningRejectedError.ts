import { NostraError } from "./NostraError.js";

/** The user, or a program on the user's behalf, declined to sign or send. */
export class SigningRejectedError extends NostraError {
  constructor(action: string, cause: unknown) {
    super("SIGNING_REJECTED", `${action}: declined by the signer`, { details: { action }, cause });
  }
}

/** How wallets say no: ethers by name, EIP-1193 by 4001, WalletConnect by 5000. */
const REJECTIONS: readonly unknown[] = ["ACTION_REJECTED", 4001, 5000];

/** Libraries put the wallet's answer at different depths, under these names. */
const NESTING = ["cause", "error", "info", "data", "originalError"] as const;
const DEEPEST = 8;

/** True when what a wallet threw says that its user declined. */
export function isRejection(thrown: unknown, depth = 0): boolean {
  if (typeof thrown !== "object" || thrown === null || depth > DEEPEST) return false;
  const values = thrown as Record<string, unknown>;
  return (
    REJECTIONS.includes(values["code"]) ||
    NESTING.some((key) => isRejection(values[key], depth + 1))
  );
}
