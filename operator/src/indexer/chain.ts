import type { Rpc } from "../rpc";
import { NodeAnswerError } from "./errors";

/** What the indexer needs of a block's header. */
export interface Header {
  readonly number: bigint;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: bigint;
  /** Undefined where the node keeps none, as chains inside a process do: then an answer cannot be held against it. */
  readonly logsBloom: string | undefined;
}

/** A log as the chain has it, before anybody reads a meaning into it. */
export interface ChainLog {
  readonly blockHash: string;
  readonly blockNumber: bigint;
  readonly logIndex: number;
  readonly txHash: string;
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** Which logs: of one block by its hash, or of a range of heights; of these contracts, or of all. */
export type LogFilter = (
  { readonly blockHash: string } | { readonly from: bigint; readonly to: bigint }
) & { readonly address?: readonly string[] };

export async function readHead(rpc: Rpc): Promise<bigint> {
  const answer = await rpc.send("eth_blockNumber", []);
  if (!isHex(answer)) throw new NodeAnswerError("eth_blockNumber", "a number");
  return BigInt(answer);
}

/** The header at a height; undefined when the node has none there. */
export async function readHeader(rpc: Rpc, number: bigint): Promise<Header | undefined> {
  const header = toHeader(await rpc.send("eth_getBlockByNumber", [toQuantity(number), false]));
  if (header !== undefined && header.number !== number) {
    throw new NodeAnswerError("eth_getBlockByNumber", `block ${number}`);
  }
  return header;
}

/** The header with a hash; undefined when the node does not know it. */
export async function readHeaderByHash(rpc: Rpc, hash: string): Promise<Header | undefined> {
  const header = toHeader(await rpc.send("eth_getBlockByHash", [hash, false]));
  if (header !== undefined && header.hash !== hash) {
    throw new NodeAnswerError("eth_getBlockByHash", `block ${hash}`);
  }
  return header;
}

/** The logs of a filter, in the order of the chain. */
export async function readLogs(rpc: Rpc, filter: LogFilter): Promise<ChainLog[]> {
  const where =
    "blockHash" in filter
      ? { blockHash: filter.blockHash }
      : { fromBlock: toQuantity(filter.from), toBlock: toQuantity(filter.to) };
  const address = filter.address === undefined ? {} : { address: filter.address };
  const answer = await rpc.send("eth_getLogs", [{ ...where, ...address }]);
  if (!Array.isArray(answer)) throw new NodeAnswerError("eth_getLogs", "a list");
  const logs = answer.map(toLog);
  return logs.sort((a, b) =>
    a.blockNumber === b.blockNumber
      ? a.logIndex - b.logIndex
      : a.blockNumber < b.blockNumber
        ? -1
        : 1,
  );
}

function toHeader(answer: unknown): Header | undefined {
  if (answer === null || answer === undefined) return undefined;
  const { number, hash, parentHash, timestamp, logsBloom } = answer as Record<string, unknown>;
  if (!isHex(number) || !isHex(hash) || !isHex(parentHash) || !isHex(timestamp)) {
    throw new NodeAnswerError("eth_getBlock", "a block");
  }
  const hasBloom = logsBloom !== undefined && logsBloom !== null;
  if (hasBloom && (!isHex(logsBloom) || logsBloom.length !== 514)) {
    throw new NodeAnswerError("eth_getBlock", "a block with a bloom filter");
  }
  return {
    ...{ number: BigInt(number), timestamp: BigInt(timestamp) },
    ...{ hash: hash.toLowerCase(), parentHash: parentHash.toLowerCase() },
    logsBloom: hasBloom ? (logsBloom as string) : undefined,
  };
}

function toLog(answer: unknown): ChainLog {
  const log = (answer ?? {}) as Record<string, unknown>;
  const { blockHash, blockNumber, logIndex, transactionHash, address, topics, data } = log;
  const whole =
    [blockHash, blockNumber, logIndex, transactionHash, address, data].every(isHex) &&
    Array.isArray(topics) &&
    topics.every(isHex);
  if (!whole) throw new NodeAnswerError("eth_getLogs", "a list of mined logs");
  return {
    blockHash: (blockHash as string).toLowerCase(),
    blockNumber: BigInt(blockNumber as string),
    logIndex: Number(logIndex),
    txHash: (transactionHash as string).toLowerCase(),
    address: (address as string).toLowerCase(),
    topics: (topics as string[]).map((topic) => topic.toLowerCase()),
    data: (data as string).toLowerCase(),
  };
}

export function toQuantity(number: bigint): string {
  return `0x${number.toString(16)}`;
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value);
}
