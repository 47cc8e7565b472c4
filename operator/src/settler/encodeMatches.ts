import { interfaces } from "@nostra/sdk/contracts";
import { SignatureType } from "@nostra/sdk/order";
import { word } from "../abiWords";
import { encodeArguments, encodeList } from "./encodeOrders";
import { ordersOf } from "./readMatches";
import type { Hex, StoredMatch } from "./types";

/** What the exchange allows a transfer of outcome tokens, the receiver's hook included. */
const OUTCOME_TRANSFER_GAS = 200_000n;
/** The least such a transfer uses. What is between the two may come on top of an estimate, for each receiver. */
const LEAST_TRANSFER_GAS = 15_000n;
/** What the exchange allows the signature check of a contract wallet. Its estimate may have used next to nothing. */
const SIGNATURE_GAS = 400_000n;
/** What a transfer must find when it begins: its limit, a 63rd of it, and what the exchange keeps to name an order. */
const LAST_TRANSFER_GAS = 235_000n;
/** What the exchange keeps to report a failed match of a batch. */
const BATCH_RESERVE_GAS = 60_000n;
/** The most a match uses before hooks and contract wallets: its opening, and each maker's reads, writes, fees and events. */
const MOST_BASE_GAS = 400_000n;
const MOST_GAS_PER_MAKER = 200_000n;

/** A match, and the least gas with which it passed when it was tried alone. */
export interface PricedMatch {
  readonly match: StoredMatch;
  readonly gas: bigint;
}

/**
 * What a match uses in a batch. The least gas with which it passes alone has in it what its last transfer of outcome tokens must
 * find but does not use. Measured: 343,545 for a match of two accounts without code that uses 92,000 to 106,000 in a batch.
 */
function usedBy({ match, gas }: PricedMatch): bigint {
  return receiversOf(match) === 0n ? gas : max(gas - LAST_TRANSFER_GAS, gas / 4n);
}

/** The call that settles one match alone. */
export function encodeMatch(match: StoredMatch): Hex {
  return `${MATCH_SELECTOR}${encodeArguments(match)}` as Hex;
}

/** The call that settles these by `matchOrdersBatch`, where each has its own gas and a failure is reported by its place. */
export function encodeBatch(matches: readonly PricedMatch[]): Hex {
  const members = matches.map((one) => encodeArguments(one.match, gasLimitOf(one)));
  return `${BATCH_SELECTOR}${word(32n)}${encodeList(members)}` as Hex;
}

const MATCH_SELECTOR = interfaces.ctfExchange.getFunction("matchOrders")!.selector;
const BATCH_SELECTOR = interfaces.ctfExchange.getFunction("matchOrdersBatch")!.selector;
/** The place of `gasLimit` in a member of `matchOrdersBatch`, in words. */
const GAS_LIMIT_PLACE = 4;

/**
 * The gas limit of each match in the calldata of a settlement; of `matchOrders`, the transaction's own. Only our own calldata is
 * read so: a list of members, each by its offset from the list's beginning.
 */
export function gasLimitsIn(calldata: Hex, transactionLimit: bigint): readonly bigint[] {
  if (!calldata.startsWith(BATCH_SELECTOR)) return [transactionLimit];
  const wordAt = (byte: number): bigint => {
    const start = BATCH_SELECTOR.length + byte * 2;
    return BigInt(`0x${calldata.slice(start, start + 64)}`);
  };
  const list = Number(wordAt(0)) + 32;
  const count = Number(wordAt(list - 32));
  return Array.from({ length: count }, (_, index) => {
    const member = list + Number(wordAt(list + index * 32));
    return wordAt(member + GAS_LIMIT_PLACE * 32);
  });
}

/** Clean matches of one batch that may use all of their margins before those behind them are short of gas. */
const SURPRISES = 2;

/**
 * The gas limit of a batch: clean matches, and suspect ones behind them. A clean match counts with what it uses; two of them may use their whole margins besides, and suspects always may. So a block's
 * worth of gas holds six times as many matches as with all margins. When more clean matches than that are not what they were,
 * the last ones of the batch are STARVED: the chain reports it before they begin, it is no attempt of theirs, and they come first in
 * the next batch, with what starved them among the suspects.
 */
export function gasLimitOfBatch(
  clean: readonly PricedMatch[],
  suspects: readonly PricedMatch[],
): bigint {
  const all = [...clean, ...suspects];
  const most = all.map(gasLimitOf).reduce(max, 0n);
  const margins = clean.map((one) => gasLimitOf(one) - usedBy(one)).sort((a, b) => Number(b - a));
  // The last one must find its whole limit, though it will not use it.
  const tight =
    sum(clean.map(usedBy)) +
    sum(margins.slice(0, SURPRISES)) +
    sum(suspects.map(gasLimitOf)) +
    most +
    most / 63n +
    BATCH_RESERVE_GAS +
    LAST_TRANSFER_GAS;
  return min(tight, gasLimitOfAll(all));
}

/**
 * The gas limit of their transaction. Every match may use all of its own limit, however little it used when it was tried, and
 * the last one still has its share: a bad match costs the others nothing. What is not used is not paid.
 */
export function gasLimitOfAll(matches: readonly PricedMatch[]): bigint {
  const limits = matches.map(gasLimitOf);
  const most = limits.reduce((a, b) => (a > b ? a : b), 0n);
  return sum(limits) + most / 63n + BATCH_RESERVE_GAS + LAST_TRANSFER_GAS;
}

/**
 * What a match may use at most, whatever its accounts have become since it was tried: any receiver may have code by then
 * (EIP-7702), so every transfer to an account counts with a full hook, and every contract signature with a full check. Bounded
 * by what the exchange lets a match of this form use at all.
 */
export function gasLimitOf({ match, gas }: PricedMatch): bigint {
  const hooks = receiversOf(match);
  const checks = BigInt(
    ordersOf(match).filter(({ order }) => order.signatureType === SignatureType.EIP1271).length,
  );
  const margins = hooks * (OUTCOME_TRANSFER_GAS - LEAST_TRANSFER_GAS) + checks * SIGNATURE_GAS;
  const makers = BigInt(match.makers.length);
  const ceiling =
    MOST_BASE_GAS +
    makers * MOST_GAS_PER_MAKER +
    hooks * OUTCOME_TRANSFER_GAS +
    checks * SIGNATURE_GAS;
  const least = gas + LAST_TRANSFER_GAS;
  return max(least, min(least + margins, ceiling));
}

/** Transfers of outcome tokens to accounts: each may run a receiver's hook. A merge pays collateral, which has none. */
function receiversOf({ makers }: StoredMatch): bigint {
  const direct = makers.filter(({ kind }) => kind === "COMPLEMENTARY").length;
  const minted = makers.filter(({ kind }) => kind === "MINT").length;
  // All that is minted for the taker comes in one transfer.
  return BigInt(direct + minted + (minted > 0 ? 1 : 0));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}
