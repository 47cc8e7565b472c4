import { JsonRpcProvider, Wallet, getAddress, isAddress, type AbstractSigner } from "ethers";
import type { Address } from "../order/index.js";
import type { Options, OptionTable } from "./command.js";
import { CommandError } from "./CommandError.js";
import { KEY, keyFrom, noKey } from "./keyFrom.js";
import {
  COMMON_RPC_VARIABLE,
  KEY_VARIABLE,
  rpcUrlOf,
  type Environment,
  type Network,
} from "./networks.js";
import { hostOf, rpc } from "./rpc.js";

/** A network that answers and is the one that was meant. */
export interface Chain {
  readonly network: Network;
  readonly url: string;
  readonly provider: JsonRpcProvider;
}

/** Who sends. Without a signer nothing can be sent: a dry run in another's name. */
export interface Sender {
  readonly address: Address;
  readonly signer?: AbstractSigner;
  /** The wallet, when the key is ours and not the node's. */
  readonly wallet?: Wallet;
}

/** Says where a network is reached, when the environment does not. */
export const RPC: OptionTable = {
  rpc: {
    value: "url",
    help: "the RPC (from the environment: POLYGON_RPC_URL or such, or RPC_URL)",
  },
};

/** Says who sends. */
export const SENDER: OptionTable = {
  "dry-run": { help: "show what would be sent and what it would cost; send nothing" },
  ...KEY,
  from: {
    value: "address",
    help: "an account of the local node (the one of the key, else the first); with --dry-run any account, such as a multisig",
  },
};

const LOCAL_POLLING_MS = 100;

/** The address of a network's RPC. @throws CommandError when there is none, or it is no address. */
export function rpcOf(network: Network, options: Options, env: Environment): string {
  const given = options.text("rpc");
  const url = given ?? rpcUrlOf(network, env);
  if (url === undefined) {
    const variables = [...new Set([network.rpcVariable, COMMON_RPC_VARIABLE])].join(" or ");
    throw new CommandError(
      `no RPC for ${network.name}: set ${variables} in the environment or in .env, or give --rpc`,
    );
  }
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    const source = given === undefined ? network.rpcVariable : "--rpc";
    throw new CommandError(`${source} is not an http(s) address`);
  }
  return url;
}

/** Reaches the network's RPC and holds that it is that network's. @throws CommandError */
export async function reachChain(
  network: Network,
  options: Options,
  env: Environment,
): Promise<Chain> {
  const url = rpcOf(network, options, env);
  const chainId = Number(await rpc(url, "eth_chainId", []));
  if (chainId !== network.chainId) {
    throw new CommandError(
      `the RPC at ${hostOf(url)} is of chain ${chainId}, but ${network.name} is chain ${network.chainId}`,
    );
  }
  const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1 });
  const automine = await rpc(url, "hardhat_getAutomine", []).catch(() => false);
  if (automine === true) provider.pollingInterval = LOCAL_POLLING_MS;
  return { network, url, provider };
}

/**
 * The account that a command acts as: --from, else the one of the key in the environment, else on the local network the
 * node's first. Undefined when there is none of these.
 */
export async function accountOn(
  chain: Chain,
  options: Options,
  env: Environment,
): Promise<Pick<Sender, "address" | "wallet"> | undefined> {
  const from = options.text("from");
  if (from !== undefined) {
    if (!isAddress(from)) throw new CommandError(`--from ${from} is not an address`);
    return { address: getAddress(from) as Address };
  }
  if (options.text("key-env") !== undefined || env[KEY_VARIABLE]) {
    const wallet = new Wallet(keyFrom(options, env), chain.provider);
    return { address: wallet.address as Address, wallet };
  }
  const [first] = chain.network.local ? await accountsOf(chain) : [];
  return first === undefined ? undefined : { address: first };
}

/** Who sends on this chain: the account of `accountOn`. A dry run may be in anybody's name. */
export async function senderOn(chain: Chain, options: Options, env: Environment): Promise<Sender> {
  const account = await accountOn(chain, options, env);
  if (account?.wallet !== undefined) return { ...account, signer: account.wallet };
  if (chain.network.local && options.text("key-env") === undefined) {
    return nodeAccount(chain, account?.address);
  }
  if (account === undefined) throw noKey(KEY_VARIABLE);
  if (!options.dryRun) {
    throw new CommandError(
      `--from needs --dry-run on ${chain.network.name}: the account that sends is the one of the key`,
    );
  }
  return account;
}

async function nodeAccount(chain: Chain, wanted: Address | undefined): Promise<Sender> {
  if (wanted === undefined || !(await accountsOf(chain)).includes(wanted)) {
    throw new CommandError(`the local node holds no key of ${wanted ?? "any account"}`);
  }
  return { address: wanted, signer: await chain.provider.getSigner(wanted) };
}

async function accountsOf({ url }: Chain): Promise<Address[]> {
  const accounts = (await rpc(url, "eth_accounts", [])) as string[];
  return accounts.map((account) => getAddress(account) as Address);
}
