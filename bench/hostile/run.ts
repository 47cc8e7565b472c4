/** A venue under all attacks at once, with honest traders beside them: what the honest ones meet, and what it costs the operator. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Wallet } from "ethers";
import { createPostgresDatabase } from "../../test/operator/helpers/createPostgresDatabase";
import { openStore } from "../../operator/src/store";
import { Child } from "../lib/child";
import type { AttackTasks } from "./attackers";
import { rpc, startChain, type Chain, type ChainFacts } from "./chain";
import { freePort } from "./freePort";
import type { HonestTasks } from "./honest";
import { judge } from "./oracle";

const HELP = `A venue under attack: honest traders at a steady rate, and every known attack at once, on loopback only.

  npm run bench:hostile                     an hour
  npm run bench:hostile -- --minutes 3      shorter; writes nothing
  npm run bench:hostile -- --calm           the same traders without attackers, to compare
  npm run bench:hostile -- --seed 7         other choices
  npm run bench:hostile -- --help           this text

Needs DATABASE_URL (PostgreSQL); REDIS_URL adds forged messages. A run of an hour keeps its figures in results.json.
Exit status 1 when an honest order was lost, doubled or not settled, p99 is above ${250} ms, or gas above its bound was lost.`;

const { values: options } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    calm: { type: "boolean", default: false },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    "per-second": { type: "string", default: "50" },
  },
});

const MINUTES = Number(options.minutes);
const HONEST = 20;
const HOSTILE = 12;
const MARKETS = 4;
const CROSSING_PERCENT = 30;
const MAX_P99_MS = 250;
/** After the load: how long the last matches may take to become final. */
const DRAIN_MS = 180_000;
const ROOT = path.join(__dirname, "../..");

const say = (line: string): void =>
  console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

async function main(): Promise<void> {
  if (options.help) return console.log(HELP);
  if (process.env["DATABASE_URL"] === undefined)
    throw new Error("DATABASE_URL must name a PostgreSQL server");
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, load average ${loadavg()[0]!.toFixed(1)}, seed ${options.seed}`,
  );

  const database = await createPostgresDatabase();
  const scratch = mkdtempSync(path.join(tmpdir(), "nostra-hostile-"));
  let chain: Chain | undefined;
  let venue: VenueUnderAttack | undefined;
  try {
    say("a chain, its contracts, traders and hostile accounts");
    chain = await startChain({ markets: MARKETS, honest: HONEST, hostile: HOSTILE });
    venue = await VenueUnderAttack.start(chain.facts, database.url, scratch);
    say(`the venue is open at ${venue.url}; its log is ${venue.logFile}`);
    await attack(chain.facts, venue, database.url);
  } finally {
    await venue?.stop();
    await chain?.stop();
    await database.drop();
    rmSync(path.join(scratch, "deployment.json"), { force: true });
  }
}

async function attack(
  chain: ChainFacts,
  venue: VenueUnderAttack,
  databaseUrl: string,
): Promise<void> {
  const seconds = Math.round(MINUTES * 60);
  const seed = Number(options.seed);
  const honest = new Child<HonestTasks>(path.join(__dirname, "honest.ts"), [], say);
  const attackers = new Child<AttackTasks>(path.join(__dirname, "attackers.ts"), [], say);
  const redisUrl = process.env["REDIS_URL"];
  const attacking = options.calm
    ? Promise.resolve({ addresses: 0, tallies: {} })
    : attackers.ask("run", {
        ...{ url: venue.url, chain, seconds, seed },
        ...(redisUrl === undefined ? {} : { redisUrl }),
      });
  const report = await honest.ask("run", {
    ...{ url: venue.url, chain, seconds, seed, crossingPercent: CROSSING_PERCENT },
    perSecond: Number(options["per-second"]),
  });
  const { addresses, tallies } = await attacking;
  await honest.end();
  await attackers.end();
  const drainSeconds = await drain(databaseUrl, chain);
  const metrics = await venue.metrics();
  const { startRss, maxRss, endRss } = venue.memory();
  await venue.stop();

  const verdict = await judge({
    ...{ databaseUrl, deployment: chain.deployment, accepted: report.accepted },
    rpc: (method, params) => rpc(chain.node, method, params),
    honest: new Set(chain.honestKeys.map((key) => new Wallet(key).address.toLowerCase())),
  });
  const { accepted, ...traders } = report;
  const figures = {
    minutes: MINUTES,
    addresses,
    honest: { ...traders, accepted: accepted.length },
    drainSeconds,
    verdict,
    memoryMb: { start: startRss, most: maxRss, end: endRss },
    gas: { ...readGas(metrics), lost: gasLost(metrics), bound: gasBound(chain, MINUTES / 60) },
    attacks: tallies,
  };
  console.log(JSON.stringify(figures, null, 2));

  const unsettled = Object.entries(verdict.honestMatches).filter(
    ([state]) => state !== "CONFIRMED",
  );
  const faults = [
    verdict.lostOrders > 0 && `${verdict.lostOrders} acknowledged orders are lost`,
    verdict.doubledMatches > 0 && `${verdict.doubledMatches} matches are doubled`,
    verdict.inventedMatches > 0 && `${verdict.inventedMatches} matches are not on chain`,
    verdict.differingOrders > 0 && `fills of ${verdict.differingOrders} orders differ`,
    unsettled.length > 0 && `honest matches not settled: ${JSON.stringify(unsettled)}`,
    report.orders.p99 > MAX_P99_MS &&
      `p99 ${report.orders.p99.toFixed(0)} ms, more than ${MAX_P99_MS}`,
    gasLost(metrics) > gasBound(chain, MINUTES / 60) &&
      `${gasLost(metrics)} gas came to nothing, more than the bound`,
    Object.keys(report.refusals).length > 0 &&
      `honest refusals: ${JSON.stringify(report.refusals)}`,
  ].filter((fault) => fault !== false);
  for (const fault of faults) say(`MISSED: ${fault}`);
  if (faults.length === 0) say("everything held");
  if (MINUTES >= 60 && !options.calm) keep(figures);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function keep(figures: object): void {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim(),
  };
  writeFileSync(
    path.join(__dirname, "results.json"),
    `${JSON.stringify({ machine, figures }, null, 2)}\n`,
  );
}

/**
 * Waits until no match between honest accounts is under way: one with a hostile account may be held back for longer.
 * @returns how many seconds that took; null when some were left.
 */
async function drain(
  databaseUrl: string,
  { hostileKeys, wallets }: ChainFacts,
): Promise<number | null> {
  const store = await openStore({ url: databaseUrl, connections: 1 });
  const hostile = [
    ...hostileKeys.map((key) => new Wallet(key).address),
    ...wallets.map(({ address }) => address),
  ].map((address) => address.toLowerCase());
  const fromMs = performance.now();
  try {
    while (performance.now() - fromMs < DRAIN_MS) {
      const open = await store.db
        .selectFrom("match")
        .select("id")
        .where("state", "in", ["MATCHED", "MINED", "RETRYING"])
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom("match_account")
                .select("match_id")
                .whereRef("match_id", "=", "match.id")
                .where("account", "in", hostile),
            ),
          ),
        )
        .limit(1)
        .execute();
      if (open.length === 0) return Math.round((performance.now() - fromMs) / 1000);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return null;
  } finally {
    await store.close();
  }
}

/** The metrics of settlement that came to nothing. */
function readGas(metrics: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of metrics.split("\n")) {
    const [, name, value] = /^(nostra_settlement_\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) found[name] = Number(value);
  }
  return found;
}

/** What failed attempts may cost for an account in an hour; docs/operator.md says why. */
const FRUITLESS_GAS_PER_HOUR = 5_000_000;
/** After that: the attempt that passes it, and one in ten minutes. */
const ATTEMPTS_PER_HOUR = 1 + 6;
/** A match of two contract wallets with two hooks, at its limit. */
const ATTEMPT_GAS = 1_800_000;

/** The most that the hostile accounts can make the operator lose. A begun hour counts whole. */
function gasBound({ hostileKeys, wallets }: ChainFacts, hours: number): number {
  const ofAccount = FRUITLESS_GAS_PER_HOUR + ATTEMPTS_PER_HOUR * ATTEMPT_GAS;
  return (hostileKeys.length + wallets.length) * Math.ceil(hours) * ofAccount;
}

function gasLost(metrics: string): number {
  return readGas(metrics)["nostra_settlement_fruitless_gas_total"] ?? 0;
}

/** The operator's own program, as a deployer runs it: with its default limits. */
class VenueUnderAttack {
  readonly url: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #rss: number[] = [];
  readonly #looking: NodeJS.Timeout;

  private constructor(child: ChildProcess, url: string, logFile: string) {
    this.#child = child;
    this.url = url;
    this.logFile = logFile;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    child.once("close", (status, signal) => {
      if (!this.#isStopping) say(`THE VENUE ENDED: ${status ?? signal}`);
    });
    this.#looking = setInterval(() => this.#look(), 5_000);
    this.#look();
  }

  #isStopping = false;

  static async start(
    chain: ChainFacts,
    databaseUrl: string,
    scratch: string,
  ): Promise<VenueUnderAttack> {
    const deployment = path.join(scratch, "deployment.json");
    writeFileSync(deployment, JSON.stringify(chain.deployment));
    const port = await freePort();
    const logFile = path.join(scratch, "venue.log");
    const log = createWriteStream(logFile);
    const { PATH, REDIS_URL } = process.env;
    const child = spawn(
      process.execPath,
      ["--v8-pool-size=1", path.join(ROOT, "operator/dist/main.js")],
      {
        cwd: scratch,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH,
          ...{
            RPC_URL: chain.node,
            DEPLOYMENT: deployment,
            OPERATOR_PRIVATE_KEY: chain.operatorKey,
          },
          ...{ DATABASE_URL: databaseUrl, HOST: "127.0.0.1", PORT: `${port}` },
          ...{ SECRET: "the secret of the hostile bench, long enough", INSECURE_COOKIES: "1" },
          ...{ FINALITY_DEPTH: "8", LOG_LEVEL: "warn" },
          ...(REDIS_URL === undefined ? {} : { REDIS_URL }),
        },
      },
    );
    let output = "";
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.pipe(log, { end: false });
      pipe.on("data", (part: Buffer) => (output = (output + part.toString()).slice(-10_000)));
    }
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      if (output.includes("the venue is open")) return new VenueUnderAttack(child, url, logFile);
      if (child.exitCode !== null) throw new Error(`the venue did not start: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Megabytes. */
  memory(): { startRss: number; maxRss: number; endRss: number } {
    const [startRss = 0] = this.#rss;
    return { startRss, maxRss: Math.max(...this.#rss), endRss: this.#rss.at(-1) ?? 0 };
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`).catch(() => undefined);
    return (await response?.text()) ?? "";
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#looking);
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#child.kill("SIGTERM");
    await this.#ended;
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
      if (kilobytes !== undefined) this.#rss.push(Math.round(Number(kilobytes) / 1024));
    } catch {
      // It has ended.
    }
  }
}

void main();
