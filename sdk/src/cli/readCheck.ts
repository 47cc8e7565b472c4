import { Contract, TypedDataEncoder, isError } from "ethers";
import { interfaces } from "../contracts/abis.js";
import { Role } from "../contracts/Role.js";
import type { DeployedContractName, Deployment } from "../deployments/Deployment.js";
import type { PlanCheck, PlanValue } from "../deployments/planDeployment.js";
import { orderDomain } from "../order/orderDomain.js";
import type { Chain } from "./connectNetwork.js";
import type { RoleName } from "./roles.js";

/** One thing that was to be so, and how it is. */
export interface Finding {
  readonly contract: string;
  readonly what: string;
  readonly expected: string;
  readonly onChain: string;
  readonly ok: boolean;
}

/** Reads from the chain whether a step of a deployment took effect. */
export async function readCheck(
  chain: Chain,
  deployment: Deployment,
  check: PlanCheck,
): Promise<Finding> {
  const valueOf = (value: PlanValue): unknown =>
    typeof value === "object" ? deployment.contracts[value.at] : value;
  const expected = String(valueOf(check.result));
  const args = check.args.map(valueOf);
  const onChain = await readView(chain, deployment, check.on, check.method, args);
  const what =
    check.method === "hasRole"
      ? `${roleName(Number(args[0]))} ${String(args[1])}`
      : `${check.method}()`;
  return { contract: check.on, what, expected, onChain, ok: expected === onChain };
}

/** Reads whether the exchange takes orders of the domain that the SDK signs for. */
export async function readDomain(chain: Chain, deployment: Deployment): Promise<Finding> {
  const { chainId, contracts } = deployment;
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  const expected = TypedDataEncoder.hashDomain({ ...domain });
  const onChain = await readView(chain, deployment, "ctfExchange", "domainSeparator", []);
  const what = "domainSeparator()";
  return { contract: "ctfExchange", what, expected, onChain, ok: expected === onChain };
}

/** What a view of a contract answers, as text. */
export async function readView(
  chain: Chain,
  { contracts }: Deployment,
  on: DeployedContractName,
  method: string,
  args: readonly unknown[],
): Promise<string> {
  const contract = new Contract(contracts[on], interfaces[on], chain.provider);
  try {
    return String(await contract.getFunction(method)(...args));
  } catch (thrown) {
    if (isError(thrown, "BAD_DATA") || isError(thrown, "CALL_EXCEPTION")) return "no answer";
    throw thrown;
  }
}

export function roleName(role: number): RoleName {
  return (Object.keys(Role) as RoleName[])[role] ?? ("?" as RoleName);
}
