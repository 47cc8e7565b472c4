/** ABI words as hex without a mark. */
export type Words = string;

/** One word. @throws RangeError for what no word can hold: our own tables never have it. */
export function word(value: bigint): Words {
  const hex = value.toString(16);
  if (value < 0n || hex.length > 64) throw new RangeError(`${value} is no unsigned 256-bit number`);
  return hex.padStart(64, "0");
}

/** An address as a word. @throws RangeError when it is none. */
export function addressWord(value: string): Words {
  if (!/^0x[0-9a-fA-F]{40}$/.test(value)) throw new RangeError(`${value} is no address`);
  return value.slice(2).toLowerCase().padStart(64, "0");
}
