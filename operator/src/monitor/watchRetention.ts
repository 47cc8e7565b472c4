import { Counter, Gauge } from "prom-client";
import type { Metrics } from "../http";
import type { Retention, RetentionOptions } from "./Retention";

/** Counts what retention removes. */
export function countRemoved({ registry }: Pick<Metrics, "registry">): RetentionOptions {
  const removed = new Counter({
    name: "retention_rows_removed_total",
    help: "Rows removed because of their age, or because a table was over its bound",
    labelNames: ["table", "reason"] as const,
    registers: [registry],
  });
  return { onRemoved: (table, reason, rows) => removed.inc({ table, reason }, rows) };
}

/** Shows how large the tables are that retention looks after, asked of the database when the metrics are fetched. */
export function showTableSizes(
  { registry }: Pick<Metrics, "registry">,
  retention: Pick<Retention, "sizes">,
): void {
  const bytes = new Gauge({
    name: "table_size_bytes",
    help: "Size of a table with its indexes, as the database estimates it",
    labelNames: ["table"] as const,
    registers: [registry],
    collect: async () => {
      // A database that does not answer leaves the figures of the last time.
      const sizes = await retention.sizes().catch(() => new Map<string, number>());
      for (const [table, size] of sizes) bytes.set({ table }, size);
    },
  });
}
