/**
 * Where an example plays: on the sandbox, a chain inside this process, or on a test network that the environment names. What
 * follows is the only part that differs between the two; the examples themselves are the same on both.
 */
import { existsSync, readFileSync } from "node:fs";
import { JsonRpcProvider, Wallet, computeAddress, type JsonRpcApiProvider } from "ethers";
import { getDeployment, registerDeployment, type Deployment } from "@nostra/sdk/deployments";
import type { Hex } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";

/** Who acts in the examples. */
export type Role = "trader" | "counterparty" | "operator" | "resolver";

/** The variables a role's key is taken from, in this order. A counterparty must be another account than the trader. */
const KEY_VARIABLES: Readonly<Record<Role, readonly string[]>> = {
  trader: ["PRIVATE_KEY"],
  counterparty: ["COUNTERPARTY_PRIVATE_KEY"],
  operator: ["OPERATOR_PRIVATE_KEY", "PRIVATE_KEY"],
  resolver: ["RESOLVER_PRIVATE_KEY", "PRIVATE_KEY"],
};

/** Money is real there, and nobody audited the contracts. */
const MAIN_NETWORKS: readonly number[] = [1, 137];

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Stage {
  /** "sandbox", or the name of the network. */
  readonly network: string;
  readonly deployment: Deployment;
  readonly provider: JsonRpcApiProvider;
  /** Where the node is; undefined in the sandbox, which answers by `provider` alone. */
  readonly rpcUrl: string | undefined;
  /** Only in the sandbox: its clock can be moved and its markets ended, which no example does elsewhere. */
  readonly sandbox: Sandbox | undefined;
  readonly env: Environment;
  /** Prints a line. */
  readonly say: (line: string) => void;
  /** @throws UsageError naming the variable that is missing or is no key. */
  keyOf(role: Role): Hex;
  walletOf(role: Role): Wallet;
  hasKeyOf(role: Role): boolean;
  /** The question id of the market to play on: a new one in the sandbox, MARKET elsewhere. */
  openMarket(question: string): Promise<Hex>;
  close(): void;
}

/** The environment does not say what is needed. One sentence for people, never with a value that may be secret. */
export class UsageError extends Error {}

/** Opens the sandbox, unless NETWORK says otherwise. Nothing is sent. */
export async function openStage(
  env: Environment = process.env,
  say: (line: string) => void = console.log,
): Promise<Stage> {
  const { NETWORK: network } = env;
  return network === undefined || network === "" || network === "sandbox"
    ? sandboxStage(await createSandbox({ accounts: 3 }), env, say)
    : networkStage(network, env, say);
}

/** A stage on a sandbox that is there already. */
export function sandboxStage(sandbox: Sandbox, env: Environment, say: Stage["say"]): Stage {
  const [trader, counterparty] = sandbox.accounts as [Wallet, Wallet];
  const { operator, resolvers } = sandbox;
  const wallets = { trader, counterparty, operator, resolver: resolvers[0] };
  return {
    ...{ network: "sandbox", deployment: sandbox.deployment, provider: sandbox.provider },
    ...{ rpcUrl: undefined, sandbox, env, say },
    keyOf: (role) => wallets[role].privateKey as Hex,
    walletOf: (role) => wallets[role],
    hasKeyOf: () => true,
    openMarket: async (question) => (await sandbox.createMarket({ question })).questionId,
    close: () => sandbox.close(),
  };
}

async function networkStage(network: string, env: Environment, say: Stage["say"]): Promise<Stage> {
  const deployment = findDeployment(network, env);
  if (MAIN_NETWORKS.includes(deployment.chainId)) {
    throw new UsageError(`NETWORK is ${network}: the examples are for test networks`);
  }
  // The commands' own name for it comes first: POLYGON_AMOY_RPC_URL, say.
  const ownVariable = `${network.toUpperCase().replaceAll("-", "_")}_RPC_URL`;
  const rpcUrl = env[ownVariable] || requireVariable(env, "RPC_URL", `the node of ${network}`);
  if (!/^https?:\/\//.test(rpcUrl) || !URL.canParse(rpcUrl)) {
    throw new UsageError("RPC_URL is not an http(s) address");
  }
  const keyOf = (role: Role): Hex => readKey(role, env);
  keyOf("trader");

  const provider = new JsonRpcProvider(rpcUrl, deployment.chainId, { staticNetwork: true });
  const chainId = Number(await provider.send("eth_chainId", []));
  if (chainId !== deployment.chainId) {
    provider.destroy();
    throw new UsageError(`RPC_URL is of chain ${chainId}, but ${network} is ${deployment.chainId}`);
  }
  return {
    ...{ network, deployment, provider, rpcUrl, sandbox: undefined, env, say },
    keyOf,
    walletOf: (role) => new Wallet(keyOf(role), provider),
    hasKeyOf: (role) => KEY_VARIABLES[role].some((variable) => Boolean(env[variable])),
    openMarket: async () => {
      const questionId = requireVariable(env, "MARKET", "the question id of a market");
      if (!/^0x[0-9a-fA-F]{64}$/.test(questionId)) {
        throw new UsageError("MARKET is not a question id: 32 bytes as 0x-prefixed hexadecimal");
      }
      return questionId as Hex;
    },
    close: () => provider.destroy(),
  };
}

/** One that ships with the SDK, or the file that a deployment of one's own wrote. */
function findDeployment(network: string, env: Environment): Deployment {
  const file = env["DEPLOYMENT"] || `deployments/${network}.json`;
  if (existsSync(file)) {
    registerDeployment(JSON.parse(readFileSync(file, "utf8")) as Deployment);
  } else if (env["DEPLOYMENT"]) {
    throw new UsageError(`DEPLOYMENT names ${file}, which is not there`);
  }
  return getDeployment(network);
}

function readKey(role: Role, env: Environment): Hex {
  const variables = KEY_VARIABLES[role];
  const variable = variables.find((name) => env[name]) ?? variables[0]!;
  const key = `0x${requireVariable(env, variable, `the key of the ${role}`).replace(/^0x/, "")}`;
  try {
    computeAddress(key);
  } catch {
    throw new UsageError(`${variable} is not a private key: 32 bytes in hexadecimal are expected`);
  }
  return key as Hex;
}

export function requireVariable(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (!value) throw new UsageError(`${name} is missing: ${what}`);
  return value;
}

/** An error in one line. Of libraries only the short message: the long one may hold the RPC's address, and with it a key. */
export function inOneLine(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { shortMessage, cause } = thrown as { shortMessage?: string; cause?: unknown };
  const message = shortMessage ?? thrown.message;
  return cause instanceof Error ? `${message} (${inOneLine(cause)})` : message;
}
