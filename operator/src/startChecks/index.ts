import { computeAddress } from "ethers";
import type { Clock } from "../clock";
import { VARIABLES, type Config, type Reading } from "../config";
import type { Log } from "../log";
import { describeTrouble } from "../nodeTrouble";
import { resilientRpc } from "../resilientRpc";
import type { Rpc } from "../rpc";
import { SETTLER_DEFAULTS } from "../settler";
import { StartPatience } from "../StartPatience";
import { findSlips } from "../suggestVariable";
import { checkClock, checkContracts, checkEndpoints } from "./checkChain";
import { checkDirectory, checkPort, checkPostgres, checkRedis } from "./checkMachine";
import { failed, misconfigured, warning, type CheckResult } from "./CheckResult";
import { checkSettlement } from "./checkSettlement";

export type { CheckResult } from "./CheckResult";
export { CannotSettleError, checkSettlement, requireSettlement } from "./checkSettlement";

export interface StartCheckParams {
  readonly reading: Reading;
  readonly clock: Clock;
  readonly log: Log;
  /** False for a command that works on the database: its port and whether it can settle do not matter. Default true. */
  readonly serves?: boolean;
  /** At most so long a failing node is waited for. Default: START_PATIENCE_SECONDS. */
  readonly patienceMs?: number;
}

/** When something else keeps the venue from starting, the node is asked, but not waited for. */
const HURRIED_MS = 5_000;
const DEFAULT_PATIENCE_MS = 120_000;

/** Warnings about variables that are set and look like one of the operator's. */
export function checkNames(env: Readonly<Record<string, string | undefined>>): CheckResult[] {
  return findSlips(Object.keys(env), VARIABLES).map(({ name, known }) =>
    warning("variables", `${name} is not a variable of the operator; did you mean ${known}?`),
  );
}

/** Everything that a start needs, looked at in one go, so that one start shows all that is wrong. */
export async function runStartChecks(params: StartCheckParams): Promise<CheckResult[]> {
  const { reading, serves = true } = params;
  const { usable, problems } = reading;
  const results: CheckResult[] = problems.map(({ variable, text }) =>
    misconfigured("variables", `${variable}: ${text}`),
  );
  results.push(...(await checkMachine(usable, problems, serves)));
  const isHopeless = results.some(({ state }) => state === "failed");
  const patienceMs =
    params.patienceMs ??
    (usable.START_PATIENCE_SECONDS === undefined
      ? DEFAULT_PATIENCE_MS
      : usable.START_PATIENCE_SECONDS * 1000);
  const limitMs = isHopeless ? Math.min(HURRIED_MS, patienceMs) : patienceMs;
  results.push(...(await checkNode(params, limitMs)));
  return results;
}

async function checkMachine(
  usable: Partial<Config>,
  problems: Reading["problems"],
  serves: boolean,
): Promise<CheckResult[]> {
  const { DATABASE_URL, DATA_DIRECTORY, REDIS_URL, HOST, PORT } = usable;
  const isDatabaseUnclear = problems.some(({ variable }) => variable === "DATABASE_URL");
  const checks: (CheckResult | Promise<CheckResult>)[] = [];
  if (DATABASE_URL !== undefined) checks.push(checkPostgres(DATABASE_URL));
  else if (DATA_DIRECTORY !== undefined && !isDatabaseUnclear) {
    checks.push(checkDirectory(DATA_DIRECTORY));
  }
  if (REDIS_URL !== undefined && serves) checks.push(checkRedis(REDIS_URL));
  if (HOST !== undefined && PORT !== undefined && serves) {
    checks.push(checkPort(HOST, PORT, DATABASE_URL !== undefined));
  }
  return Promise.all(checks);
}

async function checkNode(
  { reading, clock, log, serves = true }: StartCheckParams,
  limitMs: number,
): Promise<CheckResult[]> {
  const { RPC_URL, SECOND_RPC_URL, DEPLOYMENT, OPERATOR_PRIVATE_KEY, ALLOW_UNSETTLED, deployment } =
    reading.usable;
  if (RPC_URL === undefined) return [];
  const results: CheckResult[] = [];
  // With patience: a node that is starting, or overloaded, is no mistake.
  const patience = new StartPatience({ limitMs, clock, log });
  const rpc = patience.around(resilientRpc(RPC_URL));
  try {
    await rpc.send("eth_chainId", []);
    if (deployment === undefined) return results;
    const { chainId } = deployment;
    const patient = (url: string): Rpc => patience.around(resilientRpc([url]));
    // Of several, one that is down is covered by the others and not waited for.
    const rpcOf = RPC_URL.length > 1 ? (url: string): Rpc => resilientRpc([url]) : patient;
    results.push(...(await checkEndpoints("RPC_URL", RPC_URL, { chainId, rpcOf })));
    if (SECOND_RPC_URL !== undefined) {
      const asked = { chainId, rpcOf: patient };
      results.push(...(await checkEndpoints("SECOND_RPC_URL", [SECOND_RPC_URL], asked)));
    }
    if (results.some(({ state }) => state === "failed")) return results;
    results.push(...(await checkContracts(rpc, deployment)));
    if (results.some(({ state }) => state === "failed")) return results;
    results.push(await checkClock(rpc, clock.nowMs()));
    if (OPERATOR_PRIVATE_KEY === undefined || !serves) return results;
    const found = await checkSettlement({
      ...{ rpc, deployment, operator: computeAddress(OPERATOR_PRIVATE_KEY) },
      ...{ maxFeeCap: SETTLER_DEFAULTS.maxFeeCap, target: `--deployment ${DEPLOYMENT}` },
    });
    const isOverruled = ALLOW_UNSETTLED === "1";
    results.push(
      ...found.map((one): CheckResult => {
        return one.state === "failed" && isOverruled ? { ...one, state: "warning" } : one;
      }),
    );
  } catch (thrown) {
    const text = describeTrouble(thrown);
    results.push(failed("node", text.startsWith("RPC_URL") ? text : `RPC_URL: ${text}`));
  }
  return results;
}
