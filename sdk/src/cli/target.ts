import { readFileSync } from "node:fs";
import path from "node:path";
import { listDeployments } from "../deployments/registry.js";
import type { Options, OptionTable, World } from "./command.js";
import { CommandError, oneLine } from "./CommandError.js";
import { COMMON_RPC_VARIABLE, NETWORKS, type Network } from "./networks.js";
import { parseDeployment, type RecordedDeployment } from "./parseDeployment.js";

/** Names the network alone, for commands that come before a deployment. */
export const NETWORK: OptionTable = {
  network: { value: "name", help: `one of ${NETWORKS.map(({ name }) => name).join(", ")}` },
};

/** Names the deployment a command works on. */
export const TARGET: OptionTable = {
  ...NETWORK,
  deployment: {
    value: "file",
    help: "the JSON file of a deployment, in place of --network or for one of your own",
  },
};

/** The deployment a command works on, and what is known of its network. */
export interface Target {
  readonly network: Network;
  readonly deployment: RecordedDeployment;
}

/** The network of --network. @throws CommandError when it is not known. */
export function networkOf(options: Options): Network {
  const name = options.required("network");
  const found = NETWORKS.find((network) => network.name === name);
  if (found === undefined) {
    const known = NETWORKS.map((network) => network.name).join(", ");
    throw new CommandError(`--network ${name} is not known; known are ${known}`);
  }
  return found;
}

/**
 * The deployment of --deployment, or else of --network: in a checkout the one in its folder, elsewhere one that ships with
 * the SDK. @throws CommandError when there is none, or a file does not describe one.
 */
export function targetOf(options: Options, world: World): Target {
  const file = options.text("deployment");
  if (file === undefined) {
    const network = networkOf(options);
    return { network, deployment: deploymentOn(network, world) };
  }
  const deployment = readDeployment(file, file);
  const name = options.text("network");
  if (name !== undefined && name !== deployment.network) {
    throw new CommandError(`--network is ${name}, but ${file} is of ${deployment.network}`);
  }
  return { network: networkFor(deployment), deployment };
}

function deploymentOn({ name }: Network, { folder, inCheckout }: World): RecordedDeployment {
  if (inCheckout) {
    const shown = `deployments/${name}.json`;
    return readDeployment(path.join(folder, shown), shown);
  }
  const found = listDeployments().find(({ network }) => network === name);
  if (found === undefined) {
    throw new CommandError(
      `@nostra/sdk brings no deployment of ${name}: give its file by --deployment`,
    );
  }
  return found;
}

function readDeployment(file: string, shownAs: string): RecordedDeployment {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandError(`there is no ${shownAs}`, { cause });
  }
  try {
    return parseDeployment(text);
  } catch (cause) {
    throw new CommandError(`${shownAs}: ${oneLine(cause)}`, { cause });
  }
}

/** Of a chain that is not known, only what its deployment says; its money is taken for real. */
function networkFor({ network: name, chainId }: RecordedDeployment): Network {
  const known = NETWORKS.find((network) => network.chainId === chainId);
  if (known !== undefined) return { ...known, name };
  return {
    ...{ name, chainId, coin: "coins", main: true, local: false, confirmations: 1 },
    rpcVariable: COMMON_RPC_VARIABLE,
  };
}
