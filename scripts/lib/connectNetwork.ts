import { JsonRpcProvider, Wallet, getAddress, isAddress, type AbstractSigner } from "ethers";
import type { Address } from "@nostra/sdk/order";
import type { Options } from "./command";
import { CommandError } from "./CommandError";
import {
  COMMON_RPC_VARIABLE,
  KEY_VARIABLE,
  rpcUrlOf,
  type Environment,
  type Network,
} from "./networks";
import { hostOf, rpc } from "./rpc";

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

const LOCAL_POLLING_MS = 100;

/** Reaches the network's RPC and holds that it is that network's. @throws CommandError */
export async function reachChain(network: Network, env: Environment): Promise<Chain> {
  const url = rpcUrlOf(network, env);
  if (url === undefined) {
    throw new CommandError(
      `no RPC for ${network.name}: set ${network.rpcVariable} (or ${COMMON_RPC_VARIABLE}) in the environment or in .env`,
    );
  }
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new CommandError(`${network.rpcVariable} is not an http(s) address`);
  }
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
 * Who sends on this chain. On the local network an account of the node, elsewhere the key in the environment; a dry run
 * may be in anybody's name.
 */
export async function senderOn(chain: Chain, options: Options, env: Environment): Promise<Sender> {
  const from = options.text("from");
  if (from !== undefined && !isAddress(from)) {
    throw new CommandError(`--from ${from} is not an address`);
  }
  if (chain.network.local && options.text("key-env") === undefined) {
    return nodeAccount(chain, from);
  }
  if (from !== undefined) {
    if (!options.dryRun) {
      throw new CommandError(
        `--from needs --dry-run on ${chain.network.name}: the account that sends is the one of the key`,
      );
    }
    return { address: getAddress(from) as Address };
  }
  const wallet = new Wallet(keyFrom(options.text("key-env") ?? KEY_VARIABLE, env), chain.provider);
  return { address: wallet.address as Address, signer: wallet, wallet };
}

async function nodeAccount(chain: Chain, from: string | undefined): Promise<Sender> {
  const accounts = (await rpc(chain.url, "eth_accounts", [])) as string[];
  const wanted = from === undefined ? accounts[0] : getAddress(from);
  const held = accounts.find((account) => getAddress(account) === getAddress(wanted ?? account));
  if (wanted === undefined || held === undefined) {
    throw new CommandError(`the local node holds no key of ${wanted ?? "any account"}`);
  }
  const signer = await chain.provider.getSigner(held);
  return { address: getAddress(held) as Address, signer };
}

function keyFrom(variable: string, env: Environment): string {
  const key = env[variable];
  if (key === undefined || key === "") {
    throw new CommandError(`no key: set ${variable} in the environment or in .env`);
  }
  const digits = key.replace(/^0x/, "");
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new CommandError(
      `${variable} is not a private key: 32 bytes in hexadecimal are expected`,
    );
  }
  return `0x${digits}`;
}
