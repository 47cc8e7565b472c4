import type { ContractRunner } from "ethers";
import type { Deployment } from "../deployments/Deployment.js";
import { getDeployment, type NetworkReference } from "../deployments/registry.js";
import type { CTFExchange } from "../generated/contracts/CTFExchange.js";
import type { Collateral } from "../generated/contracts/Collateral.js";
import type { ConditionalTokens } from "../generated/contracts/ConditionalTokens.js";
import type { MarketFactory } from "../generated/contracts/MarketFactory.js";
import type { MatchInspector } from "../generated/contracts/MatchInspector.js";
import type { PositionRedeemer } from "../generated/contracts/PositionRedeemer.js";
import type { ResolutionOracle } from "../generated/contracts/ResolutionOracle.js";
import {
  getCTFExchange,
  getCollateral,
  getConditionalTokens,
  getMarketFactory,
  getMatchInspector,
  getPositionRedeemer,
  getResolutionOracle,
} from "./getContracts.js";

/** Nostra on one network as one account sees it: what every action works on. */
export interface Connection {
  readonly deployment: Deployment;
  readonly runner: ContractRunner | null;
  readonly exchange: CTFExchange;
  readonly factory: MarketFactory;
  readonly oracle: ResolutionOracle;
  readonly redeemer: PositionRedeemer;
  readonly inspector: MatchInspector;
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
    redeemer: getPositionRedeemer(deployment, runner),
    inspector: getMatchInspector(deployment, runner),
    conditionalTokens: getConditionalTokens(deployment, runner),
    collateral: getCollateral(deployment, runner),
  };
}
