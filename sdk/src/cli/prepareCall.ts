import type { BaseContract } from "ethers";
import type { PreparedTx, TxResult } from "../actions/PreparedTx.js";
import { prepareTx, readNothing } from "../actions/prepareTx.js";

/** A call the SDK has no action for, because only administrators make it; it is tried, priced and sent like one. */
export function prepareCall(
  contract: BaseContract,
  method: string,
  args: readonly unknown[],
): PreparedTx<TxResult> {
  return prepareTx({ action: method, contract, method, args, read: readNothing });
}
