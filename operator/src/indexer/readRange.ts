import type { Rpc } from "../rpc";
import { readHeader, readLogs, type ChainLog, type Header } from "./chain";
import { NodeInconsistentError } from "./errors";
import type { Places } from "./places";
import { checkPlace } from "./readBlock";

/** A stretch of final blocks: the logs in it, and the headers that tie it to what comes before and after. */
export interface Range {
  readonly first: Header;
  readonly last: Header;
  readonly logs: readonly ChainLog[];
  /** When each block with logs was made. */
  readonly timestamps: ReadonlyMap<string, bigint>;
}

/** How many headers are asked for at once. */
const AT_ONCE = 16;

/** Nodes that cut an answer short without a word do it at a round number. */
const CUT_AT = 1000;

/**
 * The logs of up to `size` blocks from `from` on, not beyond `to`. A node that refuses, because the range or what is in it is
 * too large, is asked for half, down to one block.
 * @throws whatever the node says when it refuses a single block; NodeInconsistentError when a log is not of a block at its height.
 */
export async function readRange(
  rpc: Rpc,
  { from, to, size, places }: { from: bigint; to: bigint; size: bigint; places: Places },
): Promise<Range> {
  let last = from + size - 1n < to ? from + size - 1n : to;
  let logs: ChainLog[] | undefined;
  while (logs === undefined) {
    try {
      const answer = await readLogs(rpc, { from, to: last, address: places.kept });
      const maybeCut = answer.length > 0 && answer.length % CUT_AT === 0;
      if (!maybeCut || last === from) logs = answer;
    } catch (refusal) {
      if (last === from) throw refusal;
    }
    if (logs === undefined) last = from + (last - from) / 2n;
  }
  const heights = [...new Set([from, last, ...logs.map(({ blockNumber }) => blockNumber)])];
  const headers = new Map<bigint, Header>();
  for (let at = 0; at < heights.length; at += AT_ONCE) {
    const some = heights.slice(at, at + AT_ONCE);
    for (const header of await Promise.all(some.map((height) => known(rpc, height)))) {
      headers.set(header.number, header);
    }
  }
  const timestamps = new Map<string, bigint>();
  for (const [height, header] of headers) {
    if (height < from || height > last) throw new NodeInconsistentError("out of range", height);
    checkPlace(
      logs.filter(({ blockNumber }) => blockNumber === height),
      header,
      places,
    );
    timestamps.set(header.hash, header.timestamp);
  }
  return { first: headers.get(from)!, last: headers.get(last)!, logs, timestamps };
}

async function known(rpc: Rpc, height: bigint): Promise<Header> {
  const header = await readHeader(rpc, height);
  if (header === undefined) throw new NodeInconsistentError("it has no such block", height);
  return header;
}
