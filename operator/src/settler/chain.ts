import type { RawLog } from "@nostra/sdk/events";
import { OperatorError } from "../errors";
import type { Rpc } from "../rpc";
import type { Hex } from "./types";

/*
 * What the settler asks a node, each answer made plain. All of it may be asked again.
 */

/** Two answers of the node contradict each other: neither is believed, and no order is blamed. `details`: `hash`. */
export class NodeInconsistentError extends OperatorError {
  constructor(hash: string, what: string) {
    super("NODE_INCONSISTENT", `the node contradicts itself about transaction ${hash}: ${what}`, {
      ...{ status: 503, details: { hash, what }, retryAfterSeconds: 10 },
    });
  }
}

export interface Head {
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly baseFee: bigint;
  readonly gasLimit: bigint;
}

/** A receipt in a block that is canonical now. */
export interface Receipt {
  readonly hash: Hex;
  readonly to: string;
  readonly succeeded: boolean;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  readonly logs: readonly RawLog[];
}

interface BlockJson {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
  readonly gasLimit: string;
  readonly baseFeePerGas?: string;
  readonly transactions: readonly string[];
}

interface ReceiptJson {
  readonly transactionHash: string;
  readonly to: string | null;
  readonly status: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly transactionIndex: string;
  readonly gasUsed: string;
  readonly logs: readonly LogJson[];
}

interface LogJson {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly logIndex: string;
  readonly transactionHash: string;
}

export async function readHead(rpc: Rpc): Promise<Head> {
  const block = (await rpc.send("eth_getBlockByNumber", ["latest", false])) as BlockJson;
  return {
    number: BigInt(block.number),
    timestamp: BigInt(block.timestamp),
    baseFee: BigInt(block.baseFeePerGas ?? "0x0"),
    gasLimit: BigInt(block.gasLimit),
  };
}

/** The canonical block of that height; undefined when the node has none. */
export async function readBlockHash(rpc: Rpc, number: bigint): Promise<Hex | undefined> {
  return (await readBlock(rpc, number))?.hash.toLowerCase() as Hex | undefined;
}

async function readBlock(rpc: Rpc, number: bigint): Promise<BlockJson | null> {
  const params = [quantity(number), false];
  return (await rpc.send("eth_getBlockByNumber", params)) as BlockJson | null;
}

/** How many transactions of the account are in the chain up to that block: the nonce of its next one. */
export async function readNonce(
  rpc: Rpc,
  account: string,
  at: bigint | "latest" = "latest",
): Promise<bigint> {
  const tag = at === "latest" ? at : quantity(at);
  return BigInt((await rpc.send("eth_getTransactionCount", [account, tag])) as string);
}

/**
 * The receipt of a transaction, if it is in a block and the node says that block is canonical.
 * @throws NodeInconsistentError when that block has another transaction in its place.
 */
export async function readReceipt(rpc: Rpc, hash: Hex): Promise<Receipt | undefined> {
  const found = (await rpc.send("eth_getTransactionReceipt", [hash])) as ReceiptJson | null;
  if (found === null) return undefined;
  const blockNumber = BigInt(found.blockNumber);
  const blockHash = found.blockHash.toLowerCase() as Hex;
  const block = await readBlock(rpc, blockNumber);
  if (block?.hash.toLowerCase() !== blockHash) return undefined;
  const inPlace = block.transactions[Number(found.transactionIndex)]?.toLowerCase();
  if (found.transactionHash.toLowerCase() !== hash || inPlace !== hash) {
    throw new NodeInconsistentError(
      hash,
      `its receipt is for place ${Number(found.transactionIndex)} of block ${blockNumber}, where the block has ${inPlace ?? "nothing"}`,
    );
  }
  return {
    hash,
    to: (found.to ?? "").toLowerCase(),
    succeeded: BigInt(found.status) === 1n,
    blockNumber,
    blockHash,
    gasUsed: BigInt(found.gasUsed),
    logs: found.logs.map((log) => rawLog(log, blockNumber)),
  };
}

/** The logs of one contract in one block. */
export async function readBlockLogs(
  rpc: Rpc,
  { blockHash, blockNumber }: Pick<Receipt, "blockHash" | "blockNumber">,
  address: string,
): Promise<readonly RawLog[]> {
  const found = (await rpc.send("eth_getLogs", [{ blockHash, address }])) as readonly LogJson[];
  return found.map((log) => rawLog(log, blockNumber));
}

function rawLog(log: LogJson, blockNumber: bigint): RawLog {
  const { address, topics, data, logIndex, transactionHash } = log;
  return {
    ...{ address, topics, data, index: Number(logIndex) },
    ...{ blockNumber: Number(blockNumber), transactionHash: transactionHash.toLowerCase() as Hex },
  };
}

/** True when the node has the transaction, in its pool or in a block. */
export async function knowsTransaction(rpc: Rpc, hash: Hex): Promise<boolean> {
  return (await rpc.send("eth_getTransactionByHash", [hash])) !== null;
}

export async function readBalance(rpc: Rpc, account: string): Promise<bigint> {
  return BigInt((await rpc.send("eth_getBalance", [account, "latest"])) as string);
}

/** A number as nodes want it. */
export function quantity(number: bigint): string {
  return `0x${number.toString(16)}`;
}
