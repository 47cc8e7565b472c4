import { createHmac } from "node:crypto";
import { connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { orderToJson, type Hex } from "@nostra/sdk/order";
import { expect } from "chai";
import type { VenueEvent } from "../../operator/src/bus";
import { signedText } from "../../operator/src/http/auth/ApiKeys";
import { silentLog } from "../../operator/src/log";
import { createStream, type Stream, type StreamOptions } from "../../operator/src/stream";
import { ByteCount } from "../../operator/src/stream/ByteCount";
import { Connection } from "../../operator/src/stream/Connection";
import { Listener } from "../operator/helpers/Listener";
import { emptyStore } from "../operator/helpers/stores";
import {
  ADA,
  BOB,
  CONDITION,
  NOW_MS,
  sign,
  startHttp,
  type TestHttp,
} from "../operator/helpers/venue";

const KIB = 1024;

/** The socket below a client's WebSocket. */
function rawOf(listener: Listener): Socket {
  return (listener.socket as unknown as { _socket: Socket })._socket;
}

/** One frame as a client sends it, with a mask of zeros, so that its payload stands as it is. */
function frame(opcode: number, payload: Buffer, fin = true): Buffer {
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 6 : 8);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

describe("hostile: stream", () => {
  let http: TestHttp;
  let stream: Stream;
  let url: string;
  let lines: string[];
  const listeners: Listener[] = [];

  const start = async (options: Partial<StreamOptions> = {}): Promise<void> => {
    http = await startHttp(await emptyStore("pglite"));
    lines = [];
    const note = (...values: unknown[]): void => void lines.push(JSON.stringify(values));
    const { app, auth, limiter, metrics, feed, venue } = http;
    const { store, bus, clock } = venue;
    stream = createStream({
      ...{ server: app.server, store, feed, bus, clock, auth, limiter, metrics },
      log: { ...silentLog, error: note, warn: note },
      ...{ checkMessages: true, opening: { count: 500, seconds: 60 } },
      ...options,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`;
  };
  let unstall: () => void = () => undefined;
  afterEach(async () => {
    unstall();
    for (const listener of listeners.splice(0)) listener.socket.terminate();
    await stream.close();
    await http.app.close();
  });

  const attempt = (to = url, headers?: Record<string, string>): Listener => {
    const listener = new Listener(to, headers);
    listeners.push(listener);
    return listener;
  };
  const connect = (headers?: Record<string, string>): Promise<Listener> =>
    attempt(url, headers).open();
  const ended = async (listener: Listener): Promise<number> => {
    await listener.until(() => listener.closed !== undefined, "the end");
    return listener.closed!.code;
  };
  /** Looks for markets wait until they are let go. */
  const stall = (): (() => void) => {
    const { reads: db } = http.venue.store;
    const original = db.selectFrom.bind(db);
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    Object.assign(db, {
      selectFrom: (table: string) => {
        const query = (original as unknown as (of: string) => object)(table);
        if (table !== "market") return query;
        const wrap = (inner: object): object =>
          new Proxy(inner, {
            get: (target, name) => {
              const value = (target as Record<PropertyKey, unknown>)[name];
              if (typeof value !== "function") return value;
              return (...values: unknown[]) => {
                const call = (): unknown =>
                  (value as (...all: unknown[]) => unknown).apply(target, values);
                if (name === "executeTakeFirst") return gate.then(call);
                return wrap(call() as object);
              };
            },
          });
        return wrap(query);
      },
    });
    unstall = () => {
      Object.assign(db, { selectFrom: original });
      letGo();
    };
    return unstall;
  };

  describe("S6: messages of a stream are counted as they arrive and never pile up", () => {
    it("S6: a subscription to 50 channels costs as much as 50 subscriptions", async () => {
      await start();
      const listener = await connect();
      const channels = Array(50).fill(`market_${CONDITION}`);
      for (let i = 1; i <= 2; i++) {
        listener.say({ type: "subscribe", channels });
        await listener.of("SUBSCRIPTION_CONFIRMED", i);
      }
      listener.say({ type: "subscribe", channels });
      expect(await ended(listener)).to.equal(4002);
      expect(listener.told.filter(({ type }) => type === "SUBSCRIPTION_CONFIRMED")).to.have.length(
        2,
      );
    });

    it("S6: of junk behind slow questions at most a quarter of a MiB waits, others are served, and then it ends", async () => {
      await start();
      const letGo = stall();
      const listener = await connect();
      const other = await connect();
      listener.say({ type: "subscribe", channels: ["market_a", "market_b"] });
      const junk = Buffer.alloc(16 * KIB - 16, 32);
      let most = 0;
      for (let i = 0; i < 2_000 && listener.closed === undefined; i++) {
        listener.socket.send(junk, { binary: true }, () => undefined);
        if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, stream.waiting.inBytes);
      }
      expect(most).to.be.at.most(256 * KIB);
      await other.settled();
      letGo();
      expect(await ended(listener)).to.be.oneOf([4002, 1006]);
      await other.until(() => stream.size === 1, "the end of one");
      await other.until(() => stream.waiting.inBytes === 0, "nothing waits");
    });

    it("S6: while a message is answered the socket is not read, so the rest waits at the sender", async () => {
      const all = { count: 1e9, seconds: 1 };
      await start({
        limits: { messages: all, messagesOfAddress: all, bytes: all, bytesOfAddress: all },
      });
      const letGo = stall();
      const accepted: Socket[] = [];
      http.app.server.on("connection", (socket: Socket) => accepted.push(socket));
      const listener = await connect();
      listener.say({ type: "resync", market: "market-0" });
      const text = JSON.stringify({ type: "ping", pad: " ".repeat(15 * KIB) });
      for (let i = 0; i < 1_000; i++) listener.say(text);
      // How much the kernel holds between the two differs between machines, so what the venue has read is counted.
      const [socket] = accepted as [Socket];
      let before = -1;
      while (socket.bytesRead !== before || before < 64 * KIB) {
        before = socket.bytesRead;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(socket.bytesRead, "of 15 MiB, read").to.be.at.most(512 * KIB);
      expect(stream.waiting.inBytes).to.be.at.most(256 * KIB);
      letGo();
      await listener.of("pong", 1_000);
      expect(stream.waiting.inBytes).to.equal(0);
    });

    for (const [what, opcode] of [
      ["pings", 0x9],
      ["pongs", 0xa],
    ] as const) {
      it(`S6: a flood of ${what} ends the connection, as a flood of messages does`, async () => {
        await start();
        const listener = await connect();
        rawOf(listener).write(Buffer.concat(Array(500).fill(frame(opcode, Buffer.from("x")))));
        expect(await ended(listener)).to.equal(4002);
        expect(listener.closed!.reason).to.equal("too many messages");
      });
    }

    it("S6: pings are answered with what they carried", async () => {
      await start();
      const listener = await connect();
      const pong = new Promise<string>((resolve) =>
        listener.socket.once("pong", (data: Buffer) => resolve(data.toString())),
      );
      listener.socket.ping("who is there");
      expect(await pong).to.equal("who is there");
    });

    it("S6: endless empty fragments, which are no message, end the connection by their bytes", async () => {
      await start();
      const listener = await connect();
      const empty = Buffer.concat(Array(10_000).fill(frame(0x0, Buffer.alloc(0), false)));
      rawOf(listener).write(frame(0x1, Buffer.from("x"), false));
      for (let i = 0; i < 20 && listener.closed === undefined; i++) {
        rawOf(listener).write(empty);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await ended(listener)).to.be.oneOf([4002, 1006, 1008]);
    });

    it("S6: a message in more than sixteen fragments ends the connection", async () => {
      await start();
      const listener = await connect();
      rawOf(listener).write(frame(0x1, Buffer.from(" "), false));
      for (let i = 0; i < 20; i++) rawOf(listener).write(frame(0x0, Buffer.from(" "), false));
      expect(await ended(listener)).to.be.oneOf([1008, 1006]);
    });

    it("S6: a compressed frame is refused: nothing is inflated", async () => {
      await start();
      const listener = await connect();
      expect(listener.socket.extensions).to.equal("");
      const compressed = frame(0x1, Buffer.alloc(100));
      compressed[0]! |= 0x40;
      rawOf(listener).write(compressed);
      expect(await ended(listener)).to.be.oneOf([1002, 1006]);
    });

    it("S6: connections of one address have a limit together, and those of others are served", async () => {
      await start({
        trustedProxies: 1,
        limits: { messagesOfAddress: { count: 120, seconds: 10 } },
      });
      const from = (address: string) => connect({ "x-forwarded-for": address });
      const many = await Promise.all(["10.0.0.1", "10.0.0.1"].map(from));
      const other = await from("10.0.0.2");
      for (const one of many) for (let i = 0; i < 70; i++) one.say({ type: "ping" });
      await other.until(() => many.some(({ closed }) => closed !== undefined), "the end of one");
      expect(many.find(({ closed }) => closed !== undefined)!.closed!.code).to.equal(4002);
      await other.settled();
    });

    it("S6: a snapshot costs by its levels, and what is told again by its reading", async () => {
      await start({ limits: { bytes: { count: 1e9, seconds: 1 } } });
      const bids = Array.from({ length: 2_000 }, (_, i) => [i + 1, "1000000"] as const);
      const change = { from: 0, to: 1, bids, asks: [], atMs: NOW_MS };
      http.venue.bus.publish({ type: "book", conditionId: CONDITION, ...change });
      const reader = await connect();
      for (let i = 0; i < 6; i++) reader.say({ type: "resync", market: CONDITION });
      expect(await ended(reader)).to.equal(4002);
      expect(reader.told.filter(({ type }) => type === "snapshot")).to.have.length(4);
      const again = await connect(await http.signIn());
      await again.of("authorized");
      for (let i = 0; i < 6; i++) again.say({ type: "subscribe", channel: "user", since: 0 });
      expect(await ended(again)).to.equal(4002);
      expect(again.told.filter(({ type }) => type === "replayed")).to.have.length(3);
    });

    it("S6: names that stand for no market cost more than those that do", async () => {
      await start();
      const listener = await connect();
      for (let i = 0; i < 40; i++) listener.say({ type: "resync", market: `none-${i}` });
      expect(await ended(listener)).to.equal(4002);
      expect(listener.told.filter(({ type }) => type === "error").length).to.be.at.most(17);
    });

    it("S6: a market that was found is not looked for again", async () => {
      await start();
      const listener = await connect();
      listener.say({ type: "subscribe", channel: "trades", market: "market-0" });
      await listener.of("subscribed");
      const letGo = stall();
      for (const channel of ["orders", "market", "m:market-0"]) {
        listener.say({ type: "subscribe", channel, market: "market-0" });
      }
      await listener.of("subscribed", 4);
      letGo();
    });

    it("S6: what is told again comes in parts, so that who reads it is not cut off for its size", async () => {
      await start();
      const event = { type: "order", hash: "0x01", filler: "x".repeat(8 * KIB) };
      const row = {
        topic: `user:${ADA.address.toLowerCase()}`,
        ...{ type: "order", payload: JSON.stringify(event), at_ms: 1n },
      };
      await http.venue.store.db.insertInto("outbox").values(Array(400).fill(row)).execute();
      const listener = await connect(await http.signIn());
      listener.say({ type: "subscribe", channel: "user", since: 0 });
      const done = await listener.first("replayed");
      expect(done).to.include({ count: 400, isComplete: true });
      expect(listener.closed).to.equal(undefined);
      await listener.until(() => stream.waiting.outBytes === 0, "all is read");
    });

    it("S6: what is held for a snapshot, and what waits for an address, is bounded and given back", () => {
      const socket = {
        ...{ bufferedAmount: 0, readyState: 1, CLOSED: 3, closed: 0 },
        close: (code: number) => (socket.closed = code),
        once: () => undefined,
        pause: () => undefined,
        terminate: () => undefined,
        send: (bytes: Buffer) => void (socket.bufferedAmount += bytes.length),
      };
      const limits = { mostBuffered: 100 * KIB, mostSubscriptions: 5 };
      const all = new ByteCount(1e9);
      const held = new Connection(socket as never, "a", limits, all);
      held.hold("topic");
      const bytes = Buffer.alloc(10 * KIB);
      let count = 0;
      while (held.tell("topic", bytes) && count < 100) count += 1;
      expect(count).to.equal(11);
      expect(socket.closed).to.equal(4008);
      expect(all.used).to.equal(0);
      held.ended();

      const ofAddress = new ByteCount(150 * KIB, all);
      const [one, two, small] = [0, 1, 2].map(
        () => new Connection({ ...socket, bufferedAmount: 0 } as never, "b", limits, ofAddress),
      );
      for (const connection of [one!, two!]) {
        connection.hold("topic");
        for (let i = 0; i < 8; i++) connection.tell("topic", bytes);
      }
      expect(ofAddress.used).to.equal(160 * KIB);
      expect(small!.tell("other", bytes), "who has little waiting is not cut off").to.equal(true);
      expect(one!.tell("topic", bytes), "who has much is").to.equal(false);
      for (const connection of [one!, two!, small!]) connection.ended();
    });

    it("S6: depth and length are bounded, and an error carries at most 80 characters of what was sent", async () => {
      await start();
      const listener = await connect();
      for (const text of [
        "[".repeat(16_000),
        `{"type":"ping","a":${"[".repeat(20)}${"]".repeat(20)}}`,
        `{"type":"ping","request":"${"r".repeat(65)}"}`,
      ]) {
        listener.say(text);
      }
      listener.say({ type: "subscribe", channel: "x".repeat(160) });
      listener.say({ type: "subscribe", channel: "book", market: "y".repeat(128) });
      const errors = await listener.of("error", 5);
      expect(errors.map(({ code }) => code)).to.deep.equal([
        ...Array(3).fill("INVALID_MESSAGE"),
        ...["UNKNOWN_CHANNEL", "MARKET_NOT_FOUND"],
      ]);
      expect(errors[3].message).to.contain("x".repeat(80)).and.not.contain("x".repeat(81));
      for (const error of errors) expect(JSON.stringify(error).length).to.be.below(250);
    });
  });

  describe("S10: a stream ends with the key or session that opened it", () => {
    const follow = async (auth: object): Promise<Listener> => {
      const listener = await connect();
      listener.say({ type: "auth", ...auth });
      listener.say({ type: "subscribe", channel: "user" });
      await listener.of("snapshot");
      return listener;
    };
    const newKey = async (headers: { authorization: string }) =>
      (await http.ask("POST", "/api/auth/keys", { headers, body: { scopes: ["read"] } })).json;
    let nonces = 0;
    const proofOf = (key: { id: string; secret: string }): object => {
      const request = { timestamp: `${http.venue.clock.nowMs()}`, nonce: `nonce-${++nonces}-x` };
      const text = signedText({ ...request, method: "GET", path: "/ws", body: "" });
      return {
        ...{ key: key.id, ...request },
        signature: createHmac("sha256", key.secret).update(text).digest("hex"),
      };
    };
    const tokenOf = ({ authorization }: { authorization: string }): object => ({
      token: authorization.slice("Bearer ".length),
    });

    it("S10: ended by this process: at once, with 4001, and nothing is heard after it", async () => {
      // No look at the database can have done it.
      await start({ lookMs: 1e9 });
      const [first, second] = [await http.signIn(), await http.signIn()];
      const key = await newKey(first);
      const byKey = await follow(proofOf(key));
      const bySession = await follow(tokenOf(second));
      const other = await follow(tokenOf(first));
      await http.ask("DELETE", `/api/auth/keys/${key.id}`, { headers: first });
      expect(await ended(byKey)).to.equal(4001);
      expect(byKey.closed!.reason).to.equal("Unauthorized: KEY_REVOKED");
      await http.ask("POST", "/api/auth/logout", { headers: second });
      expect(await ended(bySession)).to.equal(4001);
      expect(bySession.closed!.reason).to.equal("Unauthorized: SESSION_ENDED");
      await http.venue.submit(orderToJson(await sign({ price: "0.4" })));
      await other.of("user");
      for (const gone of [byKey, bySession]) {
        expect(gone.told.filter(({ type }) => type === "user")).to.deep.equal([]);
      }
    });

    it("S10: ended by another process, or by hand in the database", async () => {
      await start({ lookMs: 100 });
      const headers = await http.signIn();
      const key = await newKey(headers);
      const byKey = await follow(proofOf(key));
      const bySession = await follow(tokenOf(headers));
      const other = await follow(tokenOf(await http.signIn(BOB)));
      const { db } = http.venue.store;
      await db.updateTable("api_key").set({ revoked_at_ms: 1n }).where("id", "=", key.id).execute();
      expect(await ended(byKey)).to.equal(4001);
      expect(bySession.closed).to.equal(undefined);
      const maker = ADA.address.toLowerCase();
      await db.updateTable("session").set({ revoked: true }).where("account", "=", maker).execute();
      expect(await ended(bySession)).to.equal(4001);
      await other.settled();
    });

    it("S10: many streams cost one query a look, and a look that fails ends none of them", async () => {
      await start({ lookMs: 50 });
      const tokens = [await http.signIn(), await http.signIn(), await http.signIn(BOB)];
      const all = await Promise.all([...tokens, ...tokens].map((one) => follow(tokenOf(one))));
      const { db } = http.venue.store;
      const original = db.selectFrom.bind(db);
      unstall = () => Object.assign(db, { selectFrom: original });
      let looks = 0;
      Object.assign(db, {
        selectFrom: (table: string) => {
          if (table === "session") looks += 1;
          throw new Error("postgres://admin:hunter2@db");
        },
      });
      await all[0]!.until(() => looks >= 3, "three looks");
      unstall();
      for (const one of all) await one.settled();
      expect(lines, "logged once, without what it said").to.have.length(1);
      expect(lines[0]).not.to.contain("hunter2");
      await db.updateTable("session").set({ revoked: true }).execute();
      for (const one of all) expect(await ended(one)).to.equal(4001);
    });

    it("S10: a token that is over ends the stream at its second, also between two pings", async () => {
      await start({ pingMs: 1e8, lookMs: 100 });
      const listener = await follow(tokenOf(await http.signIn()));
      http.venue.clock.pass(15 * 60_000 - 1_000);
      await listener.settled();
      http.venue.clock.pass(1_000);
      expect(await ended(listener)).to.equal(4001);
      expect(listener.closed!.reason).to.equal("Unauthorized: TOKEN_EXPIRED");
    });
  });

  describe("M7: upgrades are limited before anything is done with them", () => {
    /** Sends an upgrade as text and returns the status; the sender never closes. */
    const upgrade = (target: string, headers: Record<string, string> = {}): Promise<number> =>
      new Promise((resolve, reject) => {
        const socket = connectTcp({
          port: Number(new URL(url).port),
          host: "127.0.0.1",
          allowHalfOpen: true,
        });
        const given = { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers };
        const lines = Object.entries(given).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.write(
          `GET ${target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${lines.join("")}\r\n`,
        );
        let text = "";
        socket.on("data", (data) => (text += data.toString()));
        socket.on("error", reject);
        // It is the venue that gives the socket up.
        socket.on("end", () => {
          socket.destroy();
          resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]));
        });
      });

    it("M7: bad addresses and headers are answered 400, 404 or 431, the socket is given up, and nothing is logged", async () => {
      await start();
      for (const [target, status] of [
        ["//[", 404],
        ["http://[bad", 400],
        ["/ws?token=x", 400],
        ["/ws?%ZZ&token", 400],
        [`/ws?${"a".repeat(2_000)}`, 400],
        ["*", 400],
        ["/wsx", 404],
      ] as const) {
        expect(await upgrade(target), target.slice(0, 20)).to.equal(status);
      }
      for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"]) {
        expect(await upgrade("/ws", { [name]: "a,".repeat(4_000) })).to.equal(431);
      }
      expect(await upgrade("/ws", { "Sec-WebSocket-Key": "short" })).to.equal(400);
      expect(lines).to.deep.equal([]);
    });

    it("M7: an address is charged for bad upgrades too, and another one is not", async () => {
      await start({ opening: { count: 3, seconds: 60 }, trustedProxies: 1 });
      const from = (address: string) => ({ "X-Forwarded-For": address });
      const statuses: number[] = [];
      for (let i = 0; i < 5; i++) statuses.push(await upgrade("http://[", from("10.0.0.1")));
      expect(statuses).to.deep.equal([400, 400, 400, 429, 429]);
      await connect(from("10.0.0.2"));
      const { text } = await http.ask("GET", "/metrics");
      expect(text).to.match(/^websocket_upgrades_refused_total\{status="429"\} 2$/m);
    });

    it("M7: an IPv6 network of 64 bits is one address", async () => {
      await start({ opening: { count: 2, seconds: 60 }, trustedProxies: 1 });
      const statuses: (number | undefined)[] = [];
      for (let i = 1; i <= 4; i++) {
        const listener = attempt(url, { "x-forwarded-for": `2001:db8:1:2::${i}` });
        await listener.until(
          () => listener.status !== undefined || listener.told.length > 0,
          "an answer",
        );
        statuses.push(listener.status);
      }
      expect(statuses).to.deep.equal([undefined, undefined, 429, 429]);
    });
  });

  it("an event of a type that no channel knows is passed over, and a channel that fails hurts no other", async () => {
    await start();
    const listener = await connect();
    listener.say({ type: "subscribe", channel: "blocks" });
    listener.say({ type: "subscribe", channel: "status" });
    listener.say({ type: "subscribe", channel: "trades", market: CONDITION });
    await listener.settled();
    const { bus } = http.venue;
    bus.publish({ type: "of a later version", atMs: 1 } as unknown as VenueEvent);
    // A match without makers cannot be told on `trades`.
    bus.publish({ type: "match", conditionId: CONDITION, taker: ADA.address } as VenueEvent);
    const mode = { mode: "post-only", previous: "open", reasons: [], next: null };
    bus.publish({ type: "mode", ...mode, atMs: 7 } as unknown as VenueEvent);
    const hash: Hex = `0x${"b7".repeat(32)}`;
    const block = { type: "block", number: 7, hash, timestamp: 1, finalNumber: 6 } as const;
    bus.publish({ ...block, generation: 3, undone: false });
    expect(await listener.first("block")).to.include({ number: 7 });
    expect(await listener.first("mode")).to.deep.equal({
      ...{ type: "mode", channel: "status", ...mode, at: 7 },
    });
    expect(lines.length).to.be.above(0);
  });
});
