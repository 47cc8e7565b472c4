import { createBlock, type Block } from "@ethereumjs/block";
import { type Common, Hardfork, Mainnet, createCustomCommon } from "@ethereumjs/common";
import {
  createLegacyTx,
  createTxFromRLP,
  type TransactionType,
  type TypedTransaction,
} from "@ethereumjs/tx";
import { Account, bytesToHex, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { createEVM } from "@ethereumjs/evm";
import { createVM, runTx, type VM } from "@ethereumjs/vm";
import type { Hex } from "../../order/Order.js";
import { JournaledState } from "./JournaledState.js";

/*
The one door to the virtual machine: @ethereumjs/vm, which the build bundles into this file, so that who installs the SDK
installs nothing else. Everything that passes through is plain text and bigint.
*/

/** Where a transaction runs. */
export interface BlockContext {
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  /** Wei per gas. */
  readonly baseFeePerGas: bigint;
}

/** A message of an account whose word is enough: it is not signed. */
export interface Message {
  readonly from: Hex;
  /** Undefined deploys `data`. */
  readonly to: Hex | undefined;
  readonly data: Hex;
  /** Wei. */
  readonly value: bigint;
  readonly gasLimit: bigint;
  /** Wei per gas. */
  readonly gasPrice: bigint;
  readonly nonce: bigint;
}

/** A transaction ready to run, with what a node tells of it. */
export interface PreparedTransaction extends Message {
  readonly hash: Hex;
  readonly type: number;
  readonly signature: { readonly r: Hex; readonly s: Hex; readonly v: Hex };
  /** What a transaction of type 2 names besides: its chain, and wei per gas (EIP-1559). */
  readonly fees:
    | {
        readonly chainId: bigint;
        readonly maxFeePerGas: bigint;
        readonly maxPriorityFeePerGas: bigint;
      }
    | undefined;
}

/** A transaction and the machine's own form of it. */
export interface Runnable {
  readonly prepared: PreparedTransaction;
  readonly transaction: unknown;
}

export interface LogEntry {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** What a call gave. */
export interface Answer {
  /** What the machine calls the failure, such as "revert" or "out of gas"; undefined when there was none. */
  readonly error: string | undefined;
  readonly returnData: Hex;
}

/** What a transaction did. */
export interface Outcome extends Answer {
  readonly gasUsed: bigint;
  /** Wei paid per gas. */
  readonly gasPrice: bigint;
  /** Gas given back at the end, which must be there in the meantime. */
  readonly gasRefund: bigint;
  readonly logs: readonly LogEntry[];
  readonly logsBloom: Hex;
  readonly contractAddress: Hex | undefined;
}

/** Wei of gas money by account. */
export type Balances = Readonly<Record<Hex, bigint>>;

const UNSIGNED = { r: "0x1", s: "0x1", v: "0x1b" } as const;

/** Accounts, code and storage, and the machine that changes them. One request at a time. */
export class Evm {
  readonly #vm: VM;
  readonly #state: JournaledState;
  readonly #common: Common;
  #lastBlock: Block | undefined;

  private constructor(vm: VM, state: JournaledState, common: Common) {
    this.#vm = vm;
    this.#state = state;
    this.#common = common;
  }

  /** @param hashOf The hash of an earlier block, for code that asks. */
  static async create(
    chainId: number,
    balances: Balances,
    hashOf: (number: number) => Hex | undefined,
  ): Promise<Evm> {
    const common = createCustomCommon({ chainId }, Mainnet, { hardfork: Hardfork.Prague });
    const state = new JournaledState();
    for (const [address, balance] of Object.entries(balances)) {
      await state.putAccount(createAddressFromString(address), new Account(0n, balance));
    }
    const blockchain = {
      getBlock: (number: number) =>
        Promise.resolve({ hash: () => hexToBytes(hashOf(number) ?? "0x") }),
      putBlock: () => Promise.resolve(),
      shallowCopy: () => blockchain,
    };
    const evm = await createEVM({ common, stateManager: state, blockchain });
    const vm = await createVM({ common, stateManager: state, evm });
    return new Evm(vm, state, common);
  }

  /** A signed transaction from its bytes. Throws when they are none, or are signed for another chain. */
  parse(raw: Hex): Runnable {
    const tx: TypedTransaction = createTxFromRLP<TransactionType>(hexToBytes(raw), {
      common: this.#common,
    });
    if (!tx.isSigned()) throw new Error("the transaction is not signed");
    const { r, s, v } = tx;
    const prepared: PreparedTransaction = {
      ...{ hash: bytesToHex(tx.hash()), type: tx.type },
      from: tx.getSenderAddress().toString(),
      to: tx.to?.toString(),
      data: bytesToHex(tx.data),
      ...{ value: tx.value, gasLimit: tx.gasLimit, nonce: tx.nonce },
      gasPrice: "maxFeePerGas" in tx ? tx.maxFeePerGas : tx.gasPrice,
      signature: { r: quantity(r), s: quantity(s), v: quantity(v) },
      fees:
        "maxFeePerGas" in tx
          ? {
              chainId: this.#common.chainId(),
              maxFeePerGas: tx.maxFeePerGas,
              maxPriorityFeePerGas: tx.maxPriorityFeePerGas,
            }
          : undefined,
    };
    return { prepared, transaction: tx };
  }

  /** A message as a transaction without signature. */
  prepare(message: Message, hash: Hex): Runnable {
    const { from, to, data, ...numbers } = message;
    const sender = createAddressFromString(from);
    const tx = createLegacyTx(
      { ...numbers, data, ...(to !== undefined && { to }) },
      { common: this.#common, freeze: false },
    );
    tx.getSenderAddress = () => sender;
    const prepared = { ...message, hash, type: 0, signature: UNSIGNED, fees: undefined };
    return { prepared, transaction: tx };
  }

  /** Runs a transaction and keeps what it changes. Nonce and gas money must have been checked. */
  async run({ transaction }: Runnable, context: BlockContext): Promise<Outcome> {
    const result = await runTx(this.#vm, {
      tx: transaction as TypedTransaction,
      block: this.#blockOf(context),
      ...{ skipBalance: true, skipNonce: true, skipHardForkValidation: true },
    });
    const { execResult, totalGasSpent, gasRefund, createdAddress, bloom } = result;
    return {
      error: execResult.exceptionError?.error,
      ...{ gasUsed: totalGasSpent, gasRefund, gasPrice: result.amountSpent / totalGasSpent },
      returnData: bytesToHex(execResult.returnValue),
      logs: (execResult.logs ?? []).map(([address, topics, data]) => ({
        address: bytesToHex(address),
        topics: topics.map((topic) => bytesToHex(topic)),
        data: bytesToHex(data),
      })),
      logsBloom: bytesToHex(bloom.bitvector),
      contractAddress: createdAddress?.toString(),
    };
  }

  /** Runs a message as a transaction and forgets what it changed. */
  async rehearse(message: Message, context: BlockContext): Promise<Outcome> {
    await this.#state.checkpoint();
    try {
      return await this.run(this.prepare(message, "0x"), context);
    } finally {
      await this.#state.revert();
    }
  }

  /** What a message would answer, and forgets what it changed. Unlike a transaction's, its sender may be a contract. */
  async call(message: Message, context: BlockContext): Promise<Answer> {
    const { from, to, data, value, gasLimit, gasPrice } = message;
    const { evm } = this.#vm;
    const { transaction } = this.prepare(message, "0x");
    const gas = gasLimit - (transaction as TypedTransaction).getIntrinsicGas();
    if (gas < 0n) return { error: "intrinsic gas too low", returnData: "0x" };
    await this.#state.checkpoint();
    try {
      for (const warm of [...evm.precompiles.keys(), from.slice(2), ...(to ? [to.slice(2)] : [])]) {
        evm.journal.addAlwaysWarmAddress(warm.toLowerCase());
      }
      const { execResult } = await evm.runCall({
        caller: createAddressFromString(from),
        ...(to !== undefined && { to: createAddressFromString(to) }),
        ...{ data: hexToBytes(data), value, gasLimit: gas, gasPrice, skipBalance: true },
        block: this.#blockOf(context),
      });
      const error = execResult.exceptionError?.error;
      return { error, returnData: bytesToHex(execResult.returnValue) };
    } finally {
      await this.#state.revert();
      evm.journal.cleanJournal();
      this.#state.originalStorageCache.clear();
    }
  }

  async balanceOf(address: Hex): Promise<bigint> {
    return (await this.#account(address))?.balance ?? 0n;
  }

  async setBalance(address: Hex, balance: bigint): Promise<void> {
    await this.#state.modifyAccountFields(createAddressFromString(address), { balance });
  }

  async nonceOf(address: Hex): Promise<bigint> {
    return (await this.#account(address))?.nonce ?? 0n;
  }

  async codeOf(address: Hex): Promise<Hex> {
    return bytesToHex(await this.#state.getCode(createAddressFromString(address)));
  }

  async setCode(address: Hex, code: Hex): Promise<void> {
    await this.#state.putCode(createAddressFromString(address), hexToBytes(code));
  }

  /** 32 bytes. */
  async storageOf(address: Hex, slot: bigint): Promise<Hex> {
    const key = hexToBytes(word(slot));
    const value = await this.#state.getStorage(createAddressFromString(address), key);
    return word(value.length === 0 ? 0n : BigInt(bytesToHex(value)));
  }

  async setStorage(address: Hex, slot: bigint, value: bigint): Promise<void> {
    const bytes = hexToBytes(value === 0n ? "0x" : word(value));
    await this.#state.putStorage(createAddressFromString(address), hexToBytes(word(slot)), bytes);
  }

  /** Remembers the state; `restore` goes back to it, last remembered first. */
  async remember(): Promise<void> {
    await this.#state.checkpoint();
  }

  async restore(): Promise<void> {
    await this.#state.revert();
  }

  /** Making one takes longer than most calls, and most calls are in the block of the last. */
  #blockOf({ number, timestamp, gasLimit, baseFeePerGas }: BlockContext): Block {
    const header = { number, timestamp, gasLimit, baseFeePerGas };
    const last = this.#lastBlock?.header;
    const isLast = (Object.keys(header) as (keyof typeof header)[]).every(
      (field) => last?.[field] === header[field],
    );
    if (this.#lastBlock === undefined || !isLast) {
      const options = { common: this.#common, skipConsensusFormatValidation: true };
      this.#lastBlock = createBlock({ header }, options);
    }
    return this.#lastBlock;
  }

  #account(address: Hex): Promise<Account | undefined> {
    return this.#state.getAccount(createAddressFromString(address));
  }
}

function quantity(value: bigint | undefined): Hex {
  return `0x${(value ?? 0n).toString(16)}`;
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
