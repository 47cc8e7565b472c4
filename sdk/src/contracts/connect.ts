import type { ContractRunner } from "ethers";
import type { Deployment } from "../deployments/Deployment.js";
import { getDeployment, type NetworkReference } from "../deployments/registry.js";
import type { CTFExchange } from "../generated/contracts/CTFExchange.js";
import type { Collateral } from "../generated/contracts/Collateral.js";
import type { ConditionalTokens } from "../generated/contracts/ConditionalTokens.js";
import type { MarketFactory } from "../generated/contracts/MarketFactory.js";
import type { ResolutionOracle } from "../generated/contracts/ResolutionOracle.js";
import {
  getCTFExchange,
  getCollateral,
  getConditionalTokens,
  getMarketFactory,
  getResolutionOracle,
} from "./getContracts.js";

/** Nostra on one network as one account sees it: what every action works on. */
export interface Connection {
  readonly deployment: Deployment;
  readonly runner: ContractRunner | null;
  readonly exchange: CTFExchange;
  readonly factory: MarketFactory;
  readonly oracle: ResolutionOracle;
  readonly conditionalTokens: ConditionalTokens;
  readonly collateral: Collateral;
}

/**
 * Binds all contracts of a network to one runner. No call is made.
 * @throws DeploymentNotFoundError when the network is not known.
 */
export function connect(network: NetworkReference, runner: ContractRunner | null): Connection {
  const deployment = getDeployment(network);
  return {
    deployment,
    runner,
    exchange: getCTFExchange(deployment, runner),
    factory: getMarketFactory(deployment, runner),
    oracle: getResolutionOracle(deployment, runner),
    conditionalTokens: getConditionalTokens(deployment, runner),
    collateral: getCollateral(deployment, runner),
  };
}
