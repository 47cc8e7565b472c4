import type { Address, Hex } from "@nostra/sdk/order";
import { sql, type Selectable } from "kysely";
import { z } from "zod";
import { OperatorError } from "../../errors";
import { Remembered } from "../auth/Remembered";
import type { PositionTable } from "../../store";
import { readCursor, toPage } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import { readLastCloses } from "../reads/readStats";
import * as s from "../schemas";

/** How long the venue goes by what it read about an asset: a market made in between is found after it. */
const ASSET_REMEMBERED_MS = 1_000;
const MAX_ASSETS = 1_000;

const PRICE_ONE = 1_000_000n;
/** Of one answer. */
const MAX_POSITIONS = 500;

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
      query: z.object({
        ...s.paging,
        limit: s.limit.default(MAX_POSITIONS),
      }),
      answer: z.object({ positions: z.array(s.positionOut), cursor: s.nextCursor }),
      handle: async ({ query, request }) => {
        const account = request.identity!.account!;
        const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
        const rows = await readPositions(deps, account, { limit: query.limit + 1, after });
        const page = toPage("positions", rows, query.limit, ({ conditionId, outcome }) => [
          conditionId,
          outcome,
        ]);
        return { positions: [...page.rows], cursor: page.cursor };
      },
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
        positionsAreCapped: z
          .boolean()
          .describe(
            `true when there are more than ${MAX_POSITIONS} positions: the sums are of the first`,
          ),
      }),
      handle: async ({ request }) => {
        const account = request.identity!.account!;
        const cash = await balanceOf(account, "0");
        const found = await readPositions(deps, account, { limit: MAX_POSITIONS + 1 });
        const positions = found.slice(0, MAX_POSITIONS);
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
          positionsAreCapped: found.length > MAX_POSITIONS,
        };
      },
    }),
  ];
}

/** An account's positions in the order of their markets, of each the YES before the NO. */
async function readPositions(
  deps: Deps,
  account: Address,
  { limit, after }: { limit: number; after?: { conditionId: string; outcome: string } | undefined },
): Promise<Position[]> {
  const db = deps.store.reads;
  const owner = account.toLowerCase();
  const further =
    after === undefined
      ? sql``
      : sql`and condition_id >= ${after.conditionId}
          and not (condition_id = ${after.conditionId} and outcome >= ${after.outcome})`;
  const { rows: own } = await sql<Selectable<PositionTable>>`select * from position
    where account = ${owner} ${further} order by condition_id, outcome desc limit ${limit}`.execute(
    db,
  );
  const ids = [...new Set(own.map((row) => row.condition_id))];
  const markets =
    ids.length === 0
      ? []
      : await db
          .selectFrom("market")
          .select(["condition_id", "slug", "state", "outcome"])
          .where("condition_id", "in", ids)
          .execute();
  const marketOf = new Map(markets.map((market) => [market.condition_id, market]));
  const rows = own.map((row) => {
    const { slug = null, state = null, outcome = null } = marketOf.get(row.condition_id) ?? {};
    return { ...row, slug, state, decided: outcome };
  });
  const lastOf = await readLastCloses(db, ids);
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

function placeOf(cursor: string): { conditionId: string; outcome: string } {
  const [conditionId, outcome] = readCursor("positions", cursor, ["text", "text"]);
  return { conditionId: String(conditionId), outcome: String(outcome) };
}
