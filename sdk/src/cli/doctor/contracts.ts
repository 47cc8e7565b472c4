import type { Interface } from "ethers";
import { interfaces } from "../../contracts/abis.js";
import { ADMINISTERED, planDeployment } from "../../deployments/planDeployment.js";
import { ZERO_ADDRESS } from "../../ids/address.js";
import type { Address } from "../../order/Order.js";
import { abiHashOf } from "../abiHash.js";
import type { Chain } from "../connectNetwork.js";
import { readCheck, readDomain, readView } from "../readCheck.js";
import type { Target } from "../target.js";
import { ok, type Check, type Report } from "./report.js";

/* Whether the contracts are there, are the ones recorded, and are joined as the plan of their deployment says. */

/** Looks at all of that; false when there is nothing to look at. */
export async function lookAtContracts(
  report: Report,
  chain: Chain,
  target: Target,
): Promise<boolean> {
  if (!(await report.see(codeCheck(chain, target)))) return false;
  await report.see(abiCheck(target));
  await report.see(linkCheck(chain, target));
  await report.see(adminCheck(chain, target));
  await report.see(matchingCheck(chain, target));
  return true;
}

function codeCheck({ provider }: Chain, { network, deployment }: Target): Check {
  return {
    name: "contracts",
    todo: `the deployment is another than the one on this chain, or ${network.name} started afresh`,
    look: async () => {
      const contracts = Object.entries(deployment.contracts) as [string, Address][];
      const codes = await Promise.all(contracts.map(([, address]) => provider.getCode(address)));
      const empty = contracts.filter((_, i) => codes[i] === "0x");
      if (empty.length === 0) return ok(`${contracts.length} contracts have code`);
      const names = empty.map(([name, address]) => `${name} ${address}`).join(", ");
      return { state: "fail", what: `no code at ${names}` };
    },
  };
}

/** The record says which ABI each contract was deployed with; this SDK must speak the same. */
function abiCheck({ deployment }: Target): Check {
  return {
    name: "abi",
    todo: "install the @nostra/sdk of the deployment's version",
    look: async () => {
      const records = Object.entries(deployment.records ?? {});
      // Collateral that was deployed is a mock, whose record has the mock's own ABI.
      const abis: Readonly<Record<string, Interface | undefined>> = {
        ...interfaces,
        collateral: interfaces.mockUsdc,
      };
      const other = records.filter(([name, { abiHash, deployed }]) => {
        const abi = abis[name];
        return deployed !== null && abi !== undefined && abiHashOf(abi) !== abiHash;
      });
      if (other.length > 0) {
        const names = other.map(([name]) => name).join(", ");
        return { state: "fail", what: `this SDK has another ABI than was deployed for ${names}` };
      }
      return ok(records.length === 0 ? "not recorded for this deployment" : "as it was deployed");
    },
  };
}

/** What makes the contracts one system, by the plan they were deployed by. */
function linkCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "links",
    todo: "the admin sets a missing link again; constructor values that differ are another deployment",
    look: async () => {
      const plan = planDeployment({ operators: [], resolvers: [], feeReceiver: ZERO_ADDRESS });
      const checks = [
        ...plan.contracts.flatMap((step) => step.checks),
        ...plan.links.map((step) => step.check),
      ];
      const findings = [
        ...(await Promise.all(checks.map((check) => readCheck(chain, deployment, check)))),
        await readDomain(chain, deployment),
      ];
      const wrong = findings.filter((finding) => !finding.ok);
      if (wrong.length === 0) return ok(`${findings.length} links are set`);
      const texts = wrong.map(
        ({ contract, what, expected, onChain }) =>
          `${contract}.${what} is ${onChain}, not ${expected}`,
      );
      return { state: "fail", what: texts.join("; ") };
    },
  };
}

function adminCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "admin",
    todo: "make sure that the admin changed with consent",
    look: async () => {
      const admins = await Promise.all(
        ADMINISTERED.map((on) => readView(chain, deployment, on, "admin", [])),
      );
      const list = [...new Set(admins)].join(", ");
      const { admin: meant } = deployment;
      if (meant === undefined || admins.every((admin) => admin === meant)) return ok(list);
      const pending = await Promise.all(
        ADMINISTERED.map((on) => readView(chain, deployment, on, "pendingAdmin", [])),
      );
      const isOffered = admins.every((admin, i) => admin === meant || pending[i] === meant);
      return isOffered
        ? { state: "warn", what: `${list}; offered to ${meant}`, todo: "it must accept" }
        : { state: "warn", what: `${list}, but recorded is ${meant}` };
    },
  };
}

function matchingCheck(chain: Chain, { deployment }: Target): Check {
  return {
    name: "matching",
    todo: "orders settle again once the admin unpauses",
    look: async () => {
      const paused = await readView(chain, deployment, "ctfExchange", "paused", []);
      return paused === "false" ? ok("on") : { state: "warn", what: "stopped" };
    },
  };
}
