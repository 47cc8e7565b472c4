import { ADMINISTERED, type Deployment } from "@nostra/sdk/deployments";
import type { Address } from "@nostra/sdk/order";
import type { Chain } from "#cli/connectNetwork";
import { readCheck, readDomain, readView, roleName, type Finding } from "#cli/readCheck";
import { readRoleHolders } from "#cli/roles";
import { isTimelock, type Steps } from "./steps";

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
  for (const check of checks) findings.push(await readCheck(chain, deployment, check));
  findings.push(await readDomain(chain, deployment));
  for (const on of ADMINISTERED) findings.push(await readAdmin(chain, params, on));
  findings.push(...(await readStrayRoles(chain, params)));
  return findings;
}

/** The admin is right when it is the one meant, or when the deployer has offered and the other has yet to accept. */
async function readAdmin(
  chain: Chain,
  { deployment, steps, deployer, timelock }: ReadBackParams,
  on: (typeof ADMINISTERED)[number],
): Promise<Finding> {
  const admin = await readView(chain, deployment, on, "admin", []);
  const pending = await readView(chain, deployment, on, "pendingAdmin", []);
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
