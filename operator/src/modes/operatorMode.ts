import type { Store } from "../store";
import { isMode, type Mode } from "./modeTable";

/** The mode that the operator set; `open` restricts nothing. */
export interface OperatorMode {
  readonly mode: Mode;
  readonly reason: string;
  /** Wall time at which it was set, in milliseconds. */
  readonly atMs: number;
}

const KEY = "operator_mode";
export const MAX_REASON_LENGTH = 200;

/** The stored mode; undefined when the operator never set one. */
export async function readOperatorMode({
  db,
}: Pick<Store, "db">): Promise<OperatorMode | undefined> {
  const row = await db.selectFrom("meta").select("value").where("key", "=", KEY).executeTakeFirst();
  if (row === undefined) return undefined;
  const { mode, reason, atMs } = JSON.parse(row.value) as OperatorMode;
  return isMode(mode) ? { mode, reason, atMs } : undefined;
}

/** Stores it: it holds over restarts, until another is set. */
export async function writeOperatorMode(
  { db }: Pick<Store, "db">,
  mode: OperatorMode,
): Promise<void> {
  const value = JSON.stringify(mode);
  await db
    .insertInto("meta")
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}
