import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { OrderDomain, SignedOrder } from "@nostra/sdk/order";
import type { Log } from "../log";
import { startThread } from "../startThread";
import type { FastVerifier, SignatureVerifier, Verdict } from "./createFastVerifier";
import type { ThreadVerdict } from "./verifierThread";

export interface VerifierThreadsParams {
  readonly domain: OrderDomain;
  /** How many threads; 1 or more. */
  readonly count: number;
  /** Verifies, in the thread that asks, what no other does: see VerifierThreads. */
  readonly here: FastVerifier;
  readonly log: Log;
  /** Default: startVerifierThread. */
  readonly startThread?: (domain: OrderDomain) => Worker;
  /** After a thread ended another one is started so much later; twice as much each time, until one works. Default 1,000. */
  readonly pauseMs?: number;
}

/** An order that somebody waits for. */
interface Asked {
  readonly order: SignedOrder;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (fault: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  state: "starting" | "free" | "busy";
  /** What it has been sent and has not answered. */
  asked: readonly Asked[];
  /** What it died of. */
  fault?: unknown;
}

/** So that a burst is answered bit by bit, and the first of it are on their way while the others are verified. */
const MOST_IN_MESSAGE = 16;
const MOST_THREADS = 4;
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** How many threads verify signatures unless somebody says otherwise: the main one has a processor for itself. */
export function usualVerifyThreads(): number {
  return Math.min(availableParallelism() - 1, MOST_THREADS);
}

export function startVerifierThread(domain: OrderDomain): Worker {
  return startThread("intake/verifierThread", domain);
}

/**
 * Verifies signatures in threads of their own, which the first order starts. What is asked within one turn of the event loop goes out
 * together when the turn ends, and what is asked while all threads are busy goes out when one has answered: the more there is to do,
 * the less a message costs. Meanwhile the thread that asks helps with what has waited longest, one order in each turn: where it has
 * nothing else to do it would only wait, and where it has it is not held up for longer than an order takes.
 *
 * Nothing is lost with a thread. What it had not answered is verified here, and so is everything while no thread is up: before the
 * first is ready, when all have died, and after `close`. Here is also where the fault of an order that cannot be verified is found,
 * so it is the one that would be thrown without threads.
 */
export class VerifierThreads implements SignatureVerifier {
  readonly backend: string;
  readonly #params: VerifierThreadsParams;
  readonly #threads = new Set<Thread>();
  #waiting: Asked[] = [];
  /** What waits will be handed out when this turn ends. */
  #isDue = false;
  /** This thread will verify one of them when its turn ends. */
  #isHelping = false;
  #state: "new" | "open" | "closed" = "new";
  #pauseMs: number;

  constructor(params: VerifierThreadsParams) {
    this.#params = params;
    this.#pauseMs = params.pauseMs ?? PAUSE_MS;
    this.backend = params.here.backend;
  }

  /** @throws InputError, or rejects with it, when a field of the order cannot be hashed. */
  verify(order: SignedOrder): Verdict | Promise<Verdict> {
    if (this.#state === "new") this.#open();
    if (!this.#isUp()) return this.#params.here.verify(order);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, resolve, reject });
      if (this.#isDue) return;
      this.#isDue = true;
      setImmediate(() => {
        this.#isDue = false;
        this.#handOut();
      });
    });
  }

  /** Ends the threads. What they have not answered is verified here before this resolves. */
  async close(): Promise<void> {
    this.#state = "closed";
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #open(): void {
    this.#state = "open";
    const { count, log } = this.#params;
    log.info({ count }, "threads that verify signatures are started");
    for (let i = 0; i < count; i++) this.#start();
  }

  #isUp(): boolean {
    for (const { state } of this.#threads) if (state !== "starting") return true;
    return false;
  }

  /** Shares what waits among the threads that are free. */
  #handOut(): void {
    if (!this.#isUp()) {
      for (const asked of this.#waiting.splice(0)) this.#verifyHere(asked);
      return;
    }
    const free = [...this.#threads].filter(({ state }) => state === "free");
    for (const [i, thread] of free.entries()) {
      const share = Math.ceil(this.#waiting.length / (free.length - i));
      if (share > 0) this.#send(thread, this.#waiting.splice(0, Math.min(share, MOST_IN_MESSAGE)));
    }
    this.#help();
  }

  #help(): void {
    if (this.#isHelping || this.#waiting.length === 0) return;
    this.#isHelping = true;
    setImmediate(() => {
      this.#isHelping = false;
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#verifyHere(first);
      this.#help();
    });
  }

  #send(thread: Thread, asked: readonly Asked[]): void {
    const { worker } = thread;
    try {
      worker.postMessage(asked.map(({ order }) => order));
    } catch {
      // One of them has a value that cannot be sent, so it is no order; which one is found here.
      for (const one of asked) this.#verifyHere(one);
      return;
    }
    thread.state = "busy";
    thread.asked = asked;
    // Somebody waits, so the process must live until there is an answer.
    worker.ref();
  }

  #verifyHere({ order, resolve, reject }: Asked): void {
    try {
      resolve(this.#params.here.verify(order));
    } catch (fault) {
      reject(fault);
    }
  }

  // ------------------------------------------------------------------------------------------ threads

  #start(): void {
    if (this.#state === "closed") return;
    let worker: Worker;
    try {
      worker = (this.#params.startThread ?? startVerifierThread)(this.#params.domain);
    } catch (err) {
      this.#startAnother({ err }, "a thread that verifies signatures could not be started");
      return;
    }
    const thread: Thread = { worker, state: "starting", asked: [] };
    this.#threads.add(thread);
    worker.unref();
    worker.on("message", (verdicts: readonly ThreadVerdict[]) => this.#take(thread, verdicts));
    worker.on("error", (fault) => (thread.fault = fault));
    worker.on("exit", (exitCode) => this.#lose(thread, exitCode));
  }

  #take(thread: Thread, verdicts: readonly ThreadVerdict[]): void {
    const { asked, worker } = thread;
    if (asked.length > 0) this.#pauseMs = this.#params.pauseMs ?? PAUSE_MS;
    thread.state = "free";
    thread.asked = [];
    worker.unref();
    this.#handOut();
    for (const [i, one] of asked.entries()) {
      const verdict = verdicts[i] ?? null;
      if (verdict === null) this.#verifyHere(one);
      else one.resolve(verdict);
    }
  }

  #lose(thread: Thread, exitCode: number): void {
    this.#threads.delete(thread);
    for (const asked of thread.asked) this.#verifyHere(asked);
    this.#handOut();
    const { fault: err, asked } = thread;
    const details = { ...(err === undefined ? {} : { err }), exitCode, unanswered: asked.length };
    if (this.#state !== "closed") {
      this.#startAnother(details, "a thread that verifies signatures ended");
    }
  }

  #startAnother(details: object, message: string): void {
    const inMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * inMs, LONGEST_PAUSE_MS);
    this.#params.log.error({ ...details, nextInMs: inMs }, message);
    setTimeout(() => this.#start(), inMs).unref();
  }
}
