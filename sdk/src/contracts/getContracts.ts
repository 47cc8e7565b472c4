import { Contract, type ContractRunner, type Interface } from "ethers";
import { getDeployment, type NetworkReference } from "../deployments/registry.js";
import type { CTFExchange } from "../generated/contracts/CTFExchange.js";
import type { Collateral } from "../generated/contracts/Collateral.js";
import type { ConditionalTokens } from "../generated/contracts/ConditionalTokens.js";
import type { MarketFactory } from "../generated/contracts/MarketFactory.js";
import type { MatchInspector } from "../generated/contracts/MatchInspector.js";
import type { PositionRedeemer } from "../generated/contracts/PositionRedeemer.js";
import type { ResolutionOracle } from "../generated/contracts/ResolutionOracle.js";
import type { Address } from "../order/Order.js";
import { interfaces } from "./abis.js";

/**
 * The contracts of a network, bound to a runner: an ethers signer to send, a provider to read, null to encode only.
 * No call is made. `network` is a name, a chain id or a deployment.
 * @throws DeploymentNotFoundError when the network is not known.
 */
export function getCTFExchange(
  network: NetworkReference,
  runner: ContractRunner | null,
): CTFExchange {
  return bind(getDeployment(network).contracts.ctfExchange, interfaces.ctfExchange, runner);
}

/** See getCTFExchange. */
export function getMarketFactory(
  network: NetworkReference,
  runner: ContractRunner | null,
): MarketFactory {
  return bind(getDeployment(network).contracts.marketFactory, interfaces.marketFactory, runner);
}

/** See getCTFExchange. */
export function getResolutionOracle(
  network: NetworkReference,
  runner: ContractRunner | null,
): ResolutionOracle {
  return bind(
    getDeployment(network).contracts.resolutionOracle,
    interfaces.resolutionOracle,
    runner,
  );
}

/** See getCTFExchange. */
export function getPositionRedeemer(
  network: NetworkReference,
  runner: ContractRunner | null,
): PositionRedeemer {
  return bind(
    getDeployment(network).contracts.positionRedeemer,
    interfaces.positionRedeemer,
    runner,
  );
}

/** See getCTFExchange. */
export function getMatchInspector(
  network: NetworkReference,
  runner: ContractRunner | null,
): MatchInspector {
  return bind(getDeployment(network).contracts.matchInspector, interfaces.matchInspector, runner);
}

/** See getCTFExchange. */
export function getConditionalTokens(
  network: NetworkReference,
  runner: ContractRunner | null,
): ConditionalTokens {
  return bind(
    getDeployment(network).contracts.conditionalTokens,
    interfaces.conditionalTokens,
    runner,
  );
}

/** See getCTFExchange. The token that pays for outcome tokens: USDC, or MockUSDC on test networks. */
export function getCollateral(
  network: NetworkReference,
  runner: ContractRunner | null,
): Collateral {
  return bind(getDeployment(network).contracts.collateral, interfaces.collateral, runner);
}

/** The typed contract is the ethers contract: TypeChain only describes what the ABI makes of it. */
function bind<T>(address: Address, abi: Interface, runner: ContractRunner | null): T {
  return new Contract(address, abi, runner) as unknown as T;
}
