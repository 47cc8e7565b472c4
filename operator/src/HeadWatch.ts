import type { Alarm } from "./alerts";
import type { EndpointHeads } from "./EndpointHeads";
import type { Metrics } from "./http";
import type { Indexer } from "./indexer";
import type { Log } from "./log";
import type { Modes } from "./modes";
import type { Rpc } from "./rpc";

export interface HeadWatchParams {
  readonly rpc: Rpc;
  readonly heads: EndpointHeads;
  readonly indexer: Pick<Indexer, "status">;
  readonly modes: Pick<Modes, "restrict">;
  readonly metrics: Metrics;
  readonly alarm: Alarm;
  readonly log: Log;
  /** A head that has not risen for longer is old; 0 for a chain that makes blocks only when it has transactions. */
  readonly maxAgeMs?: number;
  /** Between two looks. Default 2,000. */
  readonly everyMs?: number;
}

const DEFAULT_EVERY_MS = 2_000;
/** Unless it is set, a head is old after this many of the chain's usual block times, but not before or after these limits. */
const MAX_AGE_BLOCKS = 10;
const MIN_MAX_AGE_MS = 30_000;
const MAX_MAX_AGE_MS = 600_000;
/** For a chain whose block time cannot be read. */
const UNKNOWN_MAX_AGE_MS = 60_000;
/** So many blocks back the usual block time is read from. */
const SAMPLE_BLOCKS = 20n;

/**
 * The age of the chain's head: how long no node has shown a new block, by the monotonic clock. A head that stands still means old
 * balances, cancels and nonces, so the venue is degraded, says so, and takes cancels alone until blocks come again.
 */
export class HeadWatch {
  readonly #params: HeadWatchParams;
  #maxAgeMs = UNKNOWN_MAX_AGE_MS;
  #isStale = false;
  #lagBlocks: bigint | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(params: HeadWatchParams) {
    this.#params = params;
  }

  /** Why the head is too old; null when it is not. */
  get reason(): string | null {
    if (!this.#isStale) return null;
    const { heads } = this.#params;
    return `no new block for ${seconds(heads.ageMs)} s; block ${heads.head ?? "unknown"} is the last`;
  }

  /** Blocks that the node has and the indexer has not taken in; null while unknown. */
  get lagBlocks(): bigint | null {
    return this.#lagBlocks;
  }

  get maxAgeMs(): number {
    return this.#maxAgeMs;
  }

  async start(): Promise<void> {
    const { log, everyMs = DEFAULT_EVERY_MS } = this.#params;
    this.#maxAgeMs = await this.#chooseMaxAge();
    log.info(
      { maxHeadAgeSeconds: seconds(this.#maxAgeMs) },
      "the age of the chain's head is watched",
    );
    await this.look();
    this.#timer = setInterval(() => void this.look(), everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look; looks do not overlap. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { heads, indexer, metrics, modes, alarm } = this.#params;
    await heads.look(this.#maxAgeMs);
    // After a pause of this process the age is right again as soon as the nodes were asked.
    const ageMs = heads.ageMs;
    metrics.chainHeadAge.set(ageMs / 1000);
    const head = heads.head;
    const taken = (await indexer.status().catch(() => null))?.head ?? null;
    if (head !== null && taken !== null) {
      this.#lagBlocks = head > taken ? head - taken : 0n;
      metrics.indexerLag.set(Number(this.#lagBlocks));
    }
    const isStale = ageMs > this.#maxAgeMs;
    if (isStale && !this.#isStale) {
      const data = { ageSeconds: seconds(ageMs), block: head?.toString() ?? null };
      alarm({ type: "chain_head_stale", severity: "HIGH", data });
    }
    this.#isStale = isStale;
    const reason = "the chain shows no new blocks, so balances and cancels cannot be seen";
    modes.restrict("chain_head", isStale ? { mode: "cancel-only", reason } : null);
  }

  async #chooseMaxAge(): Promise<number> {
    const { rpc, maxAgeMs } = this.#params;
    if (maxAgeMs !== undefined) return maxAgeMs === 0 ? Infinity : maxAgeMs;
    if (await minesOnDemand(rpc)) return Infinity;
    const blockMs = await readBlockTime(rpc);
    if (blockMs === null) return UNKNOWN_MAX_AGE_MS;
    return Math.min(Math.max(MAX_AGE_BLOCKS * blockMs, MIN_MAX_AGE_MS), MAX_MAX_AGE_MS);
  }
}

/** Development nodes make a block for each transaction and none otherwise: the age of their head means nothing. */
async function minesOnDemand(rpc: Rpc): Promise<boolean> {
  try {
    return (await rpc.send("hardhat_getAutomine", [])) === true;
  } catch {
    return false;
  }
}

/** Milliseconds between the last blocks, by their timestamps. */
async function readBlockTime(rpc: Rpc): Promise<number | null> {
  try {
    const latest = await readBlock(rpc, "latest");
    const back = latest.number < SAMPLE_BLOCKS ? latest.number : SAMPLE_BLOCKS;
    if (back === 0n) return null;
    const earlier = await readBlock(rpc, `0x${(latest.number - back).toString(16)}`);
    return Number(((latest.timestamp - earlier.timestamp) * 1000n) / back);
  } catch {
    return null;
  }
}

async function readBlock(rpc: Rpc, tag: string): Promise<{ number: bigint; timestamp: bigint }> {
  const block = (await rpc.send("eth_getBlockByNumber", [tag, false])) as {
    number: string;
    timestamp: string;
  };
  return { number: BigInt(block.number), timestamp: BigInt(block.timestamp) };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
