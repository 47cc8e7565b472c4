import { Role } from "../contracts/Role.js";
import type { Address } from "../order/Order.js";
import type { DeployedContractName } from "./Deployment.js";

/*
What a deployment consists of, as data: which contracts, in which order, which calls link them, who gets which role, and the
view of each contract that shows it took effect. The sandbox and the deployer's command both follow it, each with its own way
of sending, so that the order and the links are written once.
*/

/** A value of a step: one given, or the address of a contract of the same deployment. */
export type PlanValue = Address | bigint | number | boolean | { readonly at: DeployedContractName };

/** A view of a contract and what it must answer. */
export interface PlanCheck {
  readonly on: DeployedContractName;
  readonly method: string;
  readonly args: readonly PlanValue[];
  readonly result: PlanValue;
}

/** Puts a contract on chain. */
export interface ContractStep {
  readonly name: DeployedContractName;
  /** Name of the compiled contract. */
  readonly contract: string;
  readonly args: readonly PlanValue[];
  /** What it must answer once it is there. */
  readonly checks: readonly PlanCheck[];
}

/** Calls a contract that is there, as its admin. */
export interface CallStep {
  readonly on: DeployedContractName;
  readonly method: string;
  readonly args: readonly PlanValue[];
  readonly check: PlanCheck;
}

/** What a deployment is made with: what exists already, and who gets which role. */
export interface PlanDeploymentParams {
  readonly operators: readonly Address[];
  readonly resolvers: readonly Address[];
  /** May stop matching, and the creation of markets. */
  readonly pausers?: readonly Address[];
  readonly creators?: readonly Address[];
  readonly feeReceiver: Address;
  /** Seconds a proposal may be disputed; the oracle's own default when it is left out. */
  readonly disputeWindowSeconds?: bigint;
  /** Is offered the administration at the end, and must accept it. Left out, whoever deploys stays the admin. */
  readonly newAdmin?: Address;
}

/** The steps of a deployment, in their order. */
export interface DeploymentPlan {
  /** In the order they depend on each other. The last two only help: no other contract knows them. */
  readonly contracts: readonly ContractStep[];
  /** What makes them one system. */
  readonly links: readonly CallStep[];
  readonly roles: readonly CallStep[];
  /** Last, because it ends what the deployer may do. */
  readonly handOver: readonly CallStep[];
}

/** The contracts that have an admin and roles. */
export const ADMINISTERED = ["resolutionOracle", "marketFactory", "ctfExchange"] as const;

/** The steps of a deployment. Nothing is sent: the plan is for whoever sends it. */
export function planDeployment(params: PlanDeploymentParams): DeploymentPlan {
  return {
    contracts: [
      { name: "conditionalTokens", contract: "ConditionalTokens", args: [], checks: [] },
      {
        name: "collateral",
        contract: "MockUSDC",
        args: [],
        checks: [check("collateral", "decimals", 6)],
      },
      {
        name: "resolutionOracle",
        contract: "ResolutionOracle",
        args: [at("conditionalTokens")],
        checks: [check("resolutionOracle", "conditionalTokens", at("conditionalTokens"))],
      },
      {
        name: "marketFactory",
        contract: "MarketFactory",
        args: [at("conditionalTokens"), at("collateral"), at("resolutionOracle")],
        checks: [
          check("marketFactory", "conditionalTokens", at("conditionalTokens")),
          check("marketFactory", "collateral", at("collateral")),
          check("marketFactory", "oracle", at("resolutionOracle")),
        ],
      },
      {
        name: "ctfExchange",
        contract: "CTFExchange",
        args: [at("collateral"), at("conditionalTokens")],
        checks: [
          check("ctfExchange", "collateral", at("collateral")),
          check("ctfExchange", "conditionalTokens", at("conditionalTokens")),
        ],
      },
      {
        name: "positionRedeemer",
        contract: "PositionRedeemer",
        args: [at("conditionalTokens"), at("collateral")],
        checks: [
          check("positionRedeemer", "conditionalTokens", at("conditionalTokens")),
          check("positionRedeemer", "collateral", at("collateral")),
        ],
      },
      {
        name: "matchInspector",
        contract: "MatchInspector",
        args: [at("ctfExchange")],
        checks: [check("matchInspector", "exchange", at("ctfExchange"))],
      },
    ],
    links: [
      setter("resolutionOracle", "setMarketFactory", "marketFactory", at("marketFactory")),
      setter("marketFactory", "setExchange", "exchange", at("ctfExchange")),
      grant("ctfExchange", "addRegistrar", Role.REGISTRAR, at("marketFactory")),
    ],
    roles: [
      setter("ctfExchange", "setFeeReceiver", "feeReceiver", params.feeReceiver),
      ...(params.disputeWindowSeconds === undefined
        ? []
        : [
            setter(
              "resolutionOracle",
              "setDisputeWindow",
              "disputeWindow",
              params.disputeWindowSeconds,
            ),
          ]),
      ...params.operators.map((operator) =>
        grant("ctfExchange", "addOperator", Role.OPERATOR, operator),
      ),
      ...(params.pausers ?? []).flatMap((pauser) => [
        grant("ctfExchange", "addPauser", Role.PAUSER, pauser),
        grant("marketFactory", "addPauser", Role.PAUSER, pauser),
      ]),
      ...params.resolvers.map((resolver) =>
        grant("resolutionOracle", "addResolver", Role.RESOLVER, resolver),
      ),
      ...(params.creators ?? []).map((creator) =>
        grant("marketFactory", "addCreator", Role.CREATOR, creator),
      ),
    ],
    handOver:
      params.newAdmin === undefined ? [] : ADMINISTERED.map((on) => offer(on, params.newAdmin!)),
  };
}

function at(name: DeployedContractName): PlanValue {
  return { at: name };
}

function check(on: DeployedContractName, method: string, result: PlanValue): PlanCheck {
  return { on, method, args: [], result };
}

function setter(
  on: DeployedContractName,
  method: string,
  view: string,
  value: PlanValue,
): CallStep {
  return { on, method, args: [value], check: check(on, view, value) };
}

function grant(on: DeployedContractName, method: string, role: Role, account: PlanValue): CallStep {
  const held: PlanCheck = { on, method: "hasRole", args: [role, account], result: true };
  return { on, method, args: [account], check: held };
}

function offer(on: DeployedContractName, newAdmin: Address): CallStep {
  return setter(on, "offerAdmin", "pendingAdmin", newAdmin);
}
