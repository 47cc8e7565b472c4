import { readFileSync } from "node:fs";
import { registerDeployment, type Deployment } from "@nostra/sdk/deployments";
import { z } from "zod";

/*
 * What the operator is told, all by the environment. Names are those of docs/operations.md, which a test holds to this list.
 */

const integer = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);
const privateKey = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "expected 32 bytes as 0x-prefixed hex");

const environment = z.object({
  RPC_URL: list
    .pipe(z.array(z.url()).min(1))
    .describe("the node, by HTTP; more by commas, for when it is down"),
  SECOND_RPC_URL: z.url().optional().describe("another node, which must agree about what is final"),
  DEPLOYMENT: z.string().describe("file of the deployment, such as deployments/polygon.json"),
  OPERATOR_PRIVATE_KEY: privateKey.describe(
    "sends settlements; an operator of the exchange, used by nobody else",
  ),
  MONITOR_PRIVATE_KEY: privateKey
    .optional()
    .describe("finalizes due results; without it they are only told of"),
  DATABASE_URL: z
    .string()
    .optional()
    .describe("PostgreSQL; without it a database in DATA_DIRECTORY"),
  DATA_DIRECTORY: z.string().default("nostra-data").describe("the embedded database"),
  REDIS_URL: z
    .string()
    .optional()
    .describe("rate limits are shared there, and events published; nothing is taken from it"),
  HOST: z.string().default("127.0.0.1").describe("the address to listen on"),
  PORT: integer(0, 65_535).default(3000).describe("the port to listen on"),
  SECRET: z.string().min(32).describe("32 characters or more: tokens and API keys hang on it"),
  SIGN_IN_DOMAINS: list
    .optional()
    .describe("hosts that sign-in messages may name, by commas (HOST:PORT)"),
  CORS_ORIGIN: list.default([]).describe("origins of pages that may call with cookies, by commas"),
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
  SERVICE_KEY: z.string().min(32).optional().describe("by which our own services are known"),
  FINALITY_DEPTH: integer(0, 10_000)
    .default(128)
    .describe("blocks after which one is final when the node's word lags"),
  FINALITY_LAG: integer(1, 100_000)
    .default(256)
    .describe("blocks by which the node's word may lag and is believed"),
  TICK: z.string().default("0.01").describe("distance of prices, of markets that are not open yet"),
  MIN_SIZE: z.string().default("1").describe("fewest shares of an order"),
  MARKET_TERMS: z
    .string()
    .optional()
    .describe("file with terms of single markets: {condition: {tick, minSize}}; the tick as above"),
  UNSETTLED_CAP: z
    .string()
    .default("1000000")
    .describe("collateral matched and not on chain, from which on only post-only orders are taken"),
  ALERT_WEBHOOK_URL: z.url().optional().describe("where loud alerts go: a chat's incoming webhook"),
  SLACK_WEBHOOK_URL: z.url().optional().describe("the same by its older name"),
  WARM_UP_SECONDS: integer(0, 3_600)
    .default(0)
    .describe("after a start with orders in the books only post-only ones are taken for so long"),
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

export type Config = z.infer<typeof environment> & { readonly deployment: Deployment };

/** What is wrong with the environment, a line per variable. Values are not told: they may be secret. */
export class ConfigError extends Error {}

/** @throws ConfigError naming every variable that is missing or out of place. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const name = path.join(".");
      return `${name}: ${given[name] === undefined ? "must be set" : message}`;
    });
    throw new ConfigError(lines.join("\n"));
  }
  const { DEPLOYMENT } = parsed.data;
  let deployment: Deployment;
  try {
    deployment = JSON.parse(readFileSync(DEPLOYMENT, "utf8")) as Deployment;
    // Holds that it is one.
    registerDeployment(deployment);
  } catch (cause) {
    throw new ConfigError(
      `DEPLOYMENT: ${DEPLOYMENT} is no deployment: ${(cause as Error).message}`,
    );
  }
  return { ...parsed.data, deployment };
}

/** The variables, what each means and what it is when not set: for --help and the docs. */
export function describeConfig(): readonly (readonly [
  name: string,
  meaning: string,
  usual: string,
])[] {
  const { properties, required } = z.toJSONSchema(environment, { io: "input" }) as {
    properties: Record<string, { description?: string; default?: unknown }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description = "", default: usual }]) => {
    const isRequired = required?.includes(name) === true;
    const told = Array.isArray(usual)
      ? usual.join(",")
      : usual === undefined
        ? ""
        : String(usual as string);
    return [name, description, isRequired ? "required" : told];
  });
}
