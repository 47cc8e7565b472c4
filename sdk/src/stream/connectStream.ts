import { InputError } from "../errors/InputError.js";
import { NostraError } from "../errors/NostraError.js";
import { signRequest, type ApiKey } from "../client/signRequest.js";
import { BookFollower, type BookListener, type BookState } from "./BookFollower.js";
import type { LocalBook } from "./LocalBook.js";
import type {
  ServerMessage,
  StreamBlock,
  StreamMarket,
  StreamOrder,
  StreamRetract,
  StreamTrade,
  StreamUserEvent,
} from "./messages.js";

/** The part of a WebSocket that is used. Browsers' and that of the package ws have it. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** Makes a WebSocket. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** Runs things later. */
export interface Timers {
  set(work: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

/** `connecting`, again and again, until it is `open`; `closed` when it was ended, or will not be let in. */
export type StreamState = "connecting" | "open" | "closed";

/** What a stream is made of. */
export interface StreamOptions {
  /** The venue: its HTTP address, or that of its stream. */
  readonly url: string;
  /** Default: the global one; Node 20 has none, so hand in that of the package ws. */
  readonly WebSocket?: WebSocketConstructor;
  /** An access token for what is one's own, or how to get one: it is asked for with every connection. */
  readonly token?: string | (() => string | Promise<string>);
  /** A key with the scope read, instead of a token. */
  readonly apiKey?: ApiKey;
  readonly onState?: (state: StreamState) => void;
  readonly onRetract?: (retract: StreamRetract) => void;
  /** What went wrong and belongs to no subscription. */
  readonly onError?: (error: Error) => void;
  /** Silence after which it is asked whether somebody is there, and after as much again reconnected. Default 15 s. */
  readonly silenceMs?: number;
  /** Longest wait before connecting again. Default 30 s. */
  readonly mostWaitMs?: number;
  readonly random?: () => number;
  readonly timers?: Timers;
}

/** Something followed; `close` ends it. */
export interface Subscription {
  close(): void;
}

/** A book that is followed. Look at `state` before trusting it. */
export interface BookSubscription extends Subscription {
  readonly book: LocalBook;
  readonly state: BookState;
}

/** What a follower of one's own account wants to hear. */
export interface UserListener {
  /** One's open orders, each time the connection is made. */
  onSnapshot?(orders: readonly Record<string, unknown>[]): void;
  onEvent?(event: StreamUserEvent): void;
  /** More was missed than the venue tells again: ask over HTTP. */
  onMissed?(): void;
  onError?(error: Error): void;
}

/** A connection to a venue that comes back by itself. */
export interface StreamClient {
  readonly state: StreamState;
  book(market: string, listener?: BookListener): BookSubscription;
  trades(market: string, listener: (trade: StreamTrade) => void): Subscription;
  orders(market: string, listener: (order: StreamOrder) => void): Subscription;
  market(market: string, listener: (change: StreamMarket) => void): Subscription;
  blocks(listener: (block: StreamBlock) => void): Subscription;
  /** One's own; needs a token. What is missed while away is told when it is back. */
  user(listener: UserListener): Subscription;
  close(): void;
}

/** The venue refused something that was asked of its stream. */
export class StreamError extends NostraError {}

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 30_000;
const SILENCE_MS = 15_000;
/** The close code of who may not. */
const UNAUTHORIZED = 4001;
/** What came this long before the last thing heard is asked for again: the venue's parts do not write in one order. */
const OVERLAP_MS = 10_000;
const MOST_HEARD = 2_000;

interface Topic {
  readonly channel: string;
  readonly asked: string | undefined;
  /** The market's condition id, once the venue has said it. */
  market: string | undefined;
  readonly request: number;
  take(message: ServerMessage): void;
  lost(): void;
  fail(error: Error): void;
}

/**
 * Follows a venue's stream. It connects, says who it is, subscribes to all that is followed; when the connection breaks or goes
 * silent it connects again, after a wait that doubles, with chance in it so that not all come back at once. Books are got anew
 * after each break; of one's own account, what was missed is told again. Nothing is heard twice that was heard before.
 */
export function connectStream(options: StreamOptions): StreamClient {
  return new ReconnectingStream(options);
}

class ReconnectingStream implements StreamClient {
  readonly #options: StreamOptions;
  readonly #url: string;
  readonly #WebSocket: WebSocketConstructor;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #topics = new Set<Topic>();
  #socket: WebSocketLike | null = null;
  #state: StreamState = "connecting";
  #isAuthorized = false;
  #attempts = 0;
  #requests = 0;
  #timer: unknown = null;
  #hasAsked = false;
  /** Time of the last thing heard of one's own, at first that of the first welcome; and what was heard lately. */
  #heardMs: number | null = null;
  #hasFollowedUser = false;
  readonly #heard = new Set<string>();

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#url = streamUrl(options.url);
    const given =
      options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (given === undefined) {
      throw new InputError("WebSocket", undefined, "a WebSocket class; there is no global one");
    }
    this.#WebSocket = given;
    this.#random = options.random ?? Math.random;
    this.#timers = options.timers ?? {
      set: (work, ms) => setTimeout(work, ms),
      clear: (timer) => clearTimeout(timer as number),
    };
    this.#connect();
  }

  get state(): StreamState {
    return this.#state;
  }

  book(market: string, listener: BookListener = {}): BookSubscription {
    const follower = new BookFollower(listener);
    const topic = this.#follow("book", market, {
      take: (message) => {
        const isWell =
          message.type === "snapshot" && message.channel === "book"
            ? follower.reset(message)
            : message.type !== "delta" || follower.apply(message);
        if (!isWell) this.#say({ type: "resync", market: topic.market });
      },
      lost: () => follower.lose(),
      fail: (error) => follower.fail(error),
    });
    return {
      book: follower.book,
      get state() {
        return follower.state;
      },
      close: () => this.#unfollow(topic),
    };
  }

  trades(market: string, listener: (trade: StreamTrade) => void): Subscription {
    return this.#listen("trades", "trade", market, listener as (message: ServerMessage) => void);
  }

  orders(market: string, listener: (order: StreamOrder) => void): Subscription {
    return this.#listen("orders", "order", market, listener as (message: ServerMessage) => void);
  }

  market(market: string, listener: (change: StreamMarket) => void): Subscription {
    return this.#listen("market", "market", market, listener as (message: ServerMessage) => void);
  }

  blocks(listener: (block: StreamBlock) => void): Subscription {
    return this.#listen("blocks", "block", undefined, listener as (message: ServerMessage) => void);
  }

  user(listener: UserListener): Subscription {
    if (this.#options.token === undefined && this.#options.apiKey === undefined) {
      throw new InputError(
        "token",
        undefined,
        "an access token or a key: what is private needs one",
      );
    }
    const topic = this.#follow("user", undefined, {
      take: (message) => {
        if (message.type === "snapshot" && message.channel === "user") {
          listener.onSnapshot?.(message.orders);
        } else if (message.type === "user") {
          listener.onEvent?.(message.event);
        } else if (message.type === "replayed" && !message.isComplete) {
          listener.onMissed?.();
        }
      },
      lost: () => undefined,
      fail: (error) => listener.onError?.(error),
    });
    return { close: () => this.#unfollow(topic) };
  }

  close(): void {
    this.#timers.clear(this.#timer);
    const socket = this.#socket;
    this.#drop();
    this.#become("closed");
    socket?.close(1000);
  }

  #listen(
    channel: string,
    type: ServerMessage["type"],
    market: string | undefined,
    listener: (message: ServerMessage) => void,
  ): Subscription {
    const topic = this.#follow(channel, market, {
      take: (message) => {
        if (message.type === type) listener(message);
      },
      lost: () => undefined,
      fail: (error) => this.#options.onError?.(error),
    });
    return { close: () => this.#unfollow(topic) };
  }

  #follow(
    channel: string,
    asked: string | undefined,
    hooks: Pick<Topic, "take" | "lost" | "fail">,
  ): Topic {
    const topic = { channel, asked, market: undefined, request: ++this.#requests, ...hooks };
    this.#topics.add(topic);
    if (this.#state === "open") this.#subscribe(topic);
    return topic;
  }

  #unfollow(topic: Topic): void {
    if (!this.#topics.delete(topic)) return;
    const { channel, market } = topic;
    const isShared = [...this.#topics].some((other) => isSame(other, topic));
    if (isShared || this.#state !== "open") return;
    this.#say({ type: "unsubscribe", channel, market: market ?? topic.asked });
  }

  #subscribe(topic: Topic): void {
    const { channel, asked: market, request } = topic;
    if (channel !== "user") return this.#say({ type: "subscribe", channel, market, request });
    if (!this.#isAuthorized) return;
    const isBack = this.#hasFollowedUser && this.#heardMs !== null;
    const since = isBack ? { sinceMs: this.#heardMs! - OVERLAP_MS } : {};
    this.#hasFollowedUser = true;
    this.#say({ type: "subscribe", channel, request, ...since });
  }

  #connect(): void {
    this.#become("connecting");
    let socket: WebSocketLike;
    try {
      socket = new this.#WebSocket(this.#url);
    } catch (thrown) {
      this.#options.onError?.(thrown as Error);
      return this.#comeBack();
    }
    this.#socket = socket;
    // A socket that was given up may still speak: only the one in use is listened to.
    const whenInUse = (work: () => void) => () => {
      if (this.#socket === socket) work();
    };
    socket.onopen = whenInUse(() => this.#opened());
    socket.onmessage = (event: { readonly data: unknown }) =>
      whenInUse(() => this.#take(String(event.data)))();
    socket.onclose = (event: { readonly code?: number; readonly reason?: string }) =>
      whenInUse(() => this.#closed(event.code ?? 1006, event.reason ?? ""))();
    socket.onerror = () => undefined;
    this.#watch();
  }

  #opened(): void {
    this.#become("open");
    for (const topic of this.#topics) this.#subscribe(topic);
  }

  /** Says who it is, when it has been told what time it is there. */
  #authorize(serverTimeMs: number): void {
    const socket = this.#socket;
    this.#proof(serverTimeMs).then(
      (proof) => {
        if (proof !== null && this.#socket === socket) this.#say({ type: "auth", ...proof });
      },
      (thrown: unknown) => this.#options.onError?.(thrown as Error),
    );
  }

  async #proof(timestampMs: number): Promise<Record<string, string> | null> {
    const { token, apiKey } = this.#options;
    if (token !== undefined) return { token: typeof token === "string" ? token : await token() };
    if (apiKey === undefined) return null;
    const signed = await signRequest(apiKey, { timestampMs, method: "GET", path: "/ws", body: "" });
    return {
      key: signed["NOSTRA-KEY"]!,
      timestamp: signed["NOSTRA-TIMESTAMP"]!,
      nonce: signed["NOSTRA-NONCE"]!,
      signature: signed["NOSTRA-SIGNATURE"]!,
    };
  }

  #take(text: string): void {
    this.#watch();
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
    } catch {
      return;
    }
    switch (message.type) {
      case "welcome":
        this.#attempts = 0;
        this.#heardMs ??= message.serverTimeMs;
        return this.#authorize(message.serverTimeMs);
      case "authorized":
        this.#isAuthorized = true;
        for (const topic of this.#topics) if (topic.channel === "user") this.#subscribe(topic);
        return;
      case "subscribed": {
        const { request, market } = message;
        for (const topic of this.#topics) if (topic.request === request) topic.market = market;
        return;
      }
      case "error":
        return this.#failed(message);
      case "retract":
        return this.#options.onRetract?.(message);
      case "user":
        if (this.#isHeard(message.event)) return;
        break;
      default:
    }
    if (!("channel" in message)) {
      if (message.type === "replayed") this.#hand("user", undefined, message);
      return;
    }
    this.#hand(message.channel, "market" in message ? message.market : undefined, message);
  }

  #hand(channel: string, market: string | undefined, message: ServerMessage): void {
    for (const topic of [...this.#topics]) {
      if (topic.channel === channel && topic.market === market) topic.take(message);
    }
  }

  #failed({ code, message, request }: Extract<ServerMessage, { type: "error" }>): void {
    const error = new StreamError(code, message);
    const topic = [...this.#topics].find((one) => request !== undefined && one.request === request);
    if (topic === undefined) this.#options.onError?.(error);
    else topic.fail(error);
  }

  /** True when the same was heard before: events say where things stand, so the same again says nothing. */
  #isHeard(event: StreamUserEvent): boolean {
    if (event.atMs !== undefined) this.#heardMs = Math.max(this.#heardMs ?? 0, event.atMs);
    if (event.type === "funds") return false;
    const key = JSON.stringify(event, Object.keys(event).sort());
    if (this.#heard.has(key)) return true;
    this.#heard.add(key);
    if (this.#heard.size > MOST_HEARD) this.#heard.delete(this.#heard.values().next().value!);
    return false;
  }

  #closed(code: number, reason: string): void {
    this.#drop();
    const canAskAnew = typeof this.#options.token === "function";
    if (code === UNAUTHORIZED && !canAskAnew) {
      this.#timers.clear(this.#timer);
      this.#become("closed");
      this.#options.onError?.(
        new StreamError("UNAUTHORIZED", reason || "the venue lets nobody in"),
      );
      return;
    }
    this.#comeBack();
  }

  #drop(): void {
    this.#socket = null;
    this.#isAuthorized = false;
    for (const topic of this.#topics) {
      topic.market = undefined;
      topic.lost();
    }
  }

  #comeBack(): void {
    this.#become("connecting");
    const most = this.#options.mostWaitMs ?? MOST_WAIT_MS;
    const waitMs = Math.min(most, FIRST_WAIT_MS * 2 ** this.#attempts++);
    this.#later(waitMs * (0.5 + this.#random() / 2), () => this.#connect());
  }

  /** After a silence asks whether somebody is there; after another gives the connection up. */
  #watch(): void {
    this.#hasAsked = false;
    this.#listenForSilence();
  }

  #listenForSilence(): void {
    this.#later(this.#options.silenceMs ?? SILENCE_MS, () => {
      if (this.#hasAsked || this.#state !== "open") {
        const socket = this.#socket;
        this.#drop();
        socket?.close();
        return this.#comeBack();
      }
      this.#hasAsked = true;
      this.#say({ type: "ping" });
      this.#listenForSilence();
    });
  }

  #later(ms: number, work: () => void): void {
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(work, ms);
  }

  #say(message: object): void {
    if (this.#state !== "open") return;
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      // A socket that takes nothing any more closes, and is come back from.
    }
  }

  #become(state: StreamState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState?.(state);
  }
}

function isSame(a: Topic, b: Topic): boolean {
  if (a.channel !== b.channel) return false;
  return (a.market ?? a.asked) === (b.market ?? b.asked);
}

function streamUrl(given: string): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new InputError("url", given, "where the venue is, such as https://venue.example");
  }
  if (!/^(https?|wss?):$/.test(url.protocol)) {
    throw new InputError("url", given, "an address of http, https, ws or wss");
  }
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (!url.pathname.endsWith("/ws")) url.pathname = `${url.pathname.replace(/\/$/, "")}/ws`;
  return url.toString();
}
