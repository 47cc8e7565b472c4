/**
 * Runs all tests in groups, each in a process of its own and two at a time: the contracts and the SDK, the venue, and the venue under
 * attack. Each group's output is shown whole, one group after the other. Files or options given are handed to one `hardhat test`.
 *
 *   npm test
 *   npm test -- test/sdk/order.test.ts --grep "hash"
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(__dirname, "../..");
const AT_ONCE = 2;

interface Group {
  readonly title: string;
  readonly has: (file: string) => boolean;
}

const isIn = (folder: string) => (file: string) =>
  file.startsWith(path.join("test", folder) + path.sep);

/** The longest first. */
const GROUPS: readonly Group[] = [
  { title: "The venue", has: isIn("operator") },
  {
    title: "Contracts, SDK and all else",
    has: (file) => !isIn("operator")(file) && !isIn("hostile")(file),
  },
  { title: "The venue under attack", has: isIn("hostile") },
];

function testFiles(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = path.join(folder, entry.name);
      if (entry.isDirectory()) return testFiles(name);
      return entry.name.endsWith(".test.ts") ? [name] : [];
    })
    .sort();
}

function run(args: readonly string[], output: "inherit" | "pipe"): ChildProcess {
  const hardhat = path.join(ROOT, "node_modules/.bin/hardhat");
  return spawn(hardhat, ["test", "--no-compile", ...args], {
    cwd: ROOT,
    stdio: ["ignore", output, output],
    // A pipe is no terminal, and colours are for people.
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
}

/** Its exit status; 1 when it was ended by a signal. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.once("close", (status) => resolve(status ?? 1)));
}

/** Shows the output of one group at a time: what others write is kept until it is their turn. */
class Outputs {
  readonly #waiting: { readonly title: string; readonly parts: Buffer[]; isOver: boolean }[] = [];

  follow(title: string, child: ChildProcess): void {
    const output = { title, parts: [] as Buffer[], isOver: false };
    this.#waiting.push(output);
    if (this.#waiting.length === 1) console.log(`\n${title}:`);
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.on("data", (part: Buffer) => {
        if (this.#waiting[0] === output) process.stdout.write(part);
        else output.parts.push(part);
      });
    }
    child.once("close", () => {
      output.isOver = true;
      this.#showNext();
    });
  }

  #showNext(): void {
    while (this.#waiting[0]?.isOver === true) {
      this.#waiting.shift();
      const [next] = this.#waiting;
      if (next === undefined) return;
      console.log(`\n${next.title}:`);
      for (const part of next.parts.splice(0)) process.stdout.write(part);
    }
  }
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.length > 0) {
    process.exitCode = await ended(run(args, "inherit"));
    return;
  }
  const all = testFiles("test");
  const outputs = new Outputs();
  const running = new Set<ChildProcess>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => running.forEach((child) => child.kill(signal)));
  }
  const left = [...GROUPS];
  const statuses: number[] = [];
  const work = async (): Promise<void> => {
    for (let group = left.shift(); group !== undefined; group = left.shift()) {
      const child = run(all.filter(group.has), "pipe");
      running.add(child);
      outputs.follow(group.title, child);
      statuses.push(await ended(child));
      running.delete(child);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.exitCode = Math.max(...statuses);
}

void main();
