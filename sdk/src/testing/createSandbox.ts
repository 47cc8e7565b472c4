import { Contract, Wallet, keccak256, toUtf8Bytes } from "ethers";
import { connect, type Connection } from "../contracts/connect.js";
import { interfaces } from "../contracts/abis.js";
import { createBinaryMarket, type CreateMarketParams, type MarketIds } from "../actions/markets.js";
import { requireUnits } from "../actions/requireUnits.js";
import type { Deployment } from "../deployments/Deployment.js";
import { InputError } from "../errors/InputError.js";
import { toNostraError, TransportError } from "../errors/toNostraError.js";
import type { Address, Hex } from "../order/Order.js";
import { deployContracts } from "./deployContracts.js";
import { SandboxChain } from "./chain/SandboxChain.js";
import { SandboxProvider } from "./SandboxProvider.js";

/** What createSandbox may be told; every field has a default. */
export interface CreateSandboxOptions {
  /** Trading accounts besides the four with a role. Default 10. */
  readonly accounts?: number;
  /** Collateral units each trading account starts with. Default 10,000 USDC. */
  readonly collateral?: bigint;
  /** Default 31337. */
  readonly chainId?: number;
  /** Unix second of the first block. Default: now. */
  readonly startTimeSeconds?: number;
}

/** Nostra on a chain of its own inside this process, with accounts that hold keys, collateral and approvals. */
export interface Sandbox {
  readonly provider: SandboxProvider;
  readonly deployment: Deployment;
  /** Admin of every contract. */
  readonly admin: Wallet;
  /** May settle matches. */
  readonly operator: Wallet;
  /** Two resolvers, so that one can dispute the other. */
  readonly resolvers: readonly [Wallet, Wallet];
  readonly feeReceiver: Wallet;
  /** Trading accounts: funded, and ready to buy, sell and split. */
  readonly accounts: readonly Wallet[];
  /** Everything as one account sees it. */
  connect(account: Wallet): Connection;
  /** Creates a market as the admin. Every field has a default; it ends a day from now. */
  createMarket(params?: Partial<CreateMarketParams>): Promise<MarketIds>;
  /** Gives an account collateral out of nothing. */
  mint(account: Address, collateralUnits: bigint): Promise<void>;
  /** Lets one account prepare itself: unlimited approvals for buying, selling and splitting. */
  approveAll(account: Wallet): Promise<void>;
  /** Unix second of the latest block. */
  now(): Promise<bigint>;
  /** Moves the chain's clock to this second and mines a block there. */
  setTime(seconds: bigint): Promise<void>;
  /** Ends the sandbox; its provider answers no longer. */
  close(): void;
}

const DEFAULT_ACCOUNTS = 10;
const DEFAULT_COLLATERAL = 10_000_000_000n;
const DEFAULT_CHAIN_ID = 31337;
const ONE_DAY = 86_400n;
const ROLES = ["admin", "operator", "resolver 1", "resolver 2", "fee receiver"] as const;

/**
 * Starts a chain in this process, deploys and links Nostra on it, and funds accounts. No key, network, node or file is
 * needed, nor anything installed beside ethers; it runs in browsers too. Keys are derived from fixed labels: worthless by
 * construction, and the same in every run.
 * @throws InputError when `accounts` is no count, or `startTimeSeconds` no second.
 */
export async function createSandbox(options: CreateSandboxOptions = {}): Promise<Sandbox> {
  const count = options.accounts ?? DEFAULT_ACCOUNTS;
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InputError("accounts", count, "a count of accounts");
  }
  const startTimeSeconds = options.startTimeSeconds ?? Math.floor(Date.now() / 1000);
  if (!Number.isSafeInteger(startTimeSeconds) || startTimeSeconds < 0) {
    throw new InputError("startTimeSeconds", startTimeSeconds, "a Unix second");
  }
  const chainId = options.chainId ?? DEFAULT_CHAIN_ID;
  const labels = [...ROLES, ...Array.from({ length: count }, (_, i) => `account ${i}`)];
  const privateKeys = labels.map(
    (label) => keccak256(toUtf8Bytes(`nostra sandbox ${label}`)) as Hex,
  );
  const keys = privateKeys.map((key) => new Wallet(key));
  const chain = await SandboxChain.start({
    chainId,
    accounts: keys.map(addressOf),
    startTimeSeconds,
  });
  const provider = new SandboxProvider(chain, chainId);
  const wallets = keys.map((key) => key.connect(provider));
  const [admin, operator, first, second, feeReceiver, ...accounts] = wallets as [
    Wallet,
    Wallet,
    Wallet,
    Wallet,
    Wallet,
    ...Wallet[],
  ];

  const adminConnection = await deployContracts({
    network: "sandbox",
    admin,
    operator: addressOf(operator),
    resolvers: [addressOf(first), addressOf(second)],
    feeReceiver: addressOf(feeReceiver),
  });
  const { deployment } = adminConnection;
  const { conditionalTokens, collateral, ctfExchange } = deployment.contracts;
  const usdc = new Contract(collateral, interfaces.mockUsdc, admin);

  /** Sends from an account the chain itself holds the key of: much faster than signing here. */
  const sendAs = async (from: Address, to: Address, data: string): Promise<void> => {
    const transaction = { from, to, data, gas: "0x186a0" };
    const hash = (await provider.send("eth_sendTransaction", [transaction])) as string;
    const receipt = await provider.send("eth_getTransactionReceipt", [hash]);
    if ((receipt as { status: string }).status === "0x1") return;
    // The same again, as a question: its answer is the reason.
    await provider.send("eth_call", [transaction, "latest"]).catch((thrown: unknown) => {
      throw toNostraError("sandbox", thrown);
    });
    throw new TransportError("sandbox", `${hash} failed when it was mined, and would pass now`);
  };
  const approve = (spender: Address): string =>
    interfaces.collateral.encodeFunctionData("approve", [spender, 2n ** 256n - 1n]);

  const sandbox: Sandbox = {
    provider,
    deployment,
    admin,
    operator,
    resolvers: [first, second],
    feeReceiver,
    accounts,
    connect: (account) => connect(deployment, account),
    createMarket: async (params = {}) => {
      const number = await adminConnection.factory.marketCount();
      const endTimeSeconds = params.endTimeSeconds ?? (await sandbox.now()) + ONE_DAY;
      const prepared = createBinaryMarket(adminConnection, {
        questionId: keccak256(toUtf8Bytes(`nostra sandbox market ${number}`)) as Hex,
        question: `Will sandbox market ${number} resolve to YES?`,
        description: "Resolves to whatever the test says.",
        category: "Sandbox",
        resolutionTimeSeconds: endTimeSeconds + ONE_DAY,
        ...params,
        endTimeSeconds,
      });
      return (await (await prepared.send()).wait()).market;
    },
    mint: async (account, collateralUnits) => {
      const units = requireUnits("collateralUnits", collateralUnits);
      const data = usdc.interface.encodeFunctionData("mint", [account, units]);
      await sendAs(addressOf(admin), collateral, data);
    },
    approveAll: async (account) => {
      const from = addressOf(account);
      const approveExchange = interfaces.conditionalTokens.encodeFunctionData("setApprovalForAll", [
        ctfExchange,
        true,
      ]);
      await sendAs(from, collateral, approve(ctfExchange));
      await sendAs(from, collateral, approve(conditionalTokens));
      await sendAs(from, conditionalTokens, approveExchange);
    },
    now: async () => {
      const block = await provider.getBlock("latest");
      return BigInt(block?.timestamp ?? 0);
    },
    setTime: async (seconds) => {
      await provider.send("evm_setNextBlockTimestamp", [Number(seconds)]);
      await provider.send("evm_mine", []);
    },
    close: () => provider.destroy(),
  };

  for (const account of accounts) {
    await sandbox.mint(addressOf(account), options.collateral ?? DEFAULT_COLLATERAL);
    await sandbox.approveAll(account);
  }
  return sandbox;
}

function addressOf(wallet: Wallet): Address {
  return wallet.address as Address;
}
