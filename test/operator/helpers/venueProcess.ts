import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";

const ROOT = path.join(__dirname, "../../..");
const MAIN = path.join(ROOT, "operator/dist/main.js");
const OPEN = /the venue is open at (\S+)/;

const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** How a process ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
}

/** A venue as people start it: a process that is told by its environment. */
export class VenueProcess {
  /** All that it wrote. */
  output = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #end: Ended | null = null;

  /** @param required A module that is loaded before anything else. */
  constructor(
    env: Readonly<Record<string, string>>,
    { command = "start", required }: { readonly command?: string; readonly required?: string } = {},
  ) {
    const before = required === undefined ? [] : ["--require", required];
    this.#child = spawn(process.execPath, [...before, MAIN, command], {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // No .env of the tree may tell it anything.
      cwd: path.join(ROOT, "test"),
    });
    running.add(this.#child);
    const listen = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.#child.stdout!.on("data", listen);
    this.#child.stderr!.on("data", listen);
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (status, signal) => {
        running.delete(this.#child);
        resolve((this.#end = { status, signal }));
      });
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#end === null;
  }

  /** Resolves with its URL when it takes requests. @throws when it ends before. */
  async opened(): Promise<string> {
    for (;;) {
      const url = OPEN.exec(this.output)?.[1];
      if (url !== undefined) return url;
      if (this.#end !== null)
        throw new Error(`the venue ended (${this.#end.status}): ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** As people do. */
  stop(): Promise<Ended> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }
}
