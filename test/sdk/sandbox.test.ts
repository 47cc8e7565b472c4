import {
  planApprovals,
  readApprovals,
  readBalances,
  readMarket,
  type MarketIds,
} from "@nostra/sdk/actions";
import { Role } from "@nostra/sdk/contracts";
import { InputError } from "@nostra/sdk/errors";
import { binaryTokens, conditionId } from "@nostra/sdk/ids";
import type { Address } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { Wallet } from "ethers";
import { thrownBy } from "../helpers/sandbox";

const DAY = 86_400n;
const START = 1_800_000_000;

describe("sdk/testing: createSandbox", () => {
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ accounts: 3, startTimeSeconds: START });
  });

  after(() => sandbox.close());

  const collateralOf = (box: Sandbox, account: Wallet): Promise<bigint> =>
    box.connect(box.admin).collateral.balanceOf(account.address);

  it("deploys and links everything: the roles and links read back from the chain", async () => {
    const { contracts } = sandbox.deployment;
    const { exchange, factory, oracle } = sandbox.connect(sandbox.admin);
    expect(sandbox.deployment).to.deep.include({ network: "sandbox", chainId: 31_337 });
    expect(await sandbox.provider.send("eth_chainId", [])).to.equal("0x7a69");
    for (const [name, address] of Object.entries(contracts)) {
      expect((await sandbox.provider.getCode(address)).length, name).to.be.greaterThan(1_000);
    }
    for (const contract of [exchange, factory, oracle]) {
      expect(await contract.admin()).to.equal(sandbox.admin.address);
    }
    expect(await factory.exchange()).to.equal(contracts.ctfExchange);
    expect(await oracle.marketFactory()).to.equal(contracts.marketFactory);
    expect(await exchange.feeReceiver()).to.equal(sandbox.feeReceiver.address);
    expect(await exchange.hasRole(Role.OPERATOR, sandbox.operator.address)).to.equal(true);
    for (const resolver of sandbox.resolvers) {
      expect(await oracle.hasRole(Role.RESOLVER, resolver.address)).to.equal(true);
    }
  });

  it("the start block of the deployment is that of the first deployment transaction", async () => {
    const block = await sandbox.provider.getBlock(sandbox.deployment.startBlock);
    const [hash] = block?.transactions ?? [];
    const receipt = await sandbox.provider.getTransactionReceipt(hash ?? "");
    expect(receipt?.contractAddress).to.equal(sandbox.deployment.contracts.conditionalTokens);
  });

  it("accounts hold 10,000 USDC, gas money and every approval, and the roles hold no collateral", async () => {
    expect(sandbox.accounts).to.have.length(3);
    for (const account of sandbox.accounts) {
      const connection = sandbox.connect(account);
      const address = account.address as Address;
      expect(await collateralOf(sandbox, account)).to.equal(10_000_000_000n);
      expect(await sandbox.provider.getBalance(address)).to.be.greaterThan(10n ** 21n);
      expect(await readApprovals(connection, address)).to.deep.equal({
        exchangeAllowance: 2n ** 256n - 1n,
        exchangeMaySell: true,
        splitAllowance: 2n ** 256n - 1n,
      });
      expect(await planApprovals(connection, address)).to.deep.equal([]);
    }
    for (const account of [sandbox.admin, sandbox.operator, sandbox.feeReceiver]) {
      expect(await collateralOf(sandbox, account)).to.equal(0n);
    }
  });

  it("keys are the same in every sandbox, all different, and so are the addresses of the contracts", async () => {
    const other = await createSandbox({ accounts: 3 });
    const keysOf = (box: Sandbox): string[] =>
      [box.admin, box.operator, ...box.resolvers, box.feeReceiver, ...box.accounts].map(
        ({ privateKey }) => privateKey,
      );
    expect(keysOf(other)).to.deep.equal(keysOf(sandbox));
    expect(new Set(keysOf(sandbox)).size).to.equal(8);
    expect(other.deployment).to.deep.equal(sandbox.deployment);
    other.close();
  });

  it("two sandboxes are independent: neither sees the other's markets, balances and clock", async () => {
    const other = await createSandbox({ accounts: 1, startTimeSeconds: START + 1_000_000 });
    const [account] = sandbox.accounts as [Wallet];
    const market = await other.createMarket();
    await other.mint(account.address as Address, 5n);
    await other.setTime(BigInt(START) + 2_000_000n);

    expect(await other.connect(other.admin).factory.marketCount()).to.equal(1n);
    expect(await sandbox.connect(sandbox.admin).factory.marketCount()).to.equal(0n);
    expect(await sandbox.connect(sandbox.admin).exchange.getComplement(market.yes)).to.equal(0n);
    expect(await collateralOf(other, account)).to.equal(10_000_000_005n);
    expect(await collateralOf(sandbox, account)).to.equal(10_000_000_000n);
    expect((await sandbox.now()) < BigInt(START) + 1_000n).to.equal(true);
    other.close();
  });

  it("counts of accounts, collateral and chain id are taken from the options", async () => {
    const other = await createSandbox({ accounts: 1, collateral: 7n, chainId: 4_242 });
    const [account] = other.accounts as [Wallet];
    expect(other.accounts).to.have.length(1);
    expect(await collateralOf(other, account)).to.equal(7n);
    expect(other.deployment.chainId).to.equal(4_242);
    expect(await other.provider.send("eth_chainId", [])).to.equal("0x1092");
    other.close();
  });

  for (const accounts of [-1, 1.5, Number.NaN]) {
    it(`${accounts} accounts are refused`, async () => {
      const thrown = await thrownBy(() => createSandbox({ accounts }));
      expect(thrown).to.be.instanceOf(InputError);
    });
  }

  it("the chain starts at the second asked for", async () => {
    const first = await sandbox.provider.getBlock(0);
    expect(first?.timestamp).to.be.within(START, START + 1);
  });

  it("setTime moves the clock to exactly that second, and time does not go back", async () => {
    const target = (await sandbox.now()) + 500n;
    await sandbox.setTime(target);
    expect(await sandbox.now()).to.equal(target);
    await thrownBy(() => sandbox.setTime(target - 100n));
    expect(await sandbox.now()).to.equal(target);
  });

  it("createMarket needs nothing: it is active, ends a day from now and trades at the exchange", async () => {
    const markets: MarketIds[] = [await sandbox.createMarket(), await sandbox.createMarket()];
    expect(new Set(markets.map(({ questionId }) => questionId)).size).to.equal(2);
    const connection = sandbox.connect(sandbox.admin);
    const { resolutionOracle, collateral } = sandbox.deployment.contracts;
    for (const market of markets) {
      const condition = conditionId(resolutionOracle, market.questionId);
      expect(market).to.deep.equal({
        questionId: market.questionId,
        conditionId: condition,
        ...binaryTokens(collateral, condition),
      });
      const details = await readMarket(connection, market.questionId);
      expect(details.status).to.equal("ACTIVE");
      expect(details.endTimeSeconds - details.createdAtSeconds <= DAY).to.equal(true);
      expect(details.endTimeSeconds - details.createdAtSeconds > DAY - 60n).to.equal(true);
      expect(details.resolutionTimeSeconds - details.endTimeSeconds).to.equal(DAY);
      expect(await connection.exchange.getComplement(market.yes)).to.equal(market.no);
    }
  });

  it("createMarket takes what it is given, and the rest by default", async () => {
    const questionId = `0x${"5a".repeat(32)}` as const;
    const endTimeSeconds = (await sandbox.now()) + 77n;
    const market = await sandbox.createMarket({ questionId, endTimeSeconds });
    expect(market.questionId).to.equal(questionId);
    const details = await readMarket(sandbox.connect(sandbox.admin), questionId);
    expect(details.endTimeSeconds).to.equal(endTimeSeconds);
    expect(details.resolutionTimeSeconds).to.equal(endTimeSeconds + DAY);
  });

  it("mint and approveAll prepare an account of the sandbox", async () => {
    const { feeReceiver } = sandbox;
    const address = feeReceiver.address as Address;
    const connection = sandbox.connect(feeReceiver);
    expect(await planApprovals(connection, address)).to.have.length(3);
    await sandbox.mint(address, 12n);
    await sandbox.approveAll(feeReceiver);
    expect(await planApprovals(connection, address)).to.deep.equal([]);
    const market = { yes: 1n, no: 2n };
    expect(await readBalances(connection, { accounts: [address], market })).to.deep.equal([
      { collateral: 12n, yes: 0n, no: 0n },
    ]);
  });

  it("approveAll says so when the chain does not hold the key of the account", async () => {
    const stranger = new Wallet(`0x${"7".repeat(64)}`, sandbox.provider);
    expect(await thrownBy(() => sandbox.approveAll(stranger))).to.be.instanceOf(Error);
  });

  it("a closed sandbox answers no longer", async () => {
    const other = await createSandbox({ accounts: 0 });
    other.close();
    for (const ask of [() => other.now(), () => other.provider.send("eth_blockNumber", [])]) {
      const thrown = await thrownBy(ask);
      expect((thrown as { code?: unknown }).code).to.equal("UNSUPPORTED_OPERATION");
    }
    expect(await sandbox.now(), "the other one does").to.be.greaterThan(0n);
  });
});
