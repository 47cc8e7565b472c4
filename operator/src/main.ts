#!/usr/bin/env -S node --v8-pool-size=1
import { parseUnits, Wallet } from "ethers";
import pino from "pino";
import { isNostraError } from "@nostra/sdk/errors";
import { systemClock } from "./clock";
import { ConfigError, describeConfig, readConfig, readEnvironment, type Config } from "./config";
import { DEFAULT_LIMITS, REDACTED_PATHS, scaleLimits } from "./http";
import { consoleNotifier, webhookNotifier } from "./monitor/createAlarm";
import { describeTrouble } from "./nodeTrouble";
import { resilientRpc } from "./resilientRpc";
import { finalizedOrDepth } from "./rpc";
import { setMode } from "./setMode";
import { checkNames, runStartChecks, type CheckResult } from "./startChecks";
import { startOrStandBy, type StandbyOptions } from "./standby";
import { startVenue, type Venue } from "./startVenue";

const COMMANDS = {
  start: "run the venue until it is told to stop (SIGINT, SIGTERM)",
  check: "look at all that a start needs, and print what is wrong with it",
  "mode <name> [--reason <text>]":
    "set what the venue takes: open, post-only, cancel-only, read-only or maintenance",
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

All commands but start, check and mode need a venue that is stopped: there is one writer.

Exit status: 0 done; 1 failed, another attempt may succeed; 2 the configuration is wrong; 3 another process has taken over.`;
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
  // What is set in vain is said before anything can fail because of it.
  for (const { text } of checkNames(process.env)) console.error(`warning: ${text}`);
  if (command === "check") return printChecks();
  if (command === "mode") {
    console.log(await setMode(readEnvironment(process.env).usable, args.slice(1)));
    return;
  }
  if (command === "start") return runUntilStopped(await checkedConfig());
  const config = readConfig(process.env);
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

/** Everything that keeps the venue from starting, a line each. */
class StartRefused extends Error {
  readonly isConfiguration: boolean;

  constructor(failures: readonly CheckResult[]) {
    super(failures.map(({ text }) => text).join("\n"));
    this.isConfiguration = failures.some(({ isConfiguration }) => isConfiguration);
  }
}

interface CheckedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** @throws StartRefused with all that is wrong at once. */
async function checkedConfig(): Promise<CheckedConfig> {
  const reading = readEnvironment(process.env);
  const log = logOf(reading.usable.LOG_LEVEL ?? "info");
  const results = await runStartChecks({ reading, clock: systemClock, log });
  const failures = results.filter(({ state }) => state === "failed");
  if (failures.length > 0) throw new StartRefused(failures);
  const warnings = results.filter(({ state }) => state === "warning").map(({ text }) => text);
  return { config: readConfig(process.env), warnings };
}

const CHECK_PATIENCE_MS = 5_000;

async function printChecks(): Promise<void> {
  const reading = readEnvironment(process.env);
  const log = logOf("fatal");
  const asked = { reading, clock: systemClock, log, patienceMs: CHECK_PATIENCE_MS };
  const results = await runStartChecks(asked);
  const width = Math.max(...results.map(({ check }) => check.length));
  for (const { check, state, text } of results) {
    console.log(`${check.padEnd(width)}  ${state.padEnd(7)}  ${text}`);
  }
  const failures = results.filter(({ state }) => state === "failed");
  if (failures.length === 0) console.log("the venue can start");
  else process.exitCode = failures.some(({ isConfiguration }) => isConfiguration) ? 2 : 1;
}

async function runUntilStopped({ config, warnings }: CheckedConfig): Promise<void> {
  const venue = await startOrStandBy(() => open(config, true), standbyOf(config));
  for (const text of warnings) console.error(`warning: ${text}`);
  console.log(`the venue is open at ${venue.url}`);
  await new Promise<void>((resolve) => {
    // The handlers stay, so that a second signal does not end a process that is still answering.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
  console.log("stopping: finishing what is under way");
  await venue.stop();
}

/** @param serves False for a command that works on the database: nothing is taken in, and nothing runs by itself. */
async function open(config: Config, serves: boolean): Promise<Venue> {
  const { deployment } = config;
  const log = logOf(config.LOG_LEVEL);
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
    defaultTerms: {
      tick: config.TICK,
      minSize: config.MIN_SIZE,
      minFeeBps: `${config.MIN_FEE_BPS}`,
      minNotional: config.MIN_NOTIONAL,
    },
    accountLimits: {
      maxOpenOrders: config.MAX_OPEN_ORDERS,
      maxOpenOrdersInAll: config.MAX_OPEN_ORDERS_IN_ALL,
      maxUnsettledMatches: config.MAX_UNSETTLED_MATCHES,
      maxUnsettledCollateral: parseUnits(config.MAX_UNSETTLED_COLLATERAL, 6),
      maxRejectedAnHour: config.MAX_REJECTED_PER_HOUR,
    },
    ...(config.terms === undefined ? {} : { terms: config.terms }),
    unsettledCap: parseUnits(config.UNSETTLED_CAP, 6),
    warmUpSeconds: config.WARM_UP_SECONDS,
    ...(config.VERIFY_THREADS === undefined ? {} : { verifyThreads: config.VERIFY_THREADS }),
    retention: config.RETENTION,
    pollMs: config.POLL_MS,
    startPatienceMs: config.START_PATIENCE_SECONDS * 1000,
    allowUnsettled: config.ALLOW_UNSETTLED === "1",
    settlementWatch: { maxStallMs: config.MAX_SETTLEMENT_STALL_SECONDS * 1000 },
    ...(config.MAX_HEAD_AGE_SECONDS === undefined
      ? {}
      : { maxHeadAgeMs: config.MAX_HEAD_AGE_SECONDS * 1000 }),
    ...(config.MAX_TRANSACTION_GAS === undefined
      ? {}
      : { settler: { maxGas: BigInt(config.MAX_TRANSACTION_GAS) } }),
    log,
    onGivenUp: (fault) => {
      log.fatal({ err: fault }, "this process ends; another can go on from what is stored");
      process.exit(3);
    },
  });
}

function logOf(level: string): pino.Logger {
  return pino({ level, redact: [...REDACTED_PATHS] });
}

function standbyOf(config: Config): StandbyOptions {
  const { DATABASE_URL: url, DATA_DIRECTORY: directory, HOST: host, PORT: port } = config;
  const log = logOf(config.LOG_LEVEL);
  return { store: { url, directory }, port, host, log, waits: config.STANDBY === "1" };
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

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** Faults of the program are shown in full. What comes from outside (a node, a database, a file) is one line. */
function explain(thrown: unknown): unknown {
  if (thrown instanceof ConfigError || thrown instanceof StartRefused) return thrown.message;
  if (isNostraError(thrown)) return thrown.message;
  const { code, syscall, port } = (thrown ?? {}) as NodeJS.ErrnoException & { port?: number };
  if (syscall === "listen") return `PORT: cannot listen on ${port ?? "it"}: ${code ?? "unknown"}`;
  return typeof code === "string" ? describeTrouble(thrown) : thrown;
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof StartRefused) return thrown.isConfiguration ? 2 : 1;
  return thrown instanceof ConfigError ? 2 : 1;
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  console.error(explain(thrown));
  process.exit(statusOf(thrown));
});
