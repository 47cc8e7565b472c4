import type { Address, Hex } from "@nostra/sdk/order";
import type { BookEvent, MatchEvent, OrderEvent } from "../bus";
import type { OrderRecord } from "./OrderRecord";
import type { LineTable, MatchMakerTable, MatchTable, OrdersTable } from "../store/schema";

/** A row of `match` before the database has numbered it. */
export type NewMatchRow = Omit<MatchTable, "number" | "attempts" | "give_up" | "place">;

/** What the row of an order of an earlier commit becomes. */
export type OrderUpdate = Pick<OrdersTable, "hash" | "state" | "remaining" | "reason"> & {
  readonly updated_at_ms: bigint;
};

/** A match that will not settle. */
export interface FailedMatch {
  readonly id: string;
  readonly reason: string;
  readonly guilty: Hex | null;
  readonly at_ms: bigint;
}

export interface OutboxRow {
  readonly topic: string;
  readonly type: string;
  readonly payload: string;
  readonly at_ms: bigint;
}

/**
 * What doing inputs led to: rows to be stored by one transaction, and what is told to the world after it. Collected in the order
 * in which it happened.
 */
export class Effects {
  /** How many inputs they are of. */
  inputs = 0;
  /** New orders by hash; each is stored as it is when the commit is made up. */
  readonly orders = new Map<Hex, OrderRecord>();
  readonly lines: LineTable[] = [];
  readonly updates = new Map<string, OrderUpdate>();
  readonly matches: NewMatchRow[] = [];
  readonly makers: MatchMakerTable[] = [];
  readonly failed: FailedMatch[] = [];
  readonly outbox: OutboxRow[] = [];
  readonly events: (OrderEvent | MatchEvent | BookEvent)[] = [];
  /** Run after the commit: who asked hears that it is done. */
  readonly settled: (() => void)[] = [];
  /** Run instead when there will be no commit: the engine has given up. */
  readonly abandoned: ((fault: unknown) => void)[] = [];

  get isEmpty(): boolean {
    const { orders, lines, updates, failed, settled } = this;
    return orders.size + lines.length + updates.size + failed.length + settled.length === 0;
  }

  /** Tells of an order, to its maker's topic. */
  tellOrder(event: OrderEvent): void {
    this.events.push(event);
    this.#tell(topicOf(event.maker), event, JSON.stringify(event));
  }

  /** Tells of a match, to the topic of everybody in it. */
  tellMatch(event: MatchEvent): void {
    this.events.push(event);
    const payload = JSON.stringify(event);
    const accounts = new Set([event.taker, ...event.makers.map(({ maker }) => maker)]);
    for (const account of accounts) this.#tell(topicOf(account), event, payload);
  }

  #tell(topic: string, event: OrderEvent | MatchEvent, payload: string): void {
    this.outbox.push({ topic, type: event.type, payload, at_ms: BigInt(event.atMs) });
  }
}

/** The topic of an account's own events. */
export function topicOf(account: Address): string {
  return `user:${account.toLowerCase()}`;
}
