import { createHmac } from "node:crypto";
import type { AddressInfo } from "node:net";
import { hashOrder, orderToJson, type Hex } from "@nostra/sdk/order";
import { LocalBook } from "@nostra/sdk/stream";
import { expect } from "chai";
import { signedText } from "../../operator/src/http/auth/ApiKeys";
import { silentLog } from "../../operator/src/log";
import {
  createStream,
  describeStream,
  type Stream,
  type StreamOptions,
} from "../../operator/src/stream";
import { serverMessages } from "../../operator/src/stream/messages";
import { Listener } from "./helpers/Listener";
import { emptyStore } from "./helpers/stores";
import {
  ADA,
  BOB,
  CONDITION,
  DOMAIN,
  NO,
  NOW_MS,
  OTHER_CONDITION,
  sign,
  startHttp,
  type TestHttp,
} from "./helpers/venue";

describe("operator: stream", () => {
  let http: TestHttp;
  let stream: Stream;
  let url: string;
  const listeners: Listener[] = [];

  const start = async (options: Partial<StreamOptions> = {}): Promise<void> => {
    http = await startHttp(await emptyStore("pglite"));
    const { app, auth, limiter, metrics, feed, venue } = http;
    const { store, bus, clock } = venue;
    stream = createStream({
      ...{ server: app.server, store, feed, bus, clock, log: silentLog, auth, limiter, metrics },
      ...{ checkMessages: true, opening: { count: 50, seconds: 60 } },
      ...options,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`;
  };
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.socket.terminate();
    await stream.close();
    await http.app.close();
  });

  const connect = async (headers?: Record<string, string>): Promise<Listener> => {
    const listener = new Listener(url, headers);
    listeners.push(listener);
    return listener.open();
  };
  const attempt = (to = url, headers?: Record<string, string>): Listener => {
    const listener = new Listener(to, headers);
    listeners.push(listener);
    return listener;
  };
  const tokenOf = async (wallet = ADA): Promise<string> =>
    (await http.signIn(wallet)).authorization.slice("Bearer ".length);
  const place = async (...terms: Parameters<typeof sign>): Promise<Hex> => {
    const order = await sign(...terms);
    await http.venue.submit(orderToJson(order));
    return hashOrder(order, DOMAIN);
  };
  const follow = async (listener: Listener, channel: string, market = "market-0") => {
    listener.say({ type: "subscribe", channel, market });
    await listener.settled();
  };

  describe("a book", () => {
    beforeEach(() => start());

    it("is told as a snapshot, then change by change: a follower's copy is always the venue's", async () => {
      await place({ price: "0.4" });
      const listener = await connect();
      await follow(listener, "book");
      const snapshot = await listener.first("snapshot");
      expect(snapshot).to.include({ channel: "book", market: CONDITION, sequence: 1 });
      const book = new LocalBook(snapshot);
      expect(book.hash()).to.equal(snapshot.hash);
      const hashes: Hex[] = [];
      for (const price of ["0.4", "0.3", "0.45"]) hashes.push(await place({ price }));
      await place({ price: "0.3", tokenId: NO });
      await http.venue.cancel(ADA.address as Hex, [hashes[1]!]);
      await http.venue.match(await sign({ price: "0.44", side: "SELL", size: "3" }, BOB));
      await listener.settled();
      for (const delta of await listener.of("delta")) {
        expect(book.apply(delta)).to.equal("applied");
        if (delta.hash !== undefined) expect(book.hash()).to.equal(delta.hash);
      }
      const told = http.feed.book(CONDITION);
      expect(book.sequence).to.equal(told.sequence);
      expect(book.levels()).to.deep.equal(told.levels());
      const { bids, asks } = http.venue.books.get(CONDITION)!.depth();
      const plain = (levels: typeof bids) =>
        levels.map(({ price, shares }) => [Number(price), `${shares}`]);
      expect(book.levels()).to.deep.equal({ bids: plain(bids), asks: plain(asks) });
    });

    it("carries its hash every so often, and comes whole on request", async () => {
      const listener = await connect();
      await follow(listener, "book");
      for (let i = 0; i < 16; i++) await place({ price: "0.4" });
      await listener.settled();
      const deltas = await listener.of("delta", 16);
      expect(deltas.filter(({ hash }) => hash !== undefined).map(({ to }) => to)).to.deep.equal([
        16,
      ]);
      listener.say({ type: "resync", market: CONDITION, request: 7 });
      const [, again] = await listener.of("snapshot", 2);
      expect(again).to.include({ sequence: 16, request: 7, hash: deltas[15].hash });
    });

    it("that could not be followed, is told anew to who follows it", async () => {
      const listener = await connect();
      await follow(listener, "book");
      await place({ price: "0.4" });
      const lost = { from: 5, to: 6, bids: [], asks: [], atMs: NOW_MS };
      http.venue.bus.publish({ type: "book", conditionId: CONDITION, ...lost });
      const [, again] = await listener.of("snapshot", 2);
      expect(again.sequence).to.equal(1);
    });

    it("is not told before it is stored: the engine may be ahead", async () => {
      const order = await sign({ price: "0.4" });
      http.venue.books.get(CONDITION)!.add({ hash: hashOrder(order, DOMAIN), order });
      const listener = await connect();
      await follow(listener, "book");
      expect(await listener.first("snapshot")).to.deep.include({ sequence: 0, bids: [] });
      const { json } = await http.ask("GET", "/api/markets/market-0/orderbook");
      expect(json).to.deep.include({ sequence: 0, bids: [] });
    });

    it("of another market is not told, nor after unsubscribing", async () => {
      const listener = await connect();
      await follow(listener, "book", OTHER_CONDITION);
      await place({ price: "0.4" });
      await place({ price: "0.4", tokenId: 33n });
      listener.say({ type: "unsubscribe", channel: "book", market: "market-1" });
      await listener.of("unsubscribed");
      await place({ price: "0.5", tokenId: 33n });
      await listener.settled();
      const deltas = await listener.of("delta");
      expect(deltas.map(({ market, to }) => [market, to])).to.deep.equal([[OTHER_CONDITION, 1]]);
    });
  });

  describe("trades, orders, markets and blocks", () => {
    beforeEach(() => start());

    it("are told as they happen", async () => {
      const listener = await connect();
      for (const channel of ["trades", "orders", "market"]) await follow(listener, channel);
      listener.say({ type: "subscribe", channel: "blocks" });
      await listener.settled();
      const maker = await place({ price: "0.4", side: "SELL" });
      const matchId = await http.venue.match(await sign({ price: "0.5", size: "4" }, BOB));
      publishMarket();
      publishBlock(7, false);
      await listener.settled();
      expect(await listener.first("trade")).to.include({
        ...{ channel: "trades", market: CONDITION, matchId, state: "MATCHED", price: 400_000 },
        ...{ taker: BOB.address, shares: "4000000" },
      });
      expect(await listener.first("order")).to.include({
        ...{ channel: "orders", hash: maker, maker: ADA.address, state: "OPEN" },
      });
      expect(await listener.first("market")).to.include({
        oldState: "OPEN",
        newState: "FINALIZED",
      });
      expect(await listener.first("block")).to.include({ number: 7, finalNumber: 6 });
    });

    it("of an undone block are retracted to all who follow anything", async () => {
      const listener = await connect();
      const idle = await connect();
      await follow(listener, "trades");
      publishBlock(7, true);
      expect(await listener.first("retract")).to.deep.equal({
        ...{ type: "retract", blockNumber: 7, blockHash: `0x${"b7".repeat(32)}`, generation: 3 },
      });
      await idle.settled();
      expect(idle.told.map(({ type }) => type)).to.deep.equal(["welcome", "pong"]);
    });
  });

  describe("an account", () => {
    beforeEach(() => start());
    const speak = async (listener: Listener, wallet = ADA): Promise<void> => {
      listener.say({ type: "auth", token: await tokenOf(wallet) });
      await listener.of("authorized");
      listener.say({ type: "subscribe", channel: "user" });
      await listener.of("subscribed");
    };

    it("is told of its open orders, then of what becomes of them, and nobody else is", async () => {
      const hash = await place({ price: "0.4" });
      const ada = await connect();
      const bob = await connect();
      await speak(ada);
      await speak(bob, BOB);
      const snapshot = await ada.first("snapshot");
      expect(snapshot.account).to.equal(ADA.address);
      expect(snapshot.orders.map((order: { hash: Hex }) => order.hash)).to.deep.equal([hash]);
      await http.venue.cancel(ADA.address as Hex, [hash]);
      http.venue.bus.publish({
        ...{ type: "funds", account: ADA.address as Hex, asset: null, blockNumber: 4 },
      });
      const told = await ada.of("user", 2);
      expect(told[0]).to.deep.include({ account: ADA.address, replay: false });
      expect(told[0].event).to.include({ type: "order", hash, state: "CANCELLED" });
      expect(told[1].event).to.include({ type: "funds", blockNumber: 4 });
      await bob.settled();
      expect(bob.told.filter(({ type }) => type === "user")).to.deep.equal([]);
    });

    it("is told of a match as taker and as maker", async () => {
      const ada = await connect();
      const bob = await connect();
      await speak(ada);
      await speak(bob, BOB);
      await place({ price: "0.4", side: "SELL" });
      await http.venue.match(await sign({ price: "0.5" }, BOB));
      for (const listener of [ada, bob]) {
        await listener.settled();
        const matches = (await listener.of("user")).filter(({ event }) => event.type === "match");
        expect(matches).to.have.length(1);
      }
    });

    it("gets what it missed again, from an id or a time on, in order and marked", async () => {
      const rows = Array.from({ length: 4 }, (_, i) => ({
        topic: `user:${(i === 2 ? BOB : ADA).address.toLowerCase()}`,
        type: "order",
        payload: JSON.stringify({ type: "order", hash: `0x0${i}` }),
        at_ms: BigInt(1000 + i),
      }));
      await http.venue.store.db.insertInto("outbox").values(rows).execute();
      for (const from of [{ since: 1 }, { sinceMs: 1001 }]) {
        const listener = await connect();
        listener.say({ type: "auth", token: await tokenOf() });
        listener.say({ type: "subscribe", channel: "user", ...from });
        const done = await listener.first("replayed");
        expect(done).to.include({ count: 2, isComplete: true, lastId: 4 });
        const told = await listener.of("user", 2);
        expect(told.map(({ id, replay, event }) => [id, replay, event.hash])).to.deep.equal([
          [2, true, "0x01"],
          [4, true, "0x03"],
        ]);
      }
    });

    it("says who it is by a header, by a token, or by a key", async () => {
      const byHeader = await connect({ authorization: `Bearer ${await tokenOf()}` });
      expect((await byHeader.first("authorized")).account).to.equal(ADA.address);
      const headers = await http.signIn();
      const body = { scopes: ["read"] };
      const key = (await http.ask("POST", "/api/auth/keys", { headers, body })).json;
      const request = { timestamp: `${NOW_MS}`, nonce: "a-nonce-1", method: "GET", path: "/ws" };
      const signature = createHmac("sha256", key.secret)
        .update(signedText({ ...request, body: "" }))
        .digest("hex");
      const byKey = await connect();
      const { timestamp, nonce } = request;
      byKey.say({ type: "auth", key: key.id, timestamp, nonce, signature, request: "r" });
      expect(await byKey.first("authorized")).to.include({ account: ADA.address, request: "r" });
    });

    it("is private: without a token, or of another, it is refused; a wrong token ends with 4001", async () => {
      const listener = await connect();
      listener.say({ type: "subscribe", channel: "user", request: 1 });
      expect(await listener.first("error")).to.include({ code: "UNAUTHORIZED", request: 1 });
      listener.say({ type: "auth", token: await tokenOf() });
      await listener.of("authorized");
      for (const channel of [`u:${BOB.address}`, `user_${BOB.address}_positions`]) {
        listener.say({ type: "subscribe", channel });
      }
      const errors = await listener.of("error", 3);
      expect(errors.slice(1).map(({ code }) => code)).to.deep.equal(["FORBIDDEN", "FORBIDDEN"]);
      for (const wrong of [
        attempt(url, { authorization: "Bearer wrong" }),
        attempt(url, { authorization: "Basic abc" }),
      ]) {
        await wrong.until(() => wrong.closed !== undefined, "the end");
        expect(wrong.closed!.code).to.equal(4001);
        expect(wrong.closed!.reason).to.match(/^Unauthorized/);
      }
    });

    it("has no token in an address, and no cookie", async () => {
      const inUrl = attempt(`${url}?token=${await tokenOf()}`);
      await inUrl.until(() => inUrl.status !== undefined, "an answer");
      expect(inUrl.status).to.equal(400);
      const byCookie = await connect({ cookie: `nostra_access=${await tokenOf()}` });
      byCookie.say({ type: "subscribe", channel: "user" });
      expect((await byCookie.first("error")).code).to.equal("UNAUTHORIZED");
    });
  });

  it("an account is told nothing once its token is over", async () => {
    await start({ pingMs: 500 });
    const listener = await connect({ authorization: `Bearer ${await tokenOf()}` });
    await listener.of("authorized");
    http.venue.clock.pass(15 * 60_000 + 1_000);
    await listener.until(() => listener.closed !== undefined, "the end");
    expect(listener.closed).to.deep.equal({ code: 4001, reason: "Unauthorized: TOKEN_EXPIRED" });
  });

  describe("in other spellings", () => {
    beforeEach(() => start());

    it("a room of a market has all that happens in it", async () => {
      const listener = await connect();
      listener.say({ event: "subscribe:market", data: { marketId: "market-0" } });
      listener.say({ type: "subscribe", channels: [`m:${CONDITION}:NO`] });
      expect(await listener.first("SUBSCRIPTION_CONFIRMED")).to.deep.include({
        channels: [`m:${CONDITION}:NO`],
      });
      const hash = await place({ price: "0.4", side: "SELL" });
      await http.venue.match(await sign({ price: "0.5", size: "4" }, BOB));
      await http.venue.cancel(ADA.address as Hex, [hash]);
      publishMarket();
      await listener.settled();
      const [yes, no] = await listener.of("orderbook_update", 2);
      expect(yes).to.deep.include({ outcome: "YES", bids: [], asks: [[400_000, "10000000"]] });
      expect(no).to.deep.include({ outcome: "NO", bids: [[600_000, "10000000"]], asks: [] });
      const trades = await listener.of("trade_executed", 2);
      expect(trades.map(({ price, amount }) => [price, amount])).to.deep.equal([
        [400_000, "4000000"],
        [600_000, "4000000"],
      ]);
      expect(await listener.first("order_placed")).to.include({ orderHash: hash });
      expect(await listener.first("order_cancelled")).to.include({ reason: "BY_MAKER" });
      expect(await listener.first("market_updated")).to.include({ status: "FINALIZED" });
      listener.say({ type: "unsubscribe:market", marketId: "market-0" });
      await listener.of("unsubscribed");
    });

    it("orderbook:update, trade, STATE_CHANGED, CLAIMS_ENABLED", async () => {
      const listener = await connect();
      await follow(listener, "orderbook:update");
      await follow(listener, "trade");
      listener.say({ type: "subscribe", channels: [`market_${CONDITION}`] });
      await listener.of("SUBSCRIPTION_CONFIRMED");
      const hash = await place({ price: "0.4", side: "SELL" });
      await http.venue.match(await sign({ price: "0.5", size: "4" }, BOB));
      await http.venue.cancel(ADA.address as Hex, [hash]);
      publishMarket();
      await listener.settled();
      const updates = (await listener.of("orderbook:update")).filter(
        ({ orderHash }) => orderHash === hash,
      );
      expect(updates.map(({ action }) => action)).to.deep.equal(["ADD", "REMOVE"]);
      expect(await listener.first("trade")).to.deep.include({
        ...{ marketId: CONDITION, price: 400_000, amount: "4000000", makerOrderHashes: [hash] },
      });
      expect(await listener.first("STATE_CHANGED")).to.include({
        ...{ market_id: CONDITION, old_state: "OPEN", new_state: "FINALIZED", automatic: true },
      });
      expect(await listener.first("CLAIMS_ENABLED")).to.include({ outcome: "YES" });
    });

    it("balance_updated, position_updated and POSITION_UPDATE for the account alone", async () => {
      const listener = await connect({ authorization: `Bearer ${await tokenOf()}` });
      const channels = [`u:${ADA.address.toLowerCase()}`, `user_${ADA.address}_positions`];
      listener.say({ type: "subscribe", channels });
      await listener.of("SUBSCRIPTION_CONFIRMED");
      const account = ADA.address as Hex;
      await http.venue.store.db
        .insertInto("position")
        .values({
          ...{ account: account.toLowerCase(), token_id: "22", condition_id: CONDITION },
          ...{ outcome: "NO", shares: "5", cost: "2", realized: "0", bought: "5", sold: "0" },
        })
        .execute();
      http.venue.bus.publish({ type: "funds", account, asset: "0", blockNumber: 1 });
      http.venue.bus.publish({
        ...{ type: "position", conditionId: CONDITION, account, outcome: "NO" },
        ...{ shares: "5", cost: "2", realized: "0", atMs: NOW_MS },
      });
      expect(await listener.first("balance_updated")).to.include({ asset: "0" });
      expect(await listener.first("position_updated")).to.include({ outcome: "NO", shares: "5" });
      expect(await listener.first("POSITION_UPDATE")).to.deep.include({
        ...{ market_id: CONDITION, shares_yes: "0", shares_no: "5", total_invested: "2" },
      });
    });
  });

  describe("what is no message, or of nothing", () => {
    beforeEach(() => start());

    it("is answered with an error and ends nothing, until it is too much (HT-10)", async () => {
      const listener = await connect();
      const zero = JSON.stringify({ type: "resync", market: "\0" });
      for (const text of ["{", "null", zero, '"x"', '{"type":"subscribe"}', '{"event":"x"}']) {
        listener.say(text);
      }
      listener.say({ type: "subscribe", channel: "book", market: "none" });
      listener.say({ type: "subscribe", channel: "nothing", market: "market-0" });
      listener.say({ type: "subscribe", channel: "book" });
      const errors = await listener.of("error", 9);
      expect(errors.map(({ code }) => code)).to.deep.equal([
        ...Array(6).fill("INVALID_MESSAGE"),
        ...["MARKET_NOT_FOUND", "UNKNOWN_CHANNEL", "MARKET_MISSING"],
      ]);
      for (let i = 0; i < 20; i++) listener.say("{");
      await listener.until(() => listener.closed !== undefined, "the end");
      expect(listener.closed!.code).to.equal(4002);
    });

    it("a frame that is too large ends the connection alone", async () => {
      const other = await connect();
      const listener = await connect();
      listener.say("x".repeat(20_000));
      await listener.until(() => listener.closed !== undefined, "the end");
      expect(listener.closed!.code).to.equal(1009);
      await other.settled();
    });

    it("a database that fails is told without a word of why", async () => {
      const listener = await connect();
      const { reads: db } = http.venue.store;
      const original = db.selectFrom.bind(db);
      Object.assign(db, {
        selectFrom: () => {
          throw new Error("postgres://admin:hunter2@db");
        },
      });
      listener.say({ type: "subscribe", channel: "book", market: "market-0" });
      const error = await listener.first("error");
      Object.assign(db, { selectFrom: original });
      expect(error).to.deep.equal({
        ...{ type: "error", code: "INTERNAL", message: "the venue failed; try again" },
      });
    });

    it("too many messages end the connection", async () => {
      const listener = await connect();
      for (let i = 0; i < 101; i++) listener.say({ type: "ping" });
      await listener.until(() => listener.closed !== undefined, "the end");
      expect(listener.closed).to.deep.equal({ code: 4002, reason: "too many messages" });
    });
  });

  it("who reads too slowly is cut off with 4008, and made whole by a snapshot (HT-9)", async () => {
    await start({ limits: { mostBuffered: 20_000 } });
    const slow = await connect();
    const quick = await connect();
    await follow(slow, "book");
    await follow(quick, "book");
    (slow.socket as unknown as { _socket: { pause(): void } })._socket.pause();
    const { bus } = http.venue;
    // Kernel buffers take megabytes before anything waits here.
    const bids = Array.from({ length: 5_000 }, (_, i) => [i + 1, "1000000"] as const);
    let sequence = 0;
    for (let i = 0; i < 300 && stream.size === 2; i++) {
      const from = sequence++;
      bus.publish({
        ...{ type: "book", conditionId: CONDITION, from, to: sequence, bids, asks: [] },
        atMs: NOW_MS,
      });
      await quick.until(
        () => quick.told.filter(({ type }) => type === "delta").length > i,
        "each change",
      );
      if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    (slow.socket as unknown as { _socket: { resume(): void } })._socket.resume();
    await slow.until(() => slow.closed !== undefined, "the end");
    expect(slow.closed!.code).to.equal(4008);
    const back = await connect();
    await follow(back, "book");
    expect((await back.first("snapshot")).sequence).to.equal(sequence);
  });

  it("who does not answer a ping is cut off", async () => {
    await start({ pingMs: 500 });
    const dead = attempt();
    (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
    const alive = await connect();
    await dead.until(() => dead.closed !== undefined, "the end");
    expect(dead.closed!.code).to.equal(1006);
    await alive.settled();
    expect(stream.size).to.equal(1);
  });

  it("follows so many topics and no more, and counts what is open", async () => {
    await start({ limits: { mostSubscriptions: 2 } });
    const listener = await connect();
    for (const channel of ["book", "trades", "book", "orders"]) await follow(listener, channel);
    expect((await listener.of("error")).map(({ code }) => code)).to.deep.equal([
      "TOO_MANY_SUBSCRIPTIONS",
    ]);
    const { text } = await http.ask("GET", "/metrics");
    expect(text).to.match(/^websocket_connections_total 1$/m);
    expect(text).to.match(/^websocket_messages_total\{direction="in"\} \d+$/m);
  });

  describe("opening", () => {
    const refused = async (listener: Listener): Promise<number> => {
      await listener.until(() => listener.status !== undefined, "an answer");
      return listener.status!;
    };

    it("is limited by address and time, whatever X-Forwarded-For says", async () => {
      await start({ opening: { count: 2, seconds: 60 } });
      await connect({ "x-forwarded-for": "10.0.0.1" });
      await connect({ "x-forwarded-for": "10.0.0.2" });
      expect(await refused(attempt(url, { "x-forwarded-for": "10.0.0.3" }))).to.equal(429);
      http.venue.clock.pass(30_000);
      await connect();
    });

    it("is limited by address, and in all", async () => {
      await start({ mostOfAddress: 1, mostConnections: 2, trustedProxies: 1 });
      await connect({ "x-forwarded-for": "10.0.0.1" });
      expect(await refused(attempt(url, { "x-forwarded-for": "10.0.0.1" }))).to.equal(429);
      await connect({ "x-forwarded-for": "10.0.0.2" });
      expect(await refused(attempt(url, { "x-forwarded-for": "10.0.0.3" }))).to.equal(503);
    });

    it("is at /ws alone", async () => {
      await start();
      expect(await refused(attempt(url.replace("/ws", "/other")))).to.equal(404);
    });
  });

  it("goes down with 1001, and nobody is left", async () => {
    await start();
    const listener = await connect();
    await stream.close();
    await listener.until(() => listener.closed !== undefined, "the end");
    expect(listener.closed!.code).to.equal(1001);
    expect(stream.size).to.equal(0);
  });

  it("is described: every message by its schema, at /asyncapi.json", async () => {
    await start();
    const { json } = await http.ask("GET", "/asyncapi.json");
    expect(json).to.deep.equal(JSON.parse(JSON.stringify(describeStream())));
    expect(json.asyncapi).to.equal("3.0.0");
    const said = json.operations.tell.messages.map(({ $ref }: { $ref: string }) => $ref);
    expect(said).to.deep.equal(
      Object.keys(serverMessages).map((name) => `#/channels/stream/messages/${name}`),
    );
    for (const { $ref } of [...json.operations.say.messages, ...json.operations.tell.messages]) {
      const name = $ref.split("/").at(-1);
      expect(json.channels.stream.messages[name].$ref).to.equal(`#/components/messages/${name}`);
      expect(json.components.messages[name].payload.properties.type.const, name).to.be.a("string");
    }
  });

  function publishMarket(): void {
    http.venue.bus.publish({
      ...{ type: "market", conditionId: CONDITION, oldState: "OPEN", newState: "FINALIZED" },
      ...{ outcome: "YES", automatic: true, atMs: NOW_MS },
    });
  }

  function publishBlock(number: number, undone: boolean): void {
    http.venue.bus.publish({
      ...{ type: "block", number, hash: `0x${"b7".repeat(32)}`, timestamp: 1, finalNumber: 6 },
      ...{ generation: 3, undone },
    });
  }
});
