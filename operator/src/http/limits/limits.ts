import { isIPv4, isIPv6 } from "node:net";
import type { Limit } from "./TokenBucket";

/**
 * What a request is counted as. Cancels have buckets of their own, which nothing else can empty, and so have probes: health,
 * metrics, and what browsers ask before a request (OPTIONS).
 */
export type BucketName = "read" | "order" | "cancel" | "auth" | "probe";

type Buckets = Readonly<Record<BucketName, Limit>>;

/**
 * How much each may do. A request pays at most three buckets: of its address, of all accounts behind its address together, and of
 * its account. Our own services are known by their key and pay one of theirs.
 */
export interface Limits {
  /** Of an address: requests without credentials, and credentials that prove nothing. */
  readonly address: Buckets;
  /** Of an account, whichever key or session it uses. */
  readonly account: Buckets;
  /** Of all requests of an address that present credentials: the sum over all accounts behind it. */
  readonly addressTotal: Buckets;
  readonly service: Limit;
  /** Streams that an address may open. */
  readonly connections: Limit;
  /** Sockets that an address may have open, streams included. Not applied behind trusted proxies, which share theirs. */
  readonly sockets: number;
}

/** An address may do as much as this many accounts at their limit. */
const ACCOUNTS_PER_ADDRESS = 5;

const perMinute = (count: number): Limit => ({ count, seconds: 60 });

const widen = ({ count, seconds }: Limit, factor: number): Limit => ({
  count: count * factor,
  seconds,
});

const widenAll = ({ read, order, cancel, auth, probe }: Buckets, factor: number): Buckets => ({
  read: widen(read, factor),
  order: widen(order, factor),
  cancel: widen(cancel, factor),
  auth: widen(auth, factor),
  probe: widen(probe, factor),
});

const ACCOUNT: Buckets = {
  read: perMinute(1000),
  order: perMinute(1000),
  cancel: perMinute(3000),
  auth: perMinute(60),
  probe: perMinute(600),
};

export const DEFAULT_LIMITS: Limits = {
  address: {
    read: perMinute(100),
    order: perMinute(100),
    cancel: perMinute(300),
    auth: perMinute(30),
    probe: perMinute(600),
  },
  account: ACCOUNT,
  addressTotal: widenAll(ACCOUNT, ACCOUNTS_PER_ADDRESS),
  service: perMinute(10_000),
  connections: perMinute(10),
  sockets: 256,
};

/** The same limits, so many times as wide. */
export function scaleLimits(limits: Limits, factor: number): Limits {
  return {
    address: widenAll(limits.address, factor),
    account: widenAll(limits.account, factor),
    addressTotal: widenAll(limits.addressTotal, factor),
    service: widen(limits.service, factor),
    connections: widen(limits.connections, factor),
    sockets: limits.sockets * factor,
  };
}

/** Longest text of an IP address with a zone that is read; a proxy's header may hold anything. */
const MAX_ADDRESS = 64;

/**
 * The name under which an address is counted. Whoever has an IPv6 address has 2^64 of them: its /64 counts as one. An IPv4 address
 * written as IPv6 counts as itself. Text that is no address counts as one and the same stranger.
 */
export function addressKey(address: string): string {
  if (address.length > MAX_ADDRESS) return "unknown";
  const known = keys.get(address);
  if (known !== undefined) return known;
  const key = keyOf(address);
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(address, key);
  return key;
}

/** Keys of addresses met lately. Beyond so many all are forgotten. */
const MAX_KEYS = 10_000;
const keys = new Map<string, string>();

function keyOf(address: string): string {
  const bare = address.split("%", 1)[0]!;
  if (!bare.includes(":")) return isIPv4(bare) ? bare : "unknown";
  if (!isIPv6(bare)) return "unknown";
  const groups = groupsOf(bare);
  const mapped = mappedIPv4(groups);
  if (mapped !== undefined) return mapped;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight numbers of an IPv6 address. @param address One that isIPv6 has accepted. */
function groupsOf(address: string): readonly number[] {
  const read = (text: string): number[] =>
    text === ""
      ? []
      : text.split(":").flatMap((group) => {
          if (!group.includes(".")) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const [head = "", tail] = address.split("::");
  const front = read(head);
  if (tail === undefined) return front;
  const back = read(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** ::ffff:1.2.3.4 and 64:ff9b::1.2.3.4 are hosts of the IPv4 internet, behind a dual-stack socket or a translator. */
function mappedIPv4(groups: readonly number[]): string | undefined {
  const front = groups.slice(0, 6).join();
  if (front !== "0,0,0,0,0,65535" && front !== "100,65435,0,0,0,0") return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
