import {
  buildModule,
  type ArgumentType,
  type CallableContractFuture,
  type Future,
  type IgnitionModule,
} from "@nomicfoundation/ignition-core";
import type { DeployedContractName, PlanValue } from "@nostra/sdk/deployments";
import { readArtifact } from "./artifacts";
import { isTimelock, MODULE, TIMELOCK, type Steps } from "./steps";

/**
 * The steps as a module of Hardhat Ignition: contracts one after the other, then the links, then the roles, which need not
 * wait for each other, and the offers of administration when everything else is done.
 */
export function nostraModule({ all, existing }: Steps): IgnitionModule {
  return buildModule(MODULE, (m) => {
    const contracts: Record<string, CallableContractFuture<string>> = {};
    const groups = { contracts: [] as Future[], links: [] as Future[], roles: [] as Future[] };
    const valueOf = (value: PlanValue): ArgumentType => {
      if (typeof value === "object") return contractOf(value.at);
      return isTimelock(value) ? contractOf(TIMELOCK) : value;
    };
    const contractOf = (name: string): ArgumentType => {
      const found = contracts[name] ?? existing[name as DeployedContractName];
      if (found === undefined) throw new Error(`${name} is used before it is deployed`);
      return found;
    };

    for (const step of all) {
      const previous = groups.contracts.slice(-1);
      switch (step.kind) {
        case "contract": {
          const { name, contract, args } = step.step;
          const options = { id: step.id, after: previous };
          contracts[name] = m.contract(contract, args.map(valueOf), options);
          groups.contracts.push(contracts[name]);
          break;
        }
        case "timelock": {
          const options = { id: step.id, after: previous };
          const args = step.args as ArgumentType[];
          contracts[TIMELOCK] = m.contract(TIMELOCK, readArtifact(TIMELOCK), args, options);
          groups.contracts.push(contracts[TIMELOCK]);
          break;
        }
        case "call": {
          const { on, method, args } = step.step;
          const before = {
            links: groups.contracts,
            roles: [...groups.contracts, ...groups.links],
            handOver: [...groups.links, ...groups.roles],
          }[step.group];
          const options = { id: step.id, after: before };
          const call = m.call(contracts[on]!, method, args.map(valueOf), options);
          if (step.group !== "handOver") groups[step.group].push(call);
        }
      }
    }
    return contracts;
  }) as unknown as IgnitionModule;
}
