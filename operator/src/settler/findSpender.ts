import type { Rpc } from "../rpc";
import { quantity, readNonce } from "./chain";
import type { Hex } from "./types";

/**
 * The transaction that spent a nonce of an account, found by halving the blocks between one before it and one that has it.
 * Proof, where a missing receipt is none: a node that has lost a receipt says nothing, as if the transaction had never been.
 * @param from A block to begin at; when the nonce was spent before it, the search goes back further.
 * @param to A block in which the nonce is spent.
 * @returns undefined when the blocks do not show it: then nothing is known.
 */
export async function findSpender(
  rpc: Rpc,
  account: string,
  nonce: bigint,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<Hex | undefined> {
  const isSpentAt = async (block: bigint): Promise<boolean> =>
    (await readNonce(rpc, account, block)) > nonce;
  let before = from < to ? from : to - 1n;
  for (let stride = 64n; before > 0n && (await isSpentAt(before)); stride *= 4n) {
    before = before > stride ? before - stride : 0n;
  }
  let spent = to;
  while (spent - before > 1n) {
    const middle = (before + spent) / 2n;
    if (await isSpentAt(middle)) spent = middle;
    else before = middle;
  }
  const block = (await rpc.send("eth_getBlockByNumber", [quantity(spent), true])) as {
    readonly transactions: readonly { hash: string; from: string; nonce: string }[];
  } | null;
  const found = block?.transactions.find(
    (one) => one.from.toLowerCase() === account && BigInt(one.nonce) === nonce,
  );
  return found?.hash.toLowerCase() as Hex | undefined;
}
