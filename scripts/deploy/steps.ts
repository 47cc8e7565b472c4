import {
  planDeployment,
  type CallStep,
  type ContractStep,
  type DeployedContractName,
  type DeploymentPlan,
  type PlanValue,
} from "@nostra/sdk/deployments";
import type { Address } from "@nostra/sdk/order";
import type { Parameters } from "./parameters";

/** What a deployment of this network does, in its order, and under which name the journal keeps each step. */
export interface Steps {
  readonly plan: DeploymentPlan;
  readonly all: readonly Step[];
  /** Contracts that were there before. */
  readonly existing: Partial<Record<DeployedContractName, Address>>;
}

export type Step =
  | (Keyed & { readonly kind: "contract"; readonly step: ContractStep })
  | (Keyed & { readonly kind: "timelock"; readonly args: readonly unknown[] })
  | (Keyed & { readonly kind: "call"; readonly group: CallGroup; readonly step: CallStep });

export type CallGroup = "links" | "roles" | "handOver";

interface Keyed {
  /** Unique, and the same in every run: the journal is read by it. */
  readonly id: string;
}

/** The module's name in the journal: its futures are called `Nostra#<id>`. */
export const MODULE = "Nostra";
export const TIMELOCK = "TimelockController";

/** Stands for the timelock's address in a plan until it has one: no account can have it. */
const TIMELOCK_PLACEHOLDER: Address = "0x00000000000000000000000000000000716d3c4b";

export function isTimelock(value: PlanValue): boolean {
  return value === TIMELOCK_PLACEHOLDER;
}

/** @param deployer Stays the admin when the parameters name no other. */
export function stepsOf(parameters: Parameters, deployer: Address): Steps {
  const { admin } = parameters;
  const newAdmin = newAdminOf(parameters, deployer);
  const plan = planDeployment({
    operators: parameters.operators,
    resolvers: parameters.resolvers,
    pausers: parameters.pausers,
    creators: parameters.creators,
    feeReceiver: parameters.feeReceiver,
    disputeWindowSeconds: parameters.disputeWindowSeconds,
    ...(newAdmin === undefined ? {} : { newAdmin }),
  });
  const existing = {
    ...(parameters.conditionalTokens && {
      conditionalTokens: parameters.conditionalTokens.address,
    }),
    ...(parameters.collateral && { collateral: parameters.collateral.address }),
  };

  const contracts = plan.contracts
    .filter(({ name }) => !(name in existing))
    .map((step): Step => ({ kind: "contract", id: step.contract, step }));
  const timelock: Step[] =
    admin.kind === "timelock"
      ? [
          {
            kind: "timelock",
            id: TIMELOCK,
            // No extra admin: the timelock administers itself, so that its delay holds for its own changes too.
            args: [
              admin.timelock.minDelaySeconds,
              admin.timelock.proposers,
              admin.timelock.executors,
              "0x0000000000000000000000000000000000000000",
            ],
          },
        ]
      : [];
  const calls = (["links", "roles", "handOver"] as const).flatMap((group) =>
    plan[group].map((step): Step => ({ kind: "call", id: callId(step), group, step })),
  );
  return { plan, all: [...contracts, ...timelock, ...calls], existing };
}

function newAdminOf({ admin }: Parameters, deployer: Address): Address | undefined {
  if (admin.kind === "timelock") return TIMELOCK_PLACEHOLDER;
  return admin.kind === "deployer" || admin.address === deployer ? undefined : admin.address;
}

/** `ctfExchange_addOperator_0x…`: a call by its contract, method and account. */
function callId({ on, method, args }: CallStep): string {
  const [value] = args;
  const text = typeof value === "object" ? value.at : String(value);
  return `${on}_${method}_${isTimelock(value ?? 0) ? "timelock" : text}`;
}
