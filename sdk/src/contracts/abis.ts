import { Interface } from "ethers";
import { collateralAbi } from "../generated/abi/Collateral.js";
import { conditionalTokensAbi } from "../generated/abi/ConditionalTokens.js";
import { ctfExchangeAbi } from "../generated/abi/CTFExchange.js";
import { marketFactoryAbi } from "../generated/abi/MarketFactory.js";
import { matchInspectorAbi } from "../generated/abi/MatchInspector.js";
import { mockUSDCAbi } from "../generated/abi/MockUSDC.js";
import { positionRedeemerAbi } from "../generated/abi/PositionRedeemer.js";
import { resolutionOracleAbi } from "../generated/abi/ResolutionOracle.js";

export {
  collateralAbi,
  conditionalTokensAbi,
  ctfExchangeAbi,
  marketFactoryAbi,
  matchInspectorAbi,
  mockUSDCAbi,
  positionRedeemerAbi,
  resolutionOracleAbi,
};

/** Every contract of Nostra with its parsed ABI. Where two declare the same event or error, the first one names it. */
export const interfaces = {
  ctfExchange: new Interface(ctfExchangeAbi),
  marketFactory: new Interface(marketFactoryAbi),
  resolutionOracle: new Interface(resolutionOracleAbi),
  positionRedeemer: new Interface(positionRedeemerAbi),
  matchInspector: new Interface(matchInspectorAbi),
  conditionalTokens: new Interface(conditionalTokensAbi),
  collateral: new Interface(collateralAbi),
  /** MockUSDC: beside Collateral's functions, `mint` and the errors of OpenZeppelin's ERC-20. */
  mockUsdc: new Interface(mockUSDCAbi),
} as const;

/** The contracts the SDK knows the ABI of. */
export type ContractName = keyof typeof interfaces;
