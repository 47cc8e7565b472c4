import { randomUUID } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import type { WebSocket } from "ws";

/** Why a connection is closed by the venue. */
export const CLOSE = {
  /** What was to prove the account does not. */
  unauthorized: 4001,
  /** Said too much that is no message, or too fast. */
  abusive: 4002,
  /** Reads more slowly than there is to tell. Come back: a snapshot makes it whole. */
  slow: 4008,
  /** The venue goes down. */
  goingAway: 1001,
} as const;

/** A closed socket that does not close is cut off after this. */
const GRACE_MS = 5_000;

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
  /** Who it speaks for, and until when; 0 for as long as it is open. */
  account: Address | null = null;
  authorizedUntilMs = 0;
  /** False from a ping until its pong. */
  isAlive = true;
  faults = 0;
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #limits: ConnectionLimits;
  /** What is told of a topic while its snapshot is being read. */
  readonly #held = new Map<string, Buffer[]>();
  #isOpen = true;

  constructor(socket: WebSocket, address: string, limits: ConnectionLimits) {
    this.#socket = socket;
    this.#limits = limits;
    this.address = address;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends bytes that were made once for all. @returns false when it was cut off instead. */
  send(bytes: Buffer): boolean {
    if (!this.#isOpen) return false;
    if (this.#socket.bufferedAmount > this.#limits.mostBuffered) {
      this.close(CLOSE.slow, "too slow: connect again for a snapshot");
      return false;
    }
    this.#socket.send(bytes, { binary: false }, () => undefined);
    return true;
  }

  /** Sends what is told of a topic, or keeps it until the topic's snapshot has gone out. */
  tell(topic: string, bytes: Buffer): boolean {
    const held = this.#held.get(topic);
    if (held === undefined) return this.send(bytes);
    held.push(bytes);
    return true;
  }

  hold(topic: string): void {
    this.#held.set(topic, []);
  }

  release(topic: string): void {
    const held = this.#held.get(topic) ?? [];
    this.#held.delete(topic);
    for (const bytes of held) this.send(bytes);
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
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), GRACE_MS);
    this.#socket.once("close", () => clearTimeout(cut));
  }

  /** The other side is gone. */
  ended(): void {
    this.#isOpen = false;
  }
}
