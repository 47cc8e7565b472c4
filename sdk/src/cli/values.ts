import { getAddress } from "ethers";
import { PAYOUTS, readMarket, type MarketDetails, type ResultName } from "../actions/index.js";
import { ContractRevertError, toNostraError } from "../errors/index.js";
import type { Address, Hex } from "../order/index.js";
import { formatCollateral, parseCollateral } from "../units/index.js";
import { CommandError, oneLine } from "./CommandError.js";
import type { Options } from "./command.js";
import type { View } from "./session.js";

/** Values as people write them on a command line, and the one line each wrong one gets. */

export function addressOption(options: Options, name: string): Address {
  const text = options.required(name);
  try {
    const address = getAddress(text) as Address;
    if (/^0x0{40}$/.test(address)) throw new CommandError("zero");
    return address;
  } catch {
    throw new CommandError(`--${name} ${text} is not an address, or its checksum is wrong`);
  }
}

/** Decimal text such as 12.5, in whole tokens. */
export function amountOption(options: Options, name: string): bigint {
  const text = options.required(name);
  try {
    const units = parseCollateral(text);
    if (units > 0n) return units;
  } catch (thrown) {
    throw new CommandError(`--${name} ${text}: ${oneLine(thrown)}`);
  }
  throw new CommandError(`--${name} must be more than zero`);
}

const YEAR_5138_SECONDS = 100_000_000_000n;
const UNIT_SECONDS = { s: 1n, m: 60n, h: 3_600n, d: 86_400n } as const;

/** "90", "90s", "15m", "12h" or "7d", in seconds. */
export function durationOption(options: Options, name: string): bigint {
  const text = options.required(name);
  const match = /^(\d+)([smhd]?)$/.exec(text);
  if (match === null)
    throw new CommandError(`--${name} ${text} is no duration such as 90s, 12h or 7d`);
  return BigInt(match[1]!) * UNIT_SECONDS[(match[2] || "s") as keyof typeof UNIT_SECONDS];
}

/** A time to come: Unix seconds, "2027-01-31T12:00:00Z", or "+30d" from the chain's clock. */
export async function timeOption({ options, chain }: View, name: string): Promise<bigint> {
  const now = BigInt((await chain.provider.getBlock("latest"))?.timestamp ?? 0);
  return timeAfter(now, options.required(name), name);
}

/** The same, where the present is known. */
export function timeAfter(now: bigint, text: string, name: string): bigint {
  const seconds = secondsOf(text, name, now);
  if (seconds > YEAR_5138_SECONDS) {
    throw new CommandError(`--${name} ${text} looks like milliseconds: Unix seconds are expected`);
  }
  if (seconds <= now) {
    throw new CommandError(`--${name} ${text} is in the past: the clock shows ${isoOf(now)}`);
  }
  return seconds;
}

function secondsOf(text: string, name: string, now: bigint): bigint {
  const relative = /^\+(\d+)([smhd])$/.exec(text);
  if (relative !== null) {
    return now + BigInt(relative[1]!) * UNIT_SECONDS[relative[2] as keyof typeof UNIT_SECONDS];
  }
  if (/^\d+$/.test(text)) return BigInt(text);
  const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const milliseconds = zoned ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw new CommandError(
      `--${name} ${text} is no time: Unix seconds, 2027-01-31T12:00:00Z or +30d are`,
    );
  }
  return BigInt(Math.floor(milliseconds / 1000));
}

export function isoOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** One of the three vectors there are: "1,0", "[0,1]", "1,1". */
export function payoutsOption(options: Options): ResultName {
  const text = options.required("payouts");
  const plain = text.replace(/[[\]\s]/g, "");
  const found = (Object.keys(PAYOUTS) as ResultName[]).find(
    (name) => PAYOUTS[name].join(",") === plain,
  );
  if (found === undefined) {
    throw new CommandError(`--payouts ${text} is none of 1,0 (YES), 0,1 (NO) and 1,1 (half each)`);
  }
  return found;
}

export function idOption(options: Options, name: string): Hex {
  const text = options.required(name);
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) {
    throw new CommandError(`--${name} ${text} is not 32 bytes in hexadecimal`);
  }
  return text.toLowerCase() as Hex;
}

/** The market of --market, a question id or a condition id. */
export async function marketOption({ connection, options, chain }: View): Promise<MarketDetails> {
  const id = idOption(options, "market");
  const unlessUnknown = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (thrown) {
      const error = toNostraError("readMarket", thrown);
      if (error instanceof ContractRevertError && error.revertName.startsWith("Unknown")) {
        return undefined;
      }
      throw error;
    }
  };
  const byQuestion = await unlessUnknown(() => readMarket(connection, id));
  if (byQuestion !== undefined) return byQuestion;
  const found = await unlessUnknown(() => connection.factory.getMarketByCondition(id));
  if (found === undefined) {
    throw new CommandError(
      `no market on ${chain.network.name} has the question or condition ${id}`,
    );
  }
  return readMarket(connection, found.questionId as Hex);
}

export function usdc(units: bigint): string {
  return `${formatCollateral(units)} USDC`;
}
