import { connect, interfaces, type Connection } from "@nostra/sdk/contracts";
import { createBinaryMarket, type MarketIds } from "@nostra/sdk/actions";
import type { Address, Hex } from "@nostra/sdk/order";
import { deployContracts } from "@nostra/sdk/testing";
import { HDNodeWallet, keccak256, toUtf8Bytes, Wallet } from "ethers";
import hre from "hardhat";

/** Written by hand: the standard phrase of test chains. */
const PHRASE = "test test test test test test test test test test test junk";
const GWEI = 1_000_000_000n;
/** Reorgs of fewer blocks than this are possible in these tests. */
export const DEPTH = 6;
const BLOCK_MS = 80;
/** Snapshots kept: as far as a reorg of these tests goes back, and a little. */
const KEPT = DEPTH + 4;

const provider = hre.network.provider;
const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** An account that trades. */
export interface Trader {
  readonly address: Address;
  readonly wallet: Wallet;
}

/** What an order did on chain. */
export interface OnChain {
  /** Sum of `making` in its OrderFilled logs. */
  readonly making: bigint;
  /** What is off its makerAmount by getOrderStatuses. */
  readonly consumed: bigint;
}

/**
 * Nostra on the in-process Hardhat chain, with a block every so often, as a node would have it: what asks while a reorg goes on
 * waits until it is over.
 */
export class VenueChain {
  readonly admin: Connection;
  readonly market: MarketIds;
  readonly traders: readonly Trader[];
  readonly operator: Wallet;
  #base = "";
  #snapshots = new Map<number, string>();
  #tail: Promise<unknown> = Promise.resolve();
  #miner: NodeJS.Timeout | undefined;
  #salt = 0n;

  private constructor(
    admin: Connection,
    market: MarketIds,
    traders: readonly Trader[],
    operator: Wallet,
  ) {
    this.admin = admin;
    this.market = market;
    this.traders = traders;
    this.operator = operator;
  }

  static async deploy(): Promise<VenueChain> {
    await provider.send("hardhat_reset", []);
    await provider.send("evm_setAutomine", [true]);
    const [signer] = await hre.ethers.getSigners();
    const operator = new Wallet(keccak256(toUtf8Bytes("the operator of whole-venue tests")));
    const admin = await deployContracts({
      network: "whole-venue",
      admin: signer as never,
      operator: operator.address as Address,
      resolvers: [],
      feeReceiver: (signer as { address: string }).address as Address,
    });
    const traders = Array.from({ length: 6 }, (_, i) => {
      const path = `m/44'/60'/0'/0/${i + 5}`;
      const wallet = new Wallet(HDNodeWallet.fromPhrase(PHRASE, "", path).privateKey);
      return { address: wallet.address as Address, wallet };
    });
    const now = BigInt((await hre.ethers.provider.getBlock("latest"))!.timestamp);
    const made = await createBinaryMarket(admin, {
      questionId: keccak256(toUtf8Bytes("whole venue")) as Hex,
      ...{ question: "Whole?", description: "In parts.", category: "Test" },
      ...{ endTimeSeconds: now + 10_000_000n, resolutionTimeSeconds: now + 20_000_000n },
    }).send();
    const { market } = await made.wait();
    const chain = new VenueChain(
      connect(admin.deployment, signer as never),
      market,
      traders,
      operator,
    );
    await provider.send("hardhat_setBalance", [operator.address, hex(10n ** 20n)]);
    for (const trader of traders) await chain.#prepare(trader);
    await provider.send("evm_setAutomine", [false]);
    chain.#base = (await provider.send("evm_snapshot", [])) as string;
    return chain;
  }

  async #prepare({ address }: Trader): Promise<void> {
    const { contracts } = this.admin.deployment;
    const most = 2n ** 256n - 1n;
    const { mockUsdc, collateral, conditionalTokens } = interfaces;
    const all: [string, string][] = [
      [contracts.collateral, mockUsdc.encodeFunctionData("mint", [address, 10n ** 12n])],
      [
        contracts.collateral,
        collateral.encodeFunctionData("approve", [contracts.ctfExchange, most]),
      ],
      [
        contracts.collateral,
        collateral.encodeFunctionData("approve", [contracts.conditionalTokens, most]),
      ],
      [
        contracts.conditionalTokens,
        conditionalTokens.encodeFunctionData("setApprovalForAll", [contracts.ctfExchange, true]),
      ],
      [
        contracts.conditionalTokens,
        conditionalTokens.encodeFunctionData("splitPosition", [
          ...[contracts.collateral, `0x${"0".repeat(64)}`, this.market.conditionId],
          ...[[1n, 2n], 10n ** 11n],
        ]),
      ],
    ];
    for (const [to, data] of all) {
      await provider.send("eth_sendTransaction", [{ from: address, to, data, gas: "0x7a120" }]);
    }
  }

  get deployment(): Connection["deployment"] {
    return this.admin.deployment;
  }

  /** As it was after deploying, with blocks coming. */
  async begin(): Promise<void> {
    await this.rest();
    await this.alone(async () => {
      await provider.send("evm_revert", [this.#base]);
      this.#base = (await provider.send("evm_snapshot", [])) as string;
      this.#snapshots.clear();
    });
    this.go();
  }

  go(): void {
    const tick = (): void => {
      this.#miner = setTimeout(() => {
        this.mine().then(
          () => this.#miner !== undefined && tick(),
          () => undefined,
        );
      }, BLOCK_MS);
    };
    if (this.#miner === undefined) tick();
  }

  /** No more blocks by itself. */
  async rest(): Promise<void> {
    clearTimeout(this.#miner);
    this.#miner = undefined;
    await this.#tail;
  }

  /** Nothing else happens to the chain, and nobody sees it, meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work, work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  send(method: string, params: unknown[]): Promise<unknown> {
    return this.alone(() => provider.send(method, params));
  }

  mine(): Promise<void> {
    return this.alone(() => this.#mine());
  }

  async #mine(): Promise<void> {
    // No two blocks are the same, so that going back and mining again is a reorg.
    this.#salt += 1n;
    await provider.send("hardhat_setPrevRandao", [
      hex(this.#salt).replace("0x", "0x" + "0".repeat(64 - hex(this.#salt).length + 2)),
    ]);
    await provider.send("evm_mine", []);
    const head = Number(await provider.send("eth_blockNumber", []));
    this.#snapshots.set(head, (await provider.send("evm_snapshot", [])) as string);
    this.#snapshots.delete(head - KEPT);
  }

  /** The last blocks are undone and others come in their place, one more. What was in them is in the pool, or forgotten. */
  reorg(depth: number, isForgotten: boolean): Promise<boolean> {
    return this.alone(async () => {
      const head = Number(await provider.send("eth_blockNumber", []));
      const snapshot = this.#snapshots.get(head - depth);
      if (snapshot === undefined) return false;
      await provider.send("evm_revert", [snapshot]);
      for (let number = head - depth; number <= head; number++) this.#snapshots.delete(number);
      this.#snapshots.set(head - depth, (await provider.send("evm_snapshot", [])) as string);
      if (isForgotten) await this.#forgetPool();
      for (let i = 0; i <= depth; i++) await this.#mine();
      return true;
    });
  }

  async #forgetPool(): Promise<void> {
    const pending = (await provider.send("eth_getBlockByNumber", ["pending", false])) as {
      transactions: string[];
    };
    for (const hash of pending.transactions) {
      await provider.send("hardhat_dropTransaction", [hash]).catch(() => undefined);
    }
  }

  /** A transaction of a trader, dearer than those of the operator: it comes before them. */
  async act(from: string, to: string, data: string): Promise<void> {
    const fees = { maxPriorityFeePerGas: hex(50n * GWEI), maxFeePerGas: hex(1000n * GWEI) };
    await this.send("eth_sendTransaction", [{ from, to, data, gas: "0x7a120", ...fees }]);
  }

  /** The account has no collateral any more. */
  async drain({ address }: Trader, to: string): Promise<void> {
    const { collateral } = this.deployment.contracts;
    const balance = await this.admin.collateral.balanceOf(address);
    const data = interfaces.collateral.encodeFunctionData("transfer", [to, balance]);
    await this.act(address, collateral, data);
  }

  /** The operator's key, used by somebody else: a transfer to itself. */
  async spendNonce(): Promise<void> {
    await this.alone(async () => {
      const { address } = this.operator;
      const nonce = Number(await provider.send("eth_getTransactionCount", [address, "pending"]));
      const raw = await this.operator.signTransaction({
        ...{ type: 2, chainId: this.deployment.chainId, nonce, to: address, gasLimit: 21_000n },
        ...{ maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 30n * GWEI },
      });
      await provider.send("eth_sendRawTransaction", [raw]);
    });
  }

  async head(): Promise<number> {
    return Number(await this.send("eth_blockNumber", []));
  }

  /** What the chain says of these orders, and how many OrderFilled logs there are in all. */
  async read(
    orders: readonly { readonly hash: Hex; readonly makerAmount: bigint }[],
  ): Promise<{ readonly fills: number; readonly of: ReadonlyMap<Hex, OnChain> }> {
    const logs = await this.fills();
    const making = new Map<string, bigint>();
    for (const log of logs) {
      const args = interfaces.ctfExchange.parseLog(log)!.args;
      const hash = (args["orderHash"] as string).toLowerCase();
      making.set(hash, (making.get(hash) ?? 0n) + (args["making"] as bigint));
    }
    const of = new Map<Hex, OnChain>();
    for (let i = 0; i < orders.length; i += 200) {
      const page = orders.slice(i, i + 200);
      const statuses = await this.admin.exchange.getOrderStatuses(page.map(({ hash }) => hash));
      for (const [at, { hash, makerAmount }] of page.entries()) {
        const { isFilledOrCancelled, remaining } = statuses[at]!;
        const untouched = remaining === 0n && !isFilledOrCancelled;
        const given = making.get(hash) ?? 0n;
        of.set(hash, { making: given, consumed: untouched ? 0n : makerAmount - remaining });
      }
    }
    return { fills: logs.length, of };
  }

  async fills(): Promise<{ topics: string[]; data: string }[]> {
    const topic = interfaces.ctfExchange.getEvent("OrderFilled")!.topicHash;
    const filter = { address: this.deployment.contracts.ctfExchange, topics: [topic] };
    return (await this.send("eth_getLogs", [{ ...filter, fromBlock: "0x0" }])) as never;
  }
}
