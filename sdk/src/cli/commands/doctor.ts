import { version as ethersVersion } from "ethers";
import { planApprovals } from "../../actions/approvals.js";
import { connect } from "../../contracts/connect.js";
import { interfaces } from "../../contracts/abis.js";
import { ADMINISTERED, planDeployment } from "../../deployments/planDeployment.js";
import { ZERO_ADDRESS, parseAddress } from "../../ids/address.js";
import type { Address } from "../../order/Order.js";
import { fastSigner } from "../../signer/fastSigner.js";
import { abiHashOf } from "../abiHash.js";
import {
  JSON_OUTPUT,
  type Command,
  type Options,
  type OptionTable,
  type World,
} from "../command.js";
import { CommandError, oneLine } from "../CommandError.js";
import { RPC, SENDER, reachChain, type Chain } from "../connectNetwork.js";
import { coins } from "../cost.js";
import { keyFrom } from "../keyFrom.js";
import { KEY_VARIABLE } from "../networks.js";
import { readCheck, readDomain, readView } from "../readCheck.js";
import { readRoleHolders } from "../roles.js";
import { hostOf } from "../rpc.js";
import { TARGET, targetOf, type Target } from "../target.js";
import { usdc } from "../values.js";

/** What one look found, and what to do when it is not well. */
interface Diagnosis {
  readonly state: "ok" | "warn" | "fail";
  readonly what: string;
  readonly todo?: string;
}

/** One thing to look at. What it throws is a failure; `todo` then says what to do. */
interface Check {
  readonly name: string;
  readonly todo: string;
  look(): Promise<Diagnosis>;
}

/** As @nostra/sdk's package.json has them. */
const NODE = { least: "20.19.0" };
const ETHERS = { least: "6.14.0", below: 7 };

/** The local clock, and the last block of a chain that makes one every few seconds, differ by less. */
const CLOCK_TOLERANCE_SECONDS = 60;

const SIGNS: OptionTable = {
  "key-env": SENDER["key-env"]!,
  from: { value: "address", help: "the account to look at (the one of the key)" },
};

export const doctorCommand: Command = {
  name: "doctor",
  summary: "look at everything trading needs: versions, node, contracts, account, clock",
  options: { ...TARGET, ...RPC, ...SIGNS, ...JSON_OUTPUT },
  notes: `Sends nothing. Each line is ok, warn (something will not work for this account or soon) or fail (nothing will work);
the exit status is 1 when one fails.`,
  run: async (options, world) => {
    const report = createReport(world);
    await report.see(nodeCheck());
    await report.see(ethersCheck());
    const target = targetOf(options, world);
    const chain = await report.reach(target, () => reachChain(target.network, options, world.env));
    if (chain !== undefined) {
      const there = await report.see(codeCheck(chain, target));
      if (there) await lookAtContracts(report, chain, target);
      await report.see(clockCheck(chain));
      await lookAtAccount(report, { chain, target, options, world, there });
    }
    report.end();
  },
};

type Report = ReturnType<typeof createReport>;

/** Says each finding as it is made. */
function createReport(world: World) {
  const checks: (Diagnosis & { readonly name: string })[] = [];
  const add = (name: string, found: Diagnosis): boolean => {
    checks.push({ name, ...found });
    const todo = found.state === "ok" || found.todo === undefined ? "" : `: ${found.todo}`;
    world.say(`${found.state.padEnd(4)}  ${name.padEnd(11)}  ${found.what}${todo}`);
    return found.state !== "fail";
  };
  const see = async ({ name, todo, look }: Check): Promise<boolean> => {
    try {
      return add(name, { todo, ...(await look()) });
    } catch (thrown) {
      return add(name, { state: "fail", what: oneLine(thrown), todo });
    }
  };
  return {
    see,
    /** The chain, if it answers and is the right one. */
    reach: async (
      { network, deployment }: Target,
      open: () => Promise<Chain>,
    ): Promise<Chain | undefined> => {
      let chain: Chain | undefined;
      await see({
        name: "chain",
        todo: `give the RPC of ${network.name}, by --rpc or ${network.rpcVariable}`,
        look: async () => {
          chain = await open();
          return ok(`${hostOf(chain.url)} is of chain ${deployment.chainId}, ${network.name}`);
        },
      });
      return chain;
    },
    end: (): void => {
      const failed = checks.filter(({ state }) => state === "fail");
      world.note({ ok: failed.length === 0, checks });
      if (failed.length === 0) return;
      const names = [...new Set(failed.map(({ name }) => name))].join(", ");
      throw new CommandError(`${failed.length} of ${checks.length} checks failed: ${names}`);
    },
  };
}

function ok(what: string): Diagnosis {
  return { state: "ok", what };
}

function nodeCheck(): Check {
  return {
    name: "node",
    todo: `install ${NODE.least} or newer`,
    look: async () => {
      const { node } = process.versions;
      return isAtLeast(node, NODE.least) ? ok(node) : { state: "fail", what: node };
    },
  };
}

function ethersCheck(): Check {
  return {
    name: "ethers",
    todo: `npm install ethers@^${ETHERS.least}`,
    look: async () => {
      const fits = isAtLeast(ethersVersion, ETHERS.least) && major(ethersVersion) < ETHERS.below;
      return fits ? ok(ethersVersion) : { state: "fail", what: ethersVersion };
    },
  };
}

function major(version: string): number {
  return Number(version.split(".")[0]);
}

function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split(".").map(Number));
  const differs = want?.findIndex((part, i) => part !== have?.[i]) ?? -1;
  return differs === -1 || (have?.[differs] ?? 0) > (want?.[differs] ?? 0);
}

function codeCheck({ provider }: Chain, { network, deployment }: Target): Check {
  return {
    name: "contracts",
    todo: `the deployment is another than the one on this chain, or ${network.name} started afresh`,
    look: async () => {
      const contracts = Object.entries(deployment.contracts) as [string, Address][];
      const codes = await Promise.all(contracts.map(([, address]) => provider.getCode(address)));
      const empty = contracts.filter((_, i) => codes[i] === "0x");
      if (empty.length === 0) return ok(`${contracts.length} contracts have code`);
      const names = empty.map(([name, address]) => `${name} ${address}`).join(", ");
      return { state: "fail", what: `no code at ${names}` };
    },
  };
}

async function lookAtContracts(report: Report, chain: Chain, target: Target): Promise<void> {
  await report.see(abiCheck(target));
  await report.see(linkCheck(chain, target));
  await report.see(adminCheck(chain, target));
  await report.see(roleCheck(chain, target));
  await report.see(matchingCheck(chain, target));
}

/** The record says which ABI each contract was deployed with; this SDK must speak the same. */
function abiCheck({ deployment }: Target): Check {
  return {
    name: "abi",
    todo: "install the @nostra/sdk of the deployment's version",
    look: async () => {
      const records = Object.entries(deployment.records ?? {});
      const known: Readonly<Record<string, (typeof interfaces)["ctfExchange"] | undefined>> = {
        ...interfaces,
        // The record of a mock has the mock's own ABI.
        collateral:
          deployment.records?.["collateral"]?.contract === "MockUSDC"
            ? interfaces.mockUsdc
            : interfaces.collateral,
      };
      const other = records.filter(([name, { abiHash, deployed }]) => {
        const abi = known[name];
        return deployed !== null && abi !== undefined && abiHashOf(abi) !== abiHash;
      });
      if (other.length > 0) {
        const names = other.map(([name]) => name).join(", ");
        return { state: "fail", what: `this SDK has another ABI than was deployed for ${names}` };
      }
      return ok(records.length === 0 ? "the deployment ships with this SDK" : "as it was deployed");
    },
  };
}

/** What makes the contracts one system, by the plan they were deployed by. */
function linkCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "links",
    todo: "the admin sets a missing link again; constructor values that differ are another deployment",
    look: async () => {
      const plan = planDeployment({ operators: [], resolvers: [], feeReceiver: ZERO_ADDRESS });
      const checks = [
        ...plan.contracts.flatMap((step) => step.checks),
        ...plan.links.map((step) => step.check),
      ];
      const findings = [
        ...(await Promise.all(checks.map((check) => readCheck(chain, deployment, check)))),
        await readDomain(chain, deployment),
      ];
      const wrong = findings.filter((finding) => !finding.ok);
      if (wrong.length === 0) return ok(`${findings.length} links are set`);
      const texts = wrong.map(
        ({ contract, what, expected, onChain }) =>
          `${contract}.${what} is ${onChain}, not ${expected}`,
      );
      return { state: "fail", what: texts.join("; ") };
    },
  };
}

function adminCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "admin",
    todo: "make sure that the admin changed with consent",
    look: async () => {
      const admins = await Promise.all(
        ADMINISTERED.map((on) => readView(chain, deployment, on, "admin", [])),
      );
      const list = [...new Set(admins)].join(", ");
      const { admin: meant } = deployment;
      if (meant === undefined || admins.every((admin) => admin === meant)) return ok(list);
      const pending = await Promise.all(
        ADMINISTERED.map((on) => readView(chain, deployment, on, "pendingAdmin", [])),
      );
      const isOffered = admins.every((admin, i) => admin === meant || pending[i] === meant);
      return isOffered
        ? { state: "warn", what: `${list}; offered to ${meant}`, todo: "it must accept" }
        : { state: "warn", what: `${list}, but recorded is ${meant}` };
    },
  };
}

function roleCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "roles",
    todo: "the admin grants the roles that are missing",
    look: async () => {
      const holders = await readRoleHolders(chain, deployment);
      const count = (role: string): number => holders.filter((one) => one.role === role).length;
      const [operators, resolvers] = [count("OPERATOR"), count("RESOLVER")];
      const what = `operators: ${operators}, resolvers: ${resolvers}`;
      if (operators === 0) return { state: "warn", what: `${what}; nobody can settle a match` };
      if (resolvers < 2) return { state: "warn", what: `${what}; nobody can dispute another` };
      return ok(what);
    },
  };
}

function matchingCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "matching",
    todo: "orders settle again once the admin unpauses",
    look: async () => {
      const paused = await readView(chain, deployment, "ctfExchange", "paused", []);
      return paused === "false" ? ok("on") : { state: "warn", what: "stopped" };
    },
  };
}

/** An order's life is counted by the chain's clock, and usually set by the local one. */
function clockCheck({ provider }: Chain): Check {
  return {
    name: "clock",
    todo: "set this machine's clock, or wait for the chain's next block; expirations are counted by the chain",
    look: async () => {
      const block = await provider.getBlock("latest");
      const behind = Math.floor(Date.now() / 1000) - (block?.timestamp ?? 0);
      const what =
        behind < 0
          ? `the last block is ${-behind} s ahead of the local clock`
          : `the last block is ${behind} s old`;
      return Math.abs(behind) <= CLOCK_TOLERANCE_SECONDS ? ok(what) : { state: "warn", what };
    },
  };
}

interface AccountParams {
  readonly chain: Chain;
  readonly target: Target;
  readonly options: Options;
  readonly world: World;
  /** The contracts have code. */
  readonly there: boolean;
}

async function lookAtAccount(report: Report, params: AccountParams): Promise<void> {
  const { chain, target, options, world, there } = params;
  let account: Address | undefined;
  await report.see({
    name: "account",
    todo: `set ${options.text("key-env") ?? KEY_VARIABLE}, or give --from`,
    look: async () => {
      account = accountOption(options, world);
      return account === undefined ? { state: "warn", what: "none to look at" } : ok(account);
    },
  });
  if (account === undefined) return;
  await report.see(gasCheck(chain, account));
  if (!there) return;
  await report.see(collateralCheck(chain, target, account));
  await report.see(approvalCheck(chain, target, account));
}

function accountOption(options: Options, world: World): Address | undefined {
  const from = options.text("from");
  if (from !== undefined) return parseAddress(from, "--from");
  const isKeyGiven = options.text("key-env") !== undefined || Boolean(world.env[KEY_VARIABLE]);
  return isKeyGiven ? fastSigner(keyFrom(options, world.env)).address : undefined;
}

function gasCheck(chain: Chain, account: Address): Check {
  return {
    name: "gas money",
    todo: `send it ${chain.network.coin}; orders are signed without, approvals need some`,
    look: async () => {
      const balance = await chain.provider.getBalance(account);
      const what = coins(balance, chain);
      return balance > 0n ? ok(what) : { state: "warn", what };
    },
  };
}

function collateralCheck(chain: Chain, { deployment }: Target, account: Address): Check {
  return {
    name: "collateral",
    todo: "it can sell what it holds, and buy nothing",
    look: async () => {
      const units = await connect(deployment, chain.provider).collateral.balanceOf(account);
      return units > 0n ? ok(usdc(units)) : { state: "warn", what: usdc(units) };
    },
  };
}

function approvalCheck(chain: Chain, { deployment }: Target, account: Address): Check {
  return {
    name: "approvals",
    todo: "the account runs: nostra approve",
    look: async () => {
      const missing = await planApprovals(connect(deployment, chain.provider), account);
      if (missing.length === 0) return ok("buy, sell and split");
      return { state: "warn", what: `missing ${missing.map(({ action }) => action).join(", ")}` };
    },
  };
}
