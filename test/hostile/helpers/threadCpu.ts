import { existsSync, readFileSync } from "node:fs";

const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`;
const hasSchedstat = existsSync(SCHEDSTAT);

/** CPU time that the main thread has used, in ms. Elsewhere than on Linux that of the whole process, which is more. */
export function threadCpuMs(): number {
  if (hasSchedstat) return Number(readFileSync(SCHEDSTAT, "utf8").split(" ", 1)[0]) / 1e6;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What `work` gives, and the CPU time the main thread used until it was done. */
export async function measureCpu<Value>(
  work: () => Promise<Value>,
): Promise<readonly [value: Value, cpuMs: number]> {
  const before = threadCpuMs();
  const value = await work();
  return [value, threadCpuMs() - before];
}
