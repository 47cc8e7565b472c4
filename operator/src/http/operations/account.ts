import type { Address, Hex } from "@nostra/sdk/order";
import { z } from "zod";
import { OperatorError } from "../../errors";
import { Remembered } from "../auth/Remembered";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import * as s from "../schemas";

/** How long the venue goes by what it read about an asset: a market made in between is found after it. */
const ASSET_REMEMBERED_MS = 1_000;
const MAX_ASSETS = 1_000;

const PRICE_ONE = 1_000_000n;

type Position = z.output<typeof s.positionOut>;

const balance = {
  asset: z.string().describe('"0" for collateral, or a token id'),
  available: s.amount.describe("total less locked; 0 when more is locked than there is"),
  locked: s.amount.describe("what open orders and unsettled trades could still give"),
  total: s.amount.describe("what the chain says"),
  allowance: s.amount.describe("what the exchange may move"),
};

/** What an account has. */
export function accountOperations(deps: Deps): readonly Operation[] {
  const { intake, store, clock } = deps;
  const known = new Remembered<boolean>(clock, ASSET_REMEMBERED_MS, MAX_ASSETS);

  /**
   * The node is asked about tokens of markets alone: a made-up id would cost calls, and push real ones out of the cache of funds.
   * @throws OperatorError with status 400.
   */
  const requireAsset = async (asset: string): Promise<void> => {
    if (asset === "0") return;
    const isKnown = await known.get(asset, async () => {
      const row = await store.db
        .selectFrom("market")
        .select("condition_id")
        .where((eb) => eb.or([eb("yes", "=", asset), eb("no", "=", asset)]))
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    });
    if (isKnown) return;
    throw new OperatorError("UNKNOWN_ASSET", 'asset is neither "0" nor a token of a market', {
      status: 400,
      details: { field: "asset", value: asset, expected: '"0" for collateral, or a token id' },
    });
  };

  const balanceOf = async (account: Address, asset: string) => {
    const { balance: total, allowance, reserved } = await intake.funds(account, asset);
    const available = total > reserved ? total - reserved : 0n;
    return {
      asset,
      available: available.toString(),
      locked: reserved.toString(),
      total: total.toString(),
      allowance: allowance.toString(),
    };
  };

  return [
    operation({
      id: "getBalance",
      method: "GET",
      paths: ["/api/user/balance"],
      tag: "Account",
      summary: "What one has of an asset: available, locked, in all",
      access: "read",
      bucket: "read",
      query: z.object({
        asset: z
          .string()
          .regex(/^(?:0|[1-9]\d{0,77})$/, 'must be "0" or a token id')
          .default("0"),
      }),
      answer: z.object(balance),
      handle: async ({ query, request }) => {
        await requireAsset(query.asset);
        return balanceOf(request.identity!.account!, query.asset);
      },
    }),
    operation({
      id: "listPositions",
      method: "GET",
      paths: ["/api/user/positions"],
      tag: "Account",
      summary: "One's shares in all markets, what they cost and what they are worth",
      access: "read",
      bucket: "read",
      answer: z.object({ positions: z.array(s.positionOut) }),
      handle: async ({ request }) => ({
        positions: await readPositions(deps, request.identity!.account!),
      }),
    }),
    operation({
      id: "getPortfolio",
      method: "GET",
      paths: ["/api/user/portfolio"],
      tag: "Account",
      summary: "Collateral, shares, and gains in sum",
      access: "read",
      bucket: "read",
      answer: z.object({
        balance: z.object(balance),
        positionsValue: s.amount.describe("of the positions that have a price"),
        cost: s.amount,
        unrealized: s.amount,
        realized: s.amount,
        total: s.amount.describe("collateral and positions"),
        positions: z.number().int(),
      }),
      handle: async ({ request }) => {
        const account = request.identity!.account!;
        const cash = await balanceOf(account, "0");
        const positions = await readPositions(deps, account);
        const sum = (member: "value" | "cost" | "unrealized" | "realized"): bigint =>
          positions.reduce((total, position) => total + BigInt(position[member] ?? "0"), 0n);
        return {
          balance: cash,
          positionsValue: sum("value").toString(),
          cost: sum("cost").toString(),
          unrealized: sum("unrealized").toString(),
          realized: sum("realized").toString(),
          total: (BigInt(cash.total) + sum("value")).toString(),
          positions: positions.filter(({ shares }) => shares !== "0").length,
        };
      },
    }),
  ];
}

async function readPositions(deps: Deps, account: Address): Promise<Position[]> {
  const { db } = deps.store;
  const rows = await db
    .selectFrom("position")
    .leftJoin("market", "market.condition_id", "position.condition_id")
    .selectAll("position")
    .select(["market.slug", "market.state", "market.outcome as decided"])
    .where("account", "=", account.toLowerCase())
    .orderBy("position.condition_id")
    .orderBy("position.outcome", "desc")
    .execute();
  const lastOf = await readLastPrices(
    deps,
    rows.map((row) => row.condition_id),
  );
  return rows.map((row) => {
    const inYes =
      row.state === "FINALIZED" || row.state === "CANCELLED"
        ? decidedPrice(row.decided)
        : (midpointOf(deps, row.condition_id as Hex) ?? lastOf.get(row.condition_id) ?? null);
    const mark =
      inYes === null ? null : row.outcome === "YES" ? BigInt(inYes) : PRICE_ONE - BigInt(inYes);
    const shares = BigInt(row.shares);
    const cost = BigInt(row.cost);
    const value = mark === null ? null : (shares * mark) / PRICE_ONE;
    return {
      conditionId: row.condition_id as Hex,
      slug: row.slug,
      tokenId: row.token_id,
      outcome: row.outcome,
      shares: row.shares,
      cost: row.cost,
      averagePrice: shares === 0n ? null : Number((cost * PRICE_ONE) / shares),
      markPrice: mark === null ? null : Number(mark),
      value: value === null ? null : value.toString(),
      unrealized: value === null ? null : (value - cost).toString(),
      realized: row.realized,
    };
  });
}

function decidedPrice(outcome: string | null): number | null {
  if (outcome === "YES") return 1_000_000;
  if (outcome === "NO") return 0;
  return outcome === "SPLIT" ? 500_000 : null;
}

function midpointOf(deps: Deps, conditionId: Hex): number | null {
  const { bid, ask } = deps.feed.book(conditionId).best();
  return bid === null || ask === null ? null : Math.floor((bid[0] + ask[0]) / 2);
}

async function readLastPrices(
  { store }: Deps,
  conditionIds: readonly string[],
): Promise<Map<string, number>> {
  if (conditionIds.length === 0) return new Map();
  const rows = await store.db
    .selectFrom("candle")
    .distinctOn("condition_id")
    .select(["condition_id", "close"])
    .where("interval", "=", 60)
    .where("condition_id", "in", [...new Set(conditionIds)])
    .orderBy("condition_id")
    .orderBy("start", "desc")
    .execute();
  return new Map(rows.map((row) => [row.condition_id, row.close]));
}
