export { Role } from "./Role.js";
export {
  collateralAbi,
  conditionalTokensAbi,
  ctfExchangeAbi,
  interfaces,
  marketFactoryAbi,
  matchInspectorAbi,
  positionRedeemerAbi,
  resolutionOracleAbi,
  type ContractName,
} from "./abis.js";
export { connect, type Connection } from "./connect.js";
export {
  getCTFExchange,
  getCollateral,
  getConditionalTokens,
  getMarketFactory,
  getMatchInspector,
  getPositionRedeemer,
  getResolutionOracle,
} from "./getContracts.js";
export type { CTFExchange } from "../generated/contracts/CTFExchange.js";
export type { Collateral } from "../generated/contracts/Collateral.js";
export type { ConditionalTokens } from "../generated/contracts/ConditionalTokens.js";
export type { MarketFactory } from "../generated/contracts/MarketFactory.js";
export type { MatchInspector } from "../generated/contracts/MatchInspector.js";
export type { PositionRedeemer } from "../generated/contracts/PositionRedeemer.js";
export type { ResolutionOracle } from "../generated/contracts/ResolutionOracle.js";
