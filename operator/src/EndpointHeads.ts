import type { Alarm } from "./alerts";
import type { Clock } from "./clock";
import { describeTrouble } from "./nodeTrouble";
import type { Rpc } from "./rpc";

export interface EndpointHeadsParams {
  readonly endpoints: readonly Rpc[];
  readonly clock: Clock;
  readonly alarm?: Alarm | undefined;
  /** An endpoint this many blocks behind another one is left. Default 5. */
  readonly maxLagBlocks?: bigint;
}

interface Seen {
  /** Its last answers, the latest last. */
  answers: bigint[];
  /** When its head last rose, by the monotonic clock. */
  roseAtMs: number;
  /** Looks in a row in which it was far behind. */
  behindFor: number;
  illness: string | null;
}

const DEFAULT_MAX_LAG_BLOCKS = 5n;
/** A node that answers from several machines jumps to and fro between their heads: a head has risen when it is above all of these. */
const REMEMBERED_ANSWERS = 10;
/** Once behind is a matter of timing. */
const MIN_LOOKS_BEHIND = 2;

/**
 * Compares the heads of all endpoints. An endpoint is ill when its head stands still while another's rises, when it is far behind
 * another, or when it claims a head whose block it cannot show. Endpoints that do not answer are not judged here: breakers are for
 * them.
 */
export class EndpointHeads {
  readonly #params: EndpointHeadsParams;
  readonly #seen: readonly Seen[];
  #head: bigint | null = null;
  #roseAtMs: number;

  constructor(params: EndpointHeadsParams) {
    this.#params = params;
    this.#roseAtMs = params.clock.monotonicMs();
    this.#seen = params.endpoints.map(() => ({
      ...{ answers: [], roseAtMs: this.#roseAtMs, behindFor: 0, illness: null },
    }));
  }

  isIll(index: number): boolean {
    return this.#seen[index]!.illness !== null;
  }

  /** The highest head of an endpoint that is not ill; null before the first answer. */
  get head(): bigint | null {
    return this.#head;
  }

  /** How long that head has not risen, by the monotonic clock. */
  get ageMs(): number {
    return this.#params.clock.monotonicMs() - this.#roseAtMs;
  }

  /** Asks every endpoint for its head once. @param maxAgeMs A head that stands still for longer is old. */
  async look(maxAgeMs: number): Promise<void> {
    const { endpoints, clock } = this.#params;
    const answers = await Promise.all(endpoints.map((rpc) => readHead(rpc)));
    const nowMs = clock.monotonicMs();
    let hasRisen = false;
    for (const [index, answer] of answers.entries()) {
      if (answer === null) continue;
      const seen = this.#seen[index]!;
      if (seen.answers.length === 0 || seen.answers.every((one) => answer > one)) {
        seen.roseAtMs = nowMs;
        if (!this.isIll(index)) hasRisen = true;
      }
      seen.answers = [...seen.answers, answer].slice(-REMEMBERED_ANSWERS);
    }
    if (endpoints.length > 1) await this.#judge(answers, nowMs, maxAgeMs);
    const well = answers.filter((answer, index) => answer !== null && !this.isIll(index));
    const highest = well.reduce<bigint | null>(
      (top, one) => (top === null || one! > top ? one : top),
      null,
    );
    if (highest !== null && hasRisen) {
      if (this.#head === null || highest !== this.#head) this.#roseAtMs = nowMs;
      this.#head = highest;
    }
  }

  async #judge(
    answers: readonly (bigint | null)[],
    nowMs: number,
    maxAgeMs: number,
  ): Promise<void> {
    const { endpoints, maxLagBlocks = DEFAULT_MAX_LAG_BLOCKS } = this.#params;
    const isStill = ({ roseAtMs }: Seen): boolean => nowMs - roseAtMs > maxAgeMs;
    const doesAnotherRise = this.#seen.some((seen, index) => {
      return answers[index] !== null && seen.answers.length > 1 && !isStill(seen);
    });
    // A claim far above all others must be shown.
    const illnesses = this.#seen.map<string | null>((seen, index) => {
      return answers[index] !== null && isStill(seen) && doesAnotherRise
        ? "its head stands still"
        : null;
    });
    for (const [index, answer] of answers.entries()) {
      if (answer === null || illnesses[index] !== null) continue;
      const others = answers.filter((one, at) => one !== null && at !== index) as bigint[];
      const isAlone = others.length > 0 && others.every((one) => answer > one + maxLagBlocks);
      if (isAlone && !(await hasBlock(endpoints[index]!, answer))) {
        illnesses[index] = "it cannot show the block that it says is the latest";
      }
    }
    const top = answers.reduce<bigint>((most, one, index) => {
      return one !== null && illnesses[index] === null && one > most ? one : most;
    }, 0n);
    for (const [index, answer] of answers.entries()) {
      if (answer === null) continue;
      const seen = this.#seen[index]!;
      seen.behindFor = top > answer + maxLagBlocks ? seen.behindFor + 1 : 0;
      const isBehind = seen.behindFor >= MIN_LOOKS_BEHIND;
      this.#become(index, illnesses[index] ?? (isBehind ? "it is behind another" : null));
    }
  }

  #become(index: number, illness: string | null): void {
    const seen = this.#seen[index]!;
    if (illness !== null && seen.illness === null) {
      const data = { endpoint: index, subject: `endpoint ${index}`, reason: illness };
      this.#params.alarm?.({ type: "rpc_endpoint_stale", severity: "HIGH", data });
    }
    seen.illness = illness;
  }
}

async function readHead(rpc: Rpc): Promise<bigint | null> {
  try {
    return BigInt((await rpc.send("eth_blockNumber", [])) as string);
  } catch {
    return null;
  }
}

async function hasBlock(rpc: Rpc, number: bigint): Promise<boolean> {
  try {
    const tag = `0x${number.toString(16)}`;
    const block = (await rpc.send("eth_getBlockByNumber", [tag, false])) as {
      number?: string;
    } | null;
    return block?.number !== undefined && BigInt(block.number) === number;
  } catch (thrown) {
    // Trouble is no proof of a false claim.
    return describeTrouble(thrown) !== "";
  }
}
