import { Contract, TypedDataEncoder, isError } from "ethers";
import { interfaces } from "@nostra/sdk/contracts";
import {
  ADMINISTERED,
  type DeployedContractName,
  type Deployment,
  type PlanCheck,
  type PlanValue,
} from "@nostra/sdk/deployments";
import { Role } from "@nostra/sdk/contracts";
import { orderDomain, type Address } from "@nostra/sdk/order";
import type { Chain } from "../lib/connectNetwork";
import { readArtifact } from "./artifacts";
import { readRoleHolders, type RoleName } from "./roles";
import { isTimelock, type Steps } from "./steps";

/** One thing that was to be so, and how it is. */
export interface Finding {
  readonly contract: string;
  readonly what: string;
  readonly expected: string;
  readonly onChain: string;
  readonly ok: boolean;
}

export interface ReadBackParams {
  readonly deployment: Deployment;
  readonly steps: Steps;
  readonly deployer: Address;
  readonly timelock?: Address;
}

/** Reads everything the deployment was to bring about from the chain again: links, values, roles, admins. */
export async function readBack(chain: Chain, params: ReadBackParams): Promise<Finding[]> {
  const { deployment, steps } = params;
  const { plan } = steps;
  const checks = [
    ...plan.contracts.flatMap((step) => step.checks),
    ...plan.links.map((step) => step.check),
    ...plan.roles.map((step) => step.check),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await readCheck(chain, params, check));
  findings.push(await readDomain(chain, deployment));
  for (const on of ADMINISTERED) findings.push(await readAdmin(chain, params, on));
  findings.push(...(await readStrayRoles(chain, params)));
  return findings;
}

export async function readCheck(
  chain: Chain,
  params: Pick<ReadBackParams, "deployment" | "timelock">,
  check: PlanCheck,
): Promise<Finding> {
  const valueOf = (value: PlanValue): unknown => {
    if (typeof value === "object") return params.deployment.contracts[value.at];
    return isTimelock(value) ? params.timelock : value;
  };
  const expected = String(valueOf(check.result));
  const args = check.args.map(valueOf);
  const onChain = await view(chain, params.deployment, check.on, check.method, args);
  const [role] = check.args;
  const what =
    check.method === "hasRole"
      ? `${roleName(Number(role))} ${String(args[1])}`
      : `${check.method}()`;
  return { contract: check.on, what, expected, onChain, ok: expected === onChain };
}

async function readDomain(chain: Chain, deployment: Deployment): Promise<Finding> {
  const domain = orderDomain({
    chainId: deployment.chainId,
    exchange: deployment.contracts.ctfExchange,
  });
  const expected = TypedDataEncoder.hashDomain({ ...domain });
  const onChain = await view(chain, deployment, "ctfExchange", "domainSeparator", []);
  const what = "domainSeparator()";
  return { contract: "ctfExchange", what, expected, onChain, ok: expected === onChain };
}

/** The admin is right when it is the one meant, or when the deployer has offered and the other has yet to accept. */
async function readAdmin(
  chain: Chain,
  { deployment, steps, deployer, timelock }: ReadBackParams,
  on: (typeof ADMINISTERED)[number],
): Promise<Finding> {
  const admin = await view(chain, deployment, on, "admin", []);
  const pending = await view(chain, deployment, on, "pendingAdmin", []);
  const value = steps.plan.handOver.find((step) => step.on === on)?.args[0];
  const meant = value === undefined ? deployer : isTimelock(value) ? timelock : value;
  const offered = admin === deployer && pending === meant;
  const onChain = offered && admin !== meant ? `${String(meant)}, offered` : admin;
  return {
    contract: on,
    what: "admin()",
    expected: String(meant),
    onChain,
    ok: offered || admin === meant,
  };
}

/** Roles that are held beyond the parameters. */
async function readStrayRoles(
  chain: Chain,
  { deployment, steps }: ReadBackParams,
): Promise<Finding[]> {
  const meant = new Set(
    [...steps.plan.links, ...steps.plan.roles]
      .filter(({ check }) => check.method === "hasRole")
      .map(({ check }) => {
        const [role, account] = check.args;
        const address = typeof account === "object" ? deployment.contracts[account.at] : account;
        return `${check.on} ${roleName(Number(role))} ${String(address)}`;
      }),
  );
  return (await readRoleHolders(chain, deployment))
    .filter(({ on, role, account }) => !meant.has(`${on} ${role} ${account}`))
    .map(({ on, role, account }) => ({
      contract: on,
      what: `${role} ${account}`,
      expected: "not held",
      onChain: "held",
      ok: false,
    }));
}

async function view(
  chain: Chain,
  { contracts }: Deployment,
  on: DeployedContractName,
  method: string,
  args: readonly unknown[],
): Promise<string> {
  const known = (interfaces as Partial<Record<string, (typeof interfaces)["ctfExchange"]>>)[on];
  const abi = known ?? readArtifact(on.charAt(0).toUpperCase() + on.slice(1)).abi;
  const contract = new Contract(contracts[on] ?? "", abi, chain.provider);
  try {
    return String(await contract.getFunction(method)(...args));
  } catch (thrown) {
    if (isError(thrown, "BAD_DATA") || isError(thrown, "CALL_EXCEPTION")) return "no answer";
    throw thrown;
  }
}

function roleName(role: number): RoleName {
  return (Object.keys(Role) as RoleName[])[role] ?? ("?" as RoleName);
}
