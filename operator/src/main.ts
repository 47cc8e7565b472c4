#!/usr/bin/env -S node --v8-pool-size=1
import { readFileSync } from "node:fs";
import { parseUnits, Wallet } from "ethers";
import pino from "pino";
import { isNostraError } from "@nostra/sdk/errors";
import { ConfigError, describeConfig, readConfig, type Config } from "./config";
import { DEFAULT_LIMITS, REDACTED_PATHS, scaleLimits } from "./http";
import { consoleNotifier, webhookNotifier } from "./monitor/createAlarm";
import { resilientRpc } from "./resilientRpc";
import { finalizedOrDepth } from "./rpc";
import { startVenue, type Venue } from "./startVenue";

const COMMANDS = {
  start: "run the venue until it is told to stop (SIGINT, SIGTERM)",
  reconcile: "hold the tables against the chain once, and repair what differs",
  rebuild: "make all projections anew from the stored logs",
  "rewind <block>":
    "undo everything above a block, also what was final, and follow the chain from there",
  "resume-lane": "let a stopped lane go on, after finding out who used its key",
  help: "this text",
} as const;

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const commands = Object.entries(COMMANDS).map(
    ([name, what]) => `  ${name.padEnd(width)}  ${what}`,
  );
  const variables = describeConfig().map(([name, meaning, usual]) => {
    return `  ${name.padEnd(20)} ${meaning}${usual === "" ? "" : ` (${usual})`}`;
  });
  return `Runs a Nostra venue.

  nostra-operator <command>

${commands.join("\n")}

It is told everything by the environment, or a .env file here:

${variables.join("\n")}

All commands but start need a venue that is stopped: there is one writer.`;
}

async function main(args: readonly string[]): Promise<void> {
  const [command = "start", argument] = args;
  if (["help", "--help", "-h"].includes(command)) {
    console.log(help());
    return;
  }
  try {
    process.loadEnvFile();
  } catch {
    // There need not be one.
  }
  if (!Object.keys(COMMANDS).some((name) => name.split(" ")[0] === command)) {
    throw new ConfigError(`there is no command ${command}; nostra-operator help lists them`);
  }
  const config = readConfig(process.env);
  if (command === "start") return runUntilStopped(config);
  const venue = await open(config, false);
  try {
    console.log(JSON.stringify(await perform(venue, command, argument), bigintText, 2));
  } finally {
    await venue.stop();
  }
}

async function perform(
  { indexer, settler, reconciler }: Venue,
  command: string,
  argument?: string,
): Promise<unknown> {
  switch (command) {
    case "reconcile":
      // First the projections against the contracts, then the venue's own records against the projections.
      return { ...(await indexer.reconcile()), matches: await reconciler.all() };
    case "rebuild":
      await indexer.rebuild();
      return indexer.status();
    case "rewind": {
      if (argument === undefined || !/^\d+$/.test(argument)) {
        throw new ConfigError("rewind takes the number of the block to go back to");
      }
      await indexer.rewind(BigInt(argument));
      return indexer.status();
    }
    default:
      return settler.resumeLane();
  }
}

async function runUntilStopped(config: Config): Promise<void> {
  const venue = await open(config, true);
  console.log(`the venue is open at ${venue.url}`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  console.log("stopping: finishing what is under way");
  await venue.stop();
}

/** @param serves False for a command that works on the database: nothing is taken in, and nothing runs by itself. */
async function open(config: Config, serves: boolean): Promise<Venue> {
  const { deployment } = config;
  const log = pino({ level: config.LOG_LEVEL, redact: [...REDACTED_PATHS] });
  const webhook = config.ALERT_WEBHOOK_URL ?? config.SLACK_WEBHOOK_URL;
  const { MONITOR_PRIVATE_KEY, SECOND_RPC_URL, HOST, PORT } = config;
  return startVenue({
    deployment,
    nodes: config.RPC_URL,
    ...(SECOND_RPC_URL === undefined ? {} : { secondRpc: resilientRpc([SECOND_RPC_URL]) }),
    operator: new Wallet(config.OPERATOR_PRIVATE_KEY) as never,
    ...(MONITOR_PRIVATE_KEY === undefined ? {} : { finalizer: new Wallet(MONITOR_PRIVATE_KEY) }),
    finality: finalizedOrDepth(BigInt(config.FINALITY_DEPTH), BigInt(config.FINALITY_LAG)),
    undoDepth: BigInt(config.FINALITY_DEPTH),
    store: { url: config.DATABASE_URL, directory: config.DATA_DIRECTORY },
    http: {
      port: PORT,
      host: HOST,
      secret: config.SECRET,
      domains: config.SIGN_IN_DOMAINS ?? [`${HOST}:${PORT}`],
      origins: config.CORS_ORIGIN,
      secureCookies: config.INSECURE_COOKIES === "0",
      trustedProxies: config.TRUSTED_PROXIES,
      limits: scaleLimits(DEFAULT_LIMITS, config.RATE_SCALE),
      ...(config.SERVICE_KEY === undefined ? {} : { serviceKey: config.SERVICE_KEY }),
      secrets: secretsOf(config),
    },
    serves,
    ...(config.REDIS_URL === undefined ? {} : { redisUrl: config.REDIS_URL }),
    notifiers: [consoleNotifier(log), ...(webhook === undefined ? [] : [webhookNotifier(webhook)])],
    defaultTerms: { tick: config.TICK, minSize: config.MIN_SIZE },
    ...(config.MARKET_TERMS === undefined ? {} : { terms: readTerms(config.MARKET_TERMS) }),
    unsettledCap: parseUnits(config.UNSETTLED_CAP, 6),
    warmUpSeconds: config.WARM_UP_SECONDS,
    ...(config.VERIFY_THREADS === undefined ? {} : { verifyThreads: config.VERIFY_THREADS }),
    retention: config.RETENTION,
    pollMs: config.POLL_MS,
    log,
    onGivenUp: (fault) => {
      log.fatal({ err: fault }, "this process ends; another can go on from what is stored");
      process.exit(3);
    },
  });
}

function secretsOf(config: Config): string[] {
  const { SECRET, OPERATOR_PRIVATE_KEY, MONITOR_PRIVATE_KEY, DATABASE_URL, REDIS_URL } = config;
  const { SECOND_RPC_URL, SERVICE_KEY, ALERT_WEBHOOK_URL, SLACK_WEBHOOK_URL } = config;
  return [
    ...[SECRET, OPERATOR_PRIVATE_KEY, MONITOR_PRIVATE_KEY, DATABASE_URL, REDIS_URL],
    ...config.RPC_URL,
    ...[SECOND_RPC_URL, SERVICE_KEY, ALERT_WEBHOOK_URL, SLACK_WEBHOOK_URL],
  ].filter((secret) => secret !== undefined);
}

function readTerms(file: string): Record<string, { tick: string; minSize: string }> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<
      string,
      { tick: string; minSize: string }
    >;
  } catch (cause) {
    throw new ConfigError(`MARKET_TERMS: ${file} cannot be read: ${(cause as Error).message}`);
  }
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  // What is expected to go wrong is told in a line; what is not, in full.
  const isExpected = thrown instanceof ConfigError || isNostraError(thrown);
  console.error(isExpected ? (thrown as Error).message : thrown);
  process.exit(1);
});
