import { NostraError } from "./NostraError.js";

/** The node is on another chain than the deployment. Nothing was signed or sent. */
export class ChainMismatchError extends NostraError {
  /** The deployment's. */
  readonly expected: bigint;
  /** The node's. */
  readonly actual: bigint;

  constructor(expected: bigint, actual: bigint) {
    super("CHAIN_MISMATCH", `the node is on chain ${actual}; the deployment on ${expected}`, {
      details: { expected, actual },
    });
    this.expected = expected;
    this.actual = actual;
  }
}
