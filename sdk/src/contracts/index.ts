export { Role } from "./Role.js";
export {
  collateralAbi,
  conditionalTokensAbi,
  ctfExchangeAbi,
  interfaces,
  marketFactoryAbi,
  resolutionOracleAbi,
  type ContractName,
} from "./abis.js";
export { connect, type Connection } from "./connect.js";
export {
  getCTFExchange,
  getCollateral,
  getConditionalTokens,
  getMarketFactory,
  getResolutionOracle,
} from "./getContracts.js";
export type { CTFExchange } from "../generated/contracts/CTFExchange.js";
export type { Collateral } from "../generated/contracts/Collateral.js";
export type { ConditionalTokens } from "../generated/contracts/ConditionalTokens.js";
export type { MarketFactory } from "../generated/contracts/MarketFactory.js";
export type { ResolutionOracle } from "../generated/contracts/ResolutionOracle.js";
