import { STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Hex } from "@nostra/sdk/order";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import { OperatorError } from "../errors";
import type { Auth } from "../http/auth/Auth";
import { addressKey, DEFAULT_LIMITS } from "../http/limits/limits";
import type { RateLimiter } from "../http/limits/RateLimiter";
import type { Limit } from "../http/limits/TokenBucket";
import { Markets } from "../http/Markets";
import { OPEN_STATES, readOwnOrders } from "../http/reads/readOrders";
import type { Metrics } from "../http/Metrics";
import { tellOrder } from "../http/views";
import type { Log } from "../log";
import type { Store } from "../store";
import type { BookFeed } from "./BookFeed";
import { CHANNEL_OF, readChannel, type Channel } from "./channels";
import { CLOSE, Connection, type ConnectionLimits } from "./Connection";
import { Hub, topicOf } from "./Hub";
import { clientMessage, serverMessage, type ClientMessage } from "./messages";

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
  /** Streams that an address may open. Default 10 in a minute. */
  readonly opening?: Limit;
  /** Default 15 s. */
  readonly pingMs?: number;
  readonly limits?: Partial<ConnectionLimits>;
  /** Streams open at once, in all and of one address. Default 10,000 and 100. */
  readonly mostConnections?: number;
  readonly mostOfAddress?: number;
  /** Holds each message against its schema: for tests. */
  readonly checkMessages?: boolean;
}

export interface Stream {
  /** Streams open now, without those that are being closed. */
  readonly size: number;
  close(): Promise<void>;
}

const PATH = "/ws";
const MOST_FRAME = 16 * 1024;
const MOST_FAULTS = 20;
const MOST_REPLAYED = 1000;
const MOST_OPEN_ORDERS = 1000;
/** Messages of one connection. */
const SAYING: Limit = { count: 100, seconds: 10 };

/** A refusal that is told and does not end the connection. */
function refusal(code: string, message: string): OperatorError {
  return new OperatorError(code, message, { status: 400 });
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
  const limits: ConnectionLimits = {
    mostBuffered: options.limits?.mostBuffered ?? 1024 * 1024,
    mostSubscriptions: options.limits?.mostSubscriptions ?? 200,
  };
  const markets = new Markets(store);
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: MOST_FRAME, perMessageDeflate: false },
  });
  const connections = new Set<Connection>();
  const ofAddress = new Map<string, number>();
  const hub = new Hub(
    { feed, db: store.reads },
    (count) => metrics.messages.inc({ direction: "out" }, count),
    checkMessages ? (message) => void serverMessage.parse(message) : () => undefined,
  );

  const sendSnapshot = (connection: Connection, market: Hex, request: object): void => {
    const book = feed.book(market);
    const { bids, asks } = book.levels();
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

  const requireMarket = async (id: string | undefined): Promise<Hex> => {
    if (id === undefined) throw refusal("MARKET_MISSING", "this channel is of a market: name it");
    return (await markets.require(id)).condition_id as Hex;
  };

  /** Whom a subscription is about. @throws OperatorError when that is not for this connection. */
  const subjectOf = async (
    connection: Connection,
    channel: Channel,
    market: string | undefined,
    account: string | undefined,
  ): Promise<string> => {
    if (channel.of === "venue") return "";
    if (channel.of === "market") return requireMarket(market);
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
    if (named === undefined) throw refusal("UNKNOWN_CHANNEL", `there is no channel ${name}`);
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
      const who = connection.account!;
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
    let rows = store.reads.selectFrom("outbox").selectAll().where("topic", "=", `user:${account}`);
    if (since !== undefined) rows = rows.where("id", ">", BigInt(since));
    if (sinceMs !== undefined) rows = rows.where("at_ms", ">=", BigInt(sinceMs));
    const found = await rows
      .orderBy("id")
      .limit(MOST_REPLAYED + 1)
      .execute();
    const told = found.slice(0, MOST_REPLAYED);
    for (const { id, payload } of told) {
      hub.send(connection, {
        ...{
          type: "user",
          channel: "user",
          account: connection.account,
          event: JSON.parse(payload) as unknown,
        },
        ...{ id: Number(id), replay: true },
      });
    }
    const last = told.at(-1);
    hub.send(connection, {
      ...{ type: "replayed", channel: "user", count: told.length },
      isComplete: found.length <= MOST_REPLAYED,
      lastId: last === undefined ? null : Number(last.id),
    });
  };

  const unsubscribe = async (
    connection: Connection,
    { channel: name, market, request }: Extract<ClientMessage, { type: "unsubscribe" }>,
  ): Promise<void> => {
    const named = readChannel(name);
    if (named === undefined) throw refusal("UNKNOWN_CHANNEL", `there is no channel ${name}`);
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
    if ("token" in message) {
      const { account, expiresAtMs } = await auth.verifyToken(message.token);
      speakFor(connection, account, expiresAtMs);
    } else {
      const { key, timestamp, nonce, signature } = message;
      const of = { method: "GET", path: PATH, body: "" };
      const { account, scopes } = await auth.keys.verify({
        key,
        timestamp,
        nonce,
        signature,
        ...of,
      });
      if (!scopes.includes("read")) throw refusal("SCOPE_MISSING", "the key has no scope read");
      speakFor(connection, account, 0);
    }
    const { account } = connection;
    hub.send(connection, { type: "authorized", account, ...echo(message.request) });
  };

  const speakFor = (
    connection: Connection,
    account: NonNullable<Connection["account"]>,
    untilMs: number,
  ): void => {
    if (connection.account !== null && connection.account !== account) leavePrivate(connection);
    connection.account = account;
    connection.authorizedUntilMs = untilMs;
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
        return sendSnapshot(connection, await requireMarket(message.market), echo(message.request));
      case "auth":
        return authorize(connection, message);
      case "ping":
        return hub.send(connection, {
          ...{ type: "pong", timestamp: clock.nowMs(), ...echo(message.request) },
        });
    }
  };

  const answer = async (connection: Connection, data: RawData): Promise<void> => {
    if (!connection.isOpen) return;
    metrics.messages.inc({ direction: "in" });
    const said = await limiter.take(`stream:${connection.id}`, SAYING);
    if (!said.allowed) return connection.close(CLOSE.abusive, "too many messages");
    const message = readMessage(data);
    if (message === undefined) {
      connection.faults += 1;
      if (connection.faults >= MOST_FAULTS) {
        return connection.close(CLOSE.abusive, "too much that is no message");
      }
      const refused = {
        code: "INVALID_MESSAGE",
        message: "this is no message; see /asyncapi.json",
      };
      return hub.send(connection, { type: "error", ...refused });
    }
    try {
      await handle(connection, message);
    } catch (thrown) {
      const isOurs = thrown instanceof OperatorError;
      if (!isOurs) log.error({ connection: connection.id, code: codeOf(thrown) }, "stream failed");
      if (isOurs && thrown.status === 401) {
        return connection.close(CLOSE.unauthorized, `Unauthorized: ${thrown.code}`);
      }
      const { code, message: why } = isOurs
        ? thrown
        : { code: "INTERNAL", message: "the venue failed; try again" };
      hub.send(connection, { type: "error", code, message: why, ...echo(message.request) });
    }
  };

  const welcome = (socket: WebSocket, request: IncomingMessage, address: string): void => {
    const connection = new Connection(socket, address, limits);
    connections.add(connection);
    ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1);
    metrics.connections.set(connections.size);
    // One message after the other: what is asked later is answered later.
    let tail = Promise.resolve();
    const queue = (work: () => Promise<void>): void => {
      tail = tail.then(work).catch((fault: unknown) => {
        log.error({ connection: connection.id, code: codeOf(fault) }, "stream failed");
      });
    };
    socket.on("message", (data) => queue(() => answer(connection, data)));
    socket.on("pong", () => {
      connection.isAlive = true;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      connection.ended();
      hub.removeAll(connection);
      connections.delete(connection);
      const left = (ofAddress.get(address) ?? 1) - 1;
      if (left === 0) ofAddress.delete(address);
      else ofAddress.set(address, left);
      metrics.connections.set(connections.size);
    });
    hub.send(connection, {
      ...{ type: "welcome", connection: connection.id, serverTimeMs: clock.nowMs() },
    });
    const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (request.headers.authorization !== undefined) {
      const message = { type: "auth", token: token ?? "" } as const;
      queue(() => answer(connection, Buffer.from(JSON.stringify(message))));
    }
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://venue");
    if (url.pathname !== PATH) return refuse(socket, 404);
    // An address is written down by every proxy on the way: no place for a token.
    if (url.searchParams.has("token")) return refuse(socket, 400);
    const address = addressKey(clientAddress(request, trustedProxies));
    const verdict = await limiter.take(`address:${address}:connect`, opening);
    if (!verdict.allowed) return refuse(socket, 429, verdict.retryAfterSeconds);
    if ((ofAddress.get(address) ?? 0) >= mostOfAddress) return refuse(socket, 429, 60);
    if (connections.size >= mostConnections) return refuse(socket, 503, 60);
    sockets.handleUpgrade(request, socket, head, (ws) => welcome(ws, request, address));
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => undefined);
    upgrade(request, socket, head).catch((fault: unknown) => {
      log.error({ code: codeOf(fault) }, "stream: opening failed");
      refuse(socket, 500);
    });
  };
  server.on("upgrade", onUpgrade);

  const stops = [
    bus.subscribe((event) => hub.publish(event)),
    feed.onReset((market) => {
      const book = feed.book(market);
      const { bids, asks } = book.levels();
      const at = { sequence: book.sequence, hash: book.hash() };
      const message = { type: "snapshot", channel: "book", market, ...at, bids, asks };
      hub.broadcast(topicOf(CHANNEL_OF.get("book")!, market), message);
    }),
  ];
  const pinging = setInterval(() => {
    const nowMs = clock.nowMs();
    for (const connection of connections) {
      const { authorizedUntilMs } = connection;
      if (authorizedUntilMs !== 0 && authorizedUntilMs <= nowMs) {
        leavePrivate(connection);
        connection.close(CLOSE.unauthorized, "Unauthorized: TOKEN_EXPIRED");
      } else {
        connection.ping();
      }
    }
  }, pingMs);
  pinging.unref();

  return {
    get size() {
      return [...connections].filter(({ isOpen }) => isOpen).length;
    },
    close: async () => {
      clearInterval(pinging);
      for (const stop of stops) stop();
      server.off("upgrade", onUpgrade);
      const closed = [...sockets.clients].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      );
      for (const connection of connections) connection.close(CLOSE.goingAway, "going down");
      await Promise.all(closed);
      sockets.close();
    },
  };
}

function echo(request: string | number | undefined): { request?: string | number } {
  return request === undefined ? {} : { request };
}

/** A message, or `{ event, data }` as other protocols wrap it; undefined when it is neither. */
function readMessage(data: RawData): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return undefined;
  }
  const { event, data: inner } = (value ?? {}) as { event?: unknown; data?: unknown };
  const message =
    typeof event === "string"
      ? { ...(typeof inner === "object" ? inner : {}), type: event }
      : value;
  return clientMessage.safeParse(message).data;
}

/** The address that the outermost proxy of ours saw. */
function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const forwarded = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = forwarded.split(",").map((hop) => hop.trim());
  const chain = [...hops.filter((hop) => hop !== ""), request.socket.remoteAddress ?? ""];
  return chain[Math.max(0, chain.length - 1 - trustedProxies)] ?? "";
}

function refuse(socket: Duplex, status: number, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${retry}Connection: close\r\n\r\n`);
}

function codeOf(fault: unknown): string {
  const { code, name } = (fault ?? {}) as { code?: string; name?: string };
  return code ?? name ?? "UNKNOWN";
}
