import { randomUUID } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import type { WebSocket } from "ws";
import { ByteCount } from "./ByteCount";
import { MIN_SLOW_BYTES } from "./streamLimits";

/** Why a connection is closed by the venue. */
export const CLOSE = {
  /** What was to prove the account does not, or no longer does. */
  unauthorized: 4001,
  /** Said too much that is no message, or too fast. */
  abusive: 4002,
  /** Reads more slowly than there is to tell. Come back: a snapshot makes it whole. */
  slow: 4008,
  /** The venue goes down. */
  goingAway: 1001,
} as const;

/** A closed socket that does not close is cut off after this; an abusive one, which is not read any more, sooner. */
const GRACE_MS = 5_000;
const ABUSIVE_GRACE_MS = 500;
/** What waits to be read must become less within this, when an answer waits for it. */
const DRAIN_MS = 30_000;

/** What opened the private topics of a connection: a session or a key, by its id, and until when; 0 for no end of its own. */
export interface Authority {
  readonly kind: "session" | "key";
  readonly id: string;
  readonly account: Address;
  readonly untilMs: number;
}

/** What a connection is kept to. */
export interface ConnectionLimits {
  /** Bytes that may wait to be read. */
  readonly mostBuffered: number;
  readonly mostSubscriptions: number;
}

/** One open socket. */
export class Connection {
  readonly id = randomUUID();
  readonly topics = new Set<string>();
  authority: Authority | null = null;
  /** False from a ping until its pong. */
  isAlive = true;
  faults = 0;
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #limits: ConnectionLimits;
  /** What waits to be read: in the socket's buffer, and held. */
  readonly #out: ByteCount;
  #buffered = 0;
  /** What is told of a topic while its snapshot is being read. */
  readonly #held = new Map<string, Buffer[]>();
  #isOpen = true;
  #drained: (() => void)[] = [];

  /** @param outgoing Counts what waits for all connections of the address. */
  constructor(socket: WebSocket, address: string, limits: ConnectionLimits, outgoing: ByteCount) {
    this.#socket = socket;
    this.#limits = limits;
    this.#out = new ByteCount(limits.mostBuffered, outgoing);
    this.address = address;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get account(): Address | null {
    return this.authority?.account ?? null;
  }

  /** Bytes that wait to be read. */
  get buffered(): number {
    return this.#out.used;
  }

  /** Sends bytes that were made once for all. @returns false when it was cut off instead. */
  send(bytes: Buffer): boolean {
    if (!this.#requireQuick()) return false;
    this.#socket.send(bytes, { binary: false }, () => this.#flushed());
    this.#count();
    return true;
  }

  /** Answers a ping of the other side; what it carried comes back. */
  pong(data: Buffer): void {
    if (!this.#requireQuick()) return;
    this.#socket.pong(data, false, () => this.#flushed());
    this.#count();
  }

  /** Sends what is told of a topic, or keeps it until the topic's snapshot has gone out. */
  tell(topic: string, bytes: Buffer): boolean {
    const held = this.#held.get(topic);
    if (held === undefined) return this.send(bytes);
    if (!this.#requireQuick()) return false;
    held.push(bytes);
    this.#out.add(bytes.length);
    return true;
  }

  hold(topic: string): void {
    if (!this.#held.has(topic)) this.#held.set(topic, []);
  }

  release(topic: string): void {
    const held = this.#held.get(topic) ?? [];
    this.#held.delete(topic);
    for (const bytes of held) this.#out.add(-bytes.length);
    for (const bytes of held) this.send(bytes);
  }

  /** Waits until at most a quarter of what may wait does. @returns false when the connection has ended instead. */
  async drained(): Promise<boolean> {
    while (this.#isOpen && this.#buffered > this.#limits.mostBuffered / 4) {
      const isLess = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), DRAIN_MS);
        this.#drained.push(() => {
          clearTimeout(timer);
          resolve(true);
        });
      });
      if (!isLess) this.#cutSlow();
    }
    return this.#isOpen;
  }

  get hasRoom(): boolean {
    return this.topics.size < this.#limits.mostSubscriptions;
  }

  /** Asks whether somebody is there; cuts off who did not answer the last time. */
  ping(): void {
    if (!this.isAlive) return this.#socket.terminate();
    this.isAlive = false;
    this.#socket.ping(() => undefined);
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#forgetHeld();
    const isAbusive = code === CLOSE.abusive;
    this.#socket.close(code, reason);
    // What an abusive sender still sends is not even parsed.
    if (isAbusive) this.#socket.pause();
    const graceMs = isAbusive ? ABUSIVE_GRACE_MS : GRACE_MS;
    const cut = setTimeout(() => this.#socket.terminate(), graceMs);
    this.#socket.once("close", () => clearTimeout(cut));
    this.#wake();
  }

  /** The other side is gone. */
  ended(): void {
    this.#isOpen = false;
    this.#forgetHeld();
    this.#out.add(-this.#buffered);
    this.#buffered = 0;
    this.#wake();
  }

  /** False when it is closed, or reads too slowly: then it is cut off. */
  #requireQuick(): boolean {
    if (!this.#isOpen) return false;
    const { used, most, isParentOver } = this.#out;
    if (used <= most && !(isParentOver && used > MIN_SLOW_BYTES)) return true;
    this.#cutSlow();
    return false;
  }

  #cutSlow(): void {
    this.close(CLOSE.slow, "too slow: connect again for a snapshot");
  }

  #flushed(): void {
    this.#count();
    if (this.#buffered <= this.#limits.mostBuffered / 4) this.#wake();
  }

  /** Brings the count up to what the socket has not given to the network yet. */
  #count(): void {
    const buffered =
      this.#socket.readyState === this.#socket.CLOSED ? 0 : this.#socket.bufferedAmount;
    this.#out.add(buffered - this.#buffered);
    this.#buffered = buffered;
  }

  #forgetHeld(): void {
    for (const held of this.#held.values()) {
      for (const bytes of held.splice(0)) this.#out.add(-bytes.length);
    }
  }

  #wake(): void {
    for (const wake of this.#drained.splice(0)) wake();
  }
}
