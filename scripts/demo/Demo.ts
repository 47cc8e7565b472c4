import type { Wallet } from "ethers";
import {
  matchOrders,
  type MarketIds,
  type MatchOrdersResult,
  type PreparedTx,
} from "@nostra/sdk/actions";
import type { Connection } from "@nostra/sdk/contracts";
import type { MatchKind, MatchPlan, OrderBook } from "@nostra/sdk/matcher";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Address,
  type Hex,
  type OrderDomain,
  type OrderHasher,
  type SignedOrder,
} from "@nostra/sdk/order";
import { verifyOrder } from "@nostra/sdk/verify";
import type { Sandbox } from "@nostra/sdk/testing";
import { Books } from "./report";

/** A market of the demo, with the book its orders meet in. */
export interface DemoMarket {
  readonly title: string;
  readonly ids: MarketIds;
  readonly book: OrderBook;
}

/** What an account wants to sign, in units. */
export interface Wish {
  readonly maker: Wallet;
  readonly tokenId: bigint;
  readonly side: "BUY" | "SELL";
  readonly makerAmount: bigint;
  readonly takerAmount: bigint;
  readonly feeRateBps?: bigint;
}

/** An order as a venue has it: parsed from JSON, its signature verified, its hash computed. */
export interface ReceivedOrder {
  readonly hash: Hex;
  readonly order: SignedOrder;
}

export interface GasUse {
  readonly kind: string;
  readonly makers: number;
  matches: number;
  gas: bigint;
}

/** What the phases of the demo share. */
export class Demo {
  readonly sandbox: Sandbox;
  /** Nostra as the operator sees it. */
  readonly operator: Connection;
  readonly books = new Books();
  readonly markets: DemoMarket[] = [];
  /** Every account that may hold something, under the label it is shown with. */
  readonly accounts = new Map<string, Wallet>();
  readonly gas = new Map<string, GasUse>();
  /** Collateral ever created. */
  mintedUnits = 0n;
  /** Fees by asset, as the events say; zero is collateral. */
  readonly fees = new Map<bigint, bigint>();
  /** Fills whose event says something else than the matcher's plan. */
  surprises = 0;
  readonly #domain: OrderDomain;
  readonly #hash: OrderHasher;

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.operator = sandbox.connect(sandbox.operator);
    this.#domain = orderDomain({
      chainId: sandbox.deployment.chainId,
      exchange: sandbox.deployment.contracts.ctfExchange,
    });
    this.#hash = createOrderHasher(this.#domain);
  }

  /** Gives an account collateral, and counts it. */
  async mint(account: Wallet, units: bigint): Promise<void> {
    await this.sandbox.mint(account.address as Address, units);
    this.mintedUnits += units;
  }

  /**
   * The first half of an order's life: built and signed by its maker, sent as JSON text, parsed again by the venue and
   * believed only after its signature is verified.
   */
  async receive(wish: Wish, nonce = 0n): Promise<ReceivedOrder> {
    const { maker, ...terms } = wish;
    const order = buildOrder({ ...terms, maker: maker.address, nonce, expiration: 0 });
    const signed = await signOrder(order, maker, this.#domain);
    const text = JSON.stringify(orderToJson(signed));

    const received = orderFromJson(text);
    const verdict = verifyOrder(received, this.#domain);
    if (!verdict.ok) throw new Error(`an order of the demo does not verify: ${verdict.reason}`);
    return { hash: this.#hash(received), order: received };
  }

  /** Settles a plan on chain, holds the events against it, and counts gas and fees. */
  async settle(plan: MatchPlan): Promise<MatchOrdersResult> {
    const result = await run(matchOrders(this.operator, plan));
    const planned = [
      ...plan.makers,
      { hash: plan.takerHash, making: plan.making, taking: plan.taking },
    ];
    planned.forEach(({ hash, making, taking }, i) => {
      const args = result.fills[i]?.args;
      const same = args?.orderHash === hash && args.making === making && args.taking === taking;
      if (!same) this.surprises += 1;
    });
    for (const { args } of result.fees) {
      this.fees.set(args.assetId, (this.fees.get(args.assetId) ?? 0n) + args.amount);
    }
    this.#countGas(plan, result.gasUsed);
    return result;
  }

  #countGas(plan: MatchPlan, gasUsed: bigint): void {
    const kinds = new Set<MatchKind>(plan.makers.map((fill) => fill.kind));
    const kind = [...kinds].sort().join(" + ").toLowerCase();
    const makers = plan.makers.length;
    const key = `${kind} ${makers}`;
    const use = this.gas.get(key) ?? { kind, makers, matches: 0, gas: 0n };
    use.matches += 1;
    use.gas += gasUsed;
    this.gas.set(key, use);
  }
}

/** Above what any transaction of the demo uses. Given, it saves an estimate of each, which costs more than the rest. */
const GAS_LIMIT = 3_000_000n;

/** Sends a transaction and waits for what it yields. */
export async function run<T>(prepared: PreparedTx<T>): Promise<T> {
  return (await prepared.send({ gasLimit: GAS_LIMIT })).wait();
}
