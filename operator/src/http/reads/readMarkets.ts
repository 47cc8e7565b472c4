import { sql, type RawBuilder } from "kysely";
import type { Store } from "../../store";
import type { MarketRow } from "../Markets";

type Db = Store["reads"];

export interface MarketsFilter {
  readonly state?:
    "OPEN" | "ENDED" | "PROPOSED" | "DISPUTED" | "FINALIZED" | "CANCELLED" | undefined;
  readonly category?: string | undefined;
  /** A part of question or slug, in any case. */
  readonly text?: string | undefined;
  /** Only markets before this place, the latest first. */
  readonly before?: { readonly createdAt: bigint; readonly conditionId: string } | undefined;
  readonly nowSeconds: bigint;
}

/** How many markets one request looks at for those that it wants. */
export const MAX_SCANNED_MARKETS = 1_000;

export interface FoundMarkets {
  readonly rows: readonly MarketRow[];
  /** The last market that was looked at, when there may be more behind it. */
  readonly last: MarketRow | null;
}

/**
 * Markets, the latest first. State and category have indexes; whether an open market has ended, and what its question says, are
 * looked at row by row. So a page ends after MAX_SCANNED_MARKETS even if it is not full, and the next one goes on there.
 */
export async function readMarkets(
  db: Db,
  filter: MarketsFilter,
  limit: number,
): Promise<FoundMarkets> {
  const { state, category, text, before, nowSeconds } = filter;
  const indexed: RawBuilder<unknown>[] = [sql`true`];
  if (category !== undefined) indexed.push(sql`category = ${category}`);
  else if (state !== undefined) indexed.push(sql`state = ${state === "ENDED" ? "OPEN" : state}`);
  if (before !== undefined) {
    const { createdAt, conditionId } = before;
    indexed.push(sql`(created_at, condition_id) < (${createdAt}::int8, ${conditionId})`);
  }
  const newest = sql`order by created_at desc, condition_id desc`;
  const scanned = sql`select * from market where ${sql.join(indexed, sql` and `)} ${newest}`;
  const { rows } = await sql<MarketRow>`
    select * from (${scanned} limit ${MAX_SCANNED_MARKETS}) as market
    where ${wanted()} ${newest} limit ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  if (rows.length > limit) return { rows: page, last: page.at(-1)! };
  // The page ended before it was full: because there are no more markets, or because enough were looked at.
  const end = await sql<MarketRow>`${scanned} offset ${MAX_SCANNED_MARKETS - 1} limit 1`.execute(
    db,
  );
  return { rows: page, last: end.rows[0] ?? null };

  function wanted(): RawBuilder<unknown> {
    const parts: RawBuilder<unknown>[] = [sql`true`];
    if (state !== undefined) parts.push(sql`state = ${state === "ENDED" ? "OPEN" : state}`);
    if (state === "OPEN") parts.push(sql`end_time > ${nowSeconds}::int8`);
    if (state === "ENDED") parts.push(sql`end_time <= ${nowSeconds}::int8`);
    if (text !== undefined) {
      const pattern = likePattern(text);
      parts.push(sql`(question ilike ${pattern} or slug ilike ${pattern})`);
    }
    return sql.join(parts, sql` and `);
  }
}

/** A text searched for anywhere, with nothing in it that means more. */
function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}
