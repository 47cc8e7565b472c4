import type { BaseContract, TransactionReceipt, TransactionResponse } from "ethers";
import { toNostraError } from "@nostra/sdk/errors";

/** What an administrator's call yields. */
export interface CallResult {
  readonly gasUsed: bigint;
  readonly blockNumber: number;
}

/** A call the SDK has no action for, because only administrators make it; it is tried, priced and sent like one. */
export function prepareCall(contract: BaseContract, method: string, args: readonly unknown[]) {
  const call = contract.getFunction(method);
  const attempt = async <R>(run: () => Promise<R>): Promise<R> => {
    try {
      return await run();
    } catch (thrown) {
      throw toNostraError(method, thrown);
    }
  };
  return {
    action: method,
    to: String(contract.target),
    data: contract.interface.encodeFunctionData(method, [...args]),
    simulate: () =>
      attempt(async () => {
        await call.staticCall(...args);
      }),
    estimateGas: () => attempt(() => call.estimateGas(...args)),
    send: (options: { readonly gasLimit?: bigint } = {}) =>
      attempt(async () => {
        const sent = (await call.send(...args, options)) as TransactionResponse;
        const wait = (): Promise<CallResult> =>
          attempt(async () => {
            const { gasUsed, blockNumber } = (await sent.wait()) as TransactionReceipt;
            return { gasUsed, blockNumber };
          });
        return { hash: sent.hash, wait };
      }),
  };
}
