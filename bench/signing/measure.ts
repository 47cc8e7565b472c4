/** Something to be timed: one call does it once, to the item of that number. */
export interface Case {
  readonly name: string;
  /** Times as fast as the first case that it should be at least. */
  readonly target?: number;
  readonly run: (item: number) => unknown;
}

export interface Timing {
  readonly name: string;
  readonly microseconds: number;
  /** Times as fast as the first case: the median of the rounds' ratios. */
  readonly ratio: number;
  readonly target: number | undefined;
}

export interface MeasureOptions {
  readonly rounds: number;
  /** Calls of each case in each round. */
  readonly calls: number;
}

/**
 * Times cases in turn, round by round, so that whatever slows the machine slows all of them. CPU time, not the clock's; the
 * first round warms up and is dropped.
 */
export async function measure(
  cases: readonly Case[],
  { rounds, calls }: MeasureOptions,
): Promise<Timing[]> {
  const times: number[][] = cases.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { run }] of cases.entries()) {
      const before = process.cpuUsage();
      for (let i = 0; i < calls; i++) await run(round * calls + i);
      const { user, system } = process.cpuUsage(before);
      if (round > 0) times[index]?.push((user + system) / calls);
    }
  }
  const [first = []] = times;
  return cases.map(({ name, target }, index) => {
    const own = times[index] ?? [];
    const ratios = own.map((time, round) => (first[round] ?? Number.NaN) / time);
    return { name, microseconds: median(own), ratio: median(ratios), target };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
