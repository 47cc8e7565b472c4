const INT8 = 20;
const NUMERIC = 1700;

/** How values of a type arrive, by its number, in both databases alike. */
export const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: BigInt,
  [NUMERIC]: (text) => text,
};
