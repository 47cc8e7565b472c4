import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "@nostra/sdk/contracts";
import {
  getDeployment,
  listDeployments,
  planDeployment,
  registerDeployment,
  type CallStep,
  type DeployedContracts,
  type Deployment,
} from "@nostra/sdk/deployments";
import { DeploymentNotFoundError, InputError, isNostraError } from "@nostra/sdk/errors";
import { expect } from "chai";
import { bundleDeployments } from "../../scripts/generate/bundleDeployments";
import { expectInputError, thrownBy } from "../helpers/sandbox";

const address = (digit: string): `0x${string}` => `0x${digit.repeat(40)}`;

/** A valid deployment; a test names only what it changes. */
function deployment(changes: Partial<Deployment> = {}): Deployment {
  return {
    network: "deployments-test",
    chainId: 990_001,
    startBlock: 12,
    contracts: {
      conditionalTokens: address("1"),
      collateral: address("2"),
      resolutionOracle: address("3"),
      marketFactory: address("4"),
      ctfExchange: address("5"),
      positionRedeemer: address("6"),
      matchInspector: address("7"),
    },
    ...changes,
  };
}

describe("sdk/deployments", () => {
  it("a registered deployment is found by name, by chain id and as it is", () => {
    const registered = deployment();
    registerDeployment(registered);
    expect(getDeployment("deployments-test")).to.deep.equal(registered);
    expect(getDeployment(990_001)).to.deep.equal(registered);
    expect(getDeployment(990_001n)).to.deep.equal(registered);
    expect(listDeployments()).to.deep.include(registered);

    const unregistered = deployment({ network: "never-registered" });
    expect(getDeployment(unregistered)).to.equal(unregistered);
    expect(listDeployments()).to.not.deep.include(unregistered);
  });

  it("the same name registered again replaces the earlier deployment", () => {
    registerDeployment(deployment({ network: "replaced", chainId: 990_002 }));
    registerDeployment(deployment({ network: "replaced", chainId: 990_003 }));
    expect(getDeployment("replaced").chainId).to.equal(990_003);
    expect(listDeployments().filter(({ network }) => network === "replaced")).to.have.length(1);
    expect(() => getDeployment(990_002)).to.throw(DeploymentNotFoundError);
  });

  it("an unknown network is refused with what was asked and the names that are known", async () => {
    registerDeployment(deployment());
    for (const network of ["nowhere", 990_999, 990_999n, "DEPLOYMENTS-TEST", ""]) {
      const thrown = await thrownBy(() => getDeployment(network));
      expect(thrown).to.be.instanceOf(DeploymentNotFoundError);
      if (!isNostraError(thrown, "DEPLOYMENT_NOT_FOUND")) throw thrown;
      expect(thrown.details["network"]).to.equal(network);
      expect(thrown.details["known"]).to.include("deployments-test");
      expect(thrown.message).to.include("deployments-test");
    }
    expect(() => connect("nowhere", null)).to.throw(DeploymentNotFoundError);
  });

  for (const network of ["", "Amoy", "poly gon", "-amoy", "amoy_2"]) {
    it(`a network named ${JSON.stringify(network)} is refused`, () =>
      expectInputError(() => registerDeployment(deployment({ network })), "deployment.network"));
  }

  for (const chainId of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
    it(`the chain id ${chainId} is refused`, () =>
      expectInputError(() => registerDeployment(deployment({ chainId })), "deployment.chainId"));
  }

  for (const startBlock of [-1, 0.5, undefined]) {
    it(`the start block ${startBlock} is refused`, () =>
      expectInputError(
        () => registerDeployment(deployment({ startBlock: startBlock as number })),
        "deployment.startBlock",
      ));
  }

  for (const name of Object.keys(deployment().contracts) as (keyof DeployedContracts)[]) {
    it(`a deployment is refused when its ${name} is missing or no address, and nothing is registered`, async () => {
      for (const wrong of [
        undefined,
        null,
        "",
        "0x12",
        `${address("1")}0`,
        `0x${"g".repeat(40)}`,
      ]) {
        const contracts = { ...deployment().contracts, [name]: wrong } as DeployedContracts;
        const error = await expectInputError(
          () => registerDeployment(deployment({ network: "malformed", contracts })),
          `deployment.contracts.${name}`,
        );
        expect(error).to.be.instanceOf(InputError);
        expect(error.value).to.equal(wrong);
      }
      expect(listDeployments().map(({ network }) => network)).to.not.include("malformed");
    });
  }

  describe("planDeployment", () => {
    const roles = {
      operators: [address("a")],
      resolvers: [address("b")],
      feeReceiver: address("c"),
    };

    it("deploys in the order of dependence, and no contract uses one that comes later", () => {
      const plan = planDeployment(roles);
      expect(plan.contracts.map(({ contract }) => contract)).to.deep.equal([
        "ConditionalTokens",
        "MockUSDC",
        "ResolutionOracle",
        "MarketFactory",
        "CTFExchange",
        "PositionRedeemer",
        "MatchInspector",
      ]);
      const there = new Set<string>();
      for (const { name, args } of plan.contracts) {
        for (const arg of args) if (typeof arg === "object") expect(there).to.include(arg.at);
        there.add(name);
      }
    });

    it("links the three ways, and offers the administration only when there is another admin", () => {
      const methods = (steps: readonly CallStep[]) =>
        steps.map(({ on, method }) => `${on}.${method}`);
      const plan = planDeployment({ ...roles, newAdmin: address("d") });
      expect(methods(plan.links)).to.deep.equal([
        "resolutionOracle.setMarketFactory",
        "marketFactory.setExchange",
        "ctfExchange.addRegistrar",
      ]);
      expect(methods(plan.handOver)).to.deep.equal([
        "resolutionOracle.offerAdmin",
        "marketFactory.offerAdmin",
        "ctfExchange.offerAdmin",
      ]);
      expect(planDeployment(roles).handOver).to.deep.equal([]);
    });
  });

  it("what ships with the SDK is the public networks' deployments, and only what programs need of them", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "nostra-"));
    for (const network of ["polygon", "localhost"]) {
      const file = { ...deployment({ network }), deployer: address("e"), records: {} };
      writeFileSync(path.join(folder, `${network}.json`), JSON.stringify(file));
    }
    writeFileSync(path.join(folder, "schema.json"), "{}");
    writeFileSync(path.join(folder, "parameters.schema.json"), "{}");
    const text = bundleDeployments(folder);
    const bundled: unknown = JSON.parse(text.slice(text.indexOf("= ") + 2).replace(/;\s*$/, ""));
    expect(bundled).to.deep.equal([deployment({ network: "polygon" })]);
    rmSync(folder, { recursive: true });
  });
});
