import type { Address, Hex } from "@nostra/sdk/order";
import type { Level } from "@nostra/sdk/stream";
import { tellAddress } from "../http/views";
import type { BookEvent, MatchEvent, ModeEvent, OrderEvent, VenueEvent } from "../bus";
import type { Store } from "../store";
import type { BookFeed } from "./BookFeed";

/** What a channel needs to tell more than the event says. */
export interface Sources {
  readonly feed: BookFeed;
  readonly db: Store["db"];
}

/** One thing that can be followed, of one market, of one account, or of the venue. */
export interface Channel {
  readonly name: string;
  readonly of: "market" | "account" | "venue";
  /** Whom an event concerns: condition ids, accounts in lower case, or "" for the venue. */
  subjects(event: VenueEvent): readonly string[];
  /** What is said; made once for all who listen. */
  tell(event: VenueEvent, subject: string, sources: Sources): object | Promise<object> | null;
}

/** Every so many changes of a book its hash goes along. */
const HASH_EVERY = 16;
const PRICE_ONE = 1_000_000;

const GONE: readonly string[] = ["CANCELLED", "EXPIRED", "INVALIDATED"];

const marketOf = (event: VenueEvent): readonly string[] =>
  "conditionId" in event ? [event.conditionId] : [];

/** A channel that tells one type of event, by market. */
function byMarket<Type extends VenueEvent["type"]>(
  name: string,
  type: Type,
  tell: (event: Extract<VenueEvent, { type: Type }>, sources: Sources) => object | null,
): Channel {
  return {
    name,
    of: "market",
    subjects: (event) => (event.type === type ? marketOf(event) : []),
    tell: (event, _, sources) => tell(event as Extract<VenueEvent, { type: Type }>, sources),
  };
}

function tellDelta(event: BookEvent, { feed }: Sources): object {
  const { conditionId: market, from, to, bids, asks, atMs: at } = event;
  const book = feed.book(market);
  const hash = to % HASH_EVERY === 0 && book.sequence === to ? { hash: book.hash() } : {};
  return { type: "delta", channel: "book", market, from, to, bids, asks, ...hash, at };
}

function accountsOf(event: VenueEvent): readonly string[] {
  switch (event.type) {
    case "order":
      return [event.maker.toLowerCase()];
    case "match":
      return [...new Set([event.taker, ...event.makers.map(({ maker }) => maker)].map(lowerCase))];
    case "position":
    case "funds":
      return [event.account.toLowerCase()];
    default:
      return [];
  }
}

const lowerCase = (text: string): string => text.toLowerCase();

/** The venue's own channels. */
const OWN: readonly Channel[] = [
  byMarket("book", "book", tellDelta),
  byMarket("trades", "match", ({ conditionId: market, atMs: at, ...match }) => ({
    ...match,
    ...{ type: "trade", channel: "trades", market, at, taker: tellAddress(match.taker) },
    makers: match.makers.map((one) => ({ ...one, maker: tellAddress(one.maker) })),
  })),
  byMarket(
    "orders",
    "order",
    ({ conditionId: market, atMs: at, rests: _, rested: __, ...order }) => ({
      ...order,
      ...{ type: "order", channel: "orders", market, at, maker: tellAddress(order.maker) },
    }),
  ),
  byMarket("market", "market", ({ conditionId: market, atMs: at, ...change }) => ({
    ...change,
    ...{ type: "market", channel: "market", market, at },
  })),
  {
    name: "user",
    of: "account",
    subjects: accountsOf,
    tell: (event, subject) => ({
      ...{ type: "user", channel: "user", account: tellAddress(subject), event, replay: false },
    }),
  },
  {
    name: "blocks",
    of: "venue",
    subjects: (event) => (event.type === "block" && !event.undone ? [""] : []),
    tell: (event) => {
      if (event.type !== "block") return null;
      const { number, hash, timestamp, finalNumber, generation } = event;
      return { type: "block", channel: "blocks", number, hash, timestamp, finalNumber, generation };
    },
  },
  {
    name: "status",
    of: "venue",
    subjects: (event) => (event.type === "mode" ? [""] : []),
    tell: (event) => (event.type === "mode" ? tellMode(event) : null),
  },
];

/** What the venue takes now, as an event says it or as it is read. */
export function tellMode({
  mode,
  previous,
  reasons,
  next,
  atMs: at,
}: Omit<ModeEvent, "type">): object {
  return { type: "mode", channel: "status", mode, previous, reasons, next, at };
}

function seedTrade(event: MatchEvent): object {
  return {
    marketId: event.conditionId,
    price: event.price,
    amount: event.shares,
    timestamp: event.atMs,
    takerOrderHash: event.takerHash,
    makerOrderHashes: event.makers.map(({ hash }) => hash),
    txHash: event.txHash,
    state: event.state,
  };
}

function seedOrder(event: OrderEvent): object | null {
  const { conditionId: marketId, hash: orderHash, state, remaining, reason } = event;
  const common = { marketId, orderHash, maker: tellAddress(event.maker), timestamp: event.atMs };
  if (state === "OPEN") return { type: "order_placed", ...common, remaining };
  if (!GONE.includes(state)) return null;
  return { type: "order_cancelled", ...common, status: state, reason };
}

/** A room of one market: all that happens in it, in terms of one outcome. */
function room(name: string, outcome: "YES" | "NO"): Channel {
  const turn = ([price, shares]: Level): Level => [PRICE_ONE - price, shares];
  return {
    name,
    of: "market",
    subjects: (event) => (event.type === "position" ? [] : marketOf(event)),
    tell: (event) => {
      switch (event.type) {
        case "book": {
          const { conditionId: marketId, from, to: sequence, bids, asks, atMs: timestamp } = event;
          const sides =
            outcome === "YES" ? { bids, asks } : { bids: asks.map(turn), asks: bids.map(turn) };
          return {
            type: "orderbook_update",
            marketId,
            outcome,
            from,
            sequence,
            ...sides,
            timestamp,
          };
        }
        case "match": {
          const price = outcome === "YES" ? event.price : PRICE_ONE - event.price;
          return { type: "trade_executed", outcome, ...seedTrade(event), price };
        }
        case "order":
          return seedOrder(event);
        case "market": {
          const { conditionId: marketId, newState: status, outcome: decided, atMs } = event;
          return { type: "market_updated", marketId, status, outcome: decided, timestamp: atMs };
        }
        default:
          return null;
      }
    },
  };
}

/** Channels under the names of other protocols of the field; each is one handler more over the same events. */
const ALIASES: readonly Channel[] = [
  room("m", "YES"),
  room("m:YES", "YES"),
  room("m:NO", "NO"),
  {
    name: "u",
    of: "account",
    subjects: accountsOf,
    tell: (event) => {
      if (event.type === "funds") {
        const { account, asset } = event;
        return { type: "balance_updated", account: tellAddress(account), asset };
      }
      if (event.type === "order") return seedOrder(event);
      if (event.type !== "position") return null;
      const { account, conditionId: marketId, outcome, shares, cost, atMs: timestamp } = event;
      const who = tellAddress(account);
      return { type: "position_updated", account: who, marketId, outcome, shares, cost, timestamp };
    },
  },
  byMarket("orderbook:update", "order", ({ conditionId: marketId, hash, maker, ...event }) => {
    const { rests, rested, remaining } = event;
    // What is filled on arrival never was in the book.
    if (!rests && !rested) return null;
    const order = rests ? { order: { hash, maker: tellAddress(maker), remaining } } : {};
    const action = rests ? "ADD" : "REMOVE";
    return { type: "orderbook:update", marketId, action, orderHash: hash, ...order };
  }),
  byMarket("trade", "match", (event) => ({ type: "trade", ...seedTrade(event) })),
  byMarket("STATE_CHANGED", "market", (event) => ({
    type: "STATE_CHANGED",
    market_id: event.conditionId,
    old_state: event.oldState,
    new_state: event.newState,
    timestamp: event.atMs,
    automatic: event.automatic,
  })),
  byMarket("CLAIMS_ENABLED", "market", ({ conditionId: market_id, newState, outcome }) =>
    newState === "FINALIZED" || newState === "CANCELLED"
      ? { type: "CLAIMS_ENABLED", market_id, outcome }
      : null,
  ),
  {
    name: "POSITION_UPDATE",
    of: "account",
    subjects: (event) => (event.type === "position" ? accountsOf(event) : []),
    tell: (event, subject, { db }) =>
      event.type === "position" ? readPosition(db, subject, event.conditionId) : null,
  },
];

async function readPosition(db: Store["db"], account: string, conditionId: Hex): Promise<object> {
  const rows = await db
    .selectFrom("position")
    .select(["outcome", "shares", "cost"])
    .where("account", "=", account)
    .where("condition_id", "=", conditionId)
    .execute();
  const sharesOf = (outcome: string): string =>
    rows.find((row) => row.outcome === outcome)?.shares ?? "0";
  const invested = rows.reduce((sum, { cost }) => sum + BigInt(cost), 0n);
  return {
    type: "POSITION_UPDATE",
    market_id: conditionId,
    shares_yes: sharesOf("YES"),
    shares_no: sharesOf("NO"),
    total_invested: invested.toString(),
  };
}

export const CHANNEL_OF: ReadonlyMap<string, Channel> = new Map(
  [...OWN, ...ALIASES].map((channel) => [channel.name, channel]),
);

/** A channel that was asked for, of whom, as far as its name says. */
export interface Named {
  readonly channels: readonly Channel[];
  readonly market?: string;
  readonly account?: Address | string;
}

/** Reads a channel's name, in any spelling; undefined when there is none. */
export function readChannel(name: string): Named | undefined {
  const get = (...names: string[]): readonly Channel[] => names.map((one) => CHANNEL_OF.get(one)!);
  const own = CHANNEL_OF.get(name);
  if (own !== undefined) return { channels: [own] };
  const [, room, outcome] = /^m:([^:]+)(?::(YES|NO))?$/.exec(name) ?? [];
  if (room !== undefined) {
    return { channels: get(outcome === undefined ? "m" : `m:${outcome}`), market: room };
  }
  const user = /^u:(0x[0-9a-fA-F]{40})$/.exec(name)?.[1];
  if (user !== undefined) return { channels: get("u"), account: user };
  const holder = /^(?:user_(0x[0-9a-fA-F]{40})_positions|position_(0x[0-9a-fA-F]{40}))$/.exec(name);
  const account = holder?.[1] ?? holder?.[2];
  if (account !== undefined) return { channels: get("POSITION_UPDATE"), account };
  const market = /^market_(.+)$/.exec(name)?.[1];
  if (market !== undefined) return { channels: get("STATE_CHANGED", "CLAIMS_ENABLED"), market };
  return undefined;
}
