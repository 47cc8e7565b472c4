import { OperatorError } from "../errors";

/** A node contradicted itself: what it says of a block does not fit the block's own header. `details`: `what`, `block`. */
export class NodeInconsistentError extends OperatorError {
  constructor(what: string, block: bigint | string, cause?: unknown) {
    super("NODE_INCONSISTENT", `the node contradicts itself about block ${block}: ${what}`, {
      status: 503,
      details: { what, block: block.toString() },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The node answered what no node should. `details`: `method`, `expected`. */
export class NodeAnswerError extends OperatorError {
  constructor(method: string, expected: string) {
    super("NODE_ANSWER", `the node's answer to ${method} is not ${expected}`, {
      status: 503,
      details: { method, expected },
    });
  }
}

/** Two nodes disagree about a final block. `details`: `block`, `first`, `second`. */
export class NodesDisagreeError extends OperatorError {
  constructor(block: bigint, first: string, second: string) {
    super("NODES_DISAGREE", `two nodes disagree about final block ${block}`, {
      status: 503,
      details: { block, first, second },
    });
  }
}

/**
 * The chain undid a block that was final. Nothing more is taken in until somebody rewinds. `details`: `finalNumber`, `stored`, and
 * `agreed`: the highest block below on which tables and chain agree, null when none is known.
 */
export class FinalUndoneError extends OperatorError {
  constructor(finalNumber: bigint, stored: string, agreed: bigint | null) {
    super(
      "FINAL_UNDONE",
      `the chain undid block ${finalNumber}, which was final; rewind below what changed to go on`,
      { status: 503, details: { finalNumber, stored, agreed } },
    );
  }
}

/** A rewind to this block would keep what the chain does not have. `details`: `block`, `stored`, `onChain`. */
export class RewindRefusedError extends OperatorError {
  constructor(block: bigint, stored: string, onChain: string | null) {
    super(
      "REWIND_REFUSED",
      `block ${block} is ${stored} here and ${onChain ?? "unknown"} on chain; rewind to an earlier one`,
      { status: 409, details: { block, stored, onChain } },
    );
  }
}
