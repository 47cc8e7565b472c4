import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { buildSync } from "esbuild";

/** A process of its own that does one thing after the other as it is asked. */
export class Child<Tasks extends Record<string, (given: never) => unknown>> {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #pending: { resolve: (value: never) => void; reject: (fault: Error) => void } | null = null;
  #notes: (line: string) => void;

  /** @param file The TypeScript that the process runs, by its absolute path. */
  constructor(
    file: string,
    execArgv: readonly string[] = [],
    say: (line: string) => void = () => undefined,
  ) {
    this.#notes = say;
    this.#process = fork(compile(file), [], {
      execArgv: [...execArgv],
      serialization: "advanced",
    });
    this.#exited = new Promise((resolve) => this.#process.once("exit", () => resolve()));
    this.#process.on("message", (message: { value?: never; fault?: string; note?: string }) => {
      if (message.note !== undefined) return this.#notes(message.note);
      const pending = this.#pending;
      this.#pending = null;
      if (message.fault === undefined) pending?.resolve(message.value as never);
      else pending?.reject(new Error(`${path.basename(file)}: ${message.fault}`));
    });
    this.#process.once("exit", (code, signal) => {
      this.#pending?.reject(new Error(`${path.basename(file)} ended: ${code ?? signal}`));
    });
  }

  ask<Name extends keyof Tasks & string>(
    name: Name,
    given: Parameters<Tasks[Name]>[0],
  ): Promise<Awaited<ReturnType<Tasks[Name]>>> {
    if (this.#pending !== null) throw new Error("one thing after the other");
    return new Promise((resolve, reject) => {
      this.#pending = { resolve: resolve as never, reject };
      this.#process.send({ name, given });
    });
  }

  /** Lets it end by itself, so that it can write down what it measured. */
  async end(): Promise<void> {
    this.#pending = null;
    this.#process.disconnect();
    await this.#exited;
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    this.#pending = null;
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}

/** As JavaScript: what compiles while it runs makes every promise of the process slower. */
function compile(file: string): string {
  const name = path.relative(path.join(__dirname, ".."), file).replaceAll(path.sep, "-");
  const outfile = path.join(__dirname, "../../node_modules/.cache/bench", `${name}.cjs`);
  buildSync({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
  });
  return outfile;
}

/** The other side: answers what it is asked. */
export function answerParent(tasks: Record<string, (given: never) => unknown>): void {
  process.on("message", ({ name, given }: { name: string; given: never }) => {
    Promise.resolve()
      .then(() => tasks[name]!(given))
      .then(
        (value) => process.send!({ value }),
        (thrown: unknown) => process.send!({ fault: (thrown as Error).stack ?? `${thrown}` }),
      );
  });
  process.on("disconnect", () => process.exit(0));
}

/** Lets the parent's user know how far it is. */
export function note(line: string): void {
  process.send!({ note: line });
}
