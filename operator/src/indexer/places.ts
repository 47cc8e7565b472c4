import type { Deployment } from "@nostra/sdk/deployments";

/** The addresses of a deployment, in lower case: what a log is compared with. */
export interface Places {
  readonly conditionalTokens: string;
  readonly collateral: string;
  readonly oracle: string;
  readonly factory: string;
  readonly exchange: string;
  readonly redeemer: string;
  /**
   * Contracts whose logs are kept. The collateral is not among them: its logs tell of everybody's money, on a public chain
   * thousands a minute, and no projection needs them.
   */
  readonly kept: readonly string[];
}

export function placesOf({ contracts }: Deployment): Places {
  const conditionalTokens = contracts.conditionalTokens.toLowerCase();
  const oracle = contracts.resolutionOracle.toLowerCase();
  const factory = contracts.marketFactory.toLowerCase();
  const exchange = contracts.ctfExchange.toLowerCase();
  const redeemer = contracts.positionRedeemer.toLowerCase();
  return {
    ...{ conditionalTokens, oracle, factory, exchange, redeemer },
    collateral: contracts.collateral.toLowerCase(),
    kept: [conditionalTokens, oracle, factory, exchange, redeemer],
  };
}
