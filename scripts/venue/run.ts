/**
 * What `npm start` does: a venue on a chain inside this process, with traders, until it is told to stop. See --help.
 */
import { randomBytes } from "node:crypto";
import pino from "pino";
import type { Wallet } from "ethers";
import { createSandbox } from "@nostra/sdk/testing";
import {
  DEFAULT_LIMITS,
  finalizedTag,
  scaleLimits,
  startVenue,
  type Venue,
} from "@nostra/operator";
import { readRecordedFlow, walletsOf } from "../demo/recordedFlow";
import { HELP, readVenueOptions, type VenueRunOptions } from "./options";
import { playRound } from "./Round";

const say = (line: string): void =>
  console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

const stopping = new AbortController();

async function main(): Promise<void> {
  const options = readVenueOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return;
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      say("stopping; once more to end at once");
      stopping.abort();
      process.once(name, () => process.exit(1));
    });
  }

  const names = walletsOf(readRecordedFlow());
  say("starting a chain in this process and deploying the contracts");
  const sandbox = await createSandbox({ accounts: names.length + 1, collateral: 0n });
  const wallets = new Map(names.map((name, i) => [name, sandbox.accounts[i] as Wallet]));
  say("opening a database in memory; making it takes some seconds");
  const venue = await startVenue({
    deployment: sandbox.deployment,
    nodes: [sandbox.provider],
    operator: sandbox.operator as never,
    finalizer: sandbox.accounts[names.length] as Wallet,
    finality: finalizedTag,
    store: {},
    http: {
      port: options.port,
      host: "127.0.0.1",
      secret: randomBytes(32).toString("hex"),
      domains: [`127.0.0.1:${options.port}`, `localhost:${options.port}`],
      secureCookies: false,
      // All traders have one address here.
      limits: scaleLimits(DEFAULT_LIMITS, 100),
    },
    log: pino({ level: process.env["LOG_LEVEL"] ?? "error" }),
    pollMs: 250,
  });
  printUrls(venue.url);

  let isOff = false;
  try {
    for (let number = 1; number <= options.rounds && !stopping.signal.aborted; number++) {
      isOff = (await round(venue, number)) || isOff;
    }
  } finally {
    await venue.stop();
    sandbox.close();
  }
  process.exitCode = isOff ? 1 : 0;

  async function round(on: Venue, number: number): Promise<boolean> {
    const report = await playRound({
      ...{ sandbox, wallets, url: on.url, number, say, signal: stopping.signal },
      ...pickPace(options),
      opened: (markets) =>
        until(() => markets.every((market) => on.engine.book(market.conditionId) !== undefined)),
      settled: () => untilSettled(on),
      finalized: (markets) =>
        until(() =>
          markets.every(
            (market) => on.markets.byCondition(market.conditionId)?.state === "FINALIZED",
          ),
        ),
    });
    if (report === null) return false;
    const { refused, lockedUnits } = report;
    for (const refusal of refused.slice(0, 5)) say(`  refused: ${refusal}`);
    const sums = await sumsOf(on);
    say(
      `round ${number}: ${sums.confirmed} matches confirmed on chain, ${sums.other} not; ` +
        `${refused.length} orders refused; ${lockedUnits} units left in the contract`,
    );
    return sums.other > 0 || refused.length > 0;
  }
}

function pickPace({
  trades,
  tradesPerSecond,
}: VenueRunOptions): Pick<VenueRunOptions, "trades" | "tradesPerSecond"> {
  return { trades, tradesPerSecond };
}

/** Every match is on chain for good, or has failed. */
async function untilSettled({ engine, store }: Venue): Promise<void> {
  await engine.idle();
  await until(async () => {
    const open = store.db
      .selectFrom("match")
      .select("id")
      .where("state", "in", ["MATCHED", "MINED", "RETRYING"]);
    return (await open.limit(1).execute()).length === 0;
  });
}

async function sumsOf({ store }: Venue): Promise<{ confirmed: number; other: number }> {
  const rows = await store.db
    .selectFrom("match")
    .select((eb) => ["state", eb.fn.countAll().as("count")])
    .groupBy("state")
    .execute();
  const count = (isWanted: (state: string) => boolean): number =>
    rows.filter(({ state }) => isWanted(state)).reduce((sum, row) => sum + Number(row.count), 0);
  return {
    confirmed: count((state) => state === "CONFIRMED"),
    other: count((state) => state !== "CONFIRMED"),
  };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!stopping.signal.aborted && !(await isSo()))
    await new Promise((resolve) => setTimeout(resolve, 100));
}

function printUrls(url: string): void {
  say(`the venue is open at ${url}`);
  const stream = url.replace(/^http/, "ws");
  for (const [what, where] of [
    ["markets", `curl ${url}/api/markets`],
    ["a book", `curl ${url}/api/markets/<slug>/orderbook`],
    ["trades and where they stand", `curl ${url}/api/trades`],
    ["candles", `curl '${url}/api/markets/<slug>/candles?interval=1m'`],
    ["stream", `${stream}/ws   {"type":"subscribe","channel":"trades","market":"<slug>"}`],
    ["all that can be asked", `${url}/docs`],
    ["health, metrics", `${url}/health  ${url}/metrics`],
  ]) {
    console.log(`          ${what?.padEnd(28)} ${where}`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
