import { sql, type Selectable } from "kysely";
import type { MatchTable, Store } from "../store";

/** An OrdersMatched event of the exchange. */
export interface SettledEvent {
  readonly txHash: string;
  readonly blockNumber: bigint;
  /** Its orders and amounts: what makes two matches alike. */
  readonly name: string;
  /** The taker order, then the makers'. */
  readonly hashes: readonly string[];
}

/** A match of the venue, with what an event of it would say. */
export interface SettledMatch {
  readonly row: Selectable<MatchTable>;
  readonly hashes: readonly string[];
  readonly makings: readonly string[];
  /** True while a transaction of it may land, or is in a block that is not final. */
  readonly isOut: boolean;
}

export function settledName({ hashes, makings }: Pick<SettledMatch, "hashes" | "makings">): string {
  return [...hashes, ...makings].join();
}

/**
 * The events of blocks after `from` up to `to`, and of the blocks that are held, with all matches that have a taker order of theirs;
 * and the matches that are CONFIRMED in those blocks.
 */
export async function readSettled(
  db: Store["db"],
  {
    from,
    to,
    held,
  }: { readonly from: bigint; readonly to: bigint; readonly held: readonly bigint[] },
): Promise<{
  readonly events: readonly SettledEvent[];
  readonly matches: readonly SettledMatch[];
}> {
  const blocks = sql`${`{${held.join()}}`}::int8[]`;
  const logs = await sql<{ tx_hash: string; block_number: bigint; args: Args }>`
    select tx_hash, block_number, args from chain_log where name = 'OrdersMatched'
      and ((block_number > ${from} and block_number <= ${to}) or block_number = any(${blocks}))
    order by block_number, log_index`.execute(db);
  const events = logs.rows.map(({ tx_hash, block_number, args }) => {
    const hashes = [args.takerOrderHash, ...args.makerOrderHashes].map((hash) =>
      hash.toLowerCase(),
    );
    const name = settledName({ hashes, makings: args.makerFillAmounts.map(String) });
    return { txHash: tx_hash, blockNumber: block_number, name, hashes };
  });

  const takers = [...new Set(events.map(({ hashes }) => hashes[0]!))];
  const { rows } = await sql<Selectable<MatchTable> & { is_out: boolean }>`
    select match.*, coalesce(settlement.state in ('SENT', 'MINED'), false) as is_out
    from match left join settlement on settlement.id = match.settlement_id
    where match.taker_hash = any(${`{${takers.join()}}`}::text[])
      or (match.state = 'CONFIRMED' and ((match.block_number > ${from} and match.block_number <= ${to})
        or match.block_number = any(${blocks})))
    order by match.number`.execute(db);
  const ids = rows.map(({ id }) => id);
  const makers = await sql<{ match_id: string; order_hash: string; making: string }>`
    select match_id, order_hash, making::text from match_maker
    where match_id = any(${`{${ids.join()}}`}::text[]) order by match_id, index`.execute(db);
  const makersOf = new Map<string, (typeof makers.rows)[number][]>();
  for (const maker of makers.rows) {
    makersOf.set(maker.match_id, [...(makersOf.get(maker.match_id) ?? []), maker]);
  }
  const matches = rows.map(({ is_out, ...row }) => {
    const others = makersOf.get(row.id) ?? [];
    return {
      row,
      hashes: [row.taker_hash, ...others.map(({ order_hash }) => order_hash)],
      makings: others.map(({ making }) => making),
      isOut: is_out,
    };
  });
  return { events, matches };
}

interface Args {
  readonly takerOrderHash: string;
  readonly makerOrderHashes: readonly string[];
  readonly makerFillAmounts: readonly (string | number)[];
}
