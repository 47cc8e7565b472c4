import type { EIP1193Provider } from "@nomicfoundation/ignition-core";
import type { Chain, Sender } from "#cli/connectNetwork";
import { rpc } from "#cli/rpc";

/** A transaction as JSON-RPC has it. */
interface TransactionRequest {
  readonly from: string;
  readonly to?: string;
  readonly data?: string;
  readonly value?: string;
  readonly gas: string;
  readonly nonce: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
}

/** What Ignition talks to: the chain's RPC, with transactions signed here when the key is ours. */
export function signingProvider(chain: Chain, sender: Sender): EIP1193Provider {
  const { wallet } = sender;
  return {
    request: async ({ method, params = [] }) => {
      if (method === "eth_accounts") return [sender.address];
      if (method === "eth_getTransactionByHash") {
        const found = (await rpc(chain.url, method, params as readonly unknown[])) as object | null;
        // Some nodes leave the chain out of a legacy transaction, and Ignition relies on it.
        const chainId = `0x${chain.network.chainId.toString(16)}`;
        return found === null ? null : { chainId, ...found };
      }
      if (method !== "eth_sendTransaction" || wallet === undefined) {
        return rpc(chain.url, method, params as readonly unknown[]);
      }
      const [{ from: _from, gas, nonce, ...rest }] = params as [TransactionRequest];
      const raw = await wallet.signTransaction({
        ...rest,
        chainId: chain.network.chainId,
        type: rest.gasPrice === undefined ? 2 : 0,
        nonce: Number(nonce),
        gasLimit: gas,
      });
      return rpc(chain.url, "eth_sendRawTransaction", [raw]);
    },
  };
}
