import { hashLine } from "@nostra/sdk/matcher";
import { Side, type Hex } from "@nostra/sdk/order";
import type { Selectable } from "kysely";
import type { MatchEvent } from "../bus";
import type { MatchMakerTable, MatchTable, Store } from "../store";
import { command, type Command } from "./commands";
import { MarketEngine, type MarketEngineParams, type VenueMarket } from "./MarketEngine";
import { isOpen, recordFromRow, type OrderRecord } from "./OrderRecord";
import type { OrderRecords } from "./OrderRecords";

/** An input that is stored and not done. */
export type PendingInput = { readonly input: number; readonly receivedAtMs: number } & (
  | { readonly kind: "order"; readonly record: OrderRecord }
  | { readonly kind: "command"; readonly command: Command }
);

export interface LoadedMarket {
  readonly engine: MarketEngine;
  /** In their order. */
  readonly pending: readonly PendingInput[];
  readonly nextInput: number;
}

type Shared = Omit<MarketEngineParams, "market" | "resume">;

/**
 * Makes the engines of all markets that have a log, as their last stored line left them, and says which inputs are still to be
 * done. An order that is open rests; one that came after the last line has not been done.
 */
export async function loadMarkets({ db }: Store, shared: Shared): Promise<LoadedMarket[]> {
  const openings = await db.selectFrom("line").selectAll().where("n", "=", 0n).execute();
  const loaded: LoadedMarket[] = [];
  for (const opening of openings) {
    const conditionId = opening.condition_id as Hex;
    const ofMarket = db.selectFrom("line").where("condition_id", "=", conditionId);
    const last = await ofMarket.selectAll().orderBy("n", "desc").limit(1).executeTakeFirstOrThrow();
    const { done } = await ofMarket
      .select((eb) => eb.fn.max("input").as("done"))
      .executeTakeFirstOrThrow();
    const rows = await db
      .selectFrom("orders")
      .selectAll()
      .where("condition_id", "=", conditionId)
      .where("state", "in", ["OPEN", "PARTIALLY_FILLED"])
      .orderBy("sequence")
      .execute();
    const open = rows.map(recordFromRow);
    const resting = open.filter(({ input }) => BigInt(input) <= done);
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

    const commands = await db
      .selectFrom("command")
      .selectAll()
      .where("condition_id", "=", conditionId)
      .where("input", ">", done)
      .execute();
    const pending: PendingInput[] = [
      ...open
        .filter(({ input }) => BigInt(input) > done)
        .map((record) => {
          const { input, acceptedAtMs } = record;
          return { kind: "order", record, input, receivedAtMs: acceptedAtMs } as const;
        }),
      ...commands.map((row) => ({
        kind: "command" as const,
        command: command.parse(row.body),
        input: Number(row.input),
        receivedAtMs: Number(row.received_at_ms),
      })),
    ].sort((left, right) => left.input - right.input);
    loaded.push({ engine, pending, nextInput: await nextInputOf(db, conditionId) });
  }
  return loaded;
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

async function nextInputOf(db: Store["db"], conditionId: Hex): Promise<number> {
  const last = async (table: "orders" | "command"): Promise<bigint> => {
    const row = await db
      .selectFrom(table)
      .select((eb) => eb.fn.max<bigint | null>("input").as("input"))
      .where("condition_id", "=", conditionId)
      .executeTakeFirst();
    return row?.input ?? 0n;
  };
  const [orders, commands] = [await last("orders"), await last("command")];
  return Number(orders > commands ? orders : commands) + 1;
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
