/** What a fill receives for giving `fill` of an order's makerAmount: ceil(fill * takerAmount / makerAmount), in its favour. */
export function receivedUp(fill: bigint, makerAmount: bigint, takerAmount: bigint): bigint {
  return (fill * takerAmount + makerAmount - 1n) / makerAmount;
}

/** What an order consumes for receiving `received`: ceil(received * makerAmount / takerAmount), against the order. */
export function consumedUp(received: bigint, makerAmount: bigint, takerAmount: bigint): bigint {
  return (received * makerAmount + takerAmount - 1n) / takerAmount;
}

/** The fee on `received`: floor(rateBps * received / 10000), in the payer's favour. */
export function feeDown(rateBps: bigint, received: bigint): bigint {
  return (rateBps * received) / 10_000n;
}
