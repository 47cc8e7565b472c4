/** Decimals of the collateral (USDC), and so of its outcome tokens: a pair is minted from one unit of collateral each. */
export const DECIMALS = 6;

/** One whole collateral or outcome token, in units. A price of exactly 1, in units of collateral per whole share. */
export const UNIT = 1_000_000n;

/** The highest makerAmount and takerAmount the exchange takes, in units. */
export const MAX_AMOUNT = 2n ** 120n - 1n;
