import { toNostraError } from "@nostra/sdk/errors";

/**
 * What a node said to `eth_call` or `eth_estimateGas` when it did not return a result.
 * - `reverted`: a contract refused, with data that may name why, or without any;
 * - `outOfGas`: the call used all the gas the node allows, or ran past the node's time;
 * - `transport`: nothing is known: the node is away, behind, or has trouble of its own.
 */
export type CallFailure =
  | { readonly kind: "reverted"; readonly error: Error; readonly hasData: boolean }
  | { readonly kind: "outOfGas"; readonly error: Error }
  | { readonly kind: "transport"; readonly error: Error };

/** Longer messages are cut before any pattern sees them: a wallet may put its own text into one. */
const MAX_MESSAGE = 400;
const MAX_DEPTH = 6;

/**
 * Nodes name it in text, each in its own: geth, bor and nitro "out of gas", "gas required exceeds allowance (N)" and "execution
 * aborted (timeout = 5s)"; erigon "gas required exceeds"; reth and anvil "OutOfGas", "EVM error InvalidFEOpcode"; nethermind
 * "OutOfGas", "Gas estimation failed due to out of gas"; Hardhat "ran out of gas", "invalid opcode". INVALID uses up all gas.
 */
const OUT_OF_GAS =
  /out ?of ?gas|gas required exceeds|exceeds allowance|intrinsic gas|InvalidFEOpcode|invalid opcode|opcode 0xfe|execution aborted|execution timeout|gas uint64 overflow|gas (limit )?(is )?too (high|low)|exceeds (the )?(block|transaction) gas|gas cap exceeded|stack ?(over|under)flow|max call depth|call ?depth|InvalidJump|invalid jump|memory ?limit/i;
/** A revert without its bytes. Nethermind says "VM execution error.", some gateways "transaction would fail". */
const REVERTED =
  /revert|VM execution error|always failing transaction|transaction (will|would|may) fail|execution failed/i;
/** EIP-1474 and nodes: 3 is geth's revert, -32015 and -32016 are OpenEthereum's and nethermind's. */
const REVERT_CODES: ReadonlySet<number> = new Set([3, -32015, -32016]);
/** Trouble of the node's own state, which some report under the codes of a failed call. */
const TROUBLE =
  /missing trie node|header not found|unknown block|not available|too many|rate limit|state .{0,40}(unavailable|pruned)/i;

/** Classifies what a call threw. Never throws. */
export function classifyCallError(action: string, thrown: unknown): CallFailure {
  const error = toNostraError(action, thrown);
  const data = dataOf(error);
  if (data !== undefined && data.length > 2) return { kind: "reverted", error, hasData: true };
  // "0x" is no answer yet: a call that reverted and said nothing has it, and so has one that ran out of gas.
  const { code, text } = saidBy(thrown);
  if (OUT_OF_GAS.test(text)) return { kind: "outOfGas", error };
  if (TROUBLE.test(text)) return { kind: "transport", error };
  if (data !== undefined || (code !== undefined && REVERT_CODES.has(code)) || REVERTED.test(text)) {
    return { kind: "reverted", error, hasData: false };
  }
  return { kind: "transport", error };
}

function dataOf(error: Error): string | undefined {
  const { data } = error as { data?: unknown };
  return typeof data === "string" ? data : undefined;
}

/** The innermost code, and all messages, of what providers nest. */
function saidBy(thrown: unknown): { readonly code: number | undefined; readonly text: string } {
  let code: number | undefined;
  let text = "";
  let at: unknown = thrown;
  for (let depth = 0; depth < MAX_DEPTH && typeof at === "object" && at !== null; depth += 1) {
    const one = at as { code?: unknown; message?: unknown; data?: unknown };
    if (typeof one.code === "number") code = one.code;
    if (typeof one.message === "string") text += ` ${one.message.slice(0, MAX_MESSAGE)}`;
    if (typeof one.data === "string" && !one.data.startsWith("0x")) {
      text += ` ${one.data.slice(0, MAX_MESSAGE)}`;
    }
    const { error, info, cause } = at as {
      error?: unknown;
      info?: { error?: unknown };
      cause?: unknown;
    };
    at = error ?? info?.error ?? (typeof one.data === "object" ? one.data : undefined) ?? cause;
  }
  return { code, text };
}
