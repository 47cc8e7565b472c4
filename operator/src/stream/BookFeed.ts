import type { Hex } from "@nostra/sdk/order";
import { LocalBook } from "@nostra/sdk/stream";
import type { BookEvent, Bus } from "../bus";
import type { Engine } from "../engine/Engine";

/** What a feed tells when a book could not be followed and was got anew. */
type ResetListener = (conditionId: Hex) => void;

/**
 * The books as the world may know them, by price. The engine's own books are ahead of it by what is decided and not yet
 * stored; this one follows the events, which come after the commit. So a snapshot and the changes behind it always fit.
 *
 * Always true: a market's levels are those after the last event of it, or, before there was one, those of the engine when
 * the feed was started. A market that appears later began empty.
 */
export class BookFeed {
  readonly #engine: Pick<Engine, "book" | "version">;
  readonly #books = new Map<Hex, LocalBook>();
  readonly #resetListeners = new Set<ResetListener>();

  constructor(engine: Pick<Engine, "book" | "version">, bus: Bus) {
    this.#engine = engine;
    bus.subscribe((event) => {
      if (event.type === "book") this.#take(event);
    });
  }

  /** Takes the engine's books over as they stand. To be called before orders are let in. */
  start(conditionIds: Iterable<Hex>): void {
    for (const conditionId of conditionIds) this.#copy(conditionId);
  }

  /** The levels of a market; those of an empty book when nothing is known of it. To be read and not changed. */
  book(conditionId: Hex): LocalBook {
    let book = this.#books.get(conditionId);
    if (book === undefined) {
      book = new LocalBook();
      // A book that nobody has put an order in has a number too: it counts what was asked of it.
      if (this.#engine.book(conditionId)?.size === 0) return this.#copy(conditionId);
    }
    return book;
  }

  /** @returns how to stop listening. */
  onReset(listener: ResetListener): () => void {
    this.#resetListeners.add(listener);
    return () => this.#resetListeners.delete(listener);
  }

  #take(event: BookEvent): void {
    const { conditionId, from, to, bids, asks } = event;
    let book = this.#books.get(conditionId);
    if (book === undefined) {
      book = new LocalBook({ sequence: from, bids: [], asks: [] });
      this.#books.set(conditionId, book);
    }
    if (book.apply({ from, to, bids, asks }) !== "gap") return;
    this.#copy(conditionId);
    for (const listener of this.#resetListeners) listener(conditionId);
  }

  #copy(conditionId: Hex): LocalBook {
    const { bids = [], asks = [] } = this.#engine.book(conditionId)?.depth() ?? {};
    const sequence = this.#engine.version(conditionId) ?? 0;
    const plain = ({ price, shares }: { price: bigint; shares: bigint }): [number, string] => [
      Number(price),
      shares.toString(),
    ];
    const book = new LocalBook({ sequence, bids: bids.map(plain), asks: asks.map(plain) });
    this.#books.set(conditionId, book);
    return book;
  }
}
