import type { EventFragment, Interface } from "ethers";
import { interfaces } from "../contracts/abis.js";
import { plainArgs } from "../contracts/plainArgs.js";
import type { Deployment } from "../deployments/Deployment.js";
import { NostraError } from "../errors/NostraError.js";
import type { Address, Hex } from "../order/Order.js";
import type { NostraEvent, NostraEventName } from "./NostraEvent.js";

/** A log as ethers, or any node, gives it. */
export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly transactionHash: string;
  readonly index: number;
}

/** A receipt, or a list of logs. */
export type LogSource = { readonly logs: readonly RawLog[] } | readonly RawLog[];

/** No event of this name is among the logs. `details`: `name`. */
export class EventNotFoundError extends NostraError {
  constructor(name: string) {
    super("EVENT_NOT_FOUND", `no ${name} event is among the logs`, { details: { name } });
  }
}

/**
 * Decodes the logs of Nostra's contracts, in their order; logs of others are left out.
 * @param deployment When given, only logs of its contracts count, so that a foreign contract with an event of the same
 * shape cannot pass for ours. Without it every log whose shape is known is decoded.
 */
export function decodeLogs(source: LogSource, deployment?: Deployment): NostraEvent[] {
  const logs = "logs" in source ? source.logs : source;
  const ours =
    deployment === undefined
      ? undefined
      : new Set(Object.values(deployment.contracts).map((address) => address.toLowerCase()));
  return logs
    .filter((log) => ours === undefined || ours.has(log.address.toLowerCase()))
    .map(decodeLog)
    .filter((event) => event !== undefined);
}

/**
 * The first event of a name among the logs.
 * @throws EventNotFoundError when there is none.
 */
export function findEvent<Name extends NostraEventName>(
  source: LogSource,
  name: Name,
  deployment?: Deployment,
): NostraEvent<Name> {
  const found = decodeLogs(source, deployment).find((event) => event.name === name);
  if (found === undefined) throw new EventNotFoundError(name);
  return found as NostraEvent<Name>;
}

interface KnownEvent {
  readonly contract: Interface;
  readonly fragment: EventFragment;
}

let knownEvents: ReadonlyMap<string, readonly KnownEvent[]> | undefined;

/** Events by topic. Several contracts have some: the first whose shape fits is meant. Made once, since ethers hashes every name. */
function eventsOf(topic: string): readonly KnownEvent[] {
  if (knownEvents === undefined) {
    const events = new Map<string, KnownEvent[]>();
    for (const contract of Object.values<Interface>(interfaces)) {
      contract.forEachEvent((fragment) => {
        const alike = events.get(fragment.topicHash) ?? [];
        events.set(fragment.topicHash, [...alike, { contract, fragment }]);
      });
    }
    knownEvents = events;
  }
  return knownEvents.get(topic) ?? [];
}

function decodeLog(log: RawLog): NostraEvent | undefined {
  const [topic] = log.topics;
  if (topic === undefined) return undefined;
  for (const { contract, fragment } of eventsOf(topic.toLowerCase())) {
    const args = decodeArgs(contract, fragment, log);
    if (args === undefined) continue;
    return {
      ...{ name: fragment.name, args, address: log.address as Address },
      blockNumber: log.blockNumber,
      transactionHash: log.transactionHash as Hex,
      logIndex: log.index,
    } as unknown as NostraEvent;
  }
  return undefined;
}

/** Undefined when the topic is known but the rest does not fit: another contract's event of the same name. */
function decodeArgs(
  contract: Interface,
  fragment: EventFragment,
  { data, topics }: RawLog,
): Record<string, unknown> | undefined {
  try {
    return plainArgs(fragment.inputs, contract.decodeEventLog(fragment, data, topics));
  } catch {
    return undefined;
  }
}
