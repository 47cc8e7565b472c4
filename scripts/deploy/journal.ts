import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { status, trackTransaction, type EIP1193Provider } from "@nomicfoundation/ignition-core";
import type { Chain } from "#cli/connectNetwork";
import { CommandError } from "#cli/CommandError";
import { rpc } from "#cli/rpc";
import { MODULE } from "./steps";

/*
The journal of a deployment, ignition/deployments/<network>: what was decided, sent and confirmed, line by line, so that a
deployment that was cut off goes on where it stopped and one that is done does nothing.
*/

/** A line of the journal, as far as it is read here. */
interface JournalLine {
  readonly type: string;
  readonly futureId?: string;
  readonly networkInteractionId?: number;
  readonly nonce?: number;
  readonly hash?: string;
  readonly from?: string;
}

export interface Journal {
  readonly folder: string;
  /** Steps that are done, by their id. */
  readonly done: ReadonlySet<string>;
  /** Steps the journal knows of at all. */
  readonly begun: ReadonlySet<string>;
  /** Addresses of the contracts deployed so far, by step. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Hash of the transaction of each step that is confirmed. */
  readonly transactions: ReadonlyMap<string, string>;
}

export function journalFolder(folder: string, network: string): string {
  return path.join(folder, "ignition/deployments", network);
}

/** The journal as it stands; undefined when nothing was ever begun. */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  if (linesOf(folder).length === 0) return undefined;
  const { successful, contracts } = await status(folder);
  const transactions = new Map(
    linesOf(folder)
      .filter(({ type }) => type === "TRANSACTION_CONFIRM")
      .map(({ futureId, hash }) => [stepOf(futureId ?? ""), hash ?? ""] as const),
  );
  return {
    folder,
    done: new Set(successful.map(stepOf)),
    begun: new Set(linesOf(folder).map(({ futureId }) => stepOf(futureId ?? ""))),
    addresses: Object.fromEntries(
      Object.entries(contracts).map(([id, { address }]) => [stepOf(id), address]),
    ),
    transactions,
  };
}

/** True when the journal tells of another chain: contracts it knows have no code here. */
export async function isOfAnotherChain(journal: Journal, chain: Chain): Promise<boolean> {
  for (const [step, hash] of journal.transactions) {
    const receipt = await chain.provider.getTransactionReceipt(hash);
    if (receipt === null) return true;
    const address = journal.addresses[step];
    if (address !== undefined && (await chain.provider.getCode(address)) === "0x") return true;
  }
  return false;
}

/** Puts a journal out of the way. A local one is worth nothing once its chain is gone. */
export function setAside(folder: string, { keep }: { keep: boolean }): string | undefined {
  if (!keep) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  let number = 1;
  while (existsSync(`${folder}.old-${number}`)) number += 1;
  renameSync(folder, `${folder}.old-${number}`);
  return `${folder}.old-${number}`;
}

/**
 * A run that is killed between handing a transaction to the node and noting its hash leaves a nonce without a hash. The
 * transaction is looked up by that nonce and noted, so that it is not sent a second time.
 */
export async function noteLostTransactions(
  folder: string,
  chain: Chain,
  provider: EIP1193Provider,
  sender: string,
): Promise<void> {
  const lines = linesOf(folder);
  const keyOf = ({ futureId, networkInteractionId }: JournalLine): string =>
    `${futureId} ${networkInteractionId}`;
  const sent = new Set(lines.filter(({ type }) => type === "TRANSACTION_SEND").map(keyOf));
  const lost = lines.filter(
    (line) => line.type === "TRANSACTION_PREPARE_SEND" && !sent.has(keyOf(line)),
  );
  for (const { nonce } of lost) {
    if (nonce === undefined) continue;
    const hash = await findByNonce(chain, sender, nonce);
    if (hash !== undefined) await trackTransaction(folder, hash, provider);
  }
}

/** A mined transaction by its sender and nonce; undefined when the node never took it. */
async function findByNonce(
  chain: Chain,
  sender: string,
  nonce: number,
): Promise<string | undefined> {
  const count = (block: number | "latest" | "pending"): Promise<number> =>
    chain.provider.getTransactionCount(sender, block);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  if ((await count("pending")) <= nonce) return undefined;
  const deadlineMs = Date.now() + PENDING_TIMEOUT_MS;
  while ((await count("latest")) <= nonce) {
    if (Date.now() > deadlineMs) {
      throw new CommandError(
        `the transaction with nonce ${nonce} is still pending: wait until it is mined, then run the command again`,
      );
    }
    await wait(1_000);
  }
  let [before, upTo] = [0, await chain.provider.getBlockNumber()];
  try {
    // The first block after which the account had used the nonce.
    while (before < upTo) {
      const middle = Math.floor((before + upTo) / 2);
      if ((await count(middle)) > nonce) upTo = middle;
      else before = middle + 1;
    }
  } catch (cause) {
    throw new CommandError(
      `a transaction with nonce ${nonce} was sent but not noted, and this RPC cannot look so far back: find its hash, then npx hardhat ignition track-tx <hash> ${chain.network.name} --network ${chain.network.name}`,
      { cause },
    );
  }
  const block = (await rpc(chain.url, "eth_getBlockByNumber", [
    `0x${upTo.toString(16)}`,
    true,
  ])) as { transactions: { hash: string; from: string; nonce: string }[] };
  return block.transactions.find(
    (tx) => tx.from.toLowerCase() === sender.toLowerCase() && Number(tx.nonce) === nonce,
  )?.hash;
}

const PENDING_TIMEOUT_MS = 60_000;

function linesOf(folder: string): JournalLine[] {
  const file = path.join(folder, "journal.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as JournalLine);
}

function stepOf(futureId: string): string {
  return futureId.startsWith(`${MODULE}#`) ? futureId.slice(MODULE.length + 1) : futureId;
}
