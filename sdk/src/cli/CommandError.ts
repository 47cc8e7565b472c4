import { isNostraError } from "../errors/NostraError.js";

/** A command refuses, and this one line says why. Nothing was sent unless the line says so. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
  }
}

/** What to tell a person of anything that was thrown: one line. */
export function oneLine(thrown: unknown): string {
  const text = isNostraError(thrown, "CONTRACT_REVERT")
    ? `the contract refuses: ${thrown.message}`
    : isNostraError(thrown, "TRANSPORT") && thrown.cause instanceof Error
      ? `${thrown.message}: ${thrown.cause.message}`
      : thrown instanceof Error
        ? thrown.message
        : String(thrown);
  return text.replace(/\s*\n\s*/g, " ").trim();
}
