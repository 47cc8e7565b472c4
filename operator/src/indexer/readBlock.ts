import type { Rpc } from "../rpc";
import { hasUnexplainedBits, mayContain } from "./bloom";
import { readLogs, type ChainLog, type Header } from "./chain";
import { NodeInconsistentError } from "./errors";
import type { Places } from "./places";

/** What one block says of us. */
export interface BlockLogs {
  /** Of the contracts that are kept. */
  readonly logs: readonly ChainLog[];
  /** Of the collateral: told on, not kept. */
  readonly collateral: readonly ChainLog[];
}

/**
 * The logs of one block, asked for by its hash, so that a node on another fork cannot answer for it, and held against the
 * block's own bloom filter.
 *
 * Nodes are known to answer "no logs" for a block they have not finished indexing. Where the filter says that a contract may
 * have logs and none came, all logs of the block are asked for: either they explain every bit of the filter, and then the
 * contract's absence was true (filters of busy blocks are nearly full), or something is missing.
 * @throws NodeInconsistentError when the answer cannot be the block's.
 */
export async function readBlock(rpc: Rpc, header: Header, places: Places): Promise<BlockLogs> {
  const ours = [...places.kept, places.collateral];
  let logs = await readLogs(rpc, { blockHash: header.hash, address: ours });
  checkPlace(logs, header, places);
  const { logsBloom } = header;
  const silent = ours.filter(
    (address) =>
      logsBloom !== undefined &&
      mayContain(logsBloom, address) &&
      !logs.some((log) => log.address === address),
  );
  if (logsBloom !== undefined && silent.length > 0) {
    const all = await readLogs(rpc, { blockHash: header.hash });
    checkPlace(all, header, places);
    if (hasUnexplainedBits(logsBloom, all)) {
      throw new NodeInconsistentError("its bloom filter has logs that are missing", header.number);
    }
    logs = all.filter(({ address }) => ours.includes(address));
  }
  return {
    logs: logs.filter(({ address }) => address !== places.collateral),
    collateral: logs.filter(({ address }) => address === places.collateral),
  };
}

/**
 * Each log is of this block, and each of a kept contract comes once and is in the filter. Of others no more is asked: there are
 * chains whose bridge writes logs of tokens that the filter does not have.
 */
export function checkPlace(logs: readonly ChainLog[], header: Header, { kept }: Places): void {
  const seen = new Set<number>();
  for (const { blockHash, blockNumber, logIndex, address } of logs) {
    if (blockHash !== header.hash || blockNumber !== header.number) {
      throw new NodeInconsistentError("a log is of another block", header.number);
    }
    if (!kept.includes(address)) continue;
    if (seen.has(logIndex)) throw new NodeInconsistentError("a log came twice", header.number);
    seen.add(logIndex);
    if (header.logsBloom !== undefined && !mayContain(header.logsBloom, address)) {
      throw new NodeInconsistentError("a log is not in its bloom filter", header.number);
    }
  }
}
