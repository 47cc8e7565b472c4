import type { Rpc } from "../rpc";
import type { Fees } from "./types";

/** By how much a replacement must raise both fees so that nodes take it: 12.5 %. Geth asks for 10 %, others for 12.5 %. */
const BUMP_NUMERATOR = 1125n;
const BUMP_DENOMINATOR = 1000n;

/**
 * Fees that let a transaction in now and after a few full blocks: twice the base fee and the node's tip, up to the cap.
 * Undefined when not even the next block could be paid.
 */
export async function suggestFees(
  rpc: Rpc,
  baseFee: bigint,
  cap: bigint,
): Promise<Fees | undefined> {
  const tip = BigInt((await rpc.send("eth_maxPriorityFeePerGas", [])) as string);
  if (baseFee + tip > cap) return undefined;
  return { maxFeePerGas: least(2n * baseFee + tip, cap), maxPriorityFeePerGas: tip };
}

/** Fees of a replacement: as suggested, but at least 12.5 % above the last on both. Undefined when the cap forbids it. */
export function bumpFees(last: Fees, suggested: Fees, cap: bigint): Fees | undefined {
  const maxFeePerGas = most(bump(last.maxFeePerGas), suggested.maxFeePerGas);
  const tip = most(bump(last.maxPriorityFeePerGas), suggested.maxPriorityFeePerGas);
  if (maxFeePerGas > cap) return undefined;
  return { maxFeePerGas, maxPriorityFeePerGas: least(tip, maxFeePerGas) };
}

function bump(fee: bigint): bigint {
  return (fee * BUMP_NUMERATOR + BUMP_DENOMINATOR - 1n) / BUMP_DENOMINATOR;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
