import type { Limit } from "./TokenBucket";

/**
 * What a request is counted as. Cancels have buckets of their own, which nothing else can empty; `free` is counted by
 * nobody (health, metrics).
 */
export type BucketName = "read" | "order" | "cancel" | "auth" | "free";

/** How much each may do: who is not known by its address, who is known by its account, our own services by their key. */
export interface Limits {
  readonly address: Readonly<Record<Exclude<BucketName, "free">, Limit>>;
  readonly account: Readonly<Record<Exclude<BucketName, "free">, Limit>>;
  readonly service: Limit;
  /** Streams that an address may open. */
  readonly connections: Limit;
}

const perMinute = (count: number): Limit => ({ count, seconds: 60 });

export const DEFAULT_LIMITS: Limits = {
  address: {
    read: perMinute(100),
    order: perMinute(100),
    cancel: perMinute(300),
    auth: perMinute(30),
  },
  account: {
    read: perMinute(1000),
    order: perMinute(1000),
    cancel: perMinute(3000),
    auth: perMinute(60),
  },
  service: perMinute(10_000),
  connections: perMinute(10),
};

/** The same limits, so many times as wide. */
export function scaleLimits(limits: Limits, factor: number): Limits {
  const widen = ({ count, seconds }: Limit): Limit => ({ count: count * factor, seconds });
  const all = (of: Limits["address"]): Limits["address"] => ({
    read: widen(of.read),
    order: widen(of.order),
    cancel: widen(of.cancel),
    auth: widen(of.auth),
  });
  return {
    address: all(limits.address),
    account: all(limits.account),
    service: widen(limits.service),
    connections: widen(limits.connections),
  };
}

/** Who has an IPv6 address has 2^64 of them: they are counted as one. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("%")[0]!.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  const groups = address.includes("::") ? [...front, ...zeros, ...back] : front;
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group || "0", 16).toString(16));
  return `${network.join(":")}::/64`;
}
