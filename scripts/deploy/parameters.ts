import path from "node:path";
import { getAddress } from "ethers";
import type { Address } from "@nostra/sdk/order";
import { CommandError } from "#cli/CommandError";
import type { Network } from "#cli/networks";
import { readJson } from "../lib/readJson";

const SCHEMA = path.resolve(__dirname, "../../deployments/parameters.schema.json");

/** A contract of somebody else that is used as it is. */
export interface Existing {
  readonly address: Address;
  readonly source: string;
}

export interface TimelockParameters {
  readonly minDelaySeconds: number;
  readonly proposers: readonly Address[];
  readonly executors: readonly Address[];
}

/** Who administers in the end. */
export type Admin =
  | { readonly kind: "deployer" }
  | { readonly kind: "account"; readonly address: Address }
  | { readonly kind: "timelock"; readonly timelock: TimelockParameters };

/** What a person decided of a deployment, every account spelled out. */
export interface Parameters {
  readonly file: string;
  readonly conditionalTokens: Existing | null;
  readonly collateral: Existing | null;
  readonly admin: Admin;
  readonly feeReceiver: Address;
  readonly operators: readonly Address[];
  readonly resolvers: readonly Address[];
  readonly pausers: readonly Address[];
  readonly creators: readonly Address[];
  readonly disputeWindowSeconds: bigint;
}

interface ParametersFile {
  readonly network: string;
  readonly chainId: number;
  readonly conditionalTokens: Existing | null;
  readonly collateral: Existing | null;
  readonly admin: string | { readonly timelock: TimelockParameters } | null;
  readonly feeReceiver: string | null;
  readonly operators: readonly string[];
  readonly resolvers: readonly string[];
  readonly pausers: readonly string[];
  readonly creators: readonly string[];
  readonly disputeWindowSeconds: number;
}

const ZERO = "0x0000000000000000000000000000000000000000";

/** Reads and checks the parameters of a network; "deployer" becomes that account. @throws CommandError */
export function readParameters(folder: string, network: Network, deployer: Address): Parameters {
  const shown = `deployments/parameters/${network.name}.json`;
  const file = readJson<ParametersFile>(path.join(folder, shown), SCHEMA, shown);
  const refuse = (why: string): never => {
    throw new CommandError(`${shown}: ${why}`);
  };
  if (file.network !== network.name || file.chainId !== network.chainId) {
    refuse(`is for ${file.network}, chain ${file.chainId}`);
  }

  const account = (field: string, value: string | null): Address => {
    if (value === null) return refuse(`${field} is not decided yet`);
    if (value === "deployer") {
      if (network.main) refuse(`${field} is the deployer, which a main network does not allow`);
      return deployer;
    }
    if (value === ZERO) refuse(`${field} is the zero address`);
    return checksummed(field, value);
  };
  const checksummed = (field: string, value: string): Address => {
    try {
      return getAddress(value) as Address;
    } catch {
      return refuse(`${field} ${value} has a wrong checksum`);
    }
  };
  const accounts = (field: string, values: readonly string[]): Address[] => {
    const found = values.map((value, i) => account(`${field}[${i}]`, value));
    if (new Set(found).size !== found.length) refuse(`${field} names an account twice`);
    return found;
  };
  const existing = (field: string, value: Existing | null): Existing | null =>
    value === null ? null : { ...value, address: checksummed(field, value.address) };
  const adminOf = (value: ParametersFile["admin"]): Admin => {
    if (value === "deployer" && !network.main) return { kind: "deployer" };
    if (value === null || typeof value === "string") {
      return { kind: "account", address: account("admin", value) };
    }
    const { minDelaySeconds, proposers, executors } = value.timelock;
    return {
      kind: "timelock",
      timelock: {
        minDelaySeconds,
        proposers: accounts("admin.timelock.proposers", proposers),
        executors: accounts("admin.timelock.executors", executors),
      },
    };
  };

  if (file.collateral === null && network.main) {
    refuse("collateral is not set: MockUSDC is never deployed on a main network");
  }
  return {
    file: shown,
    conditionalTokens: existing("conditionalTokens", file.conditionalTokens),
    collateral: existing("collateral", file.collateral),
    admin: adminOf(file.admin),
    feeReceiver: account("feeReceiver", file.feeReceiver),
    operators: accounts("operators", file.operators),
    resolvers: accounts("resolvers", file.resolvers),
    pausers: accounts("pausers", file.pausers),
    creators: accounts("creators", file.creators),
    disputeWindowSeconds: BigInt(file.disputeWindowSeconds),
  };
}
