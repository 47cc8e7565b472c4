/** Pieces that, repeated, have cost parsers and regular expressions the most. */
export const PIECES: readonly string[] = [
  "a",
  "a.",
  "a.b+c-",
  "a://",
  "a@",
  "://",
  "https://u:p@",
  "0",
  "9",
  "1.",
  "-",
  "--",
  " ",
  " a",
  "\t",
  "\\",
  '"',
  "'",
  "%",
  "_",
  "/",
  ",",
  ";",
  "=",
  ":",
  "::",
  ".",
  "e\u0301",
  "\u0000",
  "\u202e",
  "\ufdfa",
  "\u{1f468}\u200d\u{1f469}\u200d",
  "0x",
  "__proto__",
  "\n",
  "wants you to sign in with your Ethereum account:\n",
  "{",
  "[",
];

/** At most `length` characters of a piece, over and over. */
export function fill(piece: string, length: number): string {
  return piece.repeat(Math.max(1, Math.floor(length / piece.length))).slice(0, length);
}

/** At most `bytes` bytes of JSON text for a value that is a string. */
export function jsonText(piece: string, bytes: number): string {
  const perPiece = Buffer.byteLength(JSON.stringify(piece)) - 2;
  return JSON.stringify(piece.repeat(Math.max(1, Math.floor((bytes - 2) / perPiece))));
}

/** JSON values of about `bytes` bytes that are no string: wide, deep, and giant numbers. */
export const SHAPES: Readonly<Record<string, (bytes: number) => string>> = {
  "a wide list": (bytes) => `[${"1,".repeat(Math.floor(bytes / 2) - 2)}1]`,
  "a wide list of text": (bytes) => `[${'"a",'.repeat(Math.floor(bytes / 4) - 2)}"a"]`,
  "a wide list of objects": (bytes) => `[${"{},".repeat(Math.floor(bytes / 3) - 2)}{}]`,
  "a list as deep as it is long": (bytes) => {
    const depth = Math.floor(bytes / 2) - 1;
    return `${"[".repeat(depth)}${"]".repeat(depth)}`;
  },
  "an object as deep as it is long": (bytes) => {
    const depth = Math.floor(bytes / 6) - 1;
    return `${'{"a":'.repeat(depth)}0${"}".repeat(depth)}`;
  },
  "many members": (bytes) => {
    const count = Math.floor(bytes / 12);
    return `{${Array.from({ length: count }, (_, i) => `"m${i}":0`).join(",")}}`;
  },
  "a member with a giant name": (bytes) => `{${jsonText("a.", bytes - 8)}:1}`,
  "a giant number": (bytes) => "1".repeat(bytes),
  "a giant fraction": (bytes) => `0.${"1".repeat(bytes - 2)}`,
  "a giant exponent": (bytes) => `1e${"9".repeat(bytes - 2)}`,
  "an object with members of its prototype": () =>
    '{"toString":1,"valueOf":[],"constructor":{"name":1},"hasOwnProperty":0,"toJSON":"x"}',
};
