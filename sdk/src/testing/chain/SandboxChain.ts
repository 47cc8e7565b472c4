import { concat, isHexString, keccak256, toBeHex, type Eip1193Provider } from "ethers";
import type { Address, Hex } from "../../order/Order.js";
import {
  Evm,
  type Answer,
  type BlockContext,
  type Message,
  type Outcome,
  type Runnable,
} from "./evm.js";
import {
  NO_HASH,
  NOBODY,
  blockJson,
  hex,
  logsJson,
  matches,
  receiptJson,
  transactionJson,
  type Block,
  type LogFilter,
  type Mined,
} from "./answers.js";
import { RpcError } from "./RpcError.js";

export interface SandboxChainParams {
  readonly chainId: number;
  /** Accounts that exist from the start, each with ten thousand units of gas money; `eth_sendTransaction` sends from them. */
  readonly accounts: readonly Address[];
  /** Unix second of the first block. */
  readonly startTimeSeconds: number;
}

interface CallRequest {
  readonly from?: Hex;
  readonly to?: Hex | null;
  readonly data?: Hex;
  readonly input?: Hex;
  readonly value?: Hex;
  readonly gas?: Hex;
  readonly gasPrice?: Hex;
  readonly maxFeePerGas?: Hex;
  readonly nonce?: Hex;
}

type BlockTag = string | { readonly blockNumber?: string; readonly blockHash?: Hex };

type Method = (...params: never[]) => unknown;

// What kind of refusal a number stands for, as nodes use them.
const REVERTED = 3;
const REFUSED = -32000;
const UNKNOWN_METHOD = -32601;
const INVALID_PARAMS = -32602;

const WORDS_FOR_LATEST = ["latest", "pending", "safe", "finalized"];

const ACCOUNT_BALANCE = 10n ** 22n;
const BLOCK_GAS_LIMIT = 60_000_000n;
/** Wei per gas, in every block: nobody competes for space here. */
const BASE_FEE = 1_000_000_000n;
const PRIORITY_FEE = 1_000_000_000n;
/** Gas that a call which sends money is given on top of what it is charged, so that it must be there and is not used. */
const CALL_STIPEND = 2_300n;
/** An estimate may be this much too high: one part of so many. */
const ESTIMATE_PRECISION = 64n;

/**
 * A chain inside this process, spoken to as to a node (EIP-1193): every transaction is mined at once, in a block of its own.
 * Nothing listens, nothing is written. Calls see the latest state only; one of an older block is refused.
 *
 * The clock is the machine's, moved by `evm_setNextBlockTimestamp` and `evm_increaseTime`; blocks may share a second.
 */
export class SandboxChain implements Eip1193Provider {
  readonly #evm: Evm;
  readonly #chainId: number;
  readonly #accounts: readonly Address[];
  readonly #blocks: Block[];
  readonly #mined = new Map<string, Mined>();
  /** What the chain's clock is ahead of the machine's, in seconds. */
  #clockOffset = 0;
  #nextTimestamp: bigint | undefined;
  /** Heights and clocks at the open snapshots; a snapshot's id is its place, from 1 on. */
  readonly #snapshots: { readonly height: number; readonly clockOffset: number }[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  readonly #methods: Readonly<Record<string, Method>> = {
    eth_chainId: () => hex(this.#chainId),
    net_version: () => String(this.#chainId),
    web3_clientVersion: () => "nostra-sandbox",
    eth_accounts: () => this.#accounts,
    eth_requestAccounts: () => this.#accounts,
    eth_blockNumber: () => hex(this.#latest.number),
    eth_gasPrice: () => hex(BASE_FEE + PRIORITY_FEE),
    eth_maxPriorityFeePerGas: () => hex(PRIORITY_FEE),
    eth_getBalance: async (account: Hex, tag?: BlockTag) => {
      this.#requireLatest(tag);
      return hex(await this.#evm.balanceOf(account));
    },
    eth_getTransactionCount: async (account: Hex, tag?: BlockTag) => {
      this.#requireLatest(tag);
      return hex(await this.#evm.nonceOf(account));
    },
    eth_getCode: (account: Hex, tag?: BlockTag) => {
      this.#requireLatest(tag);
      return this.#evm.codeOf(account);
    },
    eth_getStorageAt: (account: Hex, slot: Hex, tag?: BlockTag) => {
      this.#requireLatest(tag);
      return this.#evm.storageOf(account, BigInt(slot));
    },
    eth_call: (request: CallRequest, tag?: BlockTag, ...more: unknown[]) => {
      if (more.some((one) => one !== undefined && one !== null)) {
        throw new RpcError(
          INVALID_PARAMS,
          "the sandbox calls with the state there is: no overrides",
        );
      }
      return this.#call(request, tag);
    },
    eth_estimateGas: async (request: CallRequest, tag?: BlockTag) => {
      this.#requireLatest(tag);
      return hex(await this.#estimate(request));
    },
    eth_sendTransaction: (request: CallRequest) => this.#sendFrom(request),
    eth_sendRawTransaction: (raw: Hex) => this.#sendRaw(raw),
    eth_getTransactionByHash: (hash: Hex) => transactionJson(this.#find(hash), this.#blocks),
    eth_getTransactionReceipt: (hash: Hex) => receiptJson(this.#find(hash), this.#blocks),
    eth_getBlockByNumber: (tag: string, whole: boolean) =>
      blockJson(this.#blockAt(tag), whole, this.#blocks),
    eth_getBlockByHash: (hash: Hex, whole: boolean) =>
      blockJson(this.#blockOfHash(hash), whole, this.#blocks),
    eth_getLogs: (filter: LogFilter) => this.#logs(filter),
    evm_mine: (seconds?: number | Hex) => {
      if (seconds !== undefined) this.#setNextTimestamp(secondsOf(seconds));
      this.#append(this.#nextContext());
      return "0x0";
    },
    evm_increaseTime: (seconds: number | Hex) => {
      this.#clockOffset += Number(secondsOf(seconds));
      return hex(this.#clockOffset);
    },
    evm_setNextBlockTimestamp: (seconds: number | Hex) =>
      this.#setNextTimestamp(secondsOf(seconds)),
    evm_snapshot: () => this.#snapshot(),
    evm_revert: (id: Hex) => this.#revertTo(Number(id)),
    hardhat_setCode: async (account: Hex, code: Hex) => {
      await this.#evm.setCode(account, code);
      return true;
    },
    hardhat_setStorageAt: async (account: Hex, slot: Hex, value: Hex) => {
      await this.#evm.setStorage(account, BigInt(slot), BigInt(value));
      return true;
    },
    hardhat_setBalance: async (account: Hex, balance: Hex) => {
      await this.#evm.setBalance(account, BigInt(balance));
      return true;
    },
  };

  private constructor(evm: Evm, params: SandboxChainParams, blocks: Block[]) {
    this.#evm = evm;
    this.#blocks = blocks;
    this.#chainId = params.chainId;
    this.#accounts = params.accounts;
    this.#append(this.#nextContext(BigInt(params.startTimeSeconds)));
  }

  static async start(params: SandboxChainParams): Promise<SandboxChain> {
    const balances = Object.fromEntries(
      params.accounts.map((account) => [account, ACCOUNT_BALANCE]),
    );
    const blocks: Block[] = [];
    const hashOf = (number: number): Hex | undefined => blocks[number]?.hash;
    return new SandboxChain(await Evm.create(params.chainId, balances, hashOf), params, blocks);
  }

  /** One request after another, in the order they came. @throws RpcError, and nothing else. */
  request(request: { method: string; params?: unknown[] | Record<string, unknown> }) {
    const answer = this.#queue.then(() => this.#answer(request.method, request.params));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async #answer(name: string, params: unknown): Promise<unknown> {
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (method === undefined) {
      throw new RpcError(UNKNOWN_METHOD, `the sandbox does not know ${name}`);
    }
    try {
      return await method(...((params ?? []) as never[]));
    } catch (thrown) {
      if (thrown instanceof RpcError) throw thrown;
      // The machine refuses in its own words what it cannot run, and so do the readers of numbers and addresses.
      throw new RpcError(REFUSED, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  get #latest(): Block {
    return this.#blocks[this.#blocks.length - 1] as Block;
  }

  #find(hash: Hex): Mined | undefined {
    return this.#mined.get(hash.toLowerCase());
  }

  /** The block a tag means (EIP-1898); undefined when there is none. */
  #blockAt(tag: BlockTag | undefined): Block | undefined {
    if (typeof tag === "object") {
      const { blockHash, blockNumber } = tag;
      return blockHash === undefined ? this.#blockAt(blockNumber) : this.#blockOfHash(blockHash);
    }
    if (tag === "earliest") return this.#blocks[0];
    if (tag === undefined || WORDS_FOR_LATEST.includes(tag)) return this.#latest;
    if (isHexString(tag, 32)) return this.#blockOfHash(tag);
    if (isHexString(tag)) return this.#blocks[Number(tag)];
    throw new RpcError(INVALID_PARAMS, `no block is called ${tag}`);
  }

  #blockOfHash(hash: string): Block | undefined {
    return this.#blocks.find((block) => block.hash === hash.toLowerCase());
  }

  #requireLatest(tag: BlockTag | undefined): void {
    const block = this.#blockAt(tag);
    const { number } = this.#latest;
    if (block?.number === number) return;
    const other = block === undefined ? "of a block there is not" : `of block ${block.number}`;
    throw new RpcError(
      REFUSED,
      `the sandbox keeps the state of the latest block, ${number}, not that ${other}`,
    );
  }

  // Time and blocks

  /** Where a transaction runs that is mined now. */
  #nextContext(timestamp = this.#timestampNow()): BlockContext {
    const number = BigInt(this.#blocks.length);
    return { number, timestamp, gasLimit: BLOCK_GAS_LIMIT, baseFeePerGas: BASE_FEE };
  }

  #append(context: BlockContext, transactions: readonly Mined[] = []): void {
    const { number, timestamp } = context;
    const parentHash = this.#blocks.at(-1)?.hash ?? NO_HASH;
    const hashes = transactions.map(({ prepared }) => prepared.hash);
    const hash = keccak256(
      concat([parentHash, toBeHex(number, 32), toBeHex(timestamp, 32), ...hashes]),
    ) as Hex;
    this.#blocks.push({ ...context, hash, parentHash, transactions });
    this.#clockOffset = Number(timestamp) - machineSeconds();
    this.#nextTimestamp = undefined;
    for (const mined of transactions) this.#mined.set(mined.prepared.hash, mined);
  }

  /** When a block mined now would be. */
  #timestampNow(): bigint {
    const now = BigInt(machineSeconds() + this.#clockOffset);
    return this.#nextTimestamp ?? (now > this.#latest.timestamp ? now : this.#latest.timestamp);
  }

  #setNextTimestamp(seconds: bigint): string {
    const { timestamp } = this.#latest;
    if (seconds < timestamp) {
      throw new RpcError(
        REFUSED,
        `the next block's second must be ${timestamp} or later, not ${seconds}`,
      );
    }
    this.#nextTimestamp = seconds;
    return String(seconds);
  }

  async #snapshot(): Promise<Hex> {
    await this.#evm.remember();
    this.#snapshots.push({ height: this.#blocks.length, clockOffset: this.#clockOffset });
    return hex(this.#snapshots.length);
  }

  async #revertTo(id: number): Promise<boolean> {
    const snapshot = this.#snapshots[id - 1];
    if (snapshot === undefined) return false;
    for (let open = this.#snapshots.length; open >= id; open--) await this.#evm.restore();
    this.#snapshots.length = id - 1;
    for (const { transactions } of this.#blocks.splice(snapshot.height)) {
      for (const { prepared } of transactions) this.#mined.delete(prepared.hash);
    }
    this.#clockOffset = snapshot.clockOffset;
    this.#nextTimestamp = undefined;
    return true;
  }

  // Transactions

  async #call(request: CallRequest, tag?: BlockTag): Promise<Hex> {
    this.#requireLatest(tag);
    const message = freeMessageOf(request, gasOf(request));
    const answer = await this.#evm.call(message, { ...this.#latest, baseFeePerGas: 0n });
    if (answer.error !== undefined) throw revertError(answer);
    return answer.returnData;
  }

  /**
   * What the message uses, where that is enough; else a limit at most one part in 64 above the least that is. That is more than
   * what is used, because a call hands on at most 63 of 64 parts of the gas, and because refunds come after the end.
   */
  async #estimate(request: CallRequest): Promise<bigint> {
    const most = gasOf(request);
    const next = { ...this.#nextContext(), baseFeePerGas: 0n };
    const { from, value } = messageOf(request);
    const balance = await this.#evm.balanceOf(from);
    if (balance < value) {
      throw new RpcError(REFUSED, `insufficient funds for transfer: ${from} has ${balance} wei`);
    }
    const rehearse = (limit: bigint): Promise<Outcome> =>
      this.#evm.rehearse(freeMessageOf(request, limit), next);
    const whole = await rehearse(most);
    if (whole.error !== undefined) throw revertError(whole);
    const succeeds = async (limit: bigint) => (await rehearse(limit)).error === undefined;

    if (await succeeds(whole.gasUsed)) return whole.gasUsed;
    let tooLow = whole.gasUsed;
    let enough = most;
    const guess = ((whole.gasUsed + whole.gasRefund + CALL_STIPEND) * 64n) / 63n;
    if (guess < most) {
      if (await succeeds(guess)) enough = guess;
      else tooLow = guess;
    }
    while ((enough - tooLow) * ESTIMATE_PRECISION > enough) {
      const middle = (enough + tooLow) / 2n;
      if (await succeeds(middle)) enough = middle;
      else tooLow = middle;
    }
    return enough;
  }

  async #sendFrom(request: CallRequest): Promise<Hex> {
    const { from, ...message } = messageOf(request);
    const isKnown = this.#accounts.some((known) => known.toLowerCase() === from.toLowerCase());
    if (!isKnown) throw new RpcError(REFUSED, `unknown account ${from}`);
    const nonce =
      request.nonce === undefined ? await this.#evm.nonceOf(from) : BigInt(request.nonce);
    const gasLimit =
      request.gas === undefined ? await this.#estimate(request) : BigInt(request.gas);
    const gasPrice = BigInt(request.gasPrice ?? request.maxFeePerGas ?? BASE_FEE + PRIORITY_FEE);
    const hash = keccak256(
      concat([from, toBeHex(nonce, 32), toBeHex(this.#blocks.length, 32), message.data]),
    ) as Hex;
    return this.#mine(this.#evm.prepare({ from, ...message, gasLimit, gasPrice, nonce }, hash));
  }

  #sendRaw(raw: Hex): Promise<Hex> {
    let runnable: Runnable;
    try {
      runnable = this.#evm.parse(raw);
    } catch (cause) {
      throw new RpcError(INVALID_PARAMS, `not a transaction of this chain: ${String(cause)}`);
    }
    return this.#mine(runnable);
  }

  /** Checks what a node checks before it takes a transaction, and mines it. A revert is mined too. */
  async #mine(runnable: Runnable): Promise<Hex> {
    const { prepared } = runnable;
    const { hash, from, nonce, value, gasLimit, gasPrice } = prepared;
    const expected = await this.#evm.nonceOf(from);
    if (nonce !== expected) {
      const word = nonce < expected ? "low" : "high";
      throw new RpcError(
        REFUSED,
        `nonce too ${word}: ${from} has ${expected}, the transaction ${nonce}`,
      );
    }
    if (gasPrice < BASE_FEE) {
      throw new RpcError(
        REFUSED,
        `transaction underpriced: ${gasPrice} wei per gas, base fee ${BASE_FEE}`,
      );
    }
    if (gasLimit > BLOCK_GAS_LIMIT) {
      throw new RpcError(REFUSED, `exceeds block gas limit: ${gasLimit} of ${BLOCK_GAS_LIMIT}`);
    }
    const balance = await this.#evm.balanceOf(from);
    const cost = value + gasLimit * gasPrice;
    if (balance < cost) {
      throw new RpcError(
        REFUSED,
        `insufficient funds for gas * price + value: ${from} has ${balance} wei, needs ${cost}`,
      );
    }
    const context = this.#nextContext();
    const outcome = await this.#evm.run(runnable, context);
    this.#append(context, [{ prepared, outcome, blockNumber: context.number }]);
    return hash;
  }

  // Answers

  #logs(filter: LogFilter): object[] {
    return this.#blocksOf(filter).flatMap(({ transactions }) =>
      transactions.flatMap((mined) =>
        logsJson(mined, this.#blocks).filter((log) => matches(log, filter)),
      ),
    );
  }

  #blocksOf({ blockHash, fromBlock, toBlock }: LogFilter): readonly Block[] {
    if (blockHash !== undefined) {
      const block = this.#blockOfHash(blockHash);
      if (block === undefined) throw new RpcError(REFUSED, `unknown block ${blockHash}`);
      return [block];
    }
    // A number above the latest is no block yet, and ends the range all the same.
    const height = (tag: string | undefined): number =>
      Number(this.#blockAt(tag)?.number ?? BigInt(tag ?? 0));
    const [first, last] = [height(fromBlock), height(toBlock)];
    return this.#blocks.slice(first, last + 1);
  }
}

function messageOf({ from, to, data, input, value }: CallRequest) {
  return {
    from: from ?? NOBODY,
    to: to ?? undefined,
    data: data ?? input ?? "0x",
    value: BigInt(value ?? 0),
  } as const;
}

/** A message that pays nothing for gas, so that its sender needs no money for it. */
function freeMessageOf(request: CallRequest, gasLimit: bigint): Message {
  return { ...messageOf(request), gasLimit, gasPrice: 0n, nonce: 0n };
}

function gasOf({ gas }: CallRequest): bigint {
  const limit = BigInt(gas ?? BLOCK_GAS_LIMIT);
  return limit < BLOCK_GAS_LIMIT ? limit : BLOCK_GAS_LIMIT;
}

/** As nodes say it; ethers and this SDK read the reason from `data`. */
function revertError({ error, returnData }: Answer): RpcError {
  return error === "revert"
    ? new RpcError(REVERTED, "execution reverted", returnData)
    : new RpcError(REFUSED, error ?? "the transaction failed");
}

function secondsOf(given: number | string): bigint {
  const seconds = Number(given);
  if (Number.isSafeInteger(seconds) && seconds >= 0) return BigInt(seconds);
  throw new RpcError(INVALID_PARAMS, `${given} is no whole number of seconds`);
}

function machineSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
