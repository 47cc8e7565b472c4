/** A node, asked by JSON-RPC. An ethers provider is one, and so is a sandbox's. */
export interface Rpc {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/**
 * Tells up to which height blocks are final: at most `head`. A part that is not given one uses the node's own `finalized`.
 */
export type Finality = (rpc: Rpc, head: bigint) => Promise<bigint>;

/** What the node says is final. Local chains say the latest block is. */
export const finalizedTag: Finality = async (rpc) => {
  const block = (await rpc.send("eth_getBlockByNumber", ["finalized", false])) as {
    number: string;
  } | null;
  return block === null ? 0n : BigInt(block.number);
};

/** Blocks with this many on top of them are final. */
export function finalAtDepth(depth: bigint): Finality {
  return async (_rpc, head) => (head > depth ? head - depth : 0n);
}

/**
 * The node's own word, or `depth` where that lags behind: milestones have stood still for a quarter of an hour before.
 * @param mostLag How many blocks behind the head the node's word is believed.
 */
export function finalizedOrDepth(depth: bigint, mostLag: bigint): Finality {
  return async (rpc, head) => {
    const said = await finalizedTag(rpc, head);
    return head - said > mostLag ? (head > depth ? head - depth : 0n) : said;
  };
}
