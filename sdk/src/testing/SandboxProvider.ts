import {
  JsonRpcApiProvider,
  Network,
  makeError,
  type Eip1193Provider,
  type JsonRpcPayload,
  type JsonRpcResult,
} from "ethers";

/**
 * An ethers provider over a chain in this process. Requests go straight to it: no batching, no caching, no polling
 * delay, so that what a program reads is always what it just did.
 */
export class SandboxProvider extends JsonRpcApiProvider {
  readonly #chain: Eip1193Provider;

  constructor(chain: Eip1193Provider, chainId: number) {
    super(Network.from(chainId), {
      staticNetwork: true,
      // Listeners ask for logs block by block: the sandbox keeps no filters.
      polling: true,
      cacheTimeout: -1,
      batchMaxCount: 1,
      pollingInterval: 10,
    });
    this.#chain = chain;
  }

  override async send(
    method: string,
    params: unknown[] | Record<string, unknown>,
  ): Promise<unknown> {
    if (this.destroyed) {
      throw makeError("the sandbox is closed", "UNSUPPORTED_OPERATION", { operation: method });
    }
    return this.#chain.request({ method, params: params as unknown[] });
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    return Promise.all(
      payloads.map(async ({ id, method, params }) => ({
        id,
        result: await this.send(method, params as unknown[]),
      })),
    );
  }
}
