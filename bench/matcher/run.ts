/** Measures our matcher beside npm's, each measurement in its own process, and prints rates and their ratios. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type { Measured, Task } from "./child";
import { drawGrowth, type Point } from "./drawGrowth";

const HELP = `Measures the matcher beside three of npm's: operations per second, time per operation, bytes per resting order.

  npm run bench:matcher                      all tables; about ten minutes
  npm run bench:matcher -- --quick           fewer operations and one round; about two minutes
  npm run bench:matcher -- --growth          only how we grow with orders and ticks; --write draws growth.svg
  npm run bench:matcher -- --help            this text

Exit status 1 when an answer was wrong or, but for --quick, a ratio is below its floor.`;

const BASE = "nodejs-order-book";
const PEERS = [BASE, "hft-limit-order-book", "limit-order-book"];
const OURS = ["nostra ticks", "nostra ticks, fill objects"];
const WHOLE = "nostra orders";
/** At least so many times the rate of nodejs-order-book. */
const FLOORS: Readonly<Record<string, number>> = { mixed: 20, deep: 300, cross: 10 };

const { values: options } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const rounds = options.quick ? 1 : 3;
const ops = options.quick ? 300_000 : 1_000_000;
const mostMs = options.quick ? 1_500 : 4_000;
let failures = 0;

main();

function main(): void {
  if (options.help) {
    console.log(HELP);
    return;
  }
  install();
  if (options.growth) return growth();
  const orders = Math.min(ops, 300_000);
  speed("mixed", { kind: "mixed", ops, preload: 0 });
  speed("deep", { kind: "mixed", ops, preload: 100_000 });
  speed("cross", { kind: "cross", ops, preload: 0 });
  latency("mixed", { kind: "mixed", ops: orders, preload: 0 });
  latency("deep", { kind: "mixed", ops: orders, preload: 100_000 });
  memory(100_000);
  flow();
  process.exitCode = failures === 0 ? 0 : 1;
}

interface Load {
  readonly kind: Task["shape"]["kind"];
  readonly ops: number;
  readonly preload: number;
}

/** Rates of all matchers on one load, in interleaved rounds; the best round of each counts. */
function speed(title: string, load: Load): void {
  const names = [...PEERS, ...OURS, WHOLE];
  const results = interleaved(names, "speed", load);
  console.log(`\n${title}: operations per second, best of ${rounds}; ratio to ${BASE} by CPU time`);
  const base = best(results.get(BASE)!, "perCpuSecond");
  for (const [name, measured] of results) {
    const cpu = best(measured, "perCpuSecond");
    const ratio = cpu / base;
    const { isWhole } = measured[0]!;
    const cells = [count(best(measured, "perSecond")), count(cpu), `x ${ratio.toFixed(1)}`];
    // Short runs measure the compiler.
    const floor = name === OURS[0] && !options.quick ? FLOORS[title] : undefined;
    const verdict =
      floor === undefined ? "" : ratio >= floor ? `floor ${floor}: met` : `floor ${floor}: MISSED`;
    if (verdict.endsWith("MISSED")) failures += 1;
    console.log(`  ${row(name, cells)} ${isWhole ? "" : "(cut short)"} ${verdict}`);
  }
}

function latency(title: string, load: Load): void {
  console.log(`\n${title}: microseconds per operation, p50 / p99 / p99.9, best of ${rounds}`);
  for (const [name, measured] of interleaved([...PEERS, ...OURS], "latency", load)) {
    const cells = (["p50", "p99", "p999"] as const).map((key) =>
      Math.min(...measured.map((one) => one[key] ?? Infinity)).toFixed(2),
    );
    console.log(`  ${row(name, cells)}`);
  }
}

function memory(orders: number): void {
  console.log(`\nbytes per resting order, ${count(orders)} orders, ids not counted`);
  for (const name of [BASE, ...OURS.slice(0, 1)]) {
    const load = { kind: "rest", ops: orders, preload: 0 } as const;
    console.log(`  ${row(name, [measure("memory", name, load).bytes!.toFixed(0)])}`);
  }
}

function flow(): void {
  console.log(`\nrecorded flow, again and again: operations per second; ratio by CPU time`);
  const results = interleaved([...PEERS, ...OURS], "flow", { kind: "rest", ops: 0, preload: 0 });
  const base = best(results.get(BASE)!, "perCpuSecond");
  for (const [name, measured] of results) {
    const cpu = best(measured, "perCpuSecond");
    const cells = [count(best(measured, "perSecond")), count(cpu), `x ${(cpu / base).toFixed(1)}`];
    console.log(`  ${row(name, cells)}`);
  }
}

/** Rates by resting orders and by ticks; with --write also as a picture. */
function growth(): void {
  const points: Point[] = [];
  for (const name of [OURS[0]!, BASE]) {
    for (const ticks of [100, 1_000, 10_000]) {
      for (const preload of [1_000, 10_000, 100_000, 1_000_000]) {
        if (name === BASE && preload === 1_000_000) continue;
        const load = { kind: "mixed", ops: Math.min(ops, 200_000), preload } as const;
        const { perCpuSecond } = measure("speed", name, load, ticks);
        points.push({ name, ticks, orders: preload, perSecond: perCpuSecond! });
        console.log(
          row(name, [`${count(ticks)} ticks`, `${count(preload)} orders`, count(perCpuSecond!)]),
        );
      }
    }
  }
  if (options.write) writeFileSync(path.join(__dirname, "growth.svg"), drawGrowth(points));
}

function interleaved(
  names: readonly string[],
  mode: Task["mode"],
  load: Load,
): Map<string, Measured[]> {
  const results = new Map<string, Measured[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results.get(name)!.push(measure(mode, name, load));
  }
  return results;
}

function measure(mode: Task["mode"], matcher: string, load: Load, ticks = 100): Measured {
  // Orders of twelve fields take memory: fewer of them.
  const isWhole = matcher === WHOLE;
  const shape = { ...load, ops: isWhole ? Math.min(load.ops, 200_000) : load.ops, ticks, seed: 7 };
  const task: Task = { mode, matcher, shape, form: isWhole ? "hash" : "short", mostMs };
  const text = execFileSync(
    process.execPath,
    [
      "--expose-gc",
      "--max-old-space-size=6144",
      "-r",
      "ts-node/register/transpile-only",
      path.join(__dirname, "child.ts"),
      JSON.stringify(task),
    ],
    { encoding: "utf8" },
  );
  const measured = JSON.parse(text.trim().split("\n").at(-1)!) as Measured;
  if (measured.wrong > 0) {
    failures += 1;
    console.error(`${matcher}: ${measured.wrong} wrong answers of ${measured.done} (${mode})`);
  }
  return measured;
}

/** The peers are of this folder alone. */
function install(): void {
  if (existsSync(path.join(__dirname, "node_modules", BASE))) return;
  console.log("Installing the peers into bench/matcher.");
  execFileSync("npm", ["ci", "--ignore-scripts"], { cwd: __dirname, stdio: "inherit" });
}

function best(measured: readonly Measured[], key: "perSecond" | "perCpuSecond"): number {
  return Math.max(...measured.map((one) => one[key] ?? 0));
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(28) + cells.map((cell) => cell.padStart(18)).join("");
}
