/**
 * Runs all tests, in two processes side by side: the venue's, and all others. The others are shown as they come, the venue's after
 * them. Files or options given are handed to one `hardhat test`.
 *
 *   npm test
 *   npm test -- test/sdk/order.test.ts --grep "hash"
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(__dirname, "../..");
const VENUE = path.join("test", "operator");

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

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.length > 0) {
    process.exitCode = await ended(run(args, "inherit"));
    return;
  }
  const all = testFiles("test");
  const isVenue = (file: string): boolean => file.startsWith(`${VENUE}${path.sep}`);
  const venue = run(all.filter(isVenue), "pipe");
  const others = run(
    all.filter((file) => !isVenue(file)),
    "inherit",
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => [venue, others].forEach((child) => child.kill(signal)));
  }
  const kept: Buffer[] = [];
  let show = (part: Buffer): unknown => kept.push(part);
  venue.stdout?.on("data", (part: Buffer) => show(part));
  venue.stderr?.on("data", (part: Buffer) => show(part));
  const venueEnded = ended(venue);

  const statuses = [await ended(others)];
  console.log("\nThe venue:");
  for (const part of kept.splice(0)) process.stdout.write(part);
  show = (part) => process.stdout.write(part);
  statuses.push(await venueEnded);
  process.exitCode = Math.max(...statuses);
}

void main();
