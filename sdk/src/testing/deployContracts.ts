import { ContractFactory, type Interface, type Signer } from "ethers";
import { connect, type Connection } from "../contracts/connect.js";
import { interfaces } from "../contracts/abis.js";
import { InputError } from "../errors/InputError.js";
import type { Deployment } from "../deployments/Deployment.js";
import { conditionalTokensBytecode } from "../generated/bytecode/ConditionalTokens.js";
import { ctfExchangeBytecode } from "../generated/bytecode/CTFExchange.js";
import { marketFactoryBytecode } from "../generated/bytecode/MarketFactory.js";
import { mockUSDCBytecode } from "../generated/bytecode/MockUSDC.js";
import { resolutionOracleBytecode } from "../generated/bytecode/ResolutionOracle.js";
import type { Address } from "../order/Order.js";

export interface DeployContractsParams {
  readonly network: string;
  /** Pays, and becomes the admin of every contract. */
  readonly admin: Signer;
  readonly operator: Address;
  readonly resolvers: readonly Address[];
  readonly feeReceiver: Address;
}

/** Chain ids where money is real: Ethereum, OP, BNB, Gnosis, Polygon, Base, Arbitrum, Avalanche. */
const MAIN_NETWORKS: ReadonlySet<number> = new Set([1, 10, 56, 100, 137, 8453, 42161, 43114]);

/**
 * Deploys the five contracts in the order they depend on each other and links them: the factory opens its questions at
 * the oracle and registers its tokens at the exchange. MockUSDC is the collateral, so this is for test chains only.
 * @throws InputError on a main network, before anything is sent.
 */
export async function deployContracts(params: DeployContractsParams): Promise<Connection> {
  const { admin } = params;
  const provider = admin.provider;
  if (provider === null)
    throw new InputError("admin", "a signer without a provider", "a signer with one");
  const chainId = Number((await provider.getNetwork()).chainId);
  if (MAIN_NETWORKS.has(chainId)) {
    throw new InputError(
      "chainId",
      chainId,
      "a test chain: MockUSDC is never deployed on a main network",
    );
  }
  const startBlock = (await provider.getBlockNumber()) + 1;
  const deploy = async (abi: Interface, bytecode: string, ...args: unknown[]): Promise<Address> => {
    const contract = await new ContractFactory(abi, bytecode, admin).deploy(...args);
    await contract.waitForDeployment();
    return (await contract.getAddress()) as Address;
  };

  const conditionalTokens = await deploy(interfaces.conditionalTokens, conditionalTokensBytecode);
  const collateral = await deploy(interfaces.mockUsdc, mockUSDCBytecode);
  const resolutionOracle = await deploy(
    interfaces.resolutionOracle,
    resolutionOracleBytecode,
    conditionalTokens,
  );
  const marketFactory = await deploy(
    interfaces.marketFactory,
    marketFactoryBytecode,
    conditionalTokens,
    collateral,
    resolutionOracle,
  );
  const ctfExchange = await deploy(
    interfaces.ctfExchange,
    ctfExchangeBytecode,
    collateral,
    conditionalTokens,
  );

  const deployment: Deployment = {
    network: params.network,
    chainId,
    startBlock,
    contracts: { conditionalTokens, collateral, resolutionOracle, marketFactory, ctfExchange },
  };
  const connection = connect(deployment, admin);
  await link(connection, params);
  return connection;
}

async function link(connection: Connection, params: DeployContractsParams): Promise<void> {
  const { exchange, factory, oracle, deployment } = connection;
  const steps = [
    () => oracle.setMarketFactory(deployment.contracts.marketFactory),
    () => factory.setExchange(deployment.contracts.ctfExchange),
    () => exchange.addRegistrar(deployment.contracts.marketFactory),
    () => exchange.addOperator(params.operator),
    () => exchange.setFeeReceiver(params.feeReceiver),
    ...params.resolvers.map((resolver) => () => oracle.addResolver(resolver)),
  ];
  for (const step of steps) {
    await (await step()).wait();
  }
}
