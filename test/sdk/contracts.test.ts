import {
  connect,
  getCTFExchange,
  getCollateral,
  getConditionalTokens,
  getMarketFactory,
  getMatchInspector,
  getPositionRedeemer,
  getResolutionOracle,
  Role,
} from "@nostra/sdk/contracts";
import { registerDeployment, type DeployedContracts } from "@nostra/sdk/deployments";
import { DeploymentNotFoundError, isNostraError } from "@nostra/sdk/errors";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import type { ContractRunner } from "ethers";
import { thrownBy } from "../helpers/sandbox";

const GETTERS = {
  ctfExchange: getCTFExchange,
  marketFactory: getMarketFactory,
  resolutionOracle: getResolutionOracle,
  conditionalTokens: getConditionalTokens,
  collateral: getCollateral,
  positionRedeemer: getPositionRedeemer,
  matchInspector: getMatchInspector,
} as const satisfies Record<keyof DeployedContracts, unknown>;

/** One function that only the contract of this name has. */
const OWN_FUNCTIONS: Record<keyof DeployedContracts, string> = {
  ctfExchange: "matchOrders",
  marketFactory: "createBinaryMarket",
  resolutionOracle: "proposeResolution",
  conditionalTokens: "splitPosition",
  collateral: "allowance",
  positionRedeemer: "redeem",
  matchInspector: "inspectMatch",
};

describe("sdk/contracts", () => {
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ accounts: 1, chainId: 990_101 });
    registerDeployment({ ...sandbox.deployment, network: "contracts-test" });
  });

  after(() => sandbox.close());

  for (const [name, get] of Object.entries(GETTERS)) {
    const key = name as keyof DeployedContracts;

    it(`${get.name} binds the ${name} of a network by name, chain id or deployment, with its own functions`, () => {
      for (const network of ["contracts-test", 990_101, 990_101n, sandbox.deployment]) {
        const contract = get(network, sandbox.provider);
        expect(contract.target, String(network)).to.equal(sandbox.deployment.contracts[key]);
        expect(contract.runner).to.equal(sandbox.provider);
        expect(contract.interface.hasFunction(OWN_FUNCTIONS[key])).to.equal(true);
      }
    });

    it(`${get.name} refuses an unknown network, naming the known ones`, async () => {
      const thrown = await thrownBy(() => get("nowhere", null));
      expect(thrown).to.be.instanceOf(DeploymentNotFoundError);
      if (!isNostraError(thrown)) throw thrown;
      expect(thrown.details["network"]).to.equal("nowhere");
      expect(thrown.details["known"]).to.include("contracts-test");
    });
  }

  it("getMarketFactory reads with a provider and sends with a signer, typed", async () => {
    const readOnly = getMarketFactory("contracts-test", sandbox.provider);
    const before: bigint = await readOnly.marketCount();
    const now = await sandbox.now();
    const questionId = `0x${"31".repeat(32)}`;
    const sent = await getMarketFactory("contracts-test", sandbox.admin).createBinaryMarket(
      questionId,
      "Does it?",
      "It does when it does.",
      "Test",
      now + 100n,
      now + 200n,
    );
    await sent.wait();
    expect(await readOnly.marketCount()).to.equal(before + 1n);
    const market = await readOnly.getMarket(questionId);
    expect(market.creator).to.equal(sandbox.admin.address);
    expect(market.endTime).to.equal(now + 100n);
  });

  it("the typed methods of the siblings answer from the chain", async () => {
    const { contracts } = sandbox.deployment;
    const { admin, operator, resolvers, accounts, provider } = sandbox;
    const exchange = getCTFExchange("contracts-test", provider);
    expect(await exchange.collateral()).to.equal(contracts.collateral);
    expect(await exchange.hasRole(Role.OPERATOR, operator.address)).to.equal(true);
    expect(await exchange.hasRole(Role.REGISTRAR, contracts.marketFactory)).to.equal(true);
    const oracle = getResolutionOracle("contracts-test", provider);
    expect(await oracle.admin()).to.equal(admin.address);
    expect(await oracle.hasRole(Role.RESOLVER, resolvers[1].address)).to.equal(true);
    expect(await oracle.hasRole(Role.RESOLVER, operator.address)).to.equal(false);
    const [account] = accounts;
    expect(
      await getConditionalTokens("contracts-test", provider).isApprovedForAll(
        account?.address ?? "",
        contracts.ctfExchange,
      ),
    ).to.equal(true);
    expect(await getCollateral("contracts-test", provider).decimals()).to.equal(6n);
  });

  it("connect binds all five contracts to one runner, and makes no call", () => {
    const neverCalled: ContractRunner = {
      provider: null,
      call: () => Promise.reject(new Error("a call was made")),
    };
    for (const runner of [neverCalled, null]) {
      const connection = connect("contracts-test", runner);
      const { exchange, factory, oracle, conditionalTokens, collateral } = connection;
      expect(connection.runner).to.equal(runner);
      expect(
        [exchange, factory, oracle, conditionalTokens, collateral].map(({ target }) => target),
      ).to.deep.equal([
        sandbox.deployment.contracts.ctfExchange,
        sandbox.deployment.contracts.marketFactory,
        sandbox.deployment.contracts.resolutionOracle,
        sandbox.deployment.contracts.conditionalTokens,
        sandbox.deployment.contracts.collateral,
      ]);
    }
  });

  it("roles are numbered as the contracts number them", () => {
    expect(Role).to.deep.equal({ OPERATOR: 0, REGISTRAR: 1, PAUSER: 2, RESOLVER: 3, CREATOR: 4 });
  });
});
