import type { AddressInfo } from "node:net";
import { InputError } from "@nostra/sdk/errors";
import { orderToJson, type Hex } from "@nostra/sdk/order";
import {
  connectStream,
  hashLevels,
  LocalBook,
  StreamError,
  type BookState,
  type Level,
  type StreamClient,
  type StreamOptions,
  type StreamState,
  type StreamUserEvent,
  type Timers,
} from "@nostra/sdk/stream";
import { expect } from "chai";
import fc from "fast-check";
import { WebSocket } from "ws";
import { silentLog } from "../../operator/src/log";
import { createStream, type Stream } from "../../operator/src/stream";
import { seedOr } from "../helpers/random";
import { thrownBy } from "../helpers/sandbox";
import { emptyStore } from "../operator/helpers/stores";
import { ADA, BOB, CONDITION, sign, startHttp, type TestHttp } from "../operator/helpers/venue";

const until = async (condition: () => boolean, what: string): Promise<void> => {
  const dueMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > dueMs) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

describe("sdk: local book", () => {
  const delta = (from: number, to: number, bids: Level[] = []) => ({ from, to, bids, asks: [] });

  it("takes changes in order, drops old ones, and refuses those with something missing before", () => {
    const book = new LocalBook({ sequence: 5, bids: [[10, "1"]], asks: [[20, "2"]] });
    expect(book.apply(delta(4, 5, [[10, "9"]]))).to.equal("old");
    expect(book.apply(delta(6, 7, [[10, "9"]]))).to.equal("gap");
    expect(book.levels().bids).to.deep.equal([[10, "1"]]);
    expect(book.apply(delta(4, 6, [[11, "3"]]))).to.equal("applied");
    expect(book.sequence).to.equal(6);
    expect(book.best()).to.deep.equal({ bid: [11, "3"], ask: [20, "2"] });
    expect(book.apply(delta(6, 9, [[11, "0"]]))).to.equal("applied");
    expect(book.levels().bids).to.deep.equal([[10, "1"]]);
    expect(new LocalBook().best()).to.deep.equal({ bid: null, ask: null });
  });

  it("is what a plain list of all levels would be, whatever comes (random)", () => {
    const seed = seedOr(3);
    const level = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom("0", "1", "2"));
    const change = fc.record({ bids: fc.array(level), asks: fc.array(level) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const book = new LocalBook();
        const plain = { bids: {} as Record<number, string>, asks: {} as Record<number, string> };
        for (const [i, { bids, asks }] of changes.entries()) {
          book.apply({ from: i, to: i + 1, bids, asks });
          for (const [price, shares] of bids) plain.bids[price] = shares;
          for (const [price, shares] of asks) plain.asks[price] = shares;
        }
        const listOf = (side: Record<number, string>): Level[] =>
          Object.entries(side)
            .filter(([, shares]) => shares !== "0")
            .map(([price, shares]): Level => [Number(price), shares]);
        const expected = { bids: listOf(plain.bids).reverse(), asks: listOf(plain.asks) };
        expect(book.levels()).to.deep.equal(expected);
        expect(book.hash()).to.equal(hashLevels(expected));
      }),
      { seed, verbose: 1 },
    );
  });

  it("has the hash of its levels and of nothing else", () => {
    const one: Level = [10, "1"];
    const two: Level = [20, "2"];
    const hashes = [
      hashLevels({ bids: [one], asks: [two] }),
      hashLevels({ bids: [one, two], asks: [] }),
      hashLevels({ bids: [], asks: [one, two] }),
      hashLevels({ bids: [[10, "2"]], asks: [two] }),
    ];
    expect(new Set(hashes).size).to.equal(4);
  });
});

/** A socket that a test speaks through, and timers that it winds. */
class FakeNet {
  readonly sockets: FakeSocket[] = [];
  readonly waits: number[] = [];
  pending: { work: () => void; ms: number }[] = [];
  readonly timers: Timers = {
    set: (work, ms) => {
      const timer = { work, ms };
      this.pending.push(timer);
      this.waits.push(ms);
      return timer;
    },
    clear: (timer) => {
      this.pending = this.pending.filter((one) => one !== timer);
    },
  };
  readonly WebSocket: NonNullable<StreamOptions["WebSocket"]>;

  constructor() {
    const { sockets } = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
  }

  get last(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** Lets the one timer that is set run out. */
  ring(): number {
    expect(this.pending, "timers set").to.have.length(1);
    const [{ work, ms }] = this.pending.splice(0) as [{ work: () => void; ms: number }];
    work();
    return ms;
  }
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly said: Record<string, unknown>[] = [];
  readonly url: string;
  isClosed = false;

  constructor(url: string) {
    this.url = url;
  }
  send(text: string): void {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.isClosed = true;
  }
  open(): this {
    this.onopen!();
    this.tell({ type: "welcome", connection: "c", serverTimeMs: 1_000_000 });
    return this;
  }
  tell(message: object): void {
    this.onmessage!({ data: JSON.stringify(message) });
  }
  end(code = 1006): void {
    this.onclose!({ code, reason: "" });
  }
}

describe("sdk: stream", () => {
  const streams: StreamClient[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  describe("on a bad line", () => {
    let net: FakeNet;
    let states: StreamState[];
    let errors: Error[];
    const connect = (options: Partial<StreamOptions> = {}): StreamClient => {
      const stream = connectStream({
        ...{ url: "https://venue.test", WebSocket: net.WebSocket, timers: net.timers },
        ...{ random: () => 1, onState: (state) => void states.push(state) },
        onError: (error) => void errors.push(error),
        ...options,
      });
      streams.push(stream);
      return stream;
    };
    beforeEach(() => {
      net = new FakeNet();
      states = [];
      errors = [];
    });

    const snapshot = (sequence: number, bids: Level[] = []) => ({
      ...{ type: "snapshot", channel: "book", market: CONDITION, sequence, bids, asks: [] },
      hash: hashLevels({ bids, asks: [] }),
    });
    const delta = (from: number, to: number, bids: Level[] = [], more = {}) => ({
      ...{ type: "delta", channel: "book", market: CONDITION, from, to, bids, asks: [], ...more },
    });
    const subscribed = (socket: FakeSocket): void => {
      const { request } = socket.said.find(({ type }) => type === "subscribe")!;
      socket.tell({ type: "subscribed", channel: "book", market: CONDITION, request });
    };

    it("goes to /ws of the venue, whatever way its address is written", () => {
      for (const [url, expected] of [
        ["https://venue.test", "wss://venue.test/ws"],
        ["http://venue.test:1/path/", "ws://venue.test:1/path/ws"],
        ["wss://venue.test/ws", "wss://venue.test/ws"],
      ] as const) {
        connect({ url });
        expect(net.last.url).to.equal(expected);
      }
      for (const url of ["venue", "ftp://venue.test"]) {
        expect(() => connect({ url })).to.throw(InputError);
      }
    });

    it("comes back after waits that double up to a bound, with chance in them, and begins anew once let in", () => {
      connect({ mostWaitMs: 4_000 });
      const waits: number[] = [];
      for (let i = 0; i < 5; i++) {
        net.last.end();
        waits.push(net.ring());
      }
      expect(waits).to.deep.equal([500, 1000, 2000, 4000, 4000]);
      net.last.open();
      net.last.end();
      expect(net.ring()).to.equal(500);
      net = new FakeNet();
      connect({ random: () => 0 });
      net.last.end();
      expect(net.ring(), "at least half").to.equal(250);
    });

    it("subscribes again to all that is followed, and to nothing that is not", () => {
      const stream = connect();
      const closed = stream.trades("b", () => undefined);
      stream.book("a");
      net.last.open();
      closed.close();
      net.last.end();
      net.ring();
      net.last.open();
      expect(net.last.said.map(({ type, channel, market }) => [type, channel, market]))
        .to.deep //
        .equal([["subscribe", "book", "a"]]);
    });

    it("asks after a silence whether somebody is there, and gives up after another", () => {
      connect({ silenceMs: 7 });
      const first = net.last.open();
      expect(net.ring()).to.equal(7);
      expect(first.said).to.deep.equal([{ type: "ping" }]);
      first.tell({ type: "pong", timestamp: 1 });
      net.ring();
      expect(first.isClosed).to.equal(false);
      net.ring();
      expect(first.isClosed).to.equal(true);
      net.ring();
      expect(net.sockets).to.have.length(2);
      first.onopen?.();
      first.tell({ type: "welcome" });
      expect(net.last.said, "a socket given up is not listened to").to.deep.equal([]);
    });

    it("a socket that never opens is given up too", () => {
      connect({ silenceMs: 7 });
      net.ring();
      expect(net.sockets[0]!.isClosed).to.equal(true);
      net.ring();
      expect(net.sockets).to.have.length(2);
    });

    it("a book is stale until its snapshot, and from the moment something is missing until the next", () => {
      const seen: BookState[] = [];
      let changes = 0;
      const listener = {
        onState: (state: BookState) => void seen.push(state),
        onChange: () => void changes++,
      };
      const book = connect().book("a", listener);
      const socket = net.last.open();
      subscribed(socket);
      expect(book.state).to.equal("stale");
      socket.tell(snapshot(3));
      socket.tell(delta(3, 4, [[10, "1"]]));
      expect([book.state, book.book.sequence, changes]).to.deep.equal(["synced", 4, 2]);
      socket.tell(delta(5, 6, [[11, "1"]]));
      expect(book.state).to.equal("stale");
      expect(socket.said.at(-1)).to.deep.equal({ type: "resync", market: CONDITION });
      socket.tell(delta(6, 7, [[12, "1"]]));
      expect([book.book.sequence, changes], "nothing is applied to a stale book").to.deep.equal([
        4, 2,
      ]);
      socket.tell(snapshot(7, [[12, "1"]]));
      expect([book.state, book.book.sequence, changes]).to.deep.equal(["synced", 7, 3]);
      expect(seen).to.deep.equal(["synced", "stale", "synced"]);
    });

    it("a book whose hash is another than the venue's is got anew", () => {
      const book = connect().book("a");
      const socket = net.last.open();
      subscribed(socket);
      socket.tell(snapshot(3));
      const right = { hash: hashLevels({ bids: [[10, "1"]], asks: [] }) };
      socket.tell(delta(3, 4, [[10, "1"]], right));
      expect(book.state).to.equal("synced");
      socket.tell(delta(4, 5, [[11, "1"]], right));
      expect(book.state).to.equal("stale");
      expect(socket.said.at(-1)).to.deep.equal({ type: "resync", market: CONDITION });
      socket.tell({ ...snapshot(9), hash: right.hash });
      expect(book.state, "a snapshot that is not its own hash").to.equal("stale");
    });

    it("a book is stale while there is no connection", () => {
      const book = connect().book("a");
      const socket = net.last.open();
      subscribed(socket);
      socket.tell(snapshot(3));
      socket.end();
      expect(book.state).to.equal("stale");
    });

    it("two who follow one market share it; it is left with the last", () => {
      const stream = connect();
      const first = stream.book("a");
      const second = stream.book("a");
      const socket = net.last.open();
      for (const { request } of [...socket.said]) {
        socket.tell({ type: "subscribed", channel: "book", market: CONDITION, request });
      }
      socket.tell(snapshot(3));
      expect([first.state, second.state]).to.deep.equal(["synced", "synced"]);
      first.close();
      expect(socket.said.filter(({ type }) => type === "unsubscribe")).to.have.length(0);
      second.close();
      second.close();
      expect(socket.said.filter(({ type }) => type === "unsubscribe")).to.deep.equal([
        { type: "unsubscribe", channel: "book", market: CONDITION },
      ]);
    });

    it("what the venue refuses is told to who asked for it", () => {
      const own: Error[] = [];
      connect().book("none", { onError: (error) => void own.push(error) });
      const socket = net.last.open();
      const { request } = socket.said[0]!;
      socket.tell({ type: "error", code: "MARKET_NOT_FOUND", message: "no", request });
      socket.tell({ type: "error", code: "OTHER", message: "no" });
      socket.onmessage!({ data: "{" });
      expect(own[0]).to.be.instanceOf(StreamError).and.to.include({ code: "MARKET_NOT_FOUND" });
      expect(errors[0]).to.include({ code: "OTHER" });
    });

    it("a token that is refused ends it; one that can be asked for anew is", async () => {
      const fixed = connect({ token: "wrong" });
      net.last.open();
      net.last.end(4001);
      expect(fixed.state).to.equal("closed");
      expect(errors[0]).to.include({ code: "UNAUTHORIZED" });
      expect(net.pending).to.deep.equal([]);

      let count = 0;
      const asked = connect({ token: () => `token-${++count}` });
      asked.user({});
      for (const expected of ["token-1", "token-2"]) {
        const socket = net.last.open();
        await until(() => socket.said.length > 0, "the token");
        expect(socket.said).to.deep.equal([{ type: "auth", token: expected }]);
        socket.end(4001);
        net.ring();
      }
    });

    it("one's own is asked for from a little before what was heard last, and heard once", async () => {
      const heard: StreamUserEvent[] = [];
      let missed = 0;
      const stream = connect({ token: "t" });
      stream.user({ onEvent: (event) => void heard.push(event), onMissed: () => void missed++ });
      const authorize = async (): Promise<FakeSocket> => {
        const socket = net.last.open();
        await until(() => socket.said.length > 0, "the token");
        socket.tell({ type: "authorized", account: ADA.address });
        return socket;
      };
      const told = (hash: string, atMs: number, order = true) => ({
        ...{ type: "user", channel: "user", replay: false },
        event: order
          ? { type: "order", hash, state: "OPEN", atMs }
          : { atMs, state: "OPEN", hash, type: "order" },
      });
      const first = await authorize();
      expect(first.said[1], "at first nothing is told again").to.not.have.property("sinceMs");
      first.tell(told("0x1", 2_000_000));
      first.end();
      net.ring();
      const second = await authorize();
      expect(second.said[1]).to.include({ channel: "user", sinceMs: 1_990_000 });
      second.tell(told("0x1", 2_000_000, false));
      second.tell(told("0x2", 2_000_001));
      second.tell({ type: "replayed", channel: "user", count: 2, isComplete: false, lastId: 9 });
      expect(heard.map(({ hash }) => hash)).to.deep.equal(["0x1", "0x2"]);
      expect(missed).to.equal(1);
    });

    it("one's own needs a token, and a WebSocket there must be", async () => {
      expect(() => connect().user({})).to.throw(InputError);
      if ((globalThis as { WebSocket?: unknown }).WebSocket === undefined) {
        expect(await thrownBy(() => connectStream({ url: "ws://v" }))).to.be.instanceOf(InputError);
      }
    });

    it("closed, it stays so", () => {
      const stream = connect();
      const socket = net.last.open();
      stream.close();
      socket.onclose?.({ code: 1000, reason: "" });
      expect(stream.state).to.equal("closed");
      expect(net.pending).to.deep.equal([]);
      expect(states).to.deep.equal(["open", "closed"]);
    });
  });

  describe("with a venue", () => {
    let http: TestHttp;
    let server: Stream;
    let url: string;
    let port = 0;
    const listen = async (): Promise<void> => {
      const { app, auth, limiter, metrics, feed, venue } = http;
      const { store, bus, clock } = venue;
      server = createStream({
        ...{ server: app.server, store, feed, bus, clock, log: silentLog, auth, limiter, metrics },
        ...{ checkMessages: true, opening: { count: 100, seconds: 60 } },
      });
    };
    beforeEach(async () => {
      http = await startHttp(await emptyStore("pglite"));
      await listen();
      await http.app.listen({ port: 0, host: "127.0.0.1" });
      ({ port } = http.app.server.address() as AddressInfo);
      url = `http://127.0.0.1:${port}`;
    });
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.close();
      await server.close();
      await http.app.close();
    });
    const connect = (options: Partial<StreamOptions> = {}): StreamClient => {
      const stream = connectStream({
        ...{ url, WebSocket: WebSocket as unknown as NonNullable<StreamOptions["WebSocket"]> },
        ...{ random: () => 0, timers: { set: (work, ms) => setTimeout(work, ms / 20), clear } },
        silenceMs: 60_000,
        ...options,
      });
      streams.push(stream);
      return stream;
    };
    const clear = (timer: unknown): void => clearTimeout(timer as NodeJS.Timeout);
    const place = async (...terms: Parameters<typeof sign>): Promise<void> => {
      await http.venue.submit(orderToJson(await sign(...terms)));
    };

    it("keeps a book equal to the venue's through changes, losses and broken connections", async () => {
      const states: BookState[] = [];
      const stream = connect();
      const followed = stream.book("market-0", { onState: (state) => void states.push(state) });
      const isSame = (): boolean =>
        followed.state === "synced" &&
        followed.book.sequence === http.feed.book(CONDITION).sequence &&
        followed.book.hash() === http.feed.book(CONDITION).hash();
      await until(isSame, "the first snapshot");
      for (const price of ["0.1", "0.2"]) await place({ price });
      await until(isSame, "changes");

      await server.close();
      await until(() => followed.state === "stale", "the break");
      await place({ price: "0.3" });
      await listen();
      await until(isSame, "coming back");
      expect(followed.book.best().bid).to.deep.equal([300_000, "10000000"]);
      await place({ price: "0.4" }, BOB);
      await until(isSame, "changes after it");
      expect(states).to.deep.equal(["synced", "stale", "synced"]);
    });

    it("says who it is by a key, whatever its clock", async () => {
      const headers = await http.signIn();
      const body = { scopes: ["read"] };
      const apiKey = (await http.ask("POST", "/api/auth/keys", { headers, body })).json;
      let snapshots = 0;
      connect({ apiKey }).user({ onSnapshot: () => void snapshots++ });
      await until(() => snapshots === 1, "one's own");
    });

    it("tells trades, orders, states and blocks, and what is one's own", async () => {
      const token = (await http.signIn()).authorization.slice("Bearer ".length);
      const told: [string, unknown][] = [];
      const note =
        (name: string) =>
        (value: unknown): void =>
          void told.push([name, value]);
      const stream = connect({ token, onRetract: note("retract") });
      stream.trades(CONDITION, note("trade"));
      stream.orders("market-0", note("order"));
      stream.market("market-0", note("market"));
      stream.blocks(note("block"));
      stream.user({ onSnapshot: note("own orders"), onEvent: note("own") });
      const count = (name: string): number => told.filter(([one]) => one === name).length;
      await until(() => count("own orders") === 1, "one's own");
      await place({ price: "0.4", side: "SELL" });
      await http.venue.match(await sign({ price: "0.5" }, BOB));
      const { bus } = http.venue;
      bus.publish({
        ...{ type: "market", conditionId: CONDITION, oldState: "OPEN", newState: "PROPOSED" },
        ...{ outcome: "YES", automatic: false, atMs: 1 },
      });
      for (const undone of [false, true]) {
        bus.publish({
          ...{ type: "block", number: 1, hash: `0x${"b1".repeat(32)}` as Hex, timestamp: 1 },
          ...{ finalNumber: 0, generation: 1, undone },
        });
      }
      await until(() => count("retract") === 1, "the retraction");
      expect([count("trade"), count("order"), count("market"), count("block")]).to.deep.equal([
        1, 2, 1, 1,
      ]);
      expect(count("own"), "an order, and a match").to.equal(2);
    });
  });
});
