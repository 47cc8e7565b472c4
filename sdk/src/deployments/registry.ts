import { InputError } from "../errors/InputError.js";
import { DeploymentNotFoundError } from "../errors/DeploymentNotFoundError.js";
import { bundledDeployments } from "../generated/deployments.js";
import type { DeployedContractName, Deployment } from "./Deployment.js";

/** A network's name, a chain id, or the deployment itself. */
export type NetworkReference = string | number | bigint | Deployment;

const CONTRACTS = [
  "conditionalTokens",
  "collateral",
  "resolutionOracle",
  "marketFactory",
  "ctfExchange",
  "positionRedeemer",
  "matchInspector",
] as const satisfies readonly DeployedContractName[];

/** Known from the start: the networks whose deployment files were there when the SDK was built. */
const byName = new Map<string, Deployment>(
  bundledDeployments.map((deployment) => [deployment.network, deployment]),
);

/**
 * Makes a deployment known under its network name; the file a deployment writes may be given as it is. Needed for chains
 * of one's own; deployments that ship with the SDK are known from the start. The same name registered again replaces the earlier one.
 */
export function registerDeployment(deployment: Deployment): void {
  requireDeployment(deployment);
  byName.set(deployment.network, deployment);
}

/** Holds that a value given as a deployment is one. @throws InputError naming the field. */
export function requireDeployment(deployment: Deployment): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(deployment.network)) {
    throw new InputError(
      "deployment.network",
      deployment.network,
      "lower-case letters, digits and dashes",
    );
  }
  if (!Number.isSafeInteger(deployment.chainId) || deployment.chainId <= 0) {
    throw new InputError("deployment.chainId", deployment.chainId, "a positive integer");
  }
  if (!Number.isSafeInteger(deployment.startBlock) || deployment.startBlock < 0) {
    throw new InputError("deployment.startBlock", deployment.startBlock, "a block number");
  }
  for (const name of CONTRACTS) {
    const address: unknown = deployment.contracts[name];
    if (!/^0x[0-9a-fA-F]{40}$/.test(String(address))) {
      throw new InputError(`deployment.contracts.${name}`, address, "an address");
    }
  }
}

/** Every deployment known now, in the order they were registered. */
export function listDeployments(): readonly Deployment[] {
  return [...byName.values()];
}

/**
 * The deployment of a network, by name or chain id; a deployment given is returned as it is.
 * @throws DeploymentNotFoundError naming the networks that are known.
 */
export function getDeployment(network: NetworkReference): Deployment {
  if (typeof network === "object") return network;
  const found =
    typeof network === "string"
      ? byName.get(network)
      : listDeployments().find((deployment) => deployment.chainId === Number(network));
  if (found === undefined) throw new DeploymentNotFoundError(network, [...byName.keys()]);
  return found;
}
