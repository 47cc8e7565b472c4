import { AbiCoder, type Interface } from "ethers";
import { interfaces } from "../contracts/abis.js";
import { plainArgs } from "../contracts/plainArgs.js";
import type { Hex } from "../order/Order.js";
import { ContractRevertError, UnknownContractError } from "./ContractRevertError.js";

/** Solidity's own: `revert("text")` and failed checks such as division by zero. */
const ERROR_TEXT_SELECTOR = "0x08c379a0";
const PANIC_SELECTOR = "0x4e487b71";

/**
 * Turns revert data into an error by its selector: any custom error of Nostra's contracts, `Error(string)` or
 * `Panic(uint256)`. Data that nobody declares is kept in an UnknownContractError.
 */
export function decodeRevert(
  data: Hex,
  cause?: unknown,
): ContractRevertError | UnknownContractError {
  try {
    return decodeKnown(data, cause) ?? new UnknownContractError(data, cause);
  } catch {
    // A selector we know in front of bytes that do not fit it.
    return new UnknownContractError(data, cause);
  }
}

function decodeKnown(data: Hex, cause: unknown): ContractRevertError | undefined {
  if (data.startsWith(ERROR_TEXT_SELECTOR)) {
    const [message] = AbiCoder.defaultAbiCoder().decode(["string"], `0x${data.slice(10)}`);
    return new ContractRevertError("Error", { message }, data, cause);
  }
  if (data.startsWith(PANIC_SELECTOR)) {
    const [code] = AbiCoder.defaultAbiCoder().decode(["uint256"], `0x${data.slice(10)}`);
    return new ContractRevertError("Panic", { code }, data, cause);
  }
  for (const contract of Object.values<Interface>(interfaces)) {
    const parsed = contract.parseError(data);
    if (parsed === null) continue;
    const args = plainArgs(parsed.fragment.inputs, parsed.args);
    const reason = args["reason"];
    const inner = typeof reason === "string" ? decodeRevert(reason as Hex, cause) : cause;
    return new ContractRevertError(parsed.name, args, data, inner);
  }
  return undefined;
}
