import { createRequire } from "node:module";
import { createBook, submitOrder, TickBook, type IncomingOrder } from "@nostra/sdk/matcher";
import { BUY, CANCEL, type Workload } from "./workload";

/** A matcher that has been given a workload, and does its operations one by one. */
export interface Runner {
  /** Does operation `i`. @returns lots filled, or lots left of the order cancelled. */
  (i: number): number;
}

export interface Ids {
  readonly news: readonly string[];
  readonly refs: readonly string[];
}

type Create = (workload: Workload, ids: Ids) => Runner;

/** Ids of operations come as strings, and every matcher tells the fills of the order that arrived. */
export const MATCHERS: Readonly<Record<string, Create>> = {
  /** The engine: fills are read from its columns. */
  "nostra ticks": (work, ids) => {
    const book = new TickBook(work.ticks);
    return (i) => {
      const side = work.side[i]! === BUY ? 0 : 1;
      const id = work.order[i]!;
      if (work.op[i] === CANCEL) return book.cancel(ids.refs[id]!);
      if (work.op[i] !== 0) return book.market(side, work.size[i]!);
      return book.limit(ids.news[id]!, side, work.tick[i]!, work.size[i]!, work.isNo[i] === 1);
    };
  },

  /** The same, with an object made for each fill. */
  "nostra ticks, fill objects": (work, ids) => {
    const book = new TickBook(work.ticks);
    let fills: { id: string; lots: number; rank: number; traits: number }[] = [];
    const collect = (): void => {
      fills = [];
      for (let i = 0; i < book.fillCount; i++) {
        const [id, lots] = [book.fillIds[i]!, book.fillLots[i]!];
        fills.push({ id, lots, rank: book.fillRanks[i]!, traits: book.fillTraits[i]! });
      }
    };
    return (i) => {
      const side = work.side[i]! === BUY ? 0 : 1;
      const id = work.order[i]!;
      if (work.op[i] === CANCEL) return book.cancel(ids.refs[id]!);
      const filled =
        work.op[i] !== 0
          ? book.market(side, work.size[i]!)
          : book.limit(ids.news[id]!, side, work.tick[i]!, work.size[i]!, work.isNo[i] === 1);
      collect();
      return fills.length === 0 ? 0 : filled;
    };
  },

  /** All of it: orders of twelve fields with bigint amounts, checked on arrival, and plans of bigint amounts. */
  "nostra orders": (work, ids) => {
    const book = createBook({ yes: 1n, no: 2n, tick: 1_000_000n / BigInt(work.ticks) });
    const lot = BigInt(work.ticks);
    const incoming = Array.from({ length: work.count }, (_, i) => orderOf(work, ids, i));
    return (i) => {
      const order = incoming[i];
      if (order === undefined) {
        const { order, remaining } = book.cancel(ids.refs[work.order[i]!] as `0x${string}`);
        const price = order.side === BUY ? (order.makerAmount * lot) / order.takerAmount : lot;
        return Number(remaining / price);
      }
      const market = work.op[i] !== 0;
      const { plans } = submitOrder(book, order, market ? { timeInForce: "FAK" } : undefined);
      let shares = 0n;
      for (const plan of plans) shares += order.order.side === BUY ? plan.taking : plan.making;
      return Number(shares / lot);
    };
  },

  "nodejs-order-book": (work, ids) => runnerOfOrderBook("nodejs-order-book", work, ids),
  "hft-limit-order-book": (work, ids) => runnerOfOrderBook("hft-limit-order-book", work, ids),

  "limit-order-book": (work, ids) => {
    const { LimitOrderBook, LimitOrder, MarketOrder } = peer("limit-order-book");
    const book = new LimitOrderBook({ symbol: "X", priceStep: "1", sizeStep: "1" });
    return (i) => {
      const side = work.side[i] === BUY ? "bid" : "ask";
      const [id, size] = [work.order[i]!, work.size[i]!];
      if (work.op[i] === CANCEL) return Number(book.remove(ids.refs[id]!)?.sizeRemaining ?? 0);
      const order =
        work.op[i] === 0
          ? new LimitOrder(ids.news[id], side, String(work.tick[i]), String(size))
          : new MarketOrder(ids.news[id], side, String(size));
      return size - Number(book.add(order).taker.sizeRemaining);
    };
  },
};

function runnerOfOrderBook(name: string, work: Workload, ids: Ids): Runner {
  const { OrderBook } = peer(name);
  const book = new OrderBook();
  return (i) => {
    const side = work.side[i] === BUY ? "buy" : "sell";
    const [id, size] = [work.order[i]!, work.size[i]!];
    if (work.op[i] === CANCEL) {
      const order = book.cancel(ids.refs[id]!)?.order;
      if (order === undefined) return 0;
      return (typeof order === "string" ? (JSON.parse(order) as { size: number }) : order).size;
    }
    const result =
      work.op[i] === 0
        ? book.limit({ id: ids.news[id]!, side, size, price: work.tick[i]! })
        : book.market({ side, size });
    return size - result.quantityLeft;
  };
}

/** An order on its tick: buying YES or selling NO is a bid. Undefined for a cancel. */
function orderOf(work: Workload, ids: Ids, i: number): IncomingOrder | undefined {
  if (work.op[i] === CANCEL) return undefined;
  const isBid = work.side[i] === BUY;
  const isNo = work.isNo[i] === 1;
  const side = isBid === isNo ? 1 : 0;
  const yesTick = work.op[i] === 0 ? work.tick[i]! : isBid ? work.ticks : 0;
  const price = Math.max(1, isNo ? work.ticks - yesTick : yesTick);
  const lots = BigInt(work.size[i]!);
  const [shares, cost] = [lots * BigInt(work.ticks), lots * BigInt(price)];
  const maker = `0x${(isBid ? "b" : "a").repeat(40)}` as const;
  const order = {
    salt: BigInt(i),
    maker,
    signer: maker,
    taker: `0x${"0".repeat(40)}` as const,
    tokenId: isNo ? 2n : 1n,
    makerAmount: side === 0 ? cost : shares,
    takerAmount: side === 0 ? shares : cost,
    expiration: 0n,
    nonce: 0n,
    feeRateBps: 0n,
    side: side as 0 | 1,
    signatureType: 0 as const,
  };
  return { hash: ids.news[work.order[i]!] as `0x${string}`, order };
}

/** What the bench uses of the peers, which are installed in its own folder and have no types here. */
interface Peer {
  readonly OrderBook: new () => {
    limit(order: object): { quantityLeft: number };
    market(order: object): { quantityLeft: number };
    cancel(id: string): { order: { size: number } | string } | undefined;
  };
  readonly LimitOrderBook: new (options: object) => {
    add(order: object): { taker: { sizeRemaining: string } };
    remove(id: string): { sizeRemaining: string } | undefined;
  };
  readonly LimitOrder: new (...fields: unknown[]) => object;
  readonly MarketOrder: new (...fields: unknown[]) => object;
}

function peer(name: string): Peer {
  return createRequire(__filename)(name) as Peer;
}
