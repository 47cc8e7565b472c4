import {
  matchOrders,
  readBalances,
  readOrderStatuses,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import type { Connection } from "@nostra/sdk/contracts";
import {
  createBook,
  submitOrder,
  type MatchOptions,
  type MatchPlan,
  type OrderBook,
} from "@nostra/sdk/matcher";
import {
  createOrderHasher,
  orderDomain,
  signOrder,
  type Address,
  type Hex,
  type Order,
  type OrderDomain,
  type OrderHasher,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner, type FastSigner } from "@nostra/sdk/signer";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { run } from "../helpers/sandbox";

/*
Random orders arrive at random books; every plan the matcher makes of them is settled on the real contracts. NOSTRA_RUNS sets
how many plans (300 unless told), NOSTRA_SEED the seed.

M1  no plan is refused.
M2  each OrderFilled says what the plan says of the order: giving, receiving and what is left, to the unit.
M3  afterwards the exchange remembers of every order of the plan what the plan says is left of it.
M4  each fee is floor(rate * received / 10000), and the fee receiver holds the sum of all.
M5  the exchange is left with nothing.
*/

const SEED = seedOr(20_260_803);
const PLANS = runsOr(300);
const ZERO = "0x0000000000000000000000000000000000000000";
const BUY = 0;
const ACCOUNTS = 6;
/** Orders that meet in one book before the next one is opened. */
const ORDERS_IN_A_BOOK = 24;
/** More than all orders of one account can give. */
const FUNDS = 10n ** 18n;

interface Incoming {
  readonly hash: Hex;
  readonly order: SignedOrder;
}

/** [collateral, shares] with a price of at most 1, by one kind of taste per book. */
const AMOUNTS: Readonly<Record<string, (chance: Chance) => readonly [bigint, bigint]>> = {
  "whole shares in cents": (chance) => {
    const shares = chance.bigint(1n, 50n);
    return [shares * chance.bigint(40n, 60n) * 10_000n, shares * 1_000_000n];
  },
  "odd prices and sizes": (chance) => {
    const shares = chance.bigint(1n, 10n ** 9n);
    const collateral = (shares * chance.bigint(350_000n, 650_000n)) / 1_000_000n;
    return [collateral === 0n ? 1n : collateral, shares];
  },
  "any price": (chance) => {
    const shares = chance.bigint(1n, 10n ** 9n);
    return [chance.bigint(1n, shares), shares];
  },
  "a few units": (chance) => {
    const shares = chance.bigint(1n, 30n);
    return [chance.bigint(1n, shares), shares];
  },
};

describe(`from the matcher to the chain (seed ${SEED})`, () => {
  const chance = new Chance(SEED);
  const kinds = new Map<string, number>();
  const fees = new Map<bigint, bigint>();
  let partialFills = 0;
  let sandbox: Sandbox;
  let operator: Connection;
  let market: MarketIds;
  let domain: OrderDomain;
  let hashOf: OrderHasher;
  let signers: readonly FastSigner[];

  before(async () => {
    sandbox = await createSandbox({ accounts: ACCOUNTS, collateral: 2n * FUNDS });
    operator = sandbox.connect(sandbox.operator);
    market = await sandbox.createMarket();
    for (const account of sandbox.accounts) {
      const { conditionId } = market;
      await run(splitPosition(sandbox.connect(account), { conditionId, amount: FUNDS }));
    }
    const { chainId, contracts } = sandbox.deployment;
    domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    hashOf = createOrderHasher(domain);
    signers = sandbox.accounts.map((account) => fastSigner(account.privateKey));
  });

  after(() => sandbox.close());

  async function randomOrder(
    amounts: (chance: Chance) => readonly [bigint, bigint],
  ): Promise<Incoming> {
    const signer = chance.pick(signers);
    const [collateral, shares] = amounts(chance);
    const side = chance.pick([0, 1] as const);
    const order: Order = {
      salt: chance.bits(256),
      maker: signer.address,
      signer: signer.address,
      taker: chance.chance(8) ? chance.pick(signers).address : ZERO,
      tokenId: chance.pick([market.yes, market.no]),
      makerAmount: side === BUY ? collateral : shares,
      takerAmount: side === BUY ? shares : collateral,
      expiration: 0n,
      nonce: 0n,
      feeRateBps: chance.pick([0n, 0n, 1n, 37n, 250n, 1_000n]),
      side,
      signatureType: 0,
    };
    return { hash: hashOf(order), order: await signOrder(order, signer, domain) };
  }

  async function settleAndCompare(plan: MatchPlan): Promise<void> {
    const { fills, fees: charged } = await run(matchOrders(operator, plan));
    const planned = [
      ...plan.makers.map(({ hash, order, making, taking, remainingAfter }) => {
        return { hash, order, making, taking, remaining: remainingAfter };
      }),
      {
        hash: plan.takerHash,
        order: plan.taker,
        making: plan.making,
        taking: plan.taking,
        remaining: plan.takerRemainingAfter,
      },
    ];
    expect(
      fills.map(({ args }) => args),
      "M2",
    ).to.deep.equal(
      planned.map(({ hash, order, making, taking, remaining }) => ({
        orderHash: hash,
        maker: order.maker,
        tokenId: order.tokenId,
        side: BigInt(order.side),
        making,
        taking,
        remaining,
      })),
    );

    const hashes = planned.map(({ hash }) => hash);
    expect(await readOrderStatuses(operator, hashes), "M3").to.deep.equal(
      planned.map(({ remaining }) => ({ isFilledOrCancelled: remaining === 0n, remaining })),
    );

    const due = planned
      .map(({ hash, order, taking }) => ({
        orderHash: hash,
        assetId: order.side === BUY ? order.tokenId : 0n,
        amount: (order.feeRateBps * taking) / 10_000n,
      }))
      .filter(({ amount }) => amount > 0n);
    const byHash = (a: { orderHash: string }, b: { orderHash: string }): number =>
      a.orderHash < b.orderHash ? -1 : 1;
    expect(charged.map(({ args }) => args).sort(byHash), "M4").to.deep.equal(due.sort(byHash));
    for (const { assetId, amount } of due) fees.set(assetId, (fees.get(assetId) ?? 0n) + amount);

    partialFills += planned.filter(({ remaining }) => remaining > 0n).length;
    const kind = [...new Set(plan.makers.map((fill) => fill.kind))].sort().join(" + ");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }

  it(`${PLANS} plans settle as planned, to the unit (M1 to M4)`, async function () {
    this.timeout(60_000 + 1_000 * PLANS);
    let settled = 0;
    for (let bookNumber = 0; settled < PLANS; bookNumber++) {
      const taste = Object.keys(AMOUNTS)[bookNumber % Object.keys(AMOUNTS).length] as string;
      const book: OrderBook = createBook({
        ...market,
        tick: chance.pick([1n, 1n, 10_000n, 250_000n]),
      });
      for (let i = 0; i < ORDERS_IN_A_BOOK && settled < PLANS; i++) {
        const incoming = await randomOrder(AMOUNTS[taste] as (typeof AMOUNTS)[string]);
        const options = chance.pick<MatchOptions>([
          {},
          {},
          {},
          { timeInForce: "FAK" },
          { timeInForce: "FOK" },
          { kind: "market" },
        ]);
        const { plans } = submitOrder(book, incoming, {
          ...options,
          maxMakers: chance.pick([1, 3, 50]),
          selfTrade: chance.pick(["skip", "cancel-oldest", "cancel-newest", "cancel-both"]),
        });
        for (const plan of plans) {
          try {
            await settleAndCompare(plan);
          } catch (thrown) {
            const where = `book ${bookNumber} (${taste}), order ${i}, plan ${settled}, seed ${SEED}`;
            throw new Error(`${where}: ${String(thrown)}`, { cause: thrown });
          }
          settled += 1;
        }
      }
    }
  });

  it("all three kinds occurred, alone and mixed, and orders were filled in part", () => {
    const counts = [...kinds].sort().map(([kind, count]) => `${kind.toLowerCase()} ${count}`);
    console.log(`      plans by kind: ${counts.join(", ")}; orders left in part: ${partialFills}`);
    expect([...kinds.keys()].sort()).to.deep.equal([
      "COMPLEMENTARY",
      "COMPLEMENTARY + MERGE",
      "COMPLEMENTARY + MINT",
      "MERGE",
      "MINT",
    ]);
    expect(partialFills).to.be.greaterThan(PLANS / 4);
  });

  it("afterwards the fee receiver holds the sum of the fees and the exchange holds nothing (M4, M5)", async () => {
    const accounts = [
      sandbox.feeReceiver.address as Address,
      sandbox.deployment.contracts.ctfExchange,
    ];
    expect(await readBalances(operator, { accounts, market })).to.deep.equal([
      {
        collateral: fees.get(0n) ?? 0n,
        yes: fees.get(market.yes) ?? 0n,
        no: fees.get(market.no) ?? 0n,
      },
      { collateral: 0n, yes: 0n, no: 0n },
    ]);
  });
});
