import { OperatorError } from "../errors";

/** Longest that any of our cursors gets, with room. */
const LONGEST = 512;
const VERSION = 1;

/** A value that a cursor points behind: the keys of the last row that was told. */
export type CursorKey = string | number;

/**
 * Where a page ended, as opaque text: the sort keys of its last row. The next page begins behind that row, so rows that
 * come in meanwhile move nothing and repeat nothing.
 */
export function writeCursor(list: string, keys: readonly CursorKey[]): string {
  return Buffer.from(JSON.stringify([VERSION, list, ...keys])).toString("base64url");
}

/** @param kinds What each key must be. @throws OperatorError with status 400 when it is no cursor of this list. */
export function readCursor(
  list: string,
  cursor: string,
  kinds: readonly ("int" | "text")[],
): readonly CursorKey[] {
  const parsed = cursor.length > LONGEST ? undefined : parse(cursor);
  if (!Array.isArray(parsed)) throw badCursor();
  const [version, name, ...keys] = parsed as unknown[];
  const isOurs = version === VERSION && name === list && keys.length === kinds.length;
  if (!isOurs || !keys.every((key, i) => isKey(key, kinds[i]))) throw badCursor();
  return keys as CursorKey[];
}

function parse(cursor: string): unknown {
  if (!/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function isKey(key: unknown, kind: "int" | "text" | undefined): boolean {
  if (typeof key !== "string") return false;
  return kind === "text" ? /^[\w:-]*$/.test(key) : /^-?\d{1,15}$/.test(key);
}

function badCursor(): OperatorError {
  return new OperatorError("INVALID_CURSOR", "cursor is not one that this list gave out", {
    status: 400,
    details: { field: "cursor" },
  });
}

/** One page of rows that were asked for with one more than `limit`. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where to go on; null at the end. */
  readonly cursor: string | null;
}

/** Cuts the surplus row off, and says where to go on when there was one. */
export function toPage<Row>(
  list: string,
  found: readonly Row[],
  limit: number,
  keysOf: (row: Row) => readonly CursorKey[],
): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { rows, cursor: isMore ? writeCursor(list, keysOf(last)) : null };
}
