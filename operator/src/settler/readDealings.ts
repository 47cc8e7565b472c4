import { getAddress } from "ethers";
import type { Kysely } from "kysely";
import type { Database } from "../store";
import { RECORD_MS } from "./PairRests";
import type { Dealings } from "./mustRest";

/** Partners read of one account. */
const MAX_PARTNERS = 200;

/**
 * Reads of the last day what the rule for an account may ask: the accused's fruitless partners, whom they settled with, and whom
 * those settled with.
 */
export async function readDealings(
  db: Kysely<Database>,
  accused: string,
  nowMs: number,
): Promise<Dealings> {
  const since = BigInt(nowMs - RECORD_MS);
  const fruitless = new Map<string, Set<string>>();
  const rows = await db
    .selectFrom("pair_rest")
    .select(["account", "partner"])
    .where("updated_at_ms", ">", since)
    .where("fruitless", ">", 0)
    .execute();
  for (const { account, partner } of rows) {
    add(fruitless, account, partner);
    add(fruitless, partner, account);
  }
  const settled = new Map<string, ReadonlySet<string>>();
  const read = async (account: string): Promise<ReadonlySet<string>> => {
    const known = settled.get(account) ?? (await readSettledWith(db, account, since));
    settled.set(account, known);
    return known;
  };
  for (const witness of fruitless.get(accused) ?? []) {
    for (const voucher of await read(witness)) {
      if (!fruitless.has(voucher)) await read(voucher);
    }
  }
  const none: ReadonlySet<string> = new Set();
  return {
    fruitlessWith: (account) => fruitless.get(account) ?? none,
    settledWith: (account) => settled.get(account) ?? none,
  };
}

async function readSettledWith(
  db: Kysely<Database>,
  account: string,
  since: bigint,
): Promise<ReadonlySet<string>> {
  const maker = getAddress(account);
  const asTaker = await db
    .selectFrom("orders as own")
    .innerJoin("match", "match.taker_hash", "own.hash")
    .innerJoin("match_maker", "match_maker.match_id", "match.id")
    .innerJoin("orders as other", "other.hash", "match_maker.order_hash")
    .select("other.maker")
    .distinct()
    .where("own.maker", "=", maker)
    .where("match.state", "=", "CONFIRMED")
    .where("match.updated_at_ms", ">", since)
    .limit(MAX_PARTNERS)
    .execute();
  const asMaker = await db
    .selectFrom("orders as own")
    .innerJoin("match_maker", "match_maker.order_hash", "own.hash")
    .innerJoin("match", "match.id", "match_maker.match_id")
    .innerJoin("orders as other", "other.hash", "match.taker_hash")
    .select("other.maker")
    .distinct()
    .where("own.maker", "=", maker)
    .where("match.state", "=", "CONFIRMED")
    .where("match.updated_at_ms", ">", since)
    .limit(MAX_PARTNERS)
    .execute();
  const partners = new Set([...asTaker, ...asMaker].map((row) => row.maker.toLowerCase()));
  partners.delete(account);
  return partners;
}

function add(graph: Map<string, Set<string>>, account: string, partner: string): void {
  const partners = graph.get(account) ?? new Set<string>();
  partners.add(partner);
  graph.set(account, partners);
}
