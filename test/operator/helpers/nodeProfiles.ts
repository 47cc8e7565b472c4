import { Transaction } from "ethers";
import type { Rpc } from "../../../operator/src/rpc";

/**
 * How a kind of node answers the questions that settlement asks: what it assumes, what it limits and how it refuses.
 * The base fee that code sees in a question is zero on the in-process chain, whatever the price; nodes show the real one when a
 * price is given. A wallet that looks at the base fee can therefore deceive the bench even where a real node would not.
 */
export interface NodeProfile {
  readonly name: string;
  /** The price that code sees when an estimate names none. */
  readonly estimatesAt: "zero" | "present";
  /** The most gas of a call. */
  readonly callGas: bigint;
  /** The most gas of an estimate. */
  readonly estimateGas: bigint;
  /** A call that names more gas is refused; elsewhere it is cut to the limit. */
  readonly refusesMoreCallGas: boolean;
  /** The most gas of a transaction. A transaction with more is refused. */
  readonly transactionGas: bigint;
  /** What a block says its gas limit is. */
  readonly blockGas: bigint;
  /** The node takes state and block overrides with a call. */
  readonly hasOverrides: boolean;
  /** An estimate that names a price needs the balance for it, and a price below the base fee is refused. */
  readonly checksPrice: boolean;
  /** How it words refusals. */
  readonly errors: "geth" | "reth" | "hardhat";
}

const GETH: NodeProfile = {
  name: "geth",
  estimatesAt: "zero",
  callGas: 50_000_000n,
  estimateGas: 50_000_000n,
  refusesMoreCallGas: false,
  transactionGas: 60_000_000n,
  blockGas: 60_000_000n,
  hasOverrides: true,
  checksPrice: true,
  errors: "geth",
};

/** The most gas of a transaction since Osaka (EIP-7825). */
const OSAKA_GAS = 16_777_216n;

/**
 * The profiles, each with where its facts are from.
 *
 * - geth: go-ethereum `internal/ethapi/api.go` (DoCall, DoEstimateGas; RPCGasCap is 50,000,000 by default),
 *   `internal/ethapi/transaction_args.go` (a question without a price has price zero; more gas than the cap is cut),
 *   `internal/ethapi/errors.go` (a revert has code 3 and its data as `data`), `eth/gasestimator/gasestimator.go` (out of gas
 *   is "gas required exceeds allowance (N)" without data; the balance limits N; from Osaka on N is at most 2^24). Base fee and
 *   price zero: pull request 28470; price zero: issue 25322. Overrides: pull requests 26414 and 30695.
 * - bor: `params/protocol_params.go` (MaxTxGas is 1 << 25); else a geth. Polygon's blocks take 60 million and more.
 * - reth: `crates/rpc/rpc-eth-api/src/helpers/estimate.rs` (the limit of an estimate is the block's or Osaka's, not
 *   `--rpc.gascap`: issue 27342; out of gas is "out of gas: gas required exceeds: N"), pull request 17496 (price and base fee zero).
 * - nitro: pull request 799 (price zero in questions without one, as geth), a block's gas limit of 2^50, 32,000,000 of gas for a
 *   transaction, 50,000,000 for a question.
 * - hardhat: read from the in-process chain of Hardhat 2.29: an estimate without a price uses the present one, a call uses zero;
 *   a call with more gas than 2^24 is refused; overrides of blocks are refused as trailing characters.
 */
export const NODE_PROFILES: readonly NodeProfile[] = [
  { ...GETH, name: "geth, Osaka", estimateGas: OSAKA_GAS, transactionGas: OSAKA_GAS },
  GETH,
  { ...GETH, name: "bor", estimateGas: 33_554_432n, transactionGas: 33_554_432n },
  {
    ...GETH,
    name: "reth, Osaka",
    estimateGas: OSAKA_GAS,
    transactionGas: OSAKA_GAS,
    errors: "reth",
  },
  {
    ...GETH,
    name: "nitro",
    transactionGas: 32_000_000n,
    estimateGas: 32_000_000n,
    blockGas: 2n ** 50n,
  },
  {
    ...GETH,
    name: "hardhat",
    estimatesAt: "present",
    callGas: OSAKA_GAS,
    estimateGas: OSAKA_GAS,
    refusesMoreCallGas: true,
    transactionGas: OSAKA_GAS,
    blockGas: 30_000_000n,
    hasOverrides: false,
    checksPrice: false,
    errors: "hardhat",
  },
];

interface Question {
  readonly from?: string;
  readonly gas?: string;
  readonly gasPrice?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
}

interface BlockOverrides {
  readonly number?: string;
  readonly time?: string;
  readonly feeRecipient?: string;
  readonly prevRandao?: string;
  readonly gasLimit?: string;
  readonly baseFeePerGas?: string;
}

interface HeadJson {
  readonly number: string;
  readonly timestamp: string;
  readonly miner: string;
  readonly mixHash: string;
}

type StateOverrides = Readonly<
  Record<string, { readonly code?: string; readonly balance?: string }>
>;

/** A node of a profile, in front of an in-process chain. */
export class ProfiledNode implements Rpc {
  readonly profile: NodeProfile;
  /** How often each method was asked. */
  readonly asked = new Map<string, number>();
  readonly #chain: Rpc;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(profile: NodeProfile, chain: Rpc) {
    this.profile = profile;
    this.#chain = chain;
  }

  /** One question after the other: some change the chain for a moment. */
  send(method: string, params: unknown[]): Promise<unknown> {
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    const answer = this.#tail.then(() => this.#answer(method, params));
    this.#tail = answer.catch(() => undefined);
    return answer;
  }

  async #answer(method: string, params: unknown[]): Promise<unknown> {
    if (method === "eth_call") return this.#call(params);
    if (method === "eth_estimateGas") return this.#estimate(params);
    if (method === "eth_sendRawTransaction") return this.#take(params);
    const answer = await this.#chain.send(method, params);
    if (method !== "eth_getBlockByNumber" || answer === null) return answer;
    return { ...(answer as object), gasLimit: hex(this.profile.blockGas) };
  }

  async #call([question, tag, state, block]: unknown[]): Promise<unknown> {
    const { callGas, refusesMoreCallGas, hasOverrides } = this.profile;
    const { gas, ...asked } = question as Question;
    if (refusesMoreCallGas && gas !== undefined && BigInt(gas) > callGas) {
      const text = `transaction gas limit (${BigInt(gas)}) is greater than the cap (${callGas})`;
      throw refusal(-32000, text, null);
    }
    const limit = least(gas === undefined ? callGas : BigInt(gas), callGas);
    const priced = await this.#priced(asked, "zero", limit);
    const ask = async (at: unknown): Promise<unknown> => {
      try {
        return await this.#chain.send("eth_call", [{ ...priced, gas: hex(limit) }, at]);
      } catch (thrown) {
        throw this.#worded(thrown, "eth_call", limit);
      }
    };
    if (state === undefined && block === undefined) return ask(tag);
    if (!hasOverrides) throw refusal(-32602, "trailing characters at line 1 column 168", undefined);
    return this.#within((block ?? {}) as BlockOverrides, (state ?? {}) as StateOverrides, () =>
      ask("latest"),
    );
  }

  async #estimate([question, tag = "latest"]: unknown[]): Promise<unknown> {
    const { estimatesAt, estimateGas, blockGas } = this.profile;
    const { gas, ...asked } = question as Question;
    let limit = least(least(gas === undefined ? blockGas : BigInt(gas), blockGas), estimateGas);
    limit = least(limit, await this.#affordable(asked));
    const priced = await this.#priced(asked, estimatesAt, limit);
    try {
      return await this.#chain.send("eth_estimateGas", [{ ...priced, gas: hex(limit) }, tag]);
    } catch (thrown) {
      throw this.#worded(thrown, "eth_estimateGas", limit);
    }
  }

  /** How much gas the balance pays for at the price that was named. */
  async #affordable({ from, gasPrice, maxFeePerGas }: Question): Promise<bigint> {
    const price = BigInt(maxFeePerGas ?? gasPrice ?? "0x0");
    if (!this.profile.checksPrice || price === 0n || from === undefined) return 2n ** 64n;
    return BigInt((await this.#chain.send("eth_getBalance", [from, "latest"])) as string) / price;
  }

  /** The question with the price that code will see. */
  async #priced(
    { gasPrice, maxFeePerGas, maxPriorityFeePerGas, ...rest }: Question,
    without: "zero" | "present",
    gas: bigint,
  ): Promise<object> {
    if (gasPrice === undefined && maxFeePerGas === undefined) {
      if (without === "present") return rest;
      return { ...rest, gasPrice: "0x0" };
    }
    const head = (await this.#chain.send("eth_getBlockByNumber", ["latest", false])) as {
      baseFeePerGas: string;
    };
    const base = BigInt(head.baseFeePerGas);
    const most = BigInt(maxFeePerGas ?? gasPrice ?? "0x0");
    if (this.profile.checksPrice && most !== 0n && most < base) {
      const text = `max fee per gas less than block base fee: address ${rest.from}, maxFeePerGas: ${most}, baseFee: ${base}`;
      throw refusal(-32000, `err: ${text} (supplied gas ${gas})`, undefined);
    }
    const tip = maxFeePerGas === undefined ? most : BigInt(maxPriorityFeePerGas ?? "0x0") + base;
    return { ...rest, gasPrice: hex(least(most, tip)) };
  }

  async #take([raw]: unknown[]): Promise<unknown> {
    const { gasLimit } = Transaction.from(raw as string);
    const { transactionGas } = this.profile;
    if (gasLimit > transactionGas) {
      const text = `transaction gas limit too high (cap: ${transactionGas}, tx: ${gasLimit})`;
      throw refusal(-32000, text, undefined);
    }
    return this.#chain.send("eth_sendRawTransaction", [raw]);
  }

  /**
   * Asks on a chain that is changed for the question, and changes it back. The node's pool is not in it. What is not overridden is
   * the latest block's, but for the number: the chain has to mine a block to change anything, so it is one higher at least.
   */
  async #within(
    block: BlockOverrides,
    state: StateOverrides,
    ask: () => Promise<unknown>,
  ): Promise<unknown> {
    const send = (method: string, params: unknown[]): Promise<unknown> =>
      this.#chain.send(method, params);
    const snapshot = await send("evm_snapshot", []);
    const was = (await send("eth_coinbase", [])) as string;
    try {
      const pending = (await send("eth_getBlockByNumber", ["pending", false])) as {
        transactions: string[];
      };
      for (const hash of pending.transactions) await send("hardhat_dropTransaction", [hash]);
      for (const [address, { code, balance }] of Object.entries(state)) {
        if (code !== undefined) await send("hardhat_setCode", [address, code]);
        if (balance !== undefined) await send("hardhat_setBalance", [address, balance]);
      }
      const head = (await send("eth_getBlockByNumber", ["latest", false])) as HeadJson;
      const number = BigInt(block.number ?? hex(BigInt(head.number) + 1n));
      const missing = number - BigInt(head.number);
      if (missing < 1n || missing > 8n) throw new Error("the bench mines at most 8 blocks ahead");
      const time = BigInt(block.time ?? head.timestamp);
      const mine = async (timestamp: bigint): Promise<void> => {
        await send("hardhat_setCoinbase", [block.feeRecipient ?? head.miner]);
        await send("hardhat_setPrevRandao", [block.prevRandao ?? head.mixHash]);
        await send("evm_setNextBlockTimestamp", [Number(timestamp)]);
        await send("evm_mine", []);
      };
      for (let i = 1n; i < missing; i += 1n) await mine(BigInt(head.timestamp));
      await mine(time);
      return await ask();
    } finally {
      await send("evm_revert", [snapshot]);
      await send("hardhat_setCoinbase", [was]);
    }
  }

  #worded(thrown: unknown, method: string, limit: bigint): Error {
    const { errors } = this.profile;
    if (errors === "hardhat") return thrown as Error;
    const { message, data } = thrown as { message: string; data?: unknown };
    if (/ran out of gas|OutOfGas/i.test(`${message} ${JSON.stringify(data ?? "")}`)) {
      if (errors === "reth") return refusal(-32003, `out of gas: gas required exceeds: ${limit}`);
      const isCall = method === "eth_call";
      const text = isCall ? "out of gas" : `gas required exceeds allowance (${limit})`;
      return refusal(-32000, text);
    }
    if (/invalid opcode/i.test(message)) return refusal(-32000, "invalid opcode: INVALID");
    if (typeof data === "string") return refusal(3, "execution reverted", data);
    return refusal(-32000, message);
  }
}

function refusal(code: number, message: string, data?: unknown): Error {
  return Object.assign(new Error(message), data === undefined ? { code } : { code, data });
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
