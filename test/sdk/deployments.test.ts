import { connect } from "@nostra/sdk/contracts";
import {
  getDeployment,
  listDeployments,
  registerDeployment,
  type DeployedContracts,
  type Deployment,
} from "@nostra/sdk/deployments";
import { DeploymentNotFoundError, InputError, isNostraError } from "@nostra/sdk/errors";
import { expect } from "chai";
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
});
