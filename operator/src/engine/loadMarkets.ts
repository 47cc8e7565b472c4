import { hashLine } from "@nostra/sdk/matcher";
import { Side, type Hex } from "@nostra/sdk/order";
import { sql, type Selectable } from "kysely";
import type { MatchEvent } from "../bus";
import { aggregateText, rowsOf } from "../store";
import type { MatchMakerTable, MatchTable, Store } from "../store";
import { MarketEngine, type MarketEngineParams, type VenueMarket } from "./MarketEngine";
import { isOpen, ORDER_COLUMNS, recordFromRow, type OrderRecord } from "./OrderRecord";
import type { OrderRecords } from "./OrderRecords";

export interface LoadedMarket {
  readonly engine: MarketEngine;
  readonly nextInput: number;
}

type Shared = Omit<MarketEngineParams, "market" | "resume">;

/** Makes the engines of all markets that have a log, as their last stored line left them. An order that is open rests. */
export async function loadMarkets({ db }: Store, shared: Shared): Promise<LoadedMarket[]> {
  const openings = await db
    .selectFrom("line")
    .selectAll()
    .where("n", "=", sql<bigint>`0`)
    .execute();
  const loaded: LoadedMarket[] = [];
  for (const opening of openings) {
    const conditionId = opening.condition_id as Hex;
    const ofMarket = db.selectFrom("line").where("condition_id", "=", conditionId);
    const last = await ofMarket.selectAll().orderBy("n", "desc").limit(1).executeTakeFirstOrThrow();
    const resting = await openOrders(db, conditionId);
    const engine = new MarketEngine({
      ...shared,
      market: marketOf(opening.line),
      resume: {
        count: Number(last.n) + 1,
        head: hashLine(last.line, shared.keccak256),
        version: (JSON.parse(last.line) as { version: number }).version,
        orders: resting.map(({ hash, order, remaining, input }) => {
          return { hash, order, remaining, sequence: input };
        }),
      },
    });
    for (const record of resting) engine.adopt(Object.assign(record, { rests: true }));
    await adoptMatches(db, conditionId, engine, shared.records);

    // An order that the book refused has left no line.
    const latest = await db
      .selectFrom("orders")
      .select((eb) => eb.fn.max<bigint | null>("input").as("input"))
      .where("condition_id", "=", conditionId)
      .where("state", "=", "REJECTED")
      .executeTakeFirst();
    const nextInput = Math.max(Number(last.input), Number(latest?.input ?? 0n)) + 1;
    loaded.push({ engine, nextInput });
  }
  return loaded;
}

const PAGE = 5_000n;

/** The open orders of a market, in the order of their arrival. */
async function openOrders(db: Store["db"], conditionId: Hex): Promise<OrderRecord[]> {
  const open: OrderRecord[] = [];
  for (let after = 0n; ;) {
    const { rows } = await sql<Record<string, string | null>>`
      select ${sql.raw(aggregateText(ORDER_COLUMNS))}
      from (select * from orders where condition_id = ${conditionId} and input > ${after}
        and state in ('OPEN', 'PARTIALLY_FILLED') order by input limit ${PAGE}) as page`.execute(
      db,
    );
    const page = rowsOf(ORDER_COLUMNS, rows[0] ?? {})
      .map(recordFromRow)
      .sort((left, right) => left.input - right.input);
    const last = page.at(-1);
    if (last === undefined) return open;
    open.push(...page);
    after = BigInt(last.input);
  }
}

/** Matches that may still fail, with orders of theirs that are over. */
async function adoptMatches(
  db: Store["db"],
  conditionId: Hex,
  engine: MarketEngine,
  records: OrderRecords,
): Promise<void> {
  const matches = await db
    .selectFrom("match")
    .selectAll()
    .where("condition_id", "=", conditionId)
    .where("state", "in", ["MATCHED", "MINED", "RETRYING"])
    .orderBy("number")
    .execute();
  if (matches.length === 0) return;
  const makers = await db
    .selectFrom("match_maker")
    .innerJoin("match", "match.id", "match_maker.match_id")
    .select([
      ...(["match_id", "order_hash", "kind"] as const),
      ...(["match_maker.making", "match_maker.taking", "match_maker.price"] as const),
    ])
    .where("condition_id", "=", conditionId)
    .where("state", "in", ["MATCHED", "MINED", "RETRYING"])
    .orderBy("index")
    .execute();
  const hashes = new Set([
    ...matches.map((row) => row.taker_hash),
    ...makers.map((row) => row.order_hash),
  ]);
  const missing = [...hashes].filter((hash) => !records.has(hash as Hex));
  for (let i = 0; i < missing.length; i += 1000) {
    const page = missing.slice(i, i + 1000);
    const rows = await db.selectFrom("orders").selectAll().where("hash", "in", page).execute();
    for (const record of rows.map(recordFromRow)) if (!isOpen(record)) engine.adopt(record);
  }
  const makersOf = group(makers);
  for (const match of matches) {
    const taker = {
      hash: match.taker_hash as Hex,
      consumed: BigInt(match.consumed),
      making: BigInt(match.making),
    };
    const makers = makersOf.get(match.id) ?? [];
    const others = makers.map((row) => {
      const making = BigInt(row.making);
      return { hash: row.order_hash as Hex, consumed: making, making };
    });
    const told = toldOf(match, makers, records);
    engine.adoptMatch({ id: match.id, parts: [taker, ...others], told }, match.state === "MINED");
  }
}

/** What was told of a match when it was made. */
function toldOf(
  match: Selectable<MatchTable>,
  makers: readonly Omit<MatchMakerTable, "index">[],
  records: OrderRecords,
): MatchEvent {
  const taker = records.get(match.taker_hash as Hex) as OrderRecord;
  return {
    ...{ type: "match", conditionId: match.condition_id as Hex, matchId: match.id },
    ...{ state: "MATCHED", takerHash: taker.hash, taker: taker.order.maker },
    takerSide: taker.order.side === Side.BUY ? "BUY" : "SELL",
    ...{ takerOutcome: taker.outcome, price: match.price, shares: match.shares },
    makers: makers.map(({ order_hash, kind, making, taking, price }) => {
      const hash = order_hash as Hex;
      const { maker } = (records.get(hash) as OrderRecord).order;
      return { hash, maker, kind, price, making, taking };
    }),
    ...{ txHash: null, blockNumber: null, reason: null, guiltyHash: null },
    atMs: Number(match.matched_at_ms),
  };
}

function group<Row extends { readonly match_id: string }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.match_id);
    if (group === undefined) groups.set(row.match_id, [row]);
    else group.push(row);
  }
  return groups;
}

/** The market that the first line of a log opens. */
function marketOf(opening: string): VenueMarket {
  const { request } = JSON.parse(opening) as {
    request: {
      market: Record<"yes" | "no" | "tick", string> &
        Partial<Record<"minSize" | "maxSize", string>> & {
          conditionId: Hex;
          offTick?: "place" | "refuse";
        };
    };
  };
  const { conditionId, yes, no, tick, minSize, maxSize, offTick } = request.market;
  return {
    conditionId,
    yes: BigInt(yes),
    no: BigInt(no),
    tick: BigInt(tick),
    ...(minSize === undefined ? {} : { minSize: BigInt(minSize) }),
    ...(maxSize === undefined ? {} : { maxSize: BigInt(maxSize) }),
    ...(offTick === undefined ? {} : { offTick }),
  };
}
