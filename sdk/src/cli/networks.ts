/** A network Nostra is deployed to, and where its access comes from. Nothing here is secret. */
export interface Network {
  readonly name: string;
  readonly chainId: number;
  /** What gas is paid in. */
  readonly coin: string;
  /** Money is real here. */
  readonly main: boolean;
  /** A chain of this machine: its node holds keys, and it may start afresh. */
  readonly local: boolean;
  /** Environment variable of the RPC's address. */
  readonly rpcVariable: string;
  readonly defaultRpcUrl?: string;
  /** Blocks after which a transaction of a deployment counts. */
  readonly confirmations: number;
  readonly explorer?: string;
}

export const NETWORKS: readonly Network[] = [
  {
    name: "localhost",
    chainId: 31337,
    coin: "ETH",
    main: false,
    local: true,
    rpcVariable: "LOCALHOST_RPC_URL",
    defaultRpcUrl: "http://127.0.0.1:8545",
    confirmations: 1,
  },
  {
    name: "polygon-amoy",
    chainId: 80002,
    coin: "POL",
    main: false,
    local: false,
    rpcVariable: "POLYGON_AMOY_RPC_URL",
    confirmations: 3,
    explorer: "https://amoy.polygonscan.com",
  },
  {
    name: "polygon",
    chainId: 137,
    coin: "POL",
    main: true,
    local: false,
    rpcVariable: "POLYGON_RPC_URL",
    confirmations: 5,
    explorer: "https://polygonscan.com",
  },
];

/** For a network without an address of its own in the environment; not for the local one. */
export const COMMON_RPC_VARIABLE = "RPC_URL";

/** The key transactions are signed with, unless a command is told another variable. */
export const KEY_VARIABLE = "PRIVATE_KEY";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The address of a network's RPC, from the environment; undefined when it is not set. */
export function rpcUrlOf(network: Network, env: Environment): string | undefined {
  const common = network.local ? undefined : env[COMMON_RPC_VARIABLE];
  return env[network.rpcVariable] || common || network.defaultRpcUrl;
}
