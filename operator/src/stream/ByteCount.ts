/** Bytes that wait somewhere. What one connection has waiting counts for its address, and for all. */
export class ByteCount {
  #used = 0;
  readonly most: number;
  readonly #parent: ByteCount | undefined;

  constructor(most: number, parent?: ByteCount) {
    this.most = most;
    this.#parent = parent;
  }

  get used(): number {
    return this.#used;
  }

  get parent(): ByteCount | undefined {
    return this.#parent;
  }

  /** Adds bytes, or takes them off when negative. */
  add(bytes: number): void {
    this.#used += bytes;
    this.#parent?.add(bytes);
  }

  /** True when `bytes` more fit, here and in all that this is part of. */
  fits(bytes: number): boolean {
    if (this.#used + bytes > this.most) return false;
    return this.#parent === undefined || this.#parent.fits(bytes);
  }

  /** True when an address, or all, have more waiting than they may. */
  get isParentOver(): boolean {
    const parent = this.#parent;
    return parent !== undefined && (parent.used > parent.most || parent.isParentOver);
  }
}
