/**
 * Order flow from a seed, with what a matcher of price-time priority must answer to each operation. Prices are ticks of YES,
 * sizes are lots.
 *
 * mixed  60% limit, 35% cancel of a resting order, 5% market. Limit prices scatter around a drifting middle.
 * cross  limits alternately to buy and to sell, priced so that each meets the one before.
 * rest   limits that never meet.
 */
export type Kind = "mixed" | "cross" | "rest";

export const LIMIT = 0;
export const CANCEL = 1;
export const MARKET = 2;
export const BUY = 0;
export const SELL = 1;

export interface Shape {
  readonly kind: Kind;
  /** Operations to measure, after the preload. */
  readonly ops: number;
  /** Limits that rest before the measurement begins. */
  readonly preload: number;
  /** Ticks in the price 1. */
  readonly ticks: number;
  readonly seed: number;
}

/** Operations by column. */
export interface Workload extends Shape {
  readonly count: number;
  readonly op: Uint8Array;
  readonly side: Uint8Array;
  readonly isNo: Uint8Array;
  readonly tick: Uint16Array;
  readonly size: Uint32Array;
  /** Which order: a new one for LIMIT and MARKET, an earlier one for CANCEL. */
  readonly order: Uint32Array;
  /** Lots filled for LIMIT and MARKET, lots left for CANCEL. */
  readonly answer: Uint32Array;
  readonly orders: number;
  readonly fills: number;
}

export function generate(shape: Shape): Workload {
  const { kind, ops, preload, ticks, seed } = shape;
  const count = ops + preload;
  const op = new Uint8Array(count);
  const side = new Uint8Array(count);
  const isNo = new Uint8Array(count);
  const tick = new Uint16Array(count);
  const size = new Uint32Array(count);
  const order = new Uint32Array(count);
  const answer = new Uint32Array(count);
  const next = dice(seed);
  const bell = (): number => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return radius * Math.cos(2 * Math.PI * next());
  };
  const onTick = (price: number): number => {
    return Math.min(ticks - 1, Math.max(1, Math.round(price * ticks)));
  };

  const model = new PlainBook(ticks);
  let middle = 0.5;
  let orders = 0;
  for (let i = 0; i < count; i++) {
    middle += 0.0005 * bell();
    if (middle < 0.2 || middle > 0.8) middle = middle < 0.5 ? 0.4 - middle : 1.6 - middle;
    const isPassive = kind === "rest" || i < preload;
    const choice = isPassive || kind === "cross" ? 0 : next();
    side[i] = kind === "cross" && !isPassive ? i & 1 : next() < 0.5 ? BUY : SELL;
    size[i] = 1 + Math.floor(1000 * next());
    isNo[i] = next() < 0.5 ? 1 : 0;
    const away = side[i] === BUY ? -1 : 1;
    if (choice >= 0.6 && choice < 0.95 && model.live.length > 0) {
      op[i] = CANCEL;
      order[i] = model.live[Math.floor(next() * model.live.length)]!;
      answer[i] = model.cancel(order[i]!);
      continue;
    }
    order[i] = orders++;
    if (choice >= 0.95) {
      op[i] = MARKET;
      answer[i] = size[i]! - model.take(side[i]!, side[i] === BUY ? ticks : 0, size[i]!);
      continue;
    }
    if (isPassive) {
      const price = 0.5 + away * (0.04 + 0.08 * Math.abs(bell()));
      const edge = 0.5 + 0.01 * away;
      const inside = side[i] === BUY ? Math.floor(edge * ticks) : Math.ceil(edge * ticks);
      tick[i] = side[i] === BUY ? Math.min(onTick(price), inside) : Math.max(onTick(price), inside);
    } else if (kind === "cross") {
      tick[i] = onTick(0.5 - 0.1 * away * next());
    } else {
      tick[i] = onTick(middle + 0.04 * away + 0.04 * bell());
    }
    const left = model.take(side[i]!, tick[i]!, size[i]!);
    if (left > 0) model.rest(order[i]!, side[i]!, tick[i]!, left);
    answer[i] = size[i]! - left;
  }
  const columns = { op, side, isNo, tick, size, order, answer };
  return { ...shape, ...columns, count, orders, fills: model.fills };
}

/**
 * Ids of orders: `short` like o12, `hash` like an order hash. Two sets of equal but different strings, for a cancel that
 * comes over the wire does not carry the string object of the order it names.
 */
export function makeIds(count: number, form: "short" | "hash"): { news: string[]; refs: string[] } {
  const copy = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
  const news: string[] = [];
  const refs: string[] = [];
  const next = dice(99);
  for (let i = 0; i < count; i++) {
    let id = `o${i}`;
    if (form === "hash") {
      id = `0x${i.toString(16).padStart(8, "0")}`;
      while (id.length < 66) {
        id += Math.floor(2 ** 32 * next())
          .toString(16)
          .padStart(8, "0");
      }
    }
    news.push(copy(id));
    refs.push(copy(id));
  }
  return { news, refs };
}

/** Numbers from 0 to 1, the same for the same seed: xorshift32. */
function dice(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

interface Level {
  queue: number[];
  head: number;
  live: number;
}

/** Price-time priority with an array per level: the source of the right answers. Not measured. */
class PlainBook {
  readonly live: number[] = [];
  fills = 0;
  readonly #levels: [Level[], Level[]];
  readonly #best: [number, number];
  readonly #orders = new Map<number, { side: number; tick: number; left: number; at: number }>();

  constructor(readonly ticks: number) {
    const side = (): Level[] =>
      Array.from({ length: ticks + 1 }, () => ({ queue: [], head: 0, live: 0 }));
    this.#levels = [side(), side()];
    this.#best = [0, ticks];
  }

  /** @returns the lots not filled. */
  take(side: number, limit: number, lots: number): number {
    const other = 1 - side;
    const levels = this.#levels[other as 0 | 1];
    const step = other === SELL ? 1 : -1;
    let tick = this.#best[other as 0 | 1];
    while (lots > 0 && (side === BUY ? tick <= limit : tick >= limit)) {
      const level = levels[tick];
      if (level === undefined) break;
      while (lots > 0 && level.live > 0) {
        const id = level.queue[level.head]!;
        const order = this.#orders.get(id);
        if (order === undefined) {
          level.head += 1;
          continue;
        }
        const fill = Math.min(lots, order.left);
        lots -= fill;
        order.left -= fill;
        this.fills += 1;
        if (order.left === 0) this.#drop(id);
      }
      if (level.live === 0) {
        level.queue = [];
        level.head = 0;
        tick += step;
      }
    }
    this.#best[other as 0 | 1] = Math.min(this.ticks, Math.max(0, tick));
    return lots;
  }

  rest(id: number, side: number, tick: number, left: number): void {
    const level = this.#levels[side as 0 | 1][tick]!;
    level.queue.push(id);
    level.live += 1;
    this.#orders.set(id, { side, tick, left, at: this.live.push(id) - 1 });
    const best = this.#best[side as 0 | 1];
    this.#best[side as 0 | 1] = side === BUY ? Math.max(best, tick) : Math.min(best, tick);
  }

  cancel(id: number): number {
    const { left } = this.#orders.get(id)!;
    this.#drop(id);
    return left;
  }

  #drop(id: number): void {
    const { side, tick, at } = this.#orders.get(id)!;
    const last = this.live.pop()!;
    if (last !== id) {
      this.live[at] = last;
      this.#orders.get(last)!.at = at;
    }
    this.#orders.delete(id);
    this.#levels[side as 0 | 1][tick]!.live -= 1;
  }
}
