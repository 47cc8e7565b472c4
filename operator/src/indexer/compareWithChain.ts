import type { Deployment } from "@nostra/sdk/deployments";
import { interfaces } from "@nostra/sdk/contracts";
import { sql, type Transaction as DbTransaction } from "kysely";
import type { Rpc } from "../rpc";
import type { Database, Store } from "../store";
import { NodeAnswerError } from "./errors";
import { idOf, PROJECTIONS, type Projection, type Row } from "./Tables";

/** Something that tables and chain do not agree about. */
export interface Difference {
  /** `exchange`: something lies in the exchange between two matches; tables cannot be wrong about it. */
  readonly kind: "order" | "nonce" | "market" | "position" | "exchange";
  /** Which: an order's hash, an account, a condition, `account token`, or an asset. */
  readonly subject: string;
  readonly inTables: string;
  readonly onChain: string;
}

export interface Comparison {
  /** The final block that was compared. */
  readonly blockNumber: bigint;
  /** How many rows were held against the chain. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

export interface CompareParams {
  readonly store: Store;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  /** Rows asked about in one call. Default 250. */
  readonly pageSize?: number;
}

const ONE_AT_A_TIME = 16;

/**
 * Holds the projections against what the contracts say at the final block, named by its hash. The tables may be ahead of it and
 * go on meanwhile: each page is read as it was at that block, by what the blocks above it keep for undoing.
 * @returns undefined when there is no final block yet, or it went out of reach meanwhile: try again.
 */
export async function compareWithChain(params: CompareParams): Promise<Comparison | undefined> {
  const { store } = params;
  const block = await store.db
    .selectFrom("cursor")
    .innerJoin("chain_block", "chain_block.number", "cursor.final_number")
    .select(["chain_block.number", "chain_block.hash"])
    .where("cursor.name", "=", "chain")
    .executeTakeFirst();
  if (block === undefined) return undefined;
  const comparer = new Comparer(params, block);
  for (const compare of [
    () => comparer.orders(),
    () => comparer.unknownOrders(),
    () => comparer.nonces(),
    () => comparer.markets(),
    () => comparer.positions(),
    () => comparer.exchange(),
  ]) {
    if (!(await compare())) return undefined;
  }
  const { compared, differences } = comparer;
  return { blockNumber: block.number, compared, differences };
}

class Comparer {
  readonly differences: Difference[] = [];
  compared = 0;
  readonly #params: CompareParams;
  readonly #block: { readonly number: bigint; readonly hash: string };
  readonly #pageSize: number;

  constructor(params: CompareParams, block: { readonly number: bigint; readonly hash: string }) {
    this.#params = params;
    this.#block = block;
    this.#pageSize = params.pageSize ?? 250;
  }

  /** Remaining amounts and cancellations of the orders that the chain has told of. */
  orders(): Promise<boolean> {
    return this.#pages("order_on_chain", async (rows) => {
      const statuses = await this.#statuses(rows.map(({ order_hash }) => order_hash));
      rows.forEach(({ order_hash, remaining, cancelled }, at) => {
        const [isDone, left] = statuses[at]!;
        // What is left of an order that was cancelled before any fill, no event says.
        const said = remaining ?? (cancelled ? left.toString() : "0");
        const inTables = orderText(cancelled || BigInt(said) === 0n, BigInt(said));
        this.#hold("order", order_hash, inTables, orderText(isDone, left));
      });
    });
  }

  /** Open orders of the venue that no log has named: the chain must not know them either. */
  async unknownOrders(): Promise<boolean> {
    let after = "";
    for (;;) {
      const rows = await this.#params.store.db
        .selectFrom("orders")
        .leftJoin("order_on_chain", "order_on_chain.order_hash", "orders.hash")
        .select(["orders.hash", "orders.maker_amount"])
        .where("orders.state", "in", ["OPEN", "PARTIALLY_FILLED", "FILLED"])
        .where("order_on_chain.order_hash", "is", null)
        .where("orders.hash", ">", after)
        .orderBy("orders.hash")
        .limit(this.#pageSize)
        .execute();
      if (rows.length === 0) return true;
      const statuses = await this.#statuses(rows.map(({ hash }) => hash));
      rows.forEach(({ hash, maker_amount }, at) => {
        const [isDone, left] = statuses[at]!;
        // An order that its maker approved on chain is there with all of its amount.
        const isUntouched = !isDone && (left === 0n || left === BigInt(maker_amount));
        this.#hold("order", hash, "untouched", isUntouched ? "untouched" : orderText(isDone, left));
      });
      after = rows.at(-1)!.hash;
    }
  }

  nonces(): Promise<boolean> {
    return this.#pages("account_nonce", async (rows) => {
      for (let from = 0; from < rows.length; from += ONE_AT_A_TIME) {
        const some = rows.slice(from, from + ONE_AT_A_TIME);
        const found = await Promise.all(
          some.map(({ account }) => this.#call("ctfExchange", "nonces", [account])),
        );
        some.forEach(({ account, nonce }, at) =>
          this.#hold("nonce", account, nonce, String(found[at]![0])),
        );
      }
    });
  }

  /** All markets of the factory, those that are missing here included. */
  async markets(): Promise<boolean> {
    const known = new Map<string, string>();
    const whole = await this.#pages("market", async (rows) => {
      for (const row of rows) known.set(row.condition_id, marketText(row));
    });
    if (!whole) return false;
    const [count] = (await this.#call("marketFactory", "marketCount", [])) as [bigint];
    const size = BigInt(this.#pageSize);
    for (let offset = 0n; offset < count; offset += size) {
      const [page] = (await this.#call("marketFactory", "getMarkets", [offset, size])) as [
        {
          readonly conditionId: string;
          readonly token0: bigint;
          readonly token1: bigint;
          readonly status: bigint;
          readonly payouts: readonly [bigint, bigint];
        }[],
      ];
      for (const { conditionId, token0, token1, status, payouts } of page) {
        const state = STATES[Number(status)] ?? "NONE";
        const outcome = isOver(state) ? outcomeText(payouts) : null;
        const onChain = marketText({
          yes: token0.toString(),
          no: token1.toString(),
          state,
          outcome,
        });
        const condition = conditionId.toLowerCase();
        this.#hold("market", condition, known.get(condition) ?? "none", onChain);
        known.delete(condition);
      }
    }
    for (const [condition, inTables] of known) this.#hold("market", condition, inTables, "none");
    return true;
  }

  positions(): Promise<boolean> {
    return this.#pages("position", async (rows) => {
      const balances = await this.#balances(
        rows.map(({ account, token_id }) => [account, token_id]),
      );
      rows.forEach(({ account, token_id, shares }, at) =>
        this.#hold("position", `${account} ${token_id}`, shares, String(balances[at])),
      );
    });
  }

  /** The exchange holds nothing between two matches. */
  async exchange(): Promise<boolean> {
    const { ctfExchange } = this.#params.deployment.contracts;
    const [held] = (await this.#call("collateral", "balanceOf", [ctfExchange])) as [bigint];
    this.#hold("exchange", "collateral", "0", held.toString());
    return this.#pages("market", async (rows) => {
      const ids = rows.flatMap(({ yes, no }) => [yes, no]);
      const balances = await this.#balances(ids.map((id) => [ctfExchange, id]));
      ids.forEach((id, at) => this.#hold("exchange", id, "0", String(balances[at])));
    });
  }

  #hold(kind: Difference["kind"], subject: string, inTables: string, onChain: string): void {
    this.compared += 1;
    if (inTables !== onChain) this.differences.push({ kind, subject, inTables, onChain });
  }

  // -------------------------------------------------------------------------------------- the chain

  async #statuses(hashes: readonly string[]): Promise<(readonly [boolean, bigint])[]> {
    const [list] = (await this.#call("ctfExchange", "getOrderStatuses", [hashes])) as [
      { readonly isFilledOrCancelled: boolean; readonly remaining: bigint }[],
    ];
    return list.map(({ isFilledOrCancelled, remaining }) => [isFilledOrCancelled, remaining]);
  }

  async #balances(of: readonly (readonly [account: string, id: string])[]): Promise<bigint[]> {
    const [list] = (await this.#call("conditionalTokens", "balanceOfBatch", [
      of.map(([account]) => account),
      of.map(([, id]) => id),
    ])) as [bigint[]];
    return [...list];
  }

  async #call(
    on: "ctfExchange" | "marketFactory" | "conditionalTokens" | "collateral",
    method: string,
    args: readonly unknown[],
  ): Promise<readonly unknown[]> {
    const { rpc, deployment } = this.#params;
    const data = interfaces[on].encodeFunctionData(method as never, args as never);
    const to = deployment.contracts[on];
    const answer = await rpc.send("eth_call", [{ to, data }, { blockHash: this.#block.hash }]);
    if (typeof answer !== "string") throw new NodeAnswerError("eth_call", "data");
    return [...interfaces[on].decodeFunctionResult(method as never, answer)];
  }

  // -------------------------------------------------------------------------------------- the tables

  /** All rows of a projection as they were at the block, page by page. @returns false when that is not known any more. */
  async #pages<T extends Projection>(
    table: T,
    use: (rows: readonly Row<T>[]) => Promise<void>,
  ): Promise<boolean> {
    let after: readonly unknown[] | undefined;
    for (;;) {
      const page = await this.#params.store.transaction((trx) => this.#page(trx, table, after));
      if (page === undefined) return false;
      if (page.last === undefined) return true;
      after = page.last;
      if (page.rows.length > 0) await use(page.rows);
    }
  }

  async #page<T extends Projection>(
    trx: DbTransaction<Database>,
    table: T,
    after: readonly unknown[] | undefined,
  ): Promise<
    { readonly rows: Row<T>[]; readonly last: readonly unknown[] | undefined } | undefined
  > {
    await sql`set transaction isolation level repeatable read`.execute(trx);
    const still = await trx
      .selectFrom("chain_block")
      .select("number")
      .where("number", "=", this.#block.number)
      .where("hash", "=", this.#block.hash)
      .executeTakeFirst();
    if (still === undefined) return undefined;
    const key = PROJECTIONS[table].map((column) => sql.ref(column));
    const from =
      after === undefined ? sql`true` : sql`(${sql.join(key)}) > (${sql.join([...after])})`;
    const now = await sql<Row<T>>`select * from ${sql.table(table)} where ${from}
      order by ${sql.join(key)} limit ${this.#pageSize}`.execute(trx);
    const undo = await trx
      .selectFrom("undo")
      .select(["key", "before"])
      .where("table_name", "=", table)
      .where("block_number", ">", this.#block.number)
      .orderBy("id", "desc")
      .execute();
    // The lowest block above comes last, and its "before" is how the row was at the block.
    const then = new Map(undo.map((row) => [idOf(table, row.key as never), row.before]));
    const rows = now.rows.flatMap((row) => {
      const before = then.get(idOf(table, row as never));
      return before === undefined ? [row] : before === null ? [] : [before as Row<T>];
    });
    const last = now.rows.at(-1) as Record<string, unknown> | undefined;
    return { rows, last: last && PROJECTIONS[table].map((column) => last[column]) };
  }
}

function orderText(isDone: boolean, remaining: bigint): string {
  return `${isDone ? "ended" : "open"} ${remaining}`;
}

/** Of the factory's statuses, in their order; ENDED follows from the clock, and is open here. */
const STATES = ["NONE", "OPEN", "OPEN", "PROPOSED", "DISPUTED", "FINALIZED", "CANCELLED"] as const;

function isOver(state: string): boolean {
  return state === "FINALIZED" || state === "CANCELLED";
}

function outcomeText([yes, no]: readonly [bigint, bigint]): string {
  return yes === no ? "SPLIT" : no === 0n ? "YES" : "NO";
}

function marketText(market: {
  readonly yes: string;
  readonly no: string;
  readonly state: string;
  readonly outcome: string | null;
}): string {
  const { yes, no, state, outcome } = market;
  return [state, isOver(state) ? outcome : "undecided", yes, no].join(" ");
}
