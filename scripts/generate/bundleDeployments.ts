import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@nostra/sdk/deployments";

/** A deployment of one machine: it never ships. */
const LOCAL = "localhost.json";

/** The module that makes deployment files part of the SDK: what a program needs of each, without the deployer's record. */
export function bundleDeployments(folder: string): string {
  const files = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "schema.json")
    : [];
  const deployments = files
    .filter((file) => file !== LOCAL && !file.endsWith(".schema.json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Deployment)
    .map(({ network, chainId, startBlock, contracts }) => ({
      network,
      chainId,
      startBlock,
      contracts,
    }));
  return `import type { Deployment } from "../deployments/Deployment.js";

export const bundledDeployments: readonly Deployment[] = ${JSON.stringify(deployments, null, 2)};
`;
}
