import { keccak256 } from "ethers";
import type { Attempt, Hex, TransactionSigner } from "./types";

/** What a transaction of a lane says. */
export interface AttemptContent {
  readonly chainId: number;
  readonly nonce: bigint;
  readonly to: string;
  readonly data: Hex;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly signedAtBlock: bigint;
}

/** Signs it. Its hash follows from its bytes, so it is known before anybody has seen it. */
export async function signAttempt(
  signer: TransactionSigner,
  { signedAtBlock, nonce, ...content }: AttemptContent,
): Promise<Attempt> {
  const { maxFeePerGas, maxPriorityFeePerGas } = content;
  const raw = (await signer.signTransaction({
    ...{ type: 2, value: 0n, nonce: Number(nonce), ...content },
  })) as Hex;
  const fees = { maxFeePerGas, maxPriorityFeePerGas };
  return { hash: keccak256(raw) as Hex, raw, fees, signedAtBlock };
}
