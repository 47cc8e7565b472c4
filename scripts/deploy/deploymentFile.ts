import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import type { DeployedContractName, DeployedContracts, Deployment } from "@nostra/sdk/deployments";
import { orderDomain, type Address, type Hex } from "@nostra/sdk/order";
import { abiHashOf } from "#cli/abiHash";
import type { Chain } from "#cli/connectNetwork";
import { readJson } from "../lib/readJson";
import { writeFileAtomically } from "../lib/writeFileAtomically";
import { readArtifact, readCompiler } from "./artifacts";
import type { Journal } from "./journal";
import type { Parameters } from "./parameters";
import { TIMELOCK, isTimelock, type Steps } from "./steps";

const SCHEMA = path.resolve(__dirname, "../../deployments/schema.json");

/** `deployments/<network>.json`: a deployment as programs need it, and as a person can check it. */
export interface DeploymentFile extends Deployment {
  readonly $schema: string;
  /** What orders are signed for. */
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: number;
    readonly verifyingContract: Address;
  };
  readonly deployer: Address;
  /** The account the administration was meant for; whether it accepted is on chain. */
  readonly admin: Address;
  readonly timelock?: Address;
  /** Commit the contracts were built from; null outside a checkout. */
  readonly gitCommit: string | null;
  readonly records: Readonly<Record<string, ContractRecord>>;
}

export interface ContractRecord {
  readonly contract: string;
  readonly address: Address;
  /** keccak256 of the sorted, human-readable ABI. */
  readonly abiHash: Hex;
  /** Null for a contract that was there before; `source` then says who vouches for it. */
  readonly deployed: {
    readonly transactionHash: Hex;
    readonly blockNumber: number;
    readonly constructorArguments: readonly unknown[];
    readonly sourceName: string;
    readonly compiler: {
      readonly version: string;
      readonly settings: Readonly<Record<string, unknown>>;
    } | null;
  } | null;
  readonly source?: string;
}

export function deploymentFilePath(folder: string, network: string): string {
  return path.join(folder, "deployments", `${network}.json`);
}

/** The file of a network. @throws CommandError when it is missing or does not fit its schema. */
export function readDeploymentFile(folder: string, network: string): DeploymentFile {
  const shown = `deployments/${network}.json`;
  return readJson<DeploymentFile>(deploymentFilePath(folder, network), SCHEMA, shown);
}

export interface DescribeParams {
  readonly chain: Chain;
  readonly steps: Steps;
  readonly journal: Journal;
  readonly parameters: Parameters;
  readonly deployer: Address;
}

/** Describes what the journal says is on chain. */
export async function describeDeployment(params: DescribeParams): Promise<DeploymentFile> {
  const { chain, steps, journal, deployer } = params;
  const { plan, existing } = steps;
  const named = plan.contracts;
  const contracts = Object.fromEntries(
    named.map(({ name, contract }) => [name, existing[name] ?? journal.addresses[contract]]),
  ) as unknown as DeployedContracts;
  const timelock = journal.addresses[TIMELOCK] as Address | undefined;

  const records: Record<string, ContractRecord> = {};
  for (const { name, contract, args } of named) {
    const constructorArguments = args.map((value) =>
      typeof value === "object" ? contracts[value.at] : String(value),
    );
    records[name] = await recordOf(params, name, contract, constructorArguments);
  }
  for (const step of steps.all) {
    if (step.kind === "timelock") {
      records["timelock"] = await recordOf(params, "timelock", TIMELOCK, step.args);
    }
  }

  const blocks = Object.values(records).flatMap(({ deployed }) => deployed?.blockNumber ?? []);
  const { name, version } = orderDomain({
    chainId: chain.network.chainId,
    exchange: contracts.ctfExchange,
  });
  const newAdmin = plan.handOver[0]?.args[0];
  const admin =
    newAdmin === undefined ? deployer : isTimelock(newAdmin) ? timelock! : (newAdmin as Address);
  return {
    $schema: "./schema.json",
    network: chain.network.name,
    chainId: chain.network.chainId,
    startBlock: Math.min(...blocks),
    contracts,
    domain: {
      name,
      version,
      chainId: chain.network.chainId,
      verifyingContract: contracts.ctfExchange,
    },
    deployer,
    admin,
    ...(timelock === undefined ? {} : { timelock }),
    gitCommit: gitCommit(),
    records,
  };
}

async function recordOf(
  { chain, steps, journal, parameters }: DescribeParams,
  name: string,
  contract: string,
  constructorArguments: readonly unknown[],
): Promise<ContractRecord> {
  const { abi, sourceName } = readArtifact(contract);
  const abiHash = abiHashOf(abi);
  const given = steps.existing[name as DeployedContractName];
  if (given !== undefined) {
    const { source } =
      (name === "collateral" ? parameters.collateral : parameters.conditionalTokens) ?? {};
    return { contract, address: given, abiHash, deployed: null, ...(source ? { source } : {}) };
  }
  const transactionHash = journal.transactions.get(contract) as Hex;
  const receipt = await chain.provider.getTransactionReceipt(transactionHash);
  return {
    contract,
    address: journal.addresses[contract] as Address,
    abiHash,
    deployed: {
      transactionHash,
      blockNumber: receipt?.blockNumber ?? 0,
      constructorArguments,
      sourceName,
      compiler: readCompiler(contract) ?? null,
    },
  };
}

/**
 * Writes the file, unless one is there that already describes this deployment: what was built from which commit is said
 * once, when it is deployed.
 */
export function writeDeploymentFile(folder: string, file: DeploymentFile): boolean {
  const target = deploymentFilePath(folder, file.network);
  if (existsSync(target)) {
    const { gitCommit: _before, ...before } = readDeploymentFile(folder, file.network);
    const { gitCommit: _now, ...now } = file;
    if (JSON.stringify(before) === JSON.stringify(now)) return false;
  }
  writeFileAtomically(target, `${JSON.stringify(file, null, 2)}\n`);
  return true;
}

function gitCommit(): string | null {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      cwd: __dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    };
    const commit = execFileSync("git", ["rev-parse", "HEAD"], options).trim();
    const changed = execFileSync(
      "git",
      ["status", "--porcelain", "--", "../../contracts"],
      options,
    );
    return changed.trim() === "" ? commit : `${commit}-changed`;
  } catch {
    return null;
  }
}
