/** Measures what the venue takes in, and how fast it tells of it: a venue, a load and a chain, each in its own process. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Child } from "../lib/child";
import type { Load, LoadTasks } from "./load";
import { signIntoFile } from "./orders";
import type { ServerTasks, VenueTask } from "./server";
import { createPlace, createWorld, type Place, type World } from "./world";

const PARTS = ["intake", "ratios", "match", "followers", "restart", "memory"] as const;
type Part = (typeof PARTS)[number];

const HELP = `Measures the venue's intake over HTTP, its stream, its restart and its memory.

  npm run bench:intake                      all of it, half an hour, ten minutes of which are for memory
  npm run bench:intake -- --quick           fewer orders, a minute for memory; writes nothing
  npm run bench:intake -- --only intake,match   some parts: ${PARTS.join(", ")}
  npm run bench:intake -- --orders 10000    so many for each rate
  npm run bench:intake -- --profile         leaves a CPU profile of each venue in the temporary directory
  npm run bench:intake -- --help            this text

All but --quick and --profile keep their figures in results.json. PostgreSQL is measured when DATABASE_URL names a server. Exit status 1 when an order was refused or, but for --quick, a floor missed.`;

const { values: options } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    orders: { type: "string" },
    only: { type: "string" },
  },
});
const SERVER = path.join(__dirname, "server.ts");
const LOAD = path.join(__dirname, "load.ts");

const { quick } = options;
const hasPostgres = process.env["DATABASE_URL"] !== undefined;
const MAKERS = 200;
const MARKETS = 4;
const CONNECTIONS = 64;
/** What the operator's own command gives Node. */
const AS_OPERATOR = ["--v8-pool-size=1"];
const WARM_UP = quick ? 3_000 : 10_000;
const MEASURED = Number(options.orders ?? (quick ? 15_000 : 40_000));

/** What is to be reached, by row and column. */
const FLOORS = {
  "intake postgres": { perSecond: 5_000, p99: 25 },
  "intake pglite": { perSecond: 4_000 },
  match: { p99: 20 },
  followers: { p99: 100 },
  restart: { seconds: 10 },
} as const;

interface Figure {
  readonly part: Part;
  readonly name: string;
  readonly [column: string]: unknown;
}
const figures: Figure[] = [];
let failures = 0;

async function main(): Promise<void> {
  if (options.help) {
    console.log(HELP);
    return;
  }
  const parts = options.only?.split(",") ?? PARTS;
  for (const part of parts) {
    if (!(PARTS as readonly string[]).includes(part)) throw new Error(`no part ${part}`);
  }
  const loadBefore = loadavg()[0]!;
  console.log(`${cpus().length} x ${cpus()[0]?.model}, load average ${loadBefore.toFixed(1)}`);
  say(`a chain with ${MAKERS} makers and ${MARKETS} markets`);
  const world = await createWorld(MAKERS, MARKETS);
  try {
    const bench = new Bench(world);
    if (parts.includes("intake")) await bench.intake();
    if (parts.includes("ratios")) await bench.ratios();
    if (parts.includes("match")) await bench.match();
    if (parts.includes("followers")) await bench.followers();
    if (parts.includes("restart")) await bench.restart();
    if (parts.includes("memory")) await bench.memory();
  } finally {
    world.close();
  }
  if (!quick && !options.profile) keep(parts);
  process.exitCode = failures === 0 ? 0 : 1;
}

const RESULTS = path.join(__dirname, "results.json");

/** Writes figures down, in the place of those that an earlier run has of the same parts. */
function keep(parts: readonly string[]): void {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim(),
  };
  const kept = existsSync(RESULTS)
    ? (JSON.parse(readFileSync(RESULTS, "utf8")) as { figures: Figure[] }).figures
    : [];
  const all = [...kept.filter(({ part }) => !parts.includes(part)), ...figures];
  all.sort((left, right) => PARTS.indexOf(left.part) - PARTS.indexOf(right.part));
  writeFileSync(RESULTS, `${JSON.stringify({ machine, figures: all }, null, 2)}\n`);
}

/** A venue and a load that work against each other. */
interface Pair {
  readonly server: Child<ServerTasks>;
  readonly load: Child<LoadTasks>;
  readonly url: string;
  end(): Promise<void>;
}

class Bench {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async intake(): Promise<void> {
    title(
      "durable intake, fully verified: POST /api/orders over kept connections, 64 unless said, 70 of 100 orders rest",
    );
    intakeHead();
    for (const kind of kinds()) {
      await this.#flood("intake", `${kind}`, kind, {}, MEASURED);
    }
    for (const kind of kinds()) {
      const some = { connections: 10, perRequest: 10 };
      const name = `${kind}, 10 in a request, 10 connections`;
      await this.#flood("intake", name, kind, {}, MEASURED, some);
      const many = { perRequest: 50 };
      await this.#flood("intake", `${kind}, 50 in a request`, kind, {}, MEASURED, many);
    }
  }

  /** The same with one thing done as it is usually done. */
  async ratios(): Promise<void> {
    const kind = hasPostgres ? "postgres" : "pglite";
    title(
      `the same on ${kind}, with one thing done otherwise; ratio by the venue's CPU time for an order`,
    );
    intakeHead();
    const ours = await this.#flood("ratios", "nostra", kind, {}, MEASURED);
    const few = Math.ceil(MEASURED / 5);
    const ethers = { ethersVerification: true };
    const plain = await this.#flood("ratios", "ethers verifyTypedData", kind, ethers, few);
    const single = await this.#flood(
      "ratios",
      "a commit for each order",
      kind,
      { maxBatch: 1 },
      few,
    );
    for (const [name, one] of [
      ["ethers verifyTypedData", plain],
      ["a commit for each order", single],
    ] as const) {
      const [cpu, rate] = [one.cpu / ours.cpu, ours.perSecond / one.perSecond];
      console.log(`  against ${name}: x ${cpu.toFixed(1)} less CPU, x ${rate.toFixed(1)} the rate`);
      figures.push({ part: "ratios", name: `against ${name}`, cpu: round(cpu), rate: round(rate) });
    }
  }

  async match(): Promise<void> {
    title("from an order that crosses to its trade on the stream, ms");
    const [seconds, perSecond] = [quick ? 5 : 30, 1_000];
    for (const kind of kinds()) {
      await this.#with(kind, {}, 2_000 + seconds * perSecond, async ({ load, url }) => {
        await load.ask("flood", { url, count: 2_000, connections: CONNECTIONS });
        const markets = this.#world.conditionIds;
        const { intake, trades } = await load.ask("pace", { url, seconds, perSecond, markets });
        requireTaken(intake);
        const name = `${kind}, ${perSecond} orders a second`;
        tell("match", name, timesOf(trades, trades.orders), FLOORS.match);
        tell("match", `${kind}, answers to the same orders`, timesOf(intake, intake.orders));
      });
    }
  }

  async followers(): Promise<void> {
    const [seconds, perSecond, followers] = [quick ? 5 : 30, 50, 1_000];
    title(
      `from a change of the book to each of ${followers} who follow it, ${perSecond} orders a second, ms`,
    );
    for (const kind of kinds().slice(0, 1)) {
      // Of four markets one is followed.
      const count = seconds * perSecond;
      await this.#with(
        kind,
        {},
        count,
        async ({ load, url }) => {
          const market = this.#world.conditionIds[0]!;
          const given = { url, followers, seconds, perSecond, market };
          const { delivery, deliveriesPerSecond } = await load.ask("followers", given);
          if (delivery.orders < (count * followers) / 10) fail("too little was delivered");
          const row = {
            ...timesOf(delivery, delivery.orders),
            deliveriesPerSecond: round(deliveriesPerSecond, 0),
          };
          tell("followers", `${kind}, ${followers} followers`, row, FLOORS.followers);
        },
        1,
      );
    }
  }

  async restart(): Promise<void> {
    const count = quick ? 20_000 : 100_000;
    title(`start after being killed, with ${count.toLocaleString("en")} open orders, seconds`);
    const file = await signIntoFile(this.#world.venue, "rest", count, say);
    for (const kind of kinds()) {
      const place = await createPlace(kind);
      try {
        const pair = await this.#start(place, {}, file);
        requireTaken(
          await pair.load.ask("flood", { url: pair.url, count, connections: 8, perRequest: 50 }),
        );
        await pair.server.ask("idle", undefined as never);
        await pair.load.kill();
        await pair.server.kill();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const again = new Child<ServerTasks>(SERVER, [], say);
        const { ms, openOrders } = await again.ask("start", this.#task(place, {}));
        if (openOrders !== count) fail(`${openOrders} of ${count} orders are back`);
        const { cpuMicroseconds, rss } = await again.ask("usage", undefined as never);
        await again.kill();
        const row = {
          openOrders,
          seconds: round(ms / 1000),
          cpuSeconds: round(cpuMicroseconds / 1e6),
          rssMb: megabytes(rss),
        };
        tell("restart", kind, row, FLOORS.restart);
      } finally {
        await place.drop();
      }
    }
  }

  async memory(): Promise<void> {
    const [minutes, seconds, perSecond] = quick ? [4, 15, 500] : [10, 60, 500];
    title(
      `memory at ${perSecond} orders a second, all of them matched, MB after each ${seconds} s`,
    );
    const kind = kinds()[0]!;
    const place = await createPlace(kind);
    try {
      const pair = await this.#start(place, { settles: true }, null, ["--expose-gc"]);
      const samples: { heap: number; rss: number }[] = [];
      // The first round fills caches and lets the compiler work; it does not count.
      for (let i = 0; i <= minutes; i++) {
        const { venue } = this.#world;
        const given = {
          url: pair.url,
          venue,
          flow: "pairs",
          seconds,
          perSecond,
          seed: i + 1,
        } as const;
        requireTaken(await pair.load.ask("last", given));
        await pair.server.ask("idle", undefined as never);
        await new Promise((resolve) => setTimeout(resolve, 500));
        const { heap, rss } = await pair.server.ask("usage", undefined as never);
        if (i > 0) samples.push({ heap: megabytes(heap), rss: megabytes(rss) });
        say(
          `${i === 0 ? "warm" : `${i} of ${minutes}`}: heap ${megabytes(heap)}, rss ${megabytes(rss)}`,
        );
      }
      await pair.end();
      const orders = seconds * perSecond;
      const slope = slopeOf(samples.map(({ heap }) => heap));
      const row = {
        heapMb: samples.map(({ heap }) => heap),
        rssMb: samples.map(({ rss }) => rss),
        heapSlopeMb: round(slope),
        rssSlopeMb: round(slopeOf(samples.map(({ rss }) => rss))),
        heapBytesPerOrder: round((slope * 2 ** 20) / orders, 1),
      };
      console.log(
        `  ${kind}: heap grows by ${row.heapSlopeMb} MB a round, ${row.heapBytesPerOrder} bytes an order; rss by ${row.rssSlopeMb}`,
      );
      figures.push({ part: "memory", name: kind, ...row, loadAverage: round(loadavg()[0]!, 1) });
    } finally {
      await place.drop();
    }
  }

  async #flood(
    part: Part,
    name: string,
    kind: "postgres" | "pglite",
    how: Partial<VenueTask>,
    count: number,
    { connections = CONNECTIONS, perRequest = 1 } = {},
  ): Promise<{ cpu: number; perSecond: number }> {
    const warm = Math.min(WARM_UP, count);
    return this.#with(kind, how, warm + count, async ({ server, load, url }) => {
      const many = { url, connections, perRequest };
      await load.ask("flood", { ...many, count: warm });
      await server.ask("idle", undefined as never);
      const before = await server.ask("usage", undefined as never);
      const postgresBefore = postgresCpu();
      const flood = await load.ask("flood", { ...many, count });
      await server.ask("idle", undefined as never);
      const after = await server.ask("usage", undefined as never);
      const postgresAfter = postgresCpu();
      requireTaken(flood);
      const cpu = (after.cpuMicroseconds - before.cpuMicroseconds) / count;
      const clientCpu = flood.cpuMicroseconds / count;
      const perSecond = count / flood.seconds;
      const row = {
        perSecond: round(perSecond, 0),
        p50: round(flood.p50, 1),
        p99: round(flood.p99, 1),
        serverCpu: round(cpu, 0),
        ...(kind === "postgres" && postgresBefore !== null && postgresAfter !== null
          ? { postgresCpu: round((postgresAfter - postgresBefore) / count, 0) }
          : {}),
        clientCpu: round(clientCpu, 0),
        clientShare: `${round((100 * clientCpu) / (cpu + clientCpu), 0)}%`,
      };
      const floors = (FLOORS as Record<string, Partial<Record<string, number>>>)[`${part} ${name}`];
      tell(part, name, row, floors);
      return { cpu, perSecond };
    });
  }

  async #with<Result>(
    kind: "postgres" | "pglite",
    how: Partial<VenueTask>,
    orders: number,
    work: (pair: Pair) => Promise<Result>,
    markets = MARKETS,
  ): Promise<Result> {
    const venue = { ...this.#world.venue, markets: this.#world.venue.markets.slice(0, markets) };
    // One file for all that use less of it.
    const count = markets === MARKETS ? Math.max(orders, WARM_UP + MEASURED) : orders;
    const file = await signIntoFile(venue, "mixed", count, say);
    const place = await createPlace(kind);
    try {
      const pair = await this.#start(place, how, file);
      try {
        return await work(pair);
      } finally {
        await pair.end();
      }
    } finally {
      await place.drop();
    }
  }

  async #start(
    place: Place,
    how: Partial<VenueTask>,
    file: string | null,
    more: readonly string[] = [],
  ): Promise<Pair> {
    const profile = options.profile ? ["--cpu-prof", "--cpu-prof-dir=/tmp"] : [];
    const execArgv = [...AS_OPERATOR, ...more, ...profile];
    const server = new Child<ServerTasks>(SERVER, execArgv, say);
    const load = new Child<LoadTasks>(LOAD, [], say);
    const { url } = await server.ask("start", this.#task(place, how));
    if (file !== null) await load.ask("read", file);
    const end = async (): Promise<void> => {
      await load.kill();
      await server.ask("stop", undefined as never);
      await server.end();
    };
    return { server, load, url, end };
  }

  #task(place: Place, how: Partial<VenueTask>): VenueTask {
    const { deployment, node, operatorKey } = this.#world;
    return { deployment, node, operatorKey, store: place.store, ...how };
  }
}

/** A hundredth of a second, the unit of /proc. */
const TICK_MICROSECONDS = 10_000;

/** CPU time of all PostgreSQL processes of this machine, in microseconds; null where it cannot be read. */
function postgresCpu(): number | null {
  if (!existsSync("/proc/self/stat")) return null;
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      if (!stat.includes("(postgres)")) continue;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks * TICK_MICROSECONDS;
}

function kinds(): ("postgres" | "pglite")[] {
  return hasPostgres ? ["postgres", "pglite"] : ["pglite"];
}

// -------------------------------------------------------------------------------------------- telling

function say(line: string): void {
  process.stderr.write(`  .. ${line}\n`);
}

function title(text: string): void {
  console.log(`\n${text}; load average ${loadavg()[0]!.toFixed(1)}`);
}

function intakeHead(): void {
  console.log(
    "  (CPU in microseconds an order: the venue's process with all its threads, PostgreSQL's, and the client's)",
  );
}

/** Prints a row and keeps it, with what it was to reach. */
function tell(
  part: Part,
  name: string,
  row: Record<string, number | string>,
  floors: Partial<Record<string, number>> = {},
): void {
  const cells = Object.entries(row).map(([column, value]) => `${column} ${value}`);
  const verdicts = Object.entries(floors).map(([column, floor]) => {
    const value = row[column] as number;
    const isMet = column === "perSecond" ? value >= floor! : value <= floor!;
    if (!isMet && !quick) failures += 1;
    return `${column} ${column === "perSecond" ? ">=" : "<="} ${floor}: ${isMet ? "met" : "MISSED"}`;
  });
  console.log(
    `  ${name.padEnd(30)} ${cells.join("  ")}${verdicts.length > 0 ? `  [${verdicts.join(", ")}]` : ""}`,
  );
  figures.push({
    part,
    name,
    ...row,
    loadAverage: round(loadavg()[0]!, 1),
    ...(verdicts.length > 0 ? { floors: verdicts } : {}),
  });
}

function timesOf(load: Load, count: number): Record<string, number> {
  return { count, p50: round(load.p50, 1), p99: round(load.p99, 1), max: round(load.max, 1) };
}

function requireTaken({ refused, refusal }: Load): void {
  if (refused > 0) fail(`${refused} were refused, the first with ${refusal}`);
}

function fail(what: string): void {
  failures += 1;
  console.log(`  WRONG: ${what}`);
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

function megabytes(bytes: number): number {
  return round(bytes / 2 ** 20, 1);
}

/** By how much values grow from one to the next: the line through them with the least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [above, below] = [0, 0];
  values.forEach((value, i) => {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  });
  return below === 0 ? 0 : above / below;
}

main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
