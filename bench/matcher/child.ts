/** One measurement in a process of its own: `child.ts '<json>'` prints the result as JSON. */
import { readFlow } from "./flow";
import { MATCHERS } from "./matchers";
import { generate, makeIds, type Shape, type Workload } from "./workload";

export interface Task {
  readonly mode: "speed" | "latency" | "memory" | "flow";
  readonly matcher: string;
  readonly shape: Shape;
  readonly form: "short" | "hash";
  /** No more than this is spent on measured operations. */
  readonly mostMs: number;
}

export interface Measured {
  readonly done: number;
  readonly isWhole: boolean;
  /** Operations whose answer was not the right one. */
  readonly wrong: number;
  readonly perSecond?: number;
  readonly perCpuSecond?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  readonly bytes?: number;
}

const task = JSON.parse(process.argv[2] ?? "") as Task;
const work = task.mode === "flow" ? readFlow() : generate(task.shape);
const ids = makeIds(work.orders, task.form);
const collect = (): void => (globalThis as { gc?: () => void }).gc?.();
const create = MATCHERS[task.matcher];
if (create === undefined) throw new Error(`no matcher is called ${task.matcher}`);

const measured: Measured =
  task.mode === "latency" ? latency() : task.mode === "memory" ? memory() : speed();
console.log(JSON.stringify(measured));

/** A matcher with the preload done. */
function prepared(): (i: number) => number {
  const run = create!(work, ids);
  for (let i = 0; i < work.preload; i++) {
    if (run(i) !== work.answer[i]) throw new Error(`${task.matcher} is wrong in the preload`);
  }
  collect();
  return run;
}

function speed(): Measured {
  const answers = new Uint32Array(work.count);
  let done = 0;
  let wall = 0;
  let cpu = 0;
  let wrong = 0;
  const began = performance.now();
  // The recorded flow is short: it is done again on fresh books, which take longer to make than to run.
  do {
    const run = prepared();
    let i = work.preload;
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    for (; i < work.count; i++) {
      answers[i] = run(i);
      if ((i & 255) === 0 && performance.now() - start > task.mostMs) {
        i += 1;
        break;
      }
    }
    wall += performance.now() - start;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu += (user + system) / 1000;
    done += i - work.preload;
    for (let k = work.preload; k < i; k++) if (answers[k] !== work.answer[k]) wrong += 1;
  } while (
    task.mode === "flow" &&
    wall < task.mostMs &&
    performance.now() - began < 2 * task.mostMs
  );
  const isWhole = task.mode === "flow" || done === work.count - work.preload;
  const perSecond = (1000 * done) / wall;
  return { done, isWhole, wrong, perSecond, perCpuSecond: (1000 * done) / cpu };
}

function latency(): Measured {
  const run = prepared();
  const micros = new Float64Array(work.count - work.preload);
  const start = performance.now();
  let done = 0;
  let wrong = 0;
  for (let i = work.preload; i < work.count; i++) {
    const before = performance.now();
    const answer = run(i);
    const after = performance.now();
    micros[done++] = 1000 * (after - before);
    if (answer !== work.answer[i]) wrong += 1;
    if (after - start > task.mostMs) break;
  }
  const sorted = micros.subarray(0, done).sort();
  const at = (share: number): number => sorted[Math.min(done - 1, Math.floor(share * done))]!;
  const isWhole = done === work.count - work.preload;
  return { done, isWhole, wrong, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

function memory(): Measured {
  const used = (): number => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const run = create!(work, ids);
  let wrong = 0;
  for (let i = 0; i < work.count; i++) if (run(i) !== work.answer[i]) wrong += 1;
  const bytes = (used() - before) / work.count;
  // Everything is still referred to here, so nothing of it was collected.
  keep(run, work, ids);
  return { done: work.count, isWhole: true, wrong, bytes };
}

function keep(...held: readonly (object | Workload)[]): number {
  return held.length;
}
