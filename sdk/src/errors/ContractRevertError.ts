import type { Hex } from "../order/Order.js";
import { NostraError } from "./NostraError.js";

/**
 * A contract refused a call. `name` of the Solidity error is in `revertName`, its values by name in `args`.
 * `orderHash` is set when the error names an order: the one to blame. A failed token call inside a match is decoded
 * once more, into `cause`.
 */
export class ContractRevertError extends NostraError {
  readonly revertName: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly data: Hex;
  readonly orderHash: Hex | undefined;

  constructor(
    revertName: string,
    args: Readonly<Record<string, unknown>>,
    data: Hex,
    cause?: unknown,
  ) {
    super("CONTRACT_REVERT", `${revertName}(${showArgs(args)})`, {
      details: { revertName, args, data },
      ...(cause === undefined ? {} : { cause }),
    });
    this.revertName = revertName;
    this.args = args;
    this.data = data;
    this.orderHash = typeof args["orderHash"] === "string" ? (args["orderHash"] as Hex) : undefined;
  }
}

/** A contract refused a call with data that no Nostra contract declares; `data` is kept as it came. */
export class UnknownContractError extends NostraError {
  readonly data: Hex;

  constructor(data: Hex, cause?: unknown) {
    const what = data === "0x" ? "without data" : `with unknown data ${data.slice(0, 10)}`;
    super("UNKNOWN_CONTRACT_ERROR", `the call was refused ${what}`, {
      details: { data },
      ...(cause === undefined ? {} : { cause }),
    });
    this.data = data;
  }
}

function showArgs(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ");
}
