import { NostraError } from "./NostraError.js";

/** The node or the wallet failed before any contract could answer; the original is the `cause`. */
export class TransportError extends NostraError {
  constructor(action: string, cause: unknown) {
    super("TRANSPORT", `${action}: the node or wallet failed`, { details: { action }, cause });
  }
}
