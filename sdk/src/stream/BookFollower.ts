import type { Hex } from "../order/Order.js";
import { LocalBook } from "./LocalBook.js";
import type { ServerMessage } from "./messages.js";

/** `synced`: the book is the venue's, as told. `stale`: it may be another; it is being got anew. */
export type BookState = "synced" | "stale";

/** What a follower of a book wants to hear. */
export interface BookListener {
  /** After each change, with the book whole. Not called while it is stale. */
  onChange?(book: LocalBook): void;
  onState?(state: BookState): void;
  onError?(error: Error): void;
}

type Snapshot = Extract<ServerMessage, { type: "snapshot"; channel: "book" }>;
type Delta = Extract<ServerMessage, { type: "delta" }>;

/**
 * Keeps a copy of a book. It is stale from the start, and whenever a change is missing, a hash is another, or the connection is
 * gone; a snapshot makes it synced. While it is stale changes are not applied: there is nothing to apply them to.
 */
export class BookFollower {
  readonly book = new LocalBook();
  readonly #listener: BookListener;
  #state: BookState = "stale";

  constructor(listener: BookListener) {
    this.#listener = listener;
  }

  get state(): BookState {
    return this.#state;
  }

  /** @returns false when the snapshot is not what its own hash says. */
  reset(snapshot: Snapshot): boolean {
    this.book.reset(snapshot);
    if (this.book.hash() !== snapshot.hash) return this.#lose();
    this.#become("synced");
    this.#listener.onChange?.(this.book);
    return true;
  }

  /** @returns false when the book must be got anew. */
  apply(delta: Delta): boolean {
    if (this.#state === "stale") return true;
    const result = this.book.apply(delta);
    if (result === "old") return true;
    if (result === "gap" || !this.#agrees(delta.hash)) return this.#lose();
    this.#listener.onChange?.(this.book);
    return true;
  }

  lose(): void {
    this.#lose();
  }

  fail(error: Error): void {
    this.#listener.onError?.(error);
  }

  #agrees(hash: Hex | undefined): boolean {
    return hash === undefined || hash === this.book.hash();
  }

  #lose(): false {
    this.#become("stale");
    return false;
  }

  #become(state: BookState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.onState?.(state);
  }
}
