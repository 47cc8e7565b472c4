import {
  cancelOrder,
  incrementNonce,
  matchOrders,
  readBalances,
  splitPosition,
} from "@nostra/sdk/actions";
import { ContractRevertError } from "@nostra/sdk/errors";
import { matchOrder, submitOrder, type MatchPlan } from "@nostra/sdk/matcher";
import type { Address } from "@nostra/sdk/order";
import { limitAmounts, parseCollateral, parseShares } from "@nostra/sdk/units";
import type { Wallet } from "ethers";
import { run, type Demo, type DemoMarket, type ReceivedOrder } from "../Demo";
import { amount, heading, say, table } from "../report";

/** The traders of this part, in the order of their accounts. */
export const TRADERS = ["Ada", "Ben", "Cleo", "Dan", "Eve"] as const;
type Trader = (typeof TRADERS)[number];

const FEE_RATE_BPS = 100n;
const OPENING_COLLATERAL = parseCollateral("1000");

/**
 * Phase 3, second part: what the record cannot show. An order filled in two goes, a cancel and a raised nonce that keep
 * an order from filling although the matcher had already paired it, and fees.
 */
export async function tradeByHand(demo: Demo, market: DemoMarket): Promise<void> {
  heading("Phase 3: trading by hand");
  const scene = new Scene(demo, market);
  await scene.open();

  const first = await scene.rest("Ada", "SELL", "YES", "0.62", "300");
  await scene.take("Ben", "BUY", "YES", "0.62", "120", "fills part of Ada's order");
  await scene.take("Cleo", "BUY", "YES", "0.63", "180", "finishes it, at Ada's better price");
  const status = await demo.operator.exchange.getOrderStatus(first.hash);
  demo.books.check(
    "a partial fill is finished by a later match",
    status.isFilledOrCancelled && status.remaining === 0n,
    `remaining ${amount(status.remaining)}`,
  );

  const cancelled = await scene.rest("Ada", "SELL", "YES", "0.61", "50");
  const pairedWithAda = await scene.plan("Ben", "BUY", "YES", "0.61", "50");
  await run(cancelOrder(scene.connectionOf("Ada"), cancelled.order));
  await scene.expectRefusal(pairedWithAda, cancelled, "OrderFilledOrCancelled", "Ada cancelled");

  const outdated = await scene.rest("Dan", "BUY", "NO", "0.40", "50");
  const pairedWithDan = await scene.plan("Eve", "BUY", "YES", "0.60", "50");
  await run(incrementNonce(scene.connectionOf("Dan")));
  await scene.expectRefusal(pairedWithDan, outdated, "InvalidNonce", "Dan raised his nonce");

  await scene.rest("Ben", "BUY", "NO", "0.38", "100", FEE_RATE_BPS);
  await scene.take(
    "Eve",
    "BUY",
    "YES",
    "0.62",
    "100",
    "mints pairs with Ben, 1 % fee each",
    FEE_RATE_BPS,
  );
  await scene.rest("Cleo", "BUY", "YES", "0.60", "80", FEE_RATE_BPS);
  await scene.take("Ada", "SELL", "YES", "0.60", "80", "sells to Cleo, 1 % fee each", FEE_RATE_BPS);
  await scene.rest("Eve", "SELL", "YES", "0.65", "60");
  await scene.take("Ben", "SELL", "NO", "0.35", "60", "merges pairs with Eve");

  await scene.printHoldings();
  await scene.checkFees();
}

class Scene {
  readonly #demo: Demo;
  readonly #market: DemoMarket;

  constructor(demo: Demo, market: DemoMarket) {
    this.#demo = demo;
    this.#market = market;
  }

  /** Everyone gets collateral; Ada splits some of hers into pairs, so that there is something to sell. */
  async open(): Promise<void> {
    for (const trader of TRADERS) await this.#demo.mint(this.#wallet(trader), OPENING_COLLATERAL);
    const { conditionId } = this.#market.ids;
    await run(splitPosition(this.connectionOf("Ada"), { conditionId, amount: parseShares("500") }));
    say("  Ada splits 500 USDC into 500 YES and 500 NO.");
  }

  connectionOf(trader: Trader): ReturnType<Demo["sandbox"]["connect"]> {
    return this.#demo.sandbox.connect(this.#wallet(trader));
  }

  /** Puts an order in the book. */
  async rest(
    trader: Trader,
    side: "BUY" | "SELL",
    outcome: "YES" | "NO",
    price: string,
    size: string,
    feeRateBps = 0n,
  ): Promise<ReceivedOrder> {
    const order = await this.#receive(trader, side, outcome, price, size, feeRateBps);
    submitOrder(this.#market.book, order);
    say(`  ${trader} rests: ${side} ${size} ${outcome} at ${price}.`);
    return order;
  }

  /** Sends an order that meets what rests, and settles what the matcher plans. */
  async take(
    trader: Trader,
    side: "BUY" | "SELL",
    outcome: "YES" | "NO",
    price: string,
    size: string,
    effect: string,
    feeRateBps = 0n,
  ): Promise<void> {
    const order = await this.#receive(trader, side, outcome, price, size, feeRateBps);
    const { plans } = submitOrder(this.#market.book, order, { timeInForce: "FAK" });
    for (const plan of plans) {
      const { gasUsed } = await this.#demo.settle(plan);
      const kind = plan.makers[0]?.kind.toLowerCase() ?? "";
      say(
        `  ${trader} takes: ${side} ${size} ${outcome} at ${price}: ${effect}. ` +
          `Gives ${amount(plan.making)}, receives ${amount(plan.taking)} (${kind}, ${gasUsed} gas).`,
      );
    }
  }

  /** Pairs an order off chain without settling it. */
  async plan(
    trader: Trader,
    side: "BUY" | "SELL",
    outcome: "YES" | "NO",
    price: string,
    size: string,
  ): Promise<MatchPlan> {
    const order = await this.#receive(trader, side, outcome, price, size, 0n);
    const result = matchOrder(this.#market.book, order);
    if (result.status !== "matched") throw new Error(`${trader} met nobody: ${result.reason}`);
    return result.plan;
  }

  /** The chain must refuse a plan made before its maker changed its mind, and must name the maker's order. */
  async expectRefusal(
    plan: MatchPlan,
    guilty: ReceivedOrder,
    revertName: string,
    reason: string,
  ): Promise<void> {
    let refusal: unknown;
    try {
      await matchOrders(this.#demo.operator, plan).simulate();
    } catch (thrown) {
      refusal = thrown;
    }
    const named =
      refusal instanceof ContractRevertError &&
      refusal.revertName === revertName &&
      refusal.orderHash === guilty.hash;
    this.#market.book.cancel(guilty.hash);
    say(`  ${reason}: the match already paired is refused with ${revertName}, naming the order.`);
    this.#demo.books.check(
      `${reason}: the order does not fill`,
      named,
      named ? revertName : String(refusal),
    );
  }

  async printHoldings(): Promise<void> {
    const accounts = TRADERS.map((trader) => this.#wallet(trader).address as Address);
    const held = await readBalances(this.#demo.operator, { accounts, market: this.#market.ids });
    say("\n  Who holds what:");
    table(
      ["trader", "USDC", "YES", "NO"],
      TRADERS.map((trader, i) => [
        trader,
        amount(held[i]?.collateral ?? 0n),
        amount(held[i]?.yes ?? 0n),
        amount(held[i]?.no ?? 0n),
      ]),
    );
  }

  /** What the fee receiver holds of each asset is what the events said was charged. */
  async checkFees(): Promise<void> {
    const { ids } = this.#market;
    const { collateral, conditionalTokens } = this.#demo.operator;
    const receiver = this.#demo.sandbox.feeReceiver.address;
    const assets: readonly (readonly [string, bigint, bigint])[] = [
      ["USDC", 0n, await collateral.balanceOf(receiver)],
      ["YES", ids.yes, await conditionalTokens.balanceOf(receiver, ids.yes)],
      ["NO", ids.no, await conditionalTokens.balanceOf(receiver, ids.no)],
    ];
    for (const [name, assetId, held] of assets) {
      const charged = this.#demo.fees.get(assetId) ?? 0n;
      const title = `fees in ${name} arrived at the fee receiver`;
      this.#demo.books.check(title, held === charged && held > 0n, `${amount(held)} ${name}`);
    }
    say(`  Fees: ${assets.map(([name, , held]) => `${amount(held)} ${name}`).join(", ")}.`);
  }

  async #receive(
    trader: Trader,
    side: "BUY" | "SELL",
    outcome: "YES" | "NO",
    price: string,
    size: string,
    feeRateBps: bigint,
  ): Promise<ReceivedOrder> {
    const { ids } = this.#market;
    const maker = this.#wallet(trader);
    const nonce = await this.#demo.operator.exchange.nonces(maker.address);
    return this.#demo.receive(
      {
        maker,
        tokenId: outcome === "YES" ? ids.yes : ids.no,
        side,
        ...limitAmounts({ side, price, size, tick: "0.01" }),
        feeRateBps,
      },
      nonce,
    );
  }

  #wallet(trader: Trader): Wallet {
    const wallet = this.#demo.accounts.get(trader);
    if (wallet === undefined) throw new Error(`the demo has no ${trader}`);
    return wallet;
  }
}
