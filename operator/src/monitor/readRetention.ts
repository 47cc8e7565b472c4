import { DEFAULT_RETENTION, type RetainedTable, type RetentionOptions } from "./Retention";

const RULE = /^([a-z_]{1,40})=(\d{1,5}):(\d{1,10})$/;
const MIN_ROWS = 100;

/**
 * Reads `table=days:rows`, several by commas.
 * @throws Error naming the part that is wrong and what is expected.
 */
export function readRetention(text: string): NonNullable<RetentionOptions["rules"]> {
  const rules: { [Table in RetainedTable]?: { days: number; maxRows: number } } = {};
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const [, table = "", days, rows] = RULE.exec(part) ?? [];
    if (!Object.hasOwn(DEFAULT_RETENTION, table) || Number(rows) < MIN_ROWS) {
      const tables = Object.keys(DEFAULT_RETENTION).join(", ");
      throw new Error(
        `a part is no rule; expected table=days:rows with ${MIN_ROWS} rows or more and one of ${tables}`,
      );
    }
    rules[table as RetainedTable] = { days: Number(days), maxRows: Number(rows) };
  }
  return rules;
}
