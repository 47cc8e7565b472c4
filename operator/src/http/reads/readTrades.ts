import { sql, type Selectable } from "kysely";
import type { MatchMakerTable, MatchTable, Store } from "../../store";

type Match = Selectable<MatchTable>;
type Maker = Selectable<MatchMakerTable>;
type Db = Store["reads"];

export interface TradesFilter {
  readonly conditionId?: string | undefined;
  /** In lower case. */
  readonly account?: string | undefined;
  /** Only trades before this number, the latest first. */
  readonly before?: bigint | undefined;
}

/** Trades of all, of a market or of an account, the latest first. */
export async function readTrades(
  db: Db,
  { conditionId, account, before }: TradesFilter,
  limit: number,
): Promise<Match[]> {
  const older = before === undefined ? sql`` : sql`and number < ${before}::int8`;
  if (account !== undefined) {
    const { rows } = await sql<Match>`select match.* from (
        select number, match_id from match_account where account = ${account} ${older}
        order by number desc limit ${limit}) as own
      join match on match.id = own.match_id order by own.number desc`.execute(db);
    return rows;
  }
  const ofMarket = conditionId === undefined ? sql`true` : sql`condition_id = ${conditionId}`;
  const { rows } = await sql<Match>`select * from match where ${ofMarket} ${older}
    order by number desc limit ${limit}`.execute(db);
  return rows;
}

/** How many makers one answer names: a trade has up to fifty. */
export const MAX_MAKERS_READ = 1_000;

/**
 * The makers of trades, as far as MAX_MAKERS_READ goes: of each trade in the answer all of them are there, and the trades are the
 * first ones of those asked for.
 */
export async function readMakers(
  db: Db,
  matches: readonly Match[],
): Promise<{
  readonly matches: readonly Match[];
  readonly makersOf: ReadonlyMap<string, Maker[]>;
}> {
  const makersOf = new Map<string, Maker[]>();
  if (matches.length === 0) return { matches, makersOf };
  const ids = matches.map(({ id }) => id);
  const { rows } = await sql<Maker>`select maker.* from unnest(${ids}::text[]) as asked (id),
    lateral (select * from match_maker where match_id = asked.id order by index) as maker
    limit ${MAX_MAKERS_READ + 1}`.execute(db);
  for (const row of rows) {
    const others = makersOf.get(row.match_id);
    if (others === undefined) makersOf.set(row.match_id, [row]);
    else others.push(row);
  }
  if (rows.length <= MAX_MAKERS_READ) return { matches, makersOf };
  // The last trade that was read may have more.
  makersOf.delete(rows.at(-1)!.match_id);
  const end = matches.findIndex(({ id }) => !makersOf.has(id));
  return { matches: end < 0 ? matches : matches.slice(0, end), makersOf };
}

/** How far back a trade is looked for that did not fail. */
const MAX_FAILED = 1_000;

/** The YES price of a market's last trade that did not fail, as far as is known. */
export async function readLastPrice(db: Db, conditionId: string): Promise<number | null> {
  const { rows } = await sql<{ price: number }>`select price from (
      select price, state, number from match where condition_id = ${conditionId}
      order by number desc limit ${MAX_FAILED}) as last
    where state <> 'FAILED' order by number desc limit 1`.execute(db);
  return rows[0]?.price ?? null;
}
