import { JsonRpcApiProvider, Network, type JsonRpcPayload, type JsonRpcResult } from "ethers";
import type { Rpc } from "./rpc";

/** An ethers provider that asks through an Rpc: each call alone, nothing kept. */
export class RpcProvider extends JsonRpcApiProvider implements Rpc {
  readonly #rpc: Rpc;

  constructor(rpc: Rpc, chainId: number) {
    const network = Network.from(chainId);
    super(network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1, polling: true });
    this.#rpc = rpc;
  }

  override send(method: string, params: unknown[] | Record<string, unknown>): Promise<unknown> {
    return this.#rpc.send(method, params as unknown[]);
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    return Promise.all(
      payloads.map(async ({ id, method, params }) => {
        return { id, result: await this.send(method, params as unknown[]) };
      }),
    );
  }
}
