/** The most gas of one transaction since the Osaka fork (EIP-7825). Also assumed of a chain that is not known: it is the least. */
export const OSAKA_TRANSACTION_GAS = 16_777_216n;
/** Bor's own limit. */
const BOR_TRANSACTION_GAS = 33_554_432n;

/** Chains whose transactions may have more than EIP-7825 allows. */
const BY_CHAIN: ReadonlyMap<number, bigint> = new Map([
  [137, BOR_TRANSACTION_GAS],
  [80002, BOR_TRANSACTION_GAS],
  // Nitro limits neither blocks nor transactions below 32 million.
  [42161, 32_000_000n],
  [421614, 32_000_000n],
]);

/**
 * The most gas of one transaction on a chain, never more than a block has.
 * @param configured What the venue was told (`MAX_TRANSACTION_GAS`); it wins over what is known of the chain.
 */
export function transactionGasLimit(
  chainId: number,
  blockGasLimit: bigint,
  configured?: bigint,
): bigint {
  const known = configured ?? BY_CHAIN.get(chainId) ?? OSAKA_TRANSACTION_GAS;
  return known < blockGasLimit ? known : blockGasLimit;
}
