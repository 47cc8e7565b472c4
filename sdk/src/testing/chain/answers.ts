import type { Hex } from "../../order/Order.js";
import type { BlockContext, Outcome, PreparedTransaction } from "./evm.js";

/*
What the sandbox's chain remembers, and how a node tells it: hex text by the names of JSON-RPC.
*/

export interface Block extends BlockContext {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly transactions: readonly Mined[];
}

export interface Mined {
  readonly prepared: PreparedTransaction;
  readonly outcome: Outcome;
  readonly blockNumber: bigint;
}

export interface LogFilter {
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly blockHash?: Hex;
  readonly address?: Hex | readonly Hex[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
}

export const NOBODY = `0x${"00".repeat(20)}` as const;
export const NO_HASH = `0x${"00".repeat(32)}` as const;

const NO_BLOOM = `0x${"00".repeat(256)}`;

export function hex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

export function blockJson(
  block: Block | undefined,
  whole: boolean,
  blocks: readonly Block[],
): object | null {
  if (block === undefined) return null;
  const { number, hash, parentHash, timestamp, gasLimit, baseFeePerGas, transactions } = block;
  const gasUsed = transactions.reduce((sum, { outcome }) => sum + outcome.gasUsed, 0n);
  return {
    ...{ hash, parentHash, number: hex(number), timestamp: hex(timestamp) },
    ...{ gasLimit: hex(gasLimit), gasUsed: hex(gasUsed), baseFeePerGas: hex(baseFeePerGas) },
    ...{ miner: NOBODY, nonce: "0x0000000000000000", difficulty: "0x0", extraData: "0x" },
    ...{ stateRoot: NO_HASH, receiptsRoot: NO_HASH, prevRandao: NO_HASH },
    // A block has one transaction, or none.
    logsBloom: transactions[0]?.outcome.logsBloom ?? NO_BLOOM,
    transactions: transactions.map((mined) =>
      whole ? transactionJson(mined, blocks) : mined.prepared.hash,
    ),
  };
}

function placeOf({ prepared, blockNumber }: Mined, blocks: readonly Block[]) {
  return {
    transactionHash: prepared.hash,
    transactionIndex: "0x0",
    blockNumber: hex(blockNumber),
    blockHash: (blocks[Number(blockNumber)] as Block).hash,
  };
}

interface LogJson {
  readonly address: Hex;
  readonly topics: readonly Hex[];
}

export function logsJson(mined: Mined, blocks: readonly Block[]): LogJson[] {
  return mined.outcome.logs.map((log, index) => ({
    ...log,
    ...placeOf(mined, blocks),
    logIndex: hex(index),
    removed: false,
  }));
}

export function matches({ address, topics }: LogJson, filter: LogFilter): boolean {
  const wanted = filter.topics ?? [];
  return (
    accepts(filter.address, address) &&
    wanted.length <= topics.length &&
    wanted.every((one, i) => accepts(one, topics[i]))
  );
}

/** Nothing, and an empty list, accept anything. */
function accepts(wanted: Hex | readonly Hex[] | null | undefined, found: Hex | undefined): boolean {
  const list = wanted === null || wanted === undefined ? [] : [wanted].flat();
  return list.length === 0 || list.some((one) => one.toLowerCase() === found?.toLowerCase());
}

export function receiptJson(mined: Mined | undefined, blocks: readonly Block[]): object | null {
  if (mined === undefined) return null;
  const { prepared, outcome } = mined;
  return {
    ...placeOf(mined, blocks),
    ...{ from: prepared.from, to: prepared.to ?? null, type: hex(prepared.type) },
    contractAddress: outcome.contractAddress ?? null,
    status: outcome.error === undefined ? "0x1" : "0x0",
    ...{ gasUsed: hex(outcome.gasUsed), cumulativeGasUsed: hex(outcome.gasUsed) },
    effectiveGasPrice: hex(outcome.gasPrice),
    ...{ logs: logsJson(mined, blocks), logsBloom: outcome.logsBloom },
  };
}

export function transactionJson(mined: Mined | undefined, blocks: readonly Block[]): object | null {
  if (mined === undefined) return null;
  const { prepared, outcome } = mined;
  const { fees } = prepared;
  const { transactionHash, ...place } = placeOf(mined, blocks);
  return {
    ...{ hash: transactionHash, ...place },
    ...{ from: prepared.from, to: prepared.to ?? null, input: prepared.data },
    ...{ value: hex(prepared.value), nonce: hex(prepared.nonce), type: hex(prepared.type) },
    ...{ gas: hex(prepared.gasLimit), gasPrice: hex(outcome.gasPrice) },
    ...(fees && {
      chainId: hex(fees.chainId),
      maxFeePerGas: hex(fees.maxFeePerGas),
      maxPriorityFeePerGas: hex(fees.maxPriorityFeePerGas),
    }),
    ...prepared.signature,
  };
}
