/** The seed of a random test: NOSTRA_SEED, or the one written in the test. */
export function seedOr(fixed: number): number {
  const given = process.env["NOSTRA_SEED"];
  if (given === undefined || given === "") return fixed;
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`NOSTRA_SEED is no whole number: ${given}`);
  return seed;
}

/** How often a random test runs: NOSTRA_RUNS, or the number written in the test. */
export function runsOr(fixed: number): number {
  const given = process.env["NOSTRA_RUNS"];
  if (given === undefined || given === "") return fixed;
  const runs = Number(given);
  if (!Number.isSafeInteger(runs) || runs < 1) {
    throw new Error(`NOSTRA_RUNS is no whole number from 1 on: ${given}`);
  }
  return runs;
}

/** The same numbers for the same seed, on every machine: mulberry32. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, not including, 2^32. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from `least` to `most`, both possible. */
  int(least: number, most: number): number {
    return least + (this.uint32() % (most - least + 1));
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return this.int(0, limit - 1);
  }

  /** A bigint from 1 to `most`. */
  upTo(most: bigint): bigint {
    return this.bigint(1n, most);
  }

  bits(count: number): bigint {
    let value = 0n;
    for (let got = 0; got < count; got += 32) value = (value << 32n) | BigInt(this.uint32());
    return BigInt.asUintN(count, value);
  }

  /** A whole number from `least` to `most`, both possible. */
  bigint(least: bigint, most: bigint): bigint {
    return least + (this.bits(320) % (most - least + 1n));
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.int(1, 100) <= percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T;
  }

  hex(bytes: number): `0x${string}` {
    return `0x${this.bits(8 * bytes)
      .toString(16)
      .padStart(2 * bytes, "0")}`;
  }

  /** A uint256 that is often at an edge: zero, one, the highest, a power of two or one off. */
  uint256(): bigint {
    if (this.chance(60)) return this.bits(256);
    const power = 1n << BigInt(this.int(0, 255));
    return this.pick([0n, 1n, 2n ** 256n - 1n, power, power - 1n, this.bits(64), this.bits(128)]);
  }
}
