/** Worker processes that try mutants, each with a time limit. */
import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import type { Mutant } from "./mutants";
import { ROOT } from "./targets";
import type { FromWorker, Outcome, TestRecord, ToWorker } from "./worker";

/** What became of a mutant. One that hangs is noticed, too. */
export interface Verdict extends Omit<Outcome, "status"> {
  readonly status: Outcome["status"] | "timeout";
}

export interface TryOptions {
  readonly workers: number;
  /** Runs of a random test. */
  readonly runs: number;
  /** Test files whose name this matches. */
  readonly tests: string;
  readonly onReady: (tests: readonly TestRecord[]) => void;
  readonly onVerdict: (mutant: Mutant, verdict: Verdict) => void;
}

/** A mutant may take this many times what all tests take, and this long to be compiled: no slow machine needs as much. */
const PATIENCE = 4;
const COMPILE_SECONDS = 900;

/** The tests fail on the contracts as they are, so that they can tell nothing about mutants. */
export class UnfitTestsError extends Error {
  override readonly name = "UnfitTestsError";

  constructor(failures: readonly string[]) {
    super(`Tests fail without a mutant:\n  ${failures.join("\n  ")}`);
  }
}

export async function tryMutants(mutants: readonly Mutant[], options: TryOptions): Promise<void> {
  if (mutants.length === 0) return;
  const queue = [...mutants];
  const first = await startWorker(options, null);
  options.onReady(first.tests);
  const others = Array.from({ length: Math.min(options.workers, queue.length) - 1 }, () =>
    startWorker(options, first.tests),
  );
  await Promise.all([first, ...others].map((worker) => work(queue, worker, options)));
}

interface Worker {
  readonly process: ChildProcess;
  readonly tests: readonly TestRecord[];
}

/** Takes mutants from the queue until it is empty; a worker that hangs is replaced. */
async function work(
  queue: Mutant[],
  starting: Worker | Promise<Worker>,
  options: TryOptions,
): Promise<void> {
  const worker = await starting;
  const all = worker.tests.reduce((sum, { seconds }) => sum + seconds, 0);
  const limitSeconds = COMPILE_SECONDS + PATIENCE * all;
  try {
    while (await workOn(queue, worker.process, limitSeconds, options));
  } finally {
    worker.process.kill("SIGKILL");
  }
  if (queue.length > 0) await work(queue, startWorker(options, worker.tests), options);
}

/** Tries the next mutant. False when there is none, or when the worker hung on it. */
async function workOn(
  queue: Mutant[],
  worker: ChildProcess,
  limitSeconds: number,
  { onVerdict }: TryOptions,
): Promise<boolean> {
  const mutant = queue.shift();
  if (mutant === undefined) return false;
  send(worker, { type: "mutant", mutant });
  const answer = await nextMessage(worker, limitSeconds);
  if (answer === null) {
    onVerdict(mutant, { status: "timeout", by: null, seconds: limitSeconds });
    return false;
  }
  if (answer.type !== "result") throw new Error(`a worker sent ${answer.type} for a result`);
  const { status, by, seconds } = answer;
  onVerdict(mutant, { status, by, seconds });
  return true;
}

/** Without what another found out, the worker first runs all tests on the original. */
async function startWorker(
  options: TryOptions,
  tests: readonly TestRecord[] | null,
): Promise<Worker> {
  const worker = fork(path.join(__dirname, "worker.ts"), [], {
    cwd: ROOT,
    execArgv: ["--require", "ts-node/register/transpile-only"],
    env: { ...process.env, NOSTRA_RUNS: String(options.runs) },
    // What tests print is nobody's matter here.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  send(worker, { type: "start", only: options.tests, tests });
  const ready = await nextMessage(worker);
  if (ready?.type === "ready") return { process: worker, tests: ready.tests };
  worker.kill("SIGKILL");
  throw ready?.type === "unfit" ? new UnfitTestsError(ready.failures) : new Error("no start");
}

function send(worker: ChildProcess, message: ToWorker): void {
  worker.send(message);
}

/** Null when nothing came in time. */
function nextMessage(worker: ChildProcess, limitSeconds?: number): Promise<FromWorker | null> {
  return new Promise((resolve, reject) => {
    const timer =
      limitSeconds === undefined ? undefined : setTimeout(() => end(null), limitSeconds * 1000);
    const end = (message: FromWorker | null) => {
      clearTimeout(timer);
      worker.off("exit", onExit);
      worker.off("message", end);
      resolve(message);
    };
    const onExit = (code: number | null) => {
      clearTimeout(timer);
      reject(new Error(`a worker ended by itself, with status ${code}`));
    };
    worker.once("message", end);
    worker.once("exit", onExit);
  });
}
