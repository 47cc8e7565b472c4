import { readFileSync } from "node:fs";
import { registerDeployment, type Deployment } from "@nostra/sdk/deployments";
import { Wallet } from "ethers";
import { z } from "zod";
import type { MarketTerms } from "./markets/MarketDirectory";
import { amount, parseTerms, tick } from "./markets/parseTerms";
import { readRetention } from "./monitor/readRetention";

/*
 * What the operator is told, all by the environment. Names are those of docs/operations.md, which a test holds to this list.
 */

const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, {
      error: `expected a whole number from ${least} to ${most}`,
    });
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);
const HTTP_URL = "expected a URL such as https://node.example/key";
const httpUrl = z.string().refine((text) => isUrl(text, ["http:", "https:"]), { error: HTTP_URL });
const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "expected 32 bytes as 0x-prefixed hex")
  .refine(isPrivateKey, { error: "expected a key of the curve secp256k1: this number is none" });
const secret = (what: string) =>
  z
    .string()
    .min(32, `expected 32 characters or more for ${what}; make one with: openssl rand -hex 32`);
const origin = z.string().refine(isOrigin, {
  error:
    "expected origins such as https://app.example, without a path; * is not possible with cookies",
});
const domain = z.string().regex(/^[\w.-]+(?::\d{1,5})?$|^\[[0-9a-fA-F:]+\](?::\d{1,5})?$/, {
  error: "expected hosts with their port, such as app.example or 127.0.0.1:3000, without a scheme",
});

const environment = z.object({
  RPC_URL: list
    .pipe(z.array(httpUrl).min(1, HTTP_URL))
    .describe("the node, by HTTP; more by commas, for when it is down"),
  SECOND_RPC_URL: httpUrl.optional().describe("another node, which must agree about what is final"),
  DEPLOYMENT: z.string().describe("file of the deployment, such as deployments/polygon.json"),
  OPERATOR_PRIVATE_KEY: privateKey.describe(
    "sends settlements; an operator of the exchange, used by nobody else",
  ),
  MONITOR_PRIVATE_KEY: privateKey
    .optional()
    .describe("finalizes due results; without it they are only told of"),
  DATABASE_URL: z
    .string()
    .refine((text) => isUrl(text, ["postgres:", "postgresql:"]), {
      error: "expected a URL such as postgres://user:password@host:5432/database",
    })
    .optional()
    .describe("PostgreSQL; without it a database in DATA_DIRECTORY"),
  DATA_DIRECTORY: z.string().default("nostra-data").describe("the embedded database"),
  REDIS_URL: z
    .string()
    .refine((text) => isUrl(text, ["redis:", "rediss:"]), {
      error: "expected a URL such as redis://host:6379",
    })
    .optional()
    .describe("rate limits are shared there, and events published; nothing is taken from it"),
  HOST: z.string().default("127.0.0.1").describe("the address to listen on"),
  PORT: integer(0, 65_535).default(3000).describe("the port to listen on"),
  SECRET: secret("tokens and API keys").describe(
    "32 characters or more: tokens and API keys hang on it",
  ),
  SIGN_IN_DOMAINS: list
    .pipe(z.array(domain))
    .optional()
    .describe("hosts that sign-in messages may name, by commas (HOST:PORT)"),
  CORS_ORIGIN: list
    .pipe(z.array(origin))
    .default([])
    .describe("origins of pages that may call with cookies, by commas"),
  INSECURE_COOKIES: z
    .enum(["0", "1"])
    .default("0")
    .describe("1 for cookies without HTTPS, on one's own machine"),
  TRUSTED_PROXIES: integer(0, 10)
    .default(0)
    .describe("proxies of ours in front: so many X-Forwarded-For are believed"),
  RATE_SCALE: integer(1, 100_000)
    .default(1)
    .describe("how many times the usual rate limits are allowed"),
  SERVICE_KEY: secret("the service key").optional().describe("by which our own services are known"),
  FINALITY_DEPTH: integer(0, 10_000)
    .default(128)
    .describe("blocks after which one is final when the node's word lags"),
  FINALITY_LAG: integer(1, 100_000)
    .default(256)
    .describe("blocks by which the node's word may lag and is believed"),
  TICK: tick.default("0.01").describe("distance of prices, of markets that are not open yet"),
  MIN_SIZE: amount.default("1").describe("fewest shares of an order"),
  MARKET_TERMS: z
    .string()
    .optional()
    .describe(
      "file with terms of single markets: {condition: {tick, minSize, minFeeBps, minNotional}}",
    ),
  MIN_FEE_BPS: integer(0, 1_000)
    .default(0)
    .describe("least fee rate that an order must sign, in basis points"),
  MIN_NOTIONAL: amount.default("0").describe("least collateral that an order must be for"),
  MAX_OPEN_ORDERS: integer(1, 1_000_000)
    .default(1_000)
    .describe("open orders that an account may have in one market"),
  MAX_OPEN_ORDERS_IN_ALL: integer(1, 1_000_000)
    .default(5_000)
    .describe("open orders that an account may have in all markets"),
  MAX_UNSETTLED_MATCHES: integer(1, 1_000_000)
    .default(200)
    .describe("matches not on chain that an account may have taken; then it must be post-only"),
  MAX_UNSETTLED_COLLATERAL: amount
    .default("100000")
    .describe("collateral of those matches, from which on the same holds"),
  MAX_REJECTED_PER_HOUR: integer(1, 1_000_000)
    .default(2_000)
    .describe("FOK and FAK orders of an account that may come to nothing within an hour"),
  UNSETTLED_CAP: amount
    .default("1000000")
    .describe("collateral matched and not on chain, from which on only post-only orders are taken"),
  MAX_TRANSACTION_GAS: integer(1_000_000, 1_000_000_000)
    .optional()
    .describe("most gas of one transaction, where the chain's own limit is not the one assumed"),
  ALERT_WEBHOOK_URL: httpUrl.optional().describe("where loud alerts go: a chat's incoming webhook"),
  SLACK_WEBHOOK_URL: httpUrl.optional().describe("the same by its older name"),
  WARM_UP_SECONDS: integer(0, 3_600)
    .default(0)
    .describe("after a start with orders in the books only post-only ones are taken for so long"),
  START_PATIENCE_SECONDS: integer(0, 3_600)
    .default(120)
    .describe("for so long a start waits for a node that fails"),
  ALLOW_UNSETTLED: z
    .enum(["0", "1"])
    .default("0")
    .describe("1 to start though nothing can settle: cancel-only until it can"),
  MAX_HEAD_AGE_SECONDS: integer(0, 86_400)
    .optional()
    .describe(
      "without a new block for longer the venue is degraded and cancel-only; 0 for never (10 block times, 30 to 600)",
    ),
  MAX_SETTLEMENT_STALL_SECONDS: integer(5, 86_400)
    .default(120)
    .describe("when nothing can settle for longer, only cancels are taken"),
  STANDBY: z
    .enum(["0", "1"])
    .default("1")
    .describe("1: wait while another process has the database, then take over; 0: refuse to start"),
  RETENTION: z
    .string()
    .default("")
    .transform((text, context) => {
      try {
        return readRetention(text);
      } catch (err) {
        context.addIssue({ code: "custom", message: (err as Error).message });
        return z.NEVER;
      }
    })
    .describe("what is kept: table=days:rows, several by commas; see What is kept"),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug"])
    .default("info")
    .describe("what is logged: fatal, error, warn, info or debug"),
  VERIFY_THREADS: integer(0, 64)
    .optional()
    .describe("threads that verify signatures; 0: the main one (processors less one, at most 4)"),
  POLL_MS: integer(50, 60_000)
    .default(1_000)
    .describe("milliseconds between two looks at the chain"),
});

export type Config = z.infer<typeof environment> & {
  readonly deployment: Deployment;
  readonly terms: Readonly<Record<string, Partial<MarketTerms>>> | undefined;
};

/** A variable that cannot be used as it is. */
export interface Problem {
  readonly variable: string;
  /** What is wrong, what was expected and what to do, in a line. Never a secret. */
  readonly text: string;
}

/** The environment as far as it can be used, and everything that cannot. */
export interface Reading {
  readonly usable: Partial<Config>;
  readonly problems: readonly Problem[];
}

/** Values that are never shown: they are keys, or hold passwords. */
const SECRETS: ReadonlySet<string> = new Set([
  ...["OPERATOR_PRIVATE_KEY", "MONITOR_PRIVATE_KEY", "SECRET", "SERVICE_KEY"],
  ...["DATABASE_URL", "REDIS_URL", "RPC_URL", "SECOND_RPC_URL"],
  ...["ALERT_WEBHOOK_URL", "SLACK_WEBHOOK_URL"],
]);
const MAX_SHOWN = 80;
const MAX_REASON = 300;

/** What is wrong with the environment, a line for each variable. Secrets are not shown. */
export class ConfigError extends Error {}

export const VARIABLES: readonly string[] = Object.keys(environment.shape);

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError naming every variable that is missing or out of place. */
export function readConfig(env: Environment): Config {
  const { usable, problems } = readEnvironment(env);
  if (problems.length > 0) {
    throw new ConfigError(problems.map(({ variable, text }) => `${variable}: ${text}`).join("\n"));
  }
  return usable as Config;
}

/** Reads each variable for itself, so that all problems are found at once. */
export function readEnvironment(env: Environment): Reading {
  const usable: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [variable, schema] of Object.entries(environment.shape)) {
    const given = env[variable] === "" ? undefined : env[variable];
    const parsed = (schema as z.ZodType).safeParse(given);
    if (parsed.success) {
      if (parsed.data !== undefined) usable[variable] = parsed.data;
      continue;
    }
    const expected = shown(parsed.error.issues[0]?.message ?? "not usable");
    const text =
      given === undefined
        ? `must be set: ${describe(variable)}`
        : SECRETS.has(variable)
          ? expected
          : `is ${shown(given)}; ${expected}`;
    problems.push({ variable, text });
  }
  const { DEPLOYMENT, MARKET_TERMS, OPERATOR_PRIVATE_KEY, MONITOR_PRIVATE_KEY } =
    usable as Partial<Config>;
  const take = (variable: string, member: string, read: () => unknown): void => {
    try {
      usable[member] = read();
    } catch (fault) {
      problems.push({ variable, text: oneLine(fault) });
    }
  };
  if (DEPLOYMENT !== undefined) {
    take("DEPLOYMENT", "deployment", () => readDeployment(DEPLOYMENT));
  }
  if (MARKET_TERMS !== undefined) take("MARKET_TERMS", "terms", () => readTerms(MARKET_TERMS));
  if (
    OPERATOR_PRIVATE_KEY !== undefined &&
    OPERATOR_PRIVATE_KEY.toLowerCase() === MONITOR_PRIVATE_KEY?.toLowerCase()
  ) {
    problems.push({
      variable: "MONITOR_PRIVATE_KEY",
      text: "is OPERATOR_PRIVATE_KEY too; expected a key of its own: two senders would share nonces",
    });
  }
  return { usable: usable as Partial<Config>, problems };
}

function describe(variable: string): string {
  return describeConfig().find(([name]) => name === variable)?.[1] ?? "";
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // The message repeats the path.
    throw new Error(`${shown(file)} cannot be read (${code ?? oneLine(message)})`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${shown(file)} is not JSON`, { cause });
  }
}

function readDeployment(file: string): Deployment {
  const found = readJson(file) as Deployment;
  try {
    registerDeployment(found);
  } catch (cause) {
    throw new Error(`${shown(file)} is no deployment: ${oneLine(cause)}`, { cause });
  }
  return found;
}

function readTerms(file: string): Readonly<Record<string, Partial<MarketTerms>>> {
  const json = readJson(file);
  try {
    return parseTerms(json);
  } catch (cause) {
    throw new Error(`${shown(file)} at ${oneLine(cause)}`, { cause });
  }
}

function shown(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.length > MAX_SHOWN ? `${flat.slice(0, MAX_SHOWN)}...` : flat;
}

function oneLine(thrown: unknown): string {
  const text = String(thrown instanceof Error ? thrown.message : thrown).replace(/\s+/g, " ");
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}...` : text;
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isOrigin(text: string): boolean {
  return isUrl(text, ["http:", "https:"]) && new URL(text).origin === text;
}

function isPrivateKey(text: string): boolean {
  try {
    return new Wallet(text).address !== "";
  } catch {
    return false;
  }
}

/** The variables, what each means and what it is when not set: for --help and the docs. */
export function describeConfig(): readonly (readonly [
  name: string,
  meaning: string,
  usual: string,
])[] {
  type Described = Record<string, { description?: string; default?: unknown }>;
  const { properties, required } = z.toJSONSchema(environment, { io: "input" }) as {
    properties: Described;
    required?: string[];
  };
  // A default behind a transformation belongs to the output.
  const output = z.toJSONSchema(environment, { io: "output", unrepresentable: "any" }) as {
    properties: Described;
  };
  return Object.entries(properties).map(([name, { description = "", default: given }]) => {
    const usual = given ?? output.properties[name]?.default;
    const isRequired = required?.includes(name) === true;
    const told = Array.isArray(usual)
      ? usual.join(",")
      : usual === undefined
        ? ""
        : String(usual as string);
    return [name, description, isRequired ? "required" : told];
  });
}
