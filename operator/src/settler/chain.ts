import type { RawLog } from "@nostra/sdk/events";
import type { Rpc } from "../rpc";
import type { Hex } from "./types";

/*
 * What the settler asks a node, each answer made plain. All of it may be asked again.
 */

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
  readonly logs: readonly RawLog[];
}

interface BlockJson {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
  readonly gasLimit: string;
  readonly baseFeePerGas?: string;
}

interface ReceiptJson {
  readonly transactionHash: string;
  readonly to: string | null;
  readonly status: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logs: readonly {
    readonly address: string;
    readonly topics: readonly string[];
    readonly data: string;
    readonly logIndex: string;
  }[];
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
  const block = (await rpc.send("eth_getBlockByNumber", [
    quantity(number),
    false,
  ])) as BlockJson | null;
  return block?.hash.toLowerCase() as Hex | undefined;
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

/** The receipt of a transaction, if it is in a block and the node says that block is canonical. */
export async function readReceipt(rpc: Rpc, hash: Hex): Promise<Receipt | undefined> {
  const found = (await rpc.send("eth_getTransactionReceipt", [hash])) as ReceiptJson | null;
  if (found === null) return undefined;
  const blockNumber = BigInt(found.blockNumber);
  const blockHash = found.blockHash.toLowerCase() as Hex;
  if ((await readBlockHash(rpc, blockNumber)) !== blockHash) return undefined;
  return {
    hash,
    to: (found.to ?? "").toLowerCase(),
    succeeded: BigInt(found.status) === 1n,
    blockNumber,
    blockHash,
    logs: found.logs.map(({ address, topics, data, logIndex }) => ({
      ...{ address, topics, data, index: Number(logIndex) },
      ...{ blockNumber: Number(blockNumber), transactionHash: hash },
    })),
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
