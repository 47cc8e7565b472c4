import { MaxUint256 } from "ethers";
import { type Sent, estimate, send } from "./chain";
import { type Match, makerFillsOf } from "./moves";
import { LOT, type OrderMaker, cost } from "./orders";
import {
  ADMIN,
  COLD_MAKER,
  COLD_TAKER,
  OPERATOR,
  SESSION_KEY,
  TAKER,
  WALLET_OWNER,
  type World,
} from "./world";

/** The most gas that a scenario may use: a figure, or so much over another scenario. */
export type Budget = number | { readonly over: string; readonly by: number };

export interface Scenario {
  /** The peers' figures are found under it. */
  readonly id: string;
  readonly budget?: Budget | undefined;
  /**
   * Does, from the start state, what must come before, and returns the transaction that is measured.
   * Matches go through `world.match` or `world.settle`, which hold balances against the orders.
   */
  run(world: World, orders: OrderMaker): Promise<Pick<Sent, "gas">>;
}

/** The fee scenarios: 100 basis points, signed by both sides. */
const FEE = { feeRateBps: 100 };
const FEE_BUDGET = 20_000;
const FEE_BUDGET_PER_FURTHER_MAKER = 3_000;

const COMPLEMENTARY_BUDGETS: Readonly<Record<number, number>> = { 1: 150_000, 10: 690_000 };
const MINT_BUDGETS: Readonly<Record<number, number>> = { 1: 232_000, 10: 795_000 };
const MERGE_BUDGETS: Readonly<Record<number, number>> = { 1: 227_000, 10: 780_000 };
const MIXED_BUDGET = 290_000;
const BATCH_BUDGET_PER_MATCH = 121_000;
const LAST_PARTIAL_BUDGET = 134_000;

/** Signature kinds beside the maker's own key. */
const DELEGATE = 1;
const EIP1271 = 2;

/** More than a match of one maker can use: an estimate is not what is measured. */
const MATCH_GAS_LIMIT = 1_000_000n;

const YES = { outcome: "YES", cents: 60 } as const;
const NO = { outcome: "NO", cents: 40 } as const;

/** Every measurement. The ids are those the peers were measured under; the order is that of the table. */
export const SCENARIOS: readonly Scenario[] = [
  { id: "deploy exchange", run: async ({ exchange }) => ({ gas: exchange.deployGas }) },
  { id: "deployed bytecode (bytes)", run: async ({ exchange }) => ({ gas: exchange.codeBytes }) },
  { id: "deploy ConditionalTokens", run: async ({ ctf }) => ({ gas: ctf.deployGas }) },
  {
    id: "ctf prepareCondition",
    run: async ({ setUpGas }) => ({ gas: setUpGas.prepareCondition }),
  },
  { id: "registerToken", run: async ({ setUpGas }) => ({ gas: setUpGas.registerToken }) },
  { id: "addOperator", run: async ({ setUpGas }) => ({ gas: setUpGas.addOperator }) },

  ...[1, 2, 5, 10, 20].map(complementary),
  ...[1, 5].map(complementaryTakerSells),
  {
    id: "comp 5 one maker account",
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, lots: 5 }),
        makers: world.makers(5, () => sell({ maker: world.maker(0), ...YES })),
      }),
  },
  {
    id: "comp 1 price improvement",
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES }),
        makers: [sell({ maker: world.maker(0), ...YES, cents: 55 })],
      }),
  },
  ...[1, 5].map(complementaryWithFee),

  ...[1, 5, 10, 20].map(mint),
  {
    id: "mint 1 fee 100bps both",
    budget: { over: "mint 1", by: FEE_BUDGET },
    run: (world, { buy }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, ...FEE }),
        makers: [buy({ maker: world.maker(0), ...NO, ...FEE })],
      }),
  },
  ...[1, 5, 10, 20].map(merge),
  {
    id: "mixed buy: 1 comp + 1 mint",
    budget: MIXED_BUDGET,
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, lots: 2 }),
        makers: [sell({ maker: world.maker(0), ...YES }), buy({ maker: world.maker(1), ...NO })],
      }),
  },
  {
    id: "mixed sell: 1 comp + 1 merge",
    budget: MIXED_BUDGET,
    run: (world, { buy, sell }) =>
      world.match({
        taker: sell({ maker: TAKER, ...YES, lots: 2 }),
        makers: [buy({ maker: world.maker(0), ...YES }), sell({ maker: world.maker(1), ...NO })],
      }),
  },

  {
    id: "partial fill, first (maker and taker half)",
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, lots: 2 }),
        makers: [sell({ maker: world.maker(0), ...YES, lots: 2 })],
        takerFill: cost(YES.cents),
        makerFills: [LOT],
      }),
  },
  {
    id: "partial fill, second of maker, new taker order",
    run: (world, orders) => secondFill(world, orders, 3),
  },
  {
    id: "partial fill, last of maker, new taker order",
    budget: LAST_PARTIAL_BUDGET,
    run: (world, orders) => secondFill(world, orders, 2),
  },
  {
    id: "cold comp 1 (taker no tokens, maker no collateral)",
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: COLD_TAKER, ...YES }),
        makers: [sell({ maker: COLD_MAKER, ...YES })],
      }),
  },
  {
    id: "cold mint 1 (taker no YES, maker no NO)",
    run: async (world, { buy }) => {
      await world.mint(COLD_MAKER, cost(YES.cents));
      return world.match({
        taker: buy({ maker: COLD_TAKER, ...YES }),
        makers: [buy({ maker: COLD_MAKER, ...NO })],
      });
    },
  },

  {
    id: "batch of 10 comp 1, accounts all different",
    budget: BATCH_BUDGET_PER_MATCH * 10,
    run: (world, { buy, sell }) =>
      matchBatch(
        world,
        Array.from({ length: 10 }, (_, k) => ({
          taker: buy({ maker: world.maker(10 + k), ...YES }),
          makers: [sell({ maker: world.maker(k), ...YES })],
        })),
      ),
  },
  {
    id: "batch of 10 comp 1, one taker",
    budget: BATCH_BUDGET_PER_MATCH * 10,
    run: (world, { buy, sell }) =>
      matchBatch(
        world,
        world.makers(10, (maker) => ({
          taker: buy({ maker: TAKER, ...YES }),
          makers: [sell({ maker, ...YES })],
        })),
      ),
  },

  {
    id: "comp 1 sig DELEGATE",
    run: async (world, { buy, sell }) => {
      const maker = world.maker(0);
      await byMaker(world, "authorizeSigner", [SESSION_KEY, MaxUint256]);
      return world.match({
        taker: buy({ maker: TAKER, ...YES }),
        makers: [sell({ maker, ...YES, signer: SESSION_KEY, signatureType: DELEGATE })],
      });
    },
  },
  {
    id: "comp 1 sig EIP-1271",
    run: async (world, { buy, sell }) => {
      const maker = await world.contractWallet();
      return world.match({
        taker: buy({ maker: TAKER, ...YES }),
        makers: [sell({ maker, ...YES, signedBy: WALLET_OWNER, signatureType: EIP1271 })],
      });
    },
  },
  {
    id: "comp 1 maker order approved on chain",
    run: async (world, { buy, sell }) => {
      const approved = sell({ maker: world.maker(0), ...YES, signature: "0x" });
      await byMaker(world, "approveOrder", [approved]);
      return world.match({ taker: buy({ maker: TAKER, ...YES }), makers: [approved] });
    },
  },
  {
    id: "preapproveOrder",
    run: (world, { sell }) =>
      byMaker(world, "approveOrder", [sell({ maker: world.maker(0), ...YES, signature: "0x" })]),
  },
  {
    id: "authorizeSigner",
    run: (world) => byMaker(world, "authorizeSigner", [SESSION_KEY, MaxUint256]),
  },
  {
    id: "revokeSigner",
    run: async (world) => {
      await byMaker(world, "authorizeSigner", [SESSION_KEY, MaxUint256]);
      return byMaker(world, "revokeSigner", [SESSION_KEY]);
    },
  },

  {
    id: "cancelOrder",
    run: (world, { sell }) =>
      byMaker(world, "cancelOrder", [sell({ maker: world.maker(0), ...YES })]),
  },
  {
    id: "cancelOrders 5",
    run: (world, { sell }) =>
      byMaker(world, "cancelOrders", [
        world.makers(5, () => sell({ maker: world.maker(0), ...YES })),
      ]),
  },
  { id: "incrementNonce first", run: (world) => byMaker(world, "incrementNonce") },
  {
    id: "incrementNonce next",
    run: async (world) => {
      await byMaker(world, "incrementNonce");
      return byMaker(world, "incrementNonce");
    },
  },
  { id: "pauseTrading", run: ({ exchange }) => send(ADMIN, exchange, "pause") },
  {
    id: "hashOrder (estimateGas)",
    run: (world, orders) => estimateOfOrder(world, orders, "hashOrder"),
  },
  {
    id: "validateOrder (estimateGas)",
    run: (world, orders) => estimateOfOrder(world, orders, "validateOrder"),
  },

  { id: "ctf splitPosition (warm)", run: (world) => world.split(world.maker(0)) },
  {
    id: "ctf splitPosition (first, cold)",
    run: async (world) => {
      await send(COLD_TAKER, world.usdc, "approve", [world.ctf.address, MaxUint256]);
      return world.split(COLD_TAKER);
    },
  },
  { id: "ctf mergePositions (warm)", run: (world) => world.merge(world.maker(0)) },
  {
    id: "ctf safeTransferFrom (warm, to EOA)",
    run: (world) => world.giveTokens(world.maker(1), "YES", LOT, world.maker(0)),
  },
  {
    id: "usdc transfer (warm)",
    run: (world) => send(world.maker(0), world.usdc, "transfer", [world.maker(1), LOT]),
  },
  { id: "ctf reportPayouts", run: (world) => world.resolve() },
  {
    id: "ctf redeemPositions YES (winner)",
    run: async (world) => {
      await world.resolve();
      return world.redeem(world.maker(0), [1]);
    },
  },
  {
    id: "ctf redeemPositions YES+NO",
    run: async (world) => {
      await world.resolve();
      return world.redeem(world.maker(0), [1, 2]);
    },
  },

  ...(
    [
      ["mint 1", mint(1).run],
      ["merge 1", merge(1).run],
      ["ctf splitPosition (warm)", (world) => world.split(world.maker(0))],
      ["ctf mergePositions (warm)", (world) => world.merge(world.maker(0))],
      [
        "ctf redeemPositions YES (winner)",
        async (world) => {
          await world.resolve();
          return world.redeem(world.maker(0), [1]);
        },
      ],
      [
        "ctf redeemPositions YES+NO",
        async (world) => {
          await world.resolve();
          return world.redeem(world.maker(0), [1, 2]);
        },
      ],
    ] satisfies [id: string, run: Scenario["run"]][]
  ).map(onCheapQuestion),
];

/** The same scenario on a question whose token ids are as cheap to derive as can be. */
function onCheapQuestion([id, run]: [id: string, run: Scenario["run"]]): Scenario {
  const cheapId = `${id}, cheap question id`;
  return {
    id: cheapId,
    run: async (world) => {
      const cheap = await world.onCheapQuestion();
      return run(cheap, cheap.orders(cheapId));
    },
  };
}

function complementary(makers: number): Scenario {
  return {
    id: `comp ${makers}`,
    budget: COMPLEMENTARY_BUDGETS[makers],
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, lots: makers }),
        makers: world.makers(makers, (maker) => sell({ maker, ...YES })),
      }),
  };
}

function complementaryTakerSells(makers: number): Scenario {
  return {
    id: `comp ${makers} taker sells`,
    run: (world, { buy, sell }) =>
      world.match({
        taker: sell({ maker: TAKER, ...YES, lots: makers }),
        makers: world.makers(makers, (maker) => buy({ maker, ...YES })),
      }),
  };
}

function complementaryWithFee(makers: number): Scenario {
  return {
    id: `comp ${makers} fee 100bps both`,
    budget: {
      over: `comp ${makers}`,
      by: FEE_BUDGET + FEE_BUDGET_PER_FURTHER_MAKER * (makers - 1),
    },
    run: (world, { buy, sell }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, ...FEE, lots: makers }),
        makers: world.makers(makers, (maker) => sell({ maker, ...YES, ...FEE })),
      }),
  };
}

function mint(makers: number): Scenario {
  return {
    id: `mint ${makers}`,
    budget: MINT_BUDGETS[makers],
    run: (world, { buy }) =>
      world.match({
        taker: buy({ maker: TAKER, ...YES, lots: makers }),
        makers: world.makers(makers, (maker) => buy({ maker, ...NO })),
      }),
  };
}

function merge(makers: number): Scenario {
  return {
    id: `merge ${makers}`,
    budget: MERGE_BUDGETS[makers],
    run: (world, { sell }) =>
      world.match({
        taker: sell({ maker: TAKER, ...YES, lots: makers }),
        makers: world.makers(makers, (maker) => sell({ maker, ...NO })),
      }),
  };
}

/** One lot of an order of which one lot is gone, to a taker that never traded this order. */
async function secondFill(world: World, { buy, sell }: OrderMaker, lots: number): Promise<Sent> {
  const makers = [sell({ maker: world.maker(0), ...YES, lots })];
  const fillOneLot = () =>
    world.match({ taker: buy({ maker: TAKER, ...YES }), makers, makerFills: [LOT] });
  await fillOneLot();
  return fillOneLot();
}

function byMaker(world: World, method: string, args: readonly unknown[] = []): Promise<Sent> {
  return send(world.maker(0), world.exchange, method, args);
}

function estimateOfOrder(world: World, { sell }: OrderMaker, view: string): Promise<Sent> {
  return estimate(OPERATOR, world.exchange, view, [sell({ maker: world.maker(0), ...YES })]);
}

function matchBatch(world: World, matches: readonly Match[]): Promise<Sent> {
  const batch = matches.map((match) => ({
    takerOrder: match.taker,
    makerOrders: match.makers,
    takerFillAmount: match.takerFill ?? match.taker.makerAmount,
    makerFillAmounts: makerFillsOf(match),
    gasLimit: MATCH_GAS_LIMIT,
  }));
  return world.settle(matches, () => send(OPERATOR, world.exchange, "matchOrdersBatch", [batch]));
}
