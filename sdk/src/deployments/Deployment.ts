import type { Address } from "../order/Order.js";

/** Where Nostra stands on one network: everything a program needs to find the contracts and sign for them. */
export interface Deployment {
  /** Name used to look the deployment up, such as "polygon-amoy". */
  readonly network: string;
  readonly chainId: number;
  /** Block of the first deployment transaction: nothing of Nostra is older. */
  readonly startBlock: number;
  readonly contracts: DeployedContracts;
}

/** The address of each contract of a deployment. */
export interface DeployedContracts {
  readonly conditionalTokens: Address;
  /** The six-decimals token that pays for outcome tokens. */
  readonly collateral: Address;
  readonly resolutionOracle: Address;
  readonly marketFactory: Address;
  readonly ctfExchange: Address;
  /** Redeems an account's tokens of many conditions at once. */
  readonly positionRedeemer: Address;
  /** Tells which orders of a match cannot settle, and why. */
  readonly matchInspector: Address;
}

/** The name a contract has in a deployment. */
export type DeployedContractName = keyof DeployedContracts;
