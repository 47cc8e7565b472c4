import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Hex } from "@nostra/sdk/order";
import { WebSocketServer, type WebSocket } from "ws";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import { OperatorError } from "../errors";
import type { Auth } from "../http/auth/Auth";
import { DEFAULT_LIMITS } from "../http/limits/limits";
import type { RateLimiter } from "../http/limits/RateLimiter";
import type { Limit } from "../http/limits/TokenBucket";
import { Markets } from "../http/Markets";
import { OPEN_STATES, readOwnOrders } from "../http/reads/readOrders";
import type { Metrics } from "../http/Metrics";
import { tellOrder } from "../http/views";
import type { Log } from "../log";
import type { Modes } from "../modes";
import type { Store } from "../store";
import { Authorities } from "./Authorities";
import type { BookFeed } from "./BookFeed";
import { ByteCount } from "./ByteCount";
import { CHANNEL_OF, readChannel, tellMode, type Channel } from "./channels";
import { CLOSE, Connection, type Authority } from "./Connection";
import { costOf, costOfLevels, UNKNOWN_MARKET_COST } from "./costs";
import { Hub, topicOf } from "./Hub";
import { Inbox } from "./Inbox";
import { MarketNames } from "./MarketNames";
import { serverMessage, type ClientMessage } from "./messages";
import { readMessage } from "./readMessage";
import {
  DEFAULT_STREAM_LIMITS,
  MAX_ECHO,
  MAX_FRAGMENTS,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_CHUNKS,
  type StreamLimits,
} from "./streamLimits";
import { Tokens } from "./Tokens";
import { onUpgrade, PATH } from "./upgrades";

export interface StreamOptions {
  readonly server: Server;
  readonly store: Store;
  readonly feed: BookFeed;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly auth: Auth;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
  /** How many proxies of ours stand in front. Default 0. */
  readonly trustedProxies?: number;
  /** What the venue takes now: a new subscriber of `status` receives it at once. */
  readonly modes?: Pick<Modes, "current">;
  /** Streams that an address may open. Default 10 in a minute. */
  readonly opening?: Limit;
  /** Default 15 s. */
  readonly pingMs?: number;
  /** How often it is checked which sessions and keys have ended elsewhere. Default 1 s. */
  readonly lookMs?: number;
  readonly limits?: Partial<StreamLimits>;
  /** Streams open at once, in all and of one address. Default 10,000 and 100. */
  readonly mostConnections?: number;
  readonly mostOfAddress?: number;
  /** Holds each message against its schema: for tests. */
  readonly checkMessages?: boolean;
}

export interface Stream {
  /** Streams open now, without those that are being closed. */
  readonly size: number;
  /** Bytes that wait: in for their turn, out to be read. */
  readonly waiting: { readonly inBytes: number; readonly outBytes: number };
  close(): Promise<void>;
}

const MOST_FAULTS = 20;
const MOST_REPLAYED = 1000;
/** Events that are read and sent before it is waited for what was sent to be read. */
const REPLAY_PAGE = 100;
const MOST_OPEN_ORDERS = 1000;

/** What the connections of an address use together. */
interface AddressUse {
  connections: number;
  readonly messages: Tokens;
  readonly bytes: Tokens;
  readonly out: ByteCount;
}

/** A refusal that is told and does not end the connection. */
function refusal(code: string, message: string): OperatorError {
  return new OperatorError(code, message, { status: 400 });
}

/** A refusal that ends the connection. */
function tooMany(): OperatorError {
  return new OperatorError("RATE_LIMITED", "too many messages", { status: 429 });
}

/**
 * Tells subscribers what happens, over WebSocket at /ws of the HTTP server.
 *
 * A connection is OPEN from its welcome until either side closes it. It may say at any time who it speaks for (once more before
 * its token is over), and what it follows. Always true: a follower of a book gets a snapshot and then every change behind it, in
 * order; who reads too slowly is cut off with 4008 instead of being told less. What is private goes to its account alone. The
 * token comes in the first message or in the Authorization header; cookies are not looked at, so that no foreign page can use
 * them.
 */
export function createStream(options: StreamOptions): Stream {
  const { server, store, feed, bus, clock, log, auth, limiter, metrics } = options;
  const { trustedProxies = 0, opening = DEFAULT_LIMITS.connections, pingMs = 15_000 } = options;
  const { mostConnections = 10_000, mostOfAddress = 100, checkMessages = false } = options;
  const { lookMs = 1_000 } = options;
  const limits: StreamLimits = { ...DEFAULT_STREAM_LIMITS, ...options.limits };
  const names = new MarketNames(new Markets(store));
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false },
    // Pings are answered here, where they are counted.
    ...{ autoPong: false, maxFragments: MAX_FRAGMENTS, maxBufferedChunks: MAX_MESSAGE_CHUNKS },
  });
  const connections = new Map<Connection, Inbox>();
  const addresses = new Map<string, AddressUse>();
  const tokensOf = new WeakMap<Connection, Tokens>();
  const waitingIn = new ByteCount(limits.mostQueuedInAll);
  const waitingOut = new ByteCount(limits.mostBufferedInAll);
  const hub = new Hub(
    { feed, db: store.reads },
    {
      onSent: (count) => metrics.messages.inc({ direction: "out" }, count),
      check: checkMessages ? (message) => void serverMessage.parse(message) : () => undefined,
      onFault: (err) => log.error({ err }, "stream: an event could not be told"),
    },
  );

  const cut = (connection: Connection, code: number, reason: string): void => {
    if (!connection.isOpen) return;
    metrics.closes.inc({ code: `${code}` });
    connection.close(code, reason);
  };

  /** @throws OperatorError with status 429 when the connection, or its address, has too few tokens left. */
  const spend = (connection: Connection, cost: number): void => {
    if (!tokensOf.get(connection)!.take(cost)) throw tooMany();
  };

  const sendSnapshot = (connection: Connection, market: Hex, request: object): void => {
    const book = feed.book(market);
    const { bids, asks } = book.levels();
    spend(connection, costOfLevels(bids.length + asks.length));
    const at = { sequence: book.sequence, hash: book.hash() };
    hub.send(connection, {
      type: "snapshot",
      channel: "book",
      market,
      ...at,
      bids,
      asks,
      ...request,
    });
  };

  const requireMarket = async (connection: Connection, id: string | undefined): Promise<Hex> => {
    if (id === undefined) throw refusal("MARKET_MISSING", "this channel is of a market: name it");
    try {
      return await names.require(id);
    } catch (thrown) {
      // A name that stands for nothing has cost a look at the database.
      if (thrown instanceof OperatorError) spend(connection, UNKNOWN_MARKET_COST);
      throw thrown;
    }
  };

  /** Whom a subscription is about. @throws OperatorError when that is not for this connection. */
  const subjectOf = async (
    connection: Connection,
    channel: Channel,
    market: string | undefined,
    account: string | undefined,
  ): Promise<string> => {
    if (channel.of === "venue") return "";
    if (channel.of === "market") return requireMarket(connection, market);
    if (connection.account === null) {
      throw refusal("UNAUTHORIZED", "say who you are first: { type: 'auth', token }");
    }
    if (account !== undefined && checksumAddress(account) !== connection.account) {
      throw refusal("FORBIDDEN", "what is private is told to its account alone");
    }
    return connection.account.toLowerCase();
  };

  const subscribe = async (
    connection: Connection,
    message: Extract<ClientMessage, { channel: string }>,
    isQuiet = false,
  ): Promise<void> => {
    const { channel: name, market, request } = message;
    const named = readChannel(name);
    if (named === undefined) throw unknownChannel(name);
    for (const channel of named.channels) {
      const subject = await subjectOf(connection, channel, named.market ?? market, named.account);
      const topic = topicOf(channel, subject);
      if (!connection.topics.has(topic) && !connection.hasRoom) {
        throw refusal("TOO_MANY_SUBSCRIPTIONS", `at most ${limits.mostSubscriptions}`);
      }
      if (!connection.isOpen) return;
      hub.add(topic, connection);
      const of = channel.of === "market" ? { market: subject } : {};
      if (!isQuiet) {
        hub.send(connection, { type: "subscribed", channel: name, ...of, ...echo(request) });
      }
      if (channel.name === "status" && options.modes !== undefined) {
        const { current } = options.modes;
        const state = { ...current, previous: current.mode, atMs: clock.nowMs() };
        hub.send(connection, tellMode(state));
      }
      if (channel.name === "book") sendSnapshot(connection, subject as Hex, {});
      if (channel.name === "user" && message.type === "subscribe") {
        await beginUser(connection, topic, subject, message);
      }
    }
  };

  const beginUser = async (
    connection: Connection,
    topic: string,
    account: string,
    message: Extract<ClientMessage, { type: "subscribe"; channel: string }>,
  ): Promise<void> => {
    connection.hold(topic);
    try {
      const open = { maker: account, states: OPEN_STATES };
      const orders = await readOwnOrders(store.reads, open, MOST_OPEN_ORDERS);
      const who = connection.account;
      if (!connection.isOpen || who === null) return;
      hub.send(connection, {
        ...{ type: "snapshot", channel: "user", account: who, orders: orders.map(tellOrder) },
      });
      await replay(connection, account, message);
    } finally {
      connection.release(topic);
    }
  };

  const replay = async (
    connection: Connection,
    account: string,
    { since, sinceMs }: { since?: number | undefined; sinceMs?: number | undefined },
  ): Promise<void> => {
    if (since === undefined && sinceMs === undefined) return;
    let count = 0;
    let lastId = since === undefined ? null : BigInt(since);
    let isComplete = false;
    while (!isComplete && count < MOST_REPLAYED) {
      let rows = store.reads
        .selectFrom("outbox")
        .selectAll()
        .where("topic", "=", `user:${account}`);
      if (lastId !== null) rows = rows.where("id", ">", lastId);
      if (sinceMs !== undefined) rows = rows.where("at_ms", ">=", BigInt(sinceMs));
      const page = Math.min(REPLAY_PAGE, MOST_REPLAYED - count);
      const found = await rows
        .orderBy("id")
        .limit(page + 1)
        .execute();
      isComplete = found.length <= page;
      for (const { id, payload } of found.slice(0, page)) {
        const event = JSON.parse(payload) as unknown;
        const who = connection.account;
        if (!connection.isOpen || who === null) return;
        hub.send(connection, {
          ...{ type: "user", channel: "user", account: who, event, id: Number(id), replay: true },
        });
        lastId = BigInt(id);
        count += 1;
      }
      if (!(await connection.drained())) return;
    }
    const last = count === 0 ? null : Number(lastId);
    hub.send(connection, { type: "replayed", channel: "user", count, isComplete, lastId: last });
  };

  const unsubscribe = async (
    connection: Connection,
    { channel: name, market, request }: Extract<ClientMessage, { type: "unsubscribe" }>,
  ): Promise<void> => {
    const named = readChannel(name);
    if (named === undefined) throw unknownChannel(name);
    for (const channel of named.channels) {
      const subject = await subjectOf(connection, channel, named.market ?? market, named.account);
      hub.remove(topicOf(channel, subject), connection);
      const of = channel.of === "market" ? { market: subject } : {};
      hub.send(connection, { type: "unsubscribed", channel: name, ...of, ...echo(request) });
    }
  };

  /** @throws OperatorError with status 401 when it proves nothing. */
  const authorize = async (
    connection: Connection,
    message: Extract<ClientMessage, { type: "auth" }>,
  ): Promise<void> => {
    speakFor(connection, await prove(message));
    if (!connection.isOpen) return;
    const { account } = connection;
    hub.send(connection, { type: "authorized", account, ...echo(message.request) });
  };

  const prove = async (message: Extract<ClientMessage, { type: "auth" }>): Promise<Authority> => {
    if ("token" in message) {
      const { account, sessionId, expiresAtMs } = await auth.verifyToken(message.token);
      return { kind: "session", id: sessionId, account, untilMs: expiresAtMs };
    }
    const { key, timestamp, nonce, signature } = message;
    const of = { method: "GET", path: PATH, body: "" };
    const signed = { key, timestamp, nonce, signature, ...of };
    const { id, account, scopes } = await auth.keys.verify(signed);
    if (!scopes.includes("read")) throw refusal("SCOPE_MISSING", "the key has no scope read");
    return { kind: "key", id, account, untilMs: 0 };
  };

  const speakFor = (connection: Connection, authority: Authority): void => {
    if (!connection.isOpen) return;
    const { account } = connection;
    if (account !== null && account !== authority.account) leavePrivate(connection);
    authorities.set(connection, authority);
  };

  const leavePrivate = (connection: Connection): void => {
    for (const topic of [...connection.topics]) {
      if (CHANNEL_OF.get(topic.split("|")[0]!)?.of === "account") hub.remove(topic, connection);
    }
  };

  const handle = async (connection: Connection, message: ClientMessage): Promise<void> => {
    switch (message.type) {
      case "subscribe":
        if ("channel" in message) return subscribe(connection, message);
        for (const channel of message.channels) {
          await subscribe(connection, { type: "subscribe", channel }, true);
        }
        return hub.send(connection, {
          ...{ type: "SUBSCRIPTION_CONFIRMED", channels: message.channels },
          ...echo(message.request),
        });
      case "unsubscribe":
        return unsubscribe(connection, message);
      case "subscribe:market":
      case "unsubscribe:market": {
        const { marketId: market, request } = message;
        const of = { channel: "m", market, request };
        return message.type === "subscribe:market"
          ? subscribe(connection, { type: "subscribe", ...of })
          : unsubscribe(connection, { type: "unsubscribe", ...of });
      }
      case "resync":
        return sendSnapshot(
          connection,
          await requireMarket(connection, message.market),
          echo(message.request),
        );
      case "auth":
        return authorize(connection, message);
      case "ping":
        return hub.send(connection, {
          ...{ type: "pong", timestamp: clock.nowMs(), ...echo(message.request) },
        });
    }
  };

  const authorities = new Authorities({ store, clock, log }, (connection, why) => {
    authorities.drop(connection);
    leavePrivate(connection);
    cut(connection, CLOSE.unauthorized, `Unauthorized: ${why}`);
  });

  const answer = async (connection: Connection, data: Buffer): Promise<void> => {
    if (!connection.isOpen) return;
    const message = readMessage(data);
    if (message === undefined) {
      connection.faults += 1;
      if (connection.faults >= MOST_FAULTS) {
        return cut(connection, CLOSE.abusive, "too much that is no message");
      }
      const refused = {
        code: "INVALID_MESSAGE",
        message: "this is no message; see /asyncapi.json",
      };
      return hub.send(connection, { type: "error", ...refused });
    }
    try {
      spend(connection, costOf(message) - 1);
      await handle(connection, message);
    } catch (thrown) {
      const isOurs = thrown instanceof OperatorError;
      if (!isOurs) log.error({ connection: connection.id, code: codeOf(thrown) }, "stream failed");
      if (isOurs && thrown.status === 401) {
        return cut(connection, CLOSE.unauthorized, `Unauthorized: ${thrown.code}`);
      }
      if (isOurs && thrown.status === 429) return cut(connection, CLOSE.abusive, thrown.message);
      const { code, message: why } = isOurs
        ? thrown
        : { code: "INTERNAL", message: "the venue failed; try again" };
      hub.send(connection, { type: "error", code, message: why, ...echo(message.request) });
    }
  };

  /** What all connections of an address use together; kept while it has any. */
  const useOf = (address: string): AddressUse => {
    let use = addresses.get(address);
    if (use === undefined) {
      use = {
        connections: 0,
        messages: new Tokens(limits.messagesOfAddress, clock),
        bytes: new Tokens(limits.bytesOfAddress, clock),
        out: new ByteCount(limits.mostBufferedOfAddress, waitingOut),
      };
      addresses.set(address, use);
    }
    return use;
  };

  const welcome = (socket: WebSocket, raw: Duplex, token: string | null, address: string): void => {
    const use = useOf(address);
    use.connections += 1;
    const connection = new Connection(socket, address, limits, use.out);
    const messages = new Tokens(limits.messages, clock, use.messages);
    const bytes = new Tokens(limits.bytes, clock, use.bytes);
    tokensOf.set(connection, messages);
    const inbox = new Inbox(
      socket,
      (data) =>
        answer(connection, data).catch((fault: unknown) => {
          log.error({ connection: connection.id, code: codeOf(fault) }, "stream failed");
        }),
      limits.mostQueuedFrames,
      new ByteCount(limits.mostQueuedBytes, waitingIn),
    );
    connections.set(connection, inbox);
    metrics.connections.set(connections.size);

    const abuse = (reason: string): void => {
      cut(connection, CLOSE.abusive, reason);
      inbox.close();
    };
    /** Counts what arrives, before anything is done with it. @returns false when the connection ends by it. */
    const arrived = (): boolean => {
      if (!connection.isOpen) return false;
      metrics.messages.inc({ direction: "in" });
      if (messages.take(1)) return true;
      abuse("too many messages");
      return false;
    };
    // Frames without a message, such as empty fragments, are seen by their bytes alone.
    raw.prependListener("data", (chunk: Buffer) => {
      if (connection.isOpen && !bytes.take(chunk.length)) abuse("too many bytes");
    });
    socket.on("message", (data) => {
      if (arrived() && !inbox.add(data as Buffer)) abuse("too many messages wait");
    });
    socket.on("ping", (data) => {
      if (arrived()) connection.pong(data);
    });
    socket.on("pong", () => {
      if (connection.isAlive) arrived();
      connection.isAlive = true;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      connection.ended();
      inbox.close();
      authorities.drop(connection);
      hub.removeAll(connection);
      connections.delete(connection);
      use.connections -= 1;
      if (use.connections === 0) addresses.delete(address);
      metrics.connections.set(connections.size);
    });
    hub.send(connection, {
      ...{ type: "welcome", connection: connection.id, serverTimeMs: clock.nowMs() },
    });
    if (token !== null) inbox.add(Buffer.from(JSON.stringify({ type: "auth", token })));
  };

  const upgrade = onUpgrade({
    ...{ limiter, opening, trustedProxies, log },
    refuses: (address) => {
      if ((addresses.get(address)?.connections ?? 0) >= mostOfAddress) return 429;
      return connections.size >= mostConnections ? 503 : null;
    },
    onRefused: (status) => metrics.upgradesRefused.inc({ status: `${status}` }),
    accept: (request, socket, head, address) => {
      const { authorization } = request.headers;
      const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? "")?.[1] ?? "";
      sockets.handleUpgrade(request, socket, head, (ws) =>
        welcome(ws, socket, authorization === undefined ? null : token, address),
      );
    },
  });
  server.on("upgrade", upgrade);

  const stops = [
    bus.subscribe((event) => hub.publish(event)),
    names.follow(bus),
    auth.onEnded((ended) => authorities.end(ended)),
    feed.onReset((market) => {
      const book = feed.book(market);
      const { bids, asks } = book.levels();
      const at = { sequence: book.sequence, hash: book.hash() };
      const message = { type: "snapshot", channel: "book", market, ...at, bids, asks };
      hub.broadcast(topicOf(CHANNEL_OF.get("book")!, market), message);
    }),
  ];
  const pinging = setInterval(() => {
    for (const [connection, inbox] of connections) {
      // While a message is answered its socket is not read: a pong could not arrive.
      if (connection.isAlive || !inbox.isBusy) connection.ping();
    }
    metrics.streamBytes.set({ direction: "in" }, waitingIn.used);
    metrics.streamBytes.set({ direction: "out" }, waitingOut.used);
  }, pingMs);
  const looking = setInterval(() => void authorities.look(), lookMs);
  looking.unref();
  pinging.unref();

  return {
    get size() {
      return [...connections.keys()].filter(({ isOpen }) => isOpen).length;
    },
    get waiting() {
      return { inBytes: waitingIn.used, outBytes: waitingOut.used };
    },
    close: async () => {
      clearInterval(pinging);
      clearInterval(looking);
      for (const stop of stops) stop();
      server.off("upgrade", upgrade);
      const closed = [...sockets.clients].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      );
      for (const connection of connections.keys()) connection.close(CLOSE.goingAway, "going down");
      await Promise.all(closed);
      sockets.close();
    },
  };
}

function echo(request: string | number | undefined): { request?: string | number } {
  return request === undefined ? {} : { request };
}

function unknownChannel(name: string): OperatorError {
  const cutName = name.length > MAX_ECHO ? `${name.slice(0, MAX_ECHO)}...` : name;
  return refusal("UNKNOWN_CHANNEL", `there is no channel ${cutName}`);
}

function codeOf(fault: unknown): string {
  const { code, name } = (fault ?? {}) as { code?: string; name?: string };
  return code ?? name ?? "UNKNOWN";
}
