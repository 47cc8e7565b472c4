import { interfaces } from "@nostra/sdk/contracts";
import { decodeLogs, type NostraEvent } from "@nostra/sdk/events";
import { conditionId } from "@nostra/sdk/ids";
import { AbiCoder, toUtf8String, Utf8ErrorFuncs, type Interface } from "ethers";
import type { ChainLog } from "./chain";
import type { Places } from "./places";

/** A log with its meaning. `event` is undefined when no ABI of ours knows it. */
export interface ChainEvent {
  readonly log: ChainLog;
  readonly timestamp: bigint;
  readonly event: NostraEvent | undefined;
}

/** Reads the meaning of a log. Never throws: what cannot be read is kept as it is. */
export function decode(log: ChainLog, timestamp: bigint): ChainEvent {
  return { log, timestamp, event: decodeEvent(log) };
}

function decodeEvent(log: ChainLog): NostraEvent | undefined {
  const raw = {
    ...{ address: log.address, topics: log.topics, data: log.data },
    ...{ blockNumber: Number(log.blockNumber), transactionHash: log.txHash, index: log.logIndex },
  };
  try {
    const [event] = decodeLogs([raw]);
    return event === undefined ? undefined : (withoutNul(event) as NostraEvent);
  } catch {
    // A text that is not UTF-8. The chain does not mind, and the event counts nevertheless.
    return decodeLeniently(log, raw);
  }
}

/** Texts read as bytes, with what is not UTF-8 replaced. */
function decodeLeniently(
  log: ChainLog,
  raw: { readonly address: string; readonly blockNumber: number; readonly transactionHash: string },
): NostraEvent | undefined {
  for (const known of Object.values<Interface>(interfaces)) {
    const fragment = log.topics[0] === undefined ? null : known.getEvent(log.topics[0]);
    if (fragment === null) continue;
    try {
      const inData = fragment.inputs.filter(({ indexed }) => indexed !== true);
      const inTopics = fragment.inputs.filter(({ indexed }) => indexed === true);
      const coder = AbiCoder.defaultAbiCoder();
      const types = inData.map(({ type }) => (type === "string" ? "bytes" : type));
      const values = coder.decode(types, log.data);
      const args: Record<string, unknown> = {};
      inData.forEach(({ name, type }, at) => {
        const value: unknown = values[at];
        args[name] =
          type === "string" ? toUtf8String(value as string, Utf8ErrorFuncs.replace) : value;
      });
      inTopics.forEach(({ name, type }, at) => {
        args[name] = coder.decode([type], log.topics[at + 1]!)[0];
      });
      const { address, blockNumber, transactionHash } = raw;
      const place = { address, blockNumber, transactionHash, logIndex: log.logIndex };
      return withoutNul({ name: fragment.name, args, ...place }) as NostraEvent;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The character NUL, which no text of the database can hold, becomes the mark for an unreadable one. */
function withoutNul<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD") as T;
  if (Array.isArray(value)) return value.map(withoutNul) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutNul(inner as unknown)]),
  ) as T;
}

/** Values that are texts of people; everything else that looks like an address is one. */
const TEXTS: ReadonlySet<string> = new Set(["question", "description", "category", "text"]);

/** The values as JSON: integers as decimal text, hashes and addresses in lower case. */
export function argsOf(event: NostraEvent): Record<string, unknown> {
  const plain = (value: unknown): unknown => {
    if (typeof value === "bigint") return value.toString();
    if (Array.isArray(value)) return value.map(plain);
    return typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value)
      ? value.toLowerCase()
      : value;
  };
  return Object.fromEntries(
    Object.entries(event.args).map(([name, value]) => [
      name,
      TEXTS.has(name) ? value : plain(value),
    ]),
  );
}

const ACCOUNTS: ReadonlySet<string> = new Set([
  ...["maker", "signer", "account", "creator", "author", "proposer", "disputer", "stakeholder"],
  ...["redeemer", "operator", "from", "to", "owner", "spender", "feeReceiver", "admin", "newAdmin"],
  ...["previousAdmin"],
]);

const ZERO = `0x${"0".repeat(40)}`;

/** The accounts an event names, in lower case, each once; zero is nobody. */
export function accountsOf(event: NostraEvent): string[] {
  const named = Object.entries(event.args)
    .filter(([name, value]) => ACCOUNTS.has(name) && typeof value === "string")
    .map(([, value]) => (value as string).toLowerCase());
  return [...new Set(named)].filter((account) => account !== ZERO);
}

/** The condition that an event names by itself, by its id or its question's. */
export function namedCondition({ event }: ChainEvent, { oracle }: Places): string | null {
  if (event === undefined) return null;
  const args = event.args as { readonly conditionId?: string; readonly questionId?: string };
  if (args.conditionId !== undefined) return args.conditionId.toLowerCase();
  return args.questionId === undefined ? null : conditionId(oracle, args.questionId).toLowerCase();
}
