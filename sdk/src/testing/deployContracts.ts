import {
  Contract,
  ContractFactory,
  type Interface,
  type Signer,
  type TransactionResponse,
} from "ethers";
import { connect, type Connection } from "../contracts/connect.js";
import { interfaces } from "../contracts/abis.js";
import { InputError } from "../errors/InputError.js";
import type {
  DeployedContractName,
  DeployedContracts,
  Deployment,
} from "../deployments/Deployment.js";
import { planDeployment, type PlanValue } from "../deployments/planDeployment.js";
import { conditionalTokensBytecode } from "../generated/bytecode/ConditionalTokens.js";
import { ctfExchangeBytecode } from "../generated/bytecode/CTFExchange.js";
import { marketFactoryBytecode } from "../generated/bytecode/MarketFactory.js";
import { matchInspectorBytecode } from "../generated/bytecode/MatchInspector.js";
import { mockUSDCBytecode } from "../generated/bytecode/MockUSDC.js";
import { positionRedeemerBytecode } from "../generated/bytecode/PositionRedeemer.js";
import { resolutionOracleBytecode } from "../generated/bytecode/ResolutionOracle.js";
import type { Address } from "../order/Order.js";

/** Who deploys, and who gets which role. */
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
 * Deploys the contracts in the order of the plan and links them: the factory opens its questions at the oracle and
 * registers its tokens at the exchange. MockUSDC is the collateral, so this is for test chains only.
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
  const plan = planDeployment({
    operators: [params.operator],
    resolvers: params.resolvers,
    feeReceiver: params.feeReceiver,
  });

  const addresses: Partial<Record<DeployedContractName, Address>> = {};
  const valueOf = (value: PlanValue): unknown =>
    typeof value === "object" ? addresses[value.at] : value;
  for (const { name, contract, args } of plan.contracts) {
    const { abi, bytecode } = compiled(contract);
    const sent = await new ContractFactory(abi, bytecode, admin).deploy(...args.map(valueOf));
    await sent.waitForDeployment();
    addresses[name] = (await sent.getAddress()) as Address;
  }

  const contracts = addresses as DeployedContracts;
  const deployment: Deployment = { network: params.network, chainId, startBlock, contracts };
  for (const { on, method, args } of [...plan.links, ...plan.roles]) {
    const contract = new Contract(contracts[on], abiOf(on), admin);
    const sent = (await contract.getFunction(method)(...args.map(valueOf))) as TransactionResponse;
    await sent.wait();
  }
  return connect(deployment, admin);
}

/** The contracts a plan names, as the sandbox carries them. */
const COMPILED: Readonly<Record<string, { readonly abi: Interface; readonly bytecode: string }>> = {
  ConditionalTokens: { abi: interfaces.conditionalTokens, bytecode: conditionalTokensBytecode },
  MockUSDC: { abi: interfaces.mockUsdc, bytecode: mockUSDCBytecode },
  ResolutionOracle: { abi: interfaces.resolutionOracle, bytecode: resolutionOracleBytecode },
  MarketFactory: { abi: interfaces.marketFactory, bytecode: marketFactoryBytecode },
  CTFExchange: { abi: interfaces.ctfExchange, bytecode: ctfExchangeBytecode },
  PositionRedeemer: { abi: interfaces.positionRedeemer, bytecode: positionRedeemerBytecode },
  MatchInspector: { abi: interfaces.matchInspector, bytecode: matchInspectorBytecode },
};

function compiled(contract: string): { readonly abi: Interface; readonly bytecode: string } {
  const found = COMPILED[contract];
  if (found === undefined) throw new InputError("contract", contract, "a contract of the sandbox");
  return found;
}

function abiOf(name: DeployedContractName): Interface {
  return (interfaces as Partial<Record<string, Interface>>)[name]!;
}
