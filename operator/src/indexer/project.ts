import type { NostraEvent, NostraEventName } from "@nostra/sdk/events";
import type { ChainEvent } from "./decode";
import type { Places } from "./places";
import { projectAccountNonces } from "./projections/accountNonce";
import { projectCandles } from "./projections/candle";
import { projectFills, readFills, type Fill } from "./projections/fill";
import { projectMarkets } from "./projections/market";
import { projectOrders } from "./projections/orderOnChain";
import { projectPositions } from "./projections/position";
import type { Tables } from "./Tables";

/** The events of one transaction, in order: the unit of projecting, for they explain each other. */
export interface Transaction {
  readonly hash: string;
  readonly blockNumber: bigint;
  readonly timestamp: bigint;
  readonly events: readonly ChainEvent[];
}

export type Projector = (
  transaction: Transaction & { readonly fills: readonly Fill[] },
  tables: Tables,
  places: Places,
) => Promise<void>;

/** Markets come first: the others ask which market a token belongs to. */
const PROJECTORS: readonly Projector[] = [
  projectMarkets,
  projectFills,
  projectOrders,
  projectAccountNonces,
  projectPositions,
  projectCandles,
];

/**
 * Brings what the events say into the projections. Nothing else goes in: no clock, no call, no table but the projections and the
 * log itself; so the same logs give the same rows, however and whenever they came.
 */
export async function project(
  events: readonly ChainEvent[],
  tables: Tables,
  places: Places,
): Promise<void> {
  await foresee(events, tables);
  for (const transaction of transactionsOf(events)) {
    const [market, ...others] = PROJECTORS;
    await market!({ ...transaction, fills: [] }, tables, places);
    const fills = await readFills(transaction, tables);
    for (const projector of others) await projector({ ...transaction, fills }, tables, places);
  }
}

/** Cuts a list of events where the transaction changes. */
export function transactionsOf(events: readonly ChainEvent[]): Transaction[] {
  const transactions: (Transaction & { events: ChainEvent[] })[] = [];
  for (const event of events) {
    const { txHash, blockNumber } = event.log;
    const last = transactions.at(-1);
    if (last?.hash === txHash && last.blockNumber === blockNumber) last.events.push(event);
    else {
      const { timestamp } = event;
      transactions.push({ hash: txHash, blockNumber, timestamp, events: [event] });
    }
  }
  return transactions;
}

/** The events of one name, with their values. */
export function* eventsNamed<Name extends NostraEventName>(
  { events }: Pick<Transaction, "events">,
  ...names: readonly Name[]
): Generator<ChainEvent & { readonly event: NostraEvent<Name> }> {
  for (const one of events) {
    if (one.event !== undefined && (names as readonly string[]).includes(one.event.name)) {
      yield one as ChainEvent & { readonly event: NostraEvent<Name> };
    }
  }
}

/** Reads by a few statements most of the rows that the events will ask for one by one. */
async function foresee(events: readonly ChainEvent[], tables: Tables): Promise<void> {
  const tokens: bigint[] = [];
  const orders = new Set<string>();
  const positions: { account: string; token_id: string }[] = [];
  const hold = (account: string, token: bigint): void => {
    positions.push({ account: account.toLowerCase(), token_id: token.toString() });
  };
  for (const { event } of events) {
    if (event?.name === "OrderFilled") {
      orders.add(event.args.orderHash.toLowerCase());
      tokens.push(event.args.tokenId);
      hold(event.args.maker, event.args.tokenId);
    } else if (event?.name === "TransferSingle") {
      tokens.push(event.args.id);
      hold(event.args.from, event.args.id);
      hold(event.args.to, event.args.id);
    } else if (event?.name === "TransferBatch") {
      for (const id of event.args.ids) {
        tokens.push(id);
        hold(event.args.from, id);
        hold(event.args.to, id);
      }
    }
  }
  await tables.loadTokens(tokens);
  await tables.load(
    "order_on_chain",
    [...orders].map((order_hash) => ({ order_hash })),
  );
  await tables.load("position", positions);
}
