import { NONE } from "./Ladder.js";

const LEAST_ROOM = 64;

/**
 * From id to slot: a hash table with open addressing in one typed array, two integers per entry: the id's hash, and the slot
 * plus one (zero: no entry). The ids themselves belong to the caller. At most half full.
 *
 * Against a Map of strings: an order that is filled is removed by its number alone, an entry takes 16 bytes rather than
 * some 40, and nothing is left for the garbage collector. It starts small, whatever the book expects: a table with room to
 * spare would miss the processor's cache on every look.
 */
export class IdTable {
  #entries: Int32Array = new Int32Array(2 * LEAST_ROOM);
  #mask = LEAST_ROOM - 1;
  #count = 0;

  /** The slot of an id, or NONE. `ids` has the ids by slot. */
  find(id: string, hash: number, ids: readonly string[]): number {
    const entries = this.#entries;
    const mask = this.#mask;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = entries[2 * at + 1]!;
      if (entry === 0) return NONE;
      if (entries[2 * at] === hash && ids[entry - 1] === id) return entry - 1;
    }
  }

  /** Remembers a slot under the hash of its id, which must be new. */
  insert(hash: number, slot: number): void {
    if (2 * ++this.#count > this.#mask) this.#widen();
    this.#put(hash, slot + 1);
  }

  /** Forgets a slot, and closes the gap: entries behind it move up unless they are where their hash wants them. */
  remove(hash: number, slot: number): void {
    const entries = this.#entries;
    const mask = this.#mask;
    let gap = hash & mask;
    while (entries[2 * gap + 1] !== slot + 1) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const entry = entries[2 * at + 1]!;
      if (entry === 0) break;
      const home = entries[2 * at]! & mask;
      const canMove = ((at - home) & mask) >= ((at - gap) & mask);
      if (canMove) {
        entries[2 * gap] = entries[2 * at]!;
        entries[2 * gap + 1] = entry;
        gap = at;
      }
    }
    entries[2 * gap + 1] = 0;
    this.#count--;
  }

  #put(hash: number, entry: number): void {
    const entries = this.#entries;
    const mask = this.#mask;
    let at = hash & mask;
    while (entries[2 * at + 1] !== 0) at = (at + 1) & mask;
    entries[2 * at] = hash;
    entries[2 * at + 1] = entry;
  }

  #widen(): void {
    const old = this.#entries;
    this.#entries = new Int32Array(2 * old.length);
    this.#mask = 2 * this.#mask + 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.#put(old[i]!, old[i + 1]!);
    }
  }
}

/** A hash of up to sixteen characters of an id: all of a short one, both ends of a long one (past the "0x" of a hash). */
export function hashOfId(id: string): number {
  const length = id.length;
  let hash = length;
  let from = 0;
  if (length > 16) {
    for (let i = 2; i < 10; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x9e3779b1);
    from = length - 8;
  }
  for (let i = from; i < length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x9e3779b1);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
