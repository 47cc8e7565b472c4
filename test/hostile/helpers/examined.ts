import type { CompiledQuery, Kysely } from "kysely";
import { CompiledQuery as Query } from "kysely";
import type { Database, Store } from "../../../operator/src/store";

interface PlanNode {
  readonly "Node Type": string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** A statement that a request led to. */
export interface Captured {
  readonly pool: "db" | "reads";
  readonly query: CompiledQuery;
}

/** Every statement that the venue sends while `work` runs, with its parameters. */
export async function capture(store: Store, work: () => Promise<unknown>): Promise<Captured[]> {
  const captured: Captured[] = [];
  const undo = (["db", "reads"] as const).map((pool) => {
    const executor = store[pool].getExecutor();
    const original = executor.executeQuery;
    executor.executeQuery = ((...given: Parameters<typeof original>) => {
      captured.push({ pool, query: given[0] });
      return original.apply(executor, given);
    }) as never;
    return () => {
      executor.executeQuery = original;
    };
  });
  try {
    await work();
  } finally {
    undo.forEach((one) => one());
  }
  return captured;
}

/** How many rows a statement reads from tables and indexes: those it uses, and those it throws away. */
export async function rowsExamined(db: Kysely<Database>, query: CompiledQuery): Promise<number> {
  const explain = `explain (analyze, format json) ${query.sql}`;
  const { rows } = await db.executeQuery(Query.raw(explain, [...query.parameters]));
  const [{ Plan: root }] = (rows[0] as { "QUERY PLAN": [{ Plan: PlanNode }] })["QUERY PLAN"];
  return examinedBy(root);
}

function examinedBy(node: PlanNode): number {
  const isScan = /Seq Scan|Index Scan|Index Only Scan|Bitmap Heap Scan|Tid Scan/.test(
    node["Node Type"],
  );
  const removed =
    (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  const own = isScan ? (node["Actual Rows"] + removed) * node["Actual Loops"] : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + examinedBy(child), own);
}
