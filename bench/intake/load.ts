import { WebSocket } from "ws";
import { answerParent, note } from "../lib/child";
import { HttpClient, requestOf } from "./HttpClient";
import { readOrders, signOrders, type Flow, type Signed, type Venue } from "./orders";

/** What came of a load, in milliseconds where nothing else is said. */
export interface Load {
  readonly orders: number;
  readonly refused: number;
  /** What the first refusal said. */
  readonly refusal: string | null;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** CPU time of this process. */
  readonly cpuMicroseconds: number;
}

const PATH = "/api/orders";
let orders: Signed[] = [];
let next = 0;

export const tasks = {
  async read(file: string): Promise<void> {
    orders = await readOrders(file);
    next = 0;
  },

  /** From the first order again. */
  rewind(): void {
    next = 0;
  },

  /** As many as the venue takes over so many connections, each waiting for its answer; a request has `perRequest` orders. */
  async flood({
    url,
    count,
    connections,
    perRequest = 1,
  }: {
    url: string;
    count: number;
    connections: number;
    perRequest?: number;
  }): Promise<Load> {
    const base = new URL(url);
    const taken = take(count);
    const requests: Buffer[] = [];
    for (let i = 0; i < taken.length; i += perRequest) {
      const bodies = taken.slice(i, i + perRequest).map(({ body }) => body);
      requests.push(
        perRequest === 1
          ? requestOf(base, PATH, bodies[0]!)
          : requestOf(base, `${PATH}/batch`, `{"orders":[${bodies.join(",")}]}`),
      );
    }
    const clients = await openAll(base, connections);
    const meter = new Meter(perRequest);
    let sent = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (sent < requests.length) {
          const request = requests[sent++]!;
          const atMs = performance.now();
          meter.add(await client.ask(request), performance.now() - atMs);
        }
      }),
    );
    for (const client of clients) client.close();
    return meter.done();
  },

  /** So many a second, whatever the venue does; for those that cross, the time until the stream tells of the trade. */
  async pace({
    url,
    seconds,
    perSecond,
    markets,
  }: {
    url: string;
    seconds: number;
    perSecond: number;
    markets: readonly string[];
  }): Promise<{ intake: Load; trades: Load }> {
    const base = new URL(url);
    const sentAt = new Map<string, number>();
    const trades = new Meter();
    const stream = await follow(base, "trades", markets, (text) => {
      const now = performance.now();
      const message = JSON.parse(text) as { type: string; state?: string; takerHash?: string };
      if (message.type !== "trade" || message.state !== "MATCHED") return;
      const atMs = sentAt.get(message.takerHash!);
      // An order may have several matches; the first counts.
      sentAt.delete(message.takerHash!);
      if (atMs !== undefined) trades.add(null, now - atMs);
    });
    const taken = take(seconds * perSecond);
    const intake = await send(base, taken, perSecond, ({ crosses, hash }, atMs) => {
      if (crosses) sentAt.set(hash, atMs);
    });
    await pause(500);
    stream.terminate();
    return { intake, trades: trades.done() };
  },

  /** Many that follow one book while orders for it come; the time from a change of the book to its arrival at each. */
  async followers({
    url,
    followers,
    seconds,
    perSecond,
    market,
  }: {
    url: string;
    followers: number;
    seconds: number;
    perSecond: number;
    market: string;
  }): Promise<{ delivery: Load; deliveriesPerSecond: number }> {
    const base = new URL(url);
    const delivery = new Meter();
    const streams: WebSocket[] = [];
    for (let i = 0; i < followers; i += 50) {
      const more = Array.from({ length: Math.min(50, followers - i) }, (_, j) => {
        // The venue gives an address ten streams a minute.
        const n = i + j;
        const from = `127.0.${1 + Math.floor(n / 1000)}.${1 + (Math.floor(n / 9) % 250)}`;
        return follow(
          base,
          "book",
          [market],
          (text) => {
            if (!text.startsWith('{"type":"delta"')) return;
            const at = Number(/"at":(\d+)/.exec(text)?.[1]);
            delivery.add(null, Date.now() - at);
          },
          from,
        );
      });
      streams.push(...(await Promise.all(more)));
    }
    note(`${streams.length} follow`);
    delivery.restart();
    const { seconds: took } = await send(base, take(seconds * perSecond), perSecond);
    await pause(1_000);
    const load = delivery.done();
    for (const stream of streams) stream.terminate();
    return { delivery: load, deliveriesPerSecond: load.orders / took };
  },

  /** So many a second, signed as they are sent, for long runs. */
  async last({
    url,
    venue,
    flow,
    seconds,
    perSecond,
    seed,
  }: {
    url: string;
    venue: Venue;
    flow: Flow;
    seconds: number;
    perSecond: number;
    seed: number;
  }): Promise<Load> {
    const fresh = signOrders(venue, flow, seed);
    const base = new URL(url);
    const supply = function* (): Generator<Signed> {
      for (let i = 0; i < seconds * perSecond; i++) yield fresh.next().value as Signed;
    };
    return send(base, supply(), perSecond);
  },
};
export type LoadTasks = typeof tasks;

function take(count: number): Signed[] {
  const taken = orders.slice(next, next + count);
  if (taken.length < count) throw new Error(`${count} orders asked, ${taken.length} left`);
  next += count;
  return taken;
}

const openAll = (url: URL, connections: number): Promise<HttpClient[]> =>
  Promise.all(Array.from({ length: connections }, () => HttpClient.open(url)));

/** Sends orders at their times, over as many connections as that takes. */
async function send(
  url: URL,
  supply: Iterable<Signed>,
  perSecond: number,
  onSent: (order: Signed, atMs: number) => void = () => undefined,
): Promise<Load> {
  const idle = await openAll(url, 64);
  const all = [...idle];
  const meter = new Meter();
  const underWay = new Set<Promise<void>>();
  const startMs = performance.now();
  let sent = 0;
  for (const order of supply) {
    const dueMs = startMs + (sent++ * 1000) / perSecond;
    while (performance.now() < dueMs) await pause(Math.max(0, dueMs - performance.now()));
    const client = idle.pop() ?? (await HttpClient.open(url));
    if (!all.includes(client)) all.push(client);
    const request = requestOf(url, PATH, order.body);
    // The time it was due: a late sender is the venue's fault as well.
    onSent(order, dueMs);
    const one = client.ask(request).then((answer) => {
      meter.add(answer, performance.now() - dueMs);
      idle.push(client);
      underWay.delete(one);
    });
    underWay.add(one);
  }
  await Promise.all(underWay);
  for (const client of all) client.close();
  return meter.done();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows a channel of markets. Resolves when the venue has said so. */
function follow(
  { host }: URL,
  channel: string,
  markets: readonly string[],
  onMessage: (text: string) => void,
  localAddress = "127.0.0.1",
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}/ws`, { perMessageDeflate: false, localAddress });
    let waiting = markets.length;
    socket.on("error", reject);
    socket.on("open", () => {
      for (const market of markets) {
        socket.send(JSON.stringify({ type: "subscribe", channel, market }));
      }
    });
    socket.on("message", (data: Buffer) => {
      const text = data.toString("latin1");
      if (text.startsWith('{"type":"subscribed"') && --waiting === 0) resolve(socket);
      onMessage(text);
    });
  });
}

/** Counts answers and their times. */
class Meter {
  readonly #perAnswer: number;
  #times: number[] = [];
  #refused = 0;
  #refusal: string | null = null;
  #startMs = performance.now();
  #cpu = process.cpuUsage();

  constructor(perAnswer = 1) {
    this.#perAnswer = perAnswer;
  }

  restart(): void {
    this.#times = [];
    this.#startMs = performance.now();
    this.#cpu = process.cpuUsage();
  }

  add(answer: { readonly status: number; readonly body: string } | null, ms: number): void {
    this.#times.push(ms);
    if (answer === null) return;
    const isGood = answer.status === 200 && !answer.body.includes('"success":false');
    if (isGood) return;
    this.#refused += 1;
    this.#refusal ??= `${answer.status} ${answer.body.slice(0, 300)}`;
  }

  done(): Load {
    const seconds = (performance.now() - this.#startMs) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const sorted = this.#times.sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
    return {
      orders: sorted.length * this.#perAnswer,
      refused: this.#refused,
      refusal: this.#refusal,
      ...{ seconds, p50: at(0.5), p99: at(0.99), max: at(1) },
      cpuMicroseconds: user + system,
    };
  }
}

answerParent(tasks);
