import {
  addPauser,
  approveRedeemer,
  cancelMarket,
  clarifyMarket,
  createMarkets,
  disputeResolution,
  finalizeResolution,
  pauseCreation,
  proposeResolution,
  readBalances,
  readExpectedPayouts,
  readMarket,
  redeemMany,
  redeemPositions,
  removePauser,
  splitPosition,
  unpauseCreation,
  type MarketIds,
  type NewMarketParams,
} from "@nostra/sdk/actions";
import { findEvent } from "@nostra/sdk/events";
import { binaryTokens, conditionId, findCheapQuestionId } from "@nostra/sdk/ids";
import type { Address } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { expectRevert, run } from "../helpers/sandbox";

const DAY = 86_400n;

// Many markets through the SDK, from their creation in one transaction to their redemption in one
// ├── createMarkets: all or none; ids as computed; each with its own dispute window
// ├── clarifyMarket: notes in the log, counted
// ├── pauseCreation: nothing is created until it ends; the rest goes on
// ├── readExpectedPayouts: undecided, proposed, undecided again once disputed, final
// └── redeemMany: as much as one by one; refused without approval, or while one is undecided
describe("Integration: many markets at once", () => {
  let sandbox: Sandbox;
  let ada: Wallet;
  let ben: Wallet;
  let params: NewMarketParams[];
  let markets: readonly MarketIds[];

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
    [ada, ben] = sandbox.accounts as [Wallet, Wallet];
    const { resolutionOracle: oracle } = sandbox.deployment.contracts;
    const endTimeSeconds = (await sandbox.now()) + 10n * DAY;
    params = ["gold", "silver", "bronze"].map((metal, i) => ({
      questionId: findCheapQuestionId(`Will ${metal} rise?`, { oracle }).questionId,
      question: `Will ${metal} rise?`,
      description: "YES when the evening fixing is above the morning's.",
      category: "metals",
      endTimeSeconds,
      resolutionTimeSeconds: endTimeSeconds + DAY,
      ...(i === 0 ? {} : { disputeWindowSeconds: BigInt(i) * DAY }),
    }));
  });

  after(() => sandbox.close());

  const admin = () => sandbox.connect(sandbox.admin);
  const market = (i: number): MarketIds => markets[i] as MarketIds;
  const expected = (i: number) => readExpectedPayouts(admin(), market(i).questionId);

  it("creates them in one transaction, or none of them", async () => {
    const { questionId, endTimeSeconds, resolutionTimeSeconds } = params[2] as NewMarketParams;
    const wrong = params.map((one) =>
      one.questionId === questionId ? { ...one, category: "" } : one,
    );
    await expectRevert(() => createMarkets(admin(), wrong).simulate(), "InvalidText", {
      ...{ questionId, field: "category", length: 0n, maximum: 64n },
    });
    expect(await admin().factory.marketCount()).to.equal(0n);

    ({ markets } = await run(createMarkets(admin(), params)));

    const { collateral, resolutionOracle } = sandbox.deployment.contracts;
    expect(markets).to.deep.equal(
      params.map((one) => {
        const condition = conditionId(resolutionOracle, one.questionId);
        return {
          questionId: one.questionId,
          conditionId: condition,
          ...binaryTokens(collateral, condition),
        };
      }),
    );
    const details = await Promise.all(markets.map((one) => readMarket(admin(), one.questionId)));
    expect(details.map((one) => one.disputeWindowSeconds)).to.deep.equal([7n * DAY, DAY, 2n * DAY]);
    for (const one of details) {
      expect(one).to.include({ status: "ACTIVE", clarifications: 0n });
      expect(one).to.include({ endTimeSeconds, resolutionTimeSeconds });
    }
  });

  it("clarifies one, in words that stay in its log", async () => {
    const { questionId } = market(0);
    const texts = ["London fixing.", "In dollars."];
    for (const [i, text] of texts.entries()) {
      const { index, transactionHash } = await run(clarifyMarket(admin(), { questionId, text }));
      expect(index).to.equal(BigInt(i));
      const receipt = await sandbox.provider.getTransactionReceipt(transactionHash);
      const { args } = findEvent(receipt ?? [], "MarketClarified", sandbox.deployment);
      expect(args).to.include({ questionId, author: sandbox.admin.address, text });
    }

    expect((await readMarket(admin(), questionId)).clarifications).to.equal(2n);
    await expectRevert(
      () => clarifyMarket(sandbox.connect(ada), { questionId, text: "No." }).simulate(),
      "NotClarifier",
      { questionId, caller: ada.address },
    );
  });

  it("pauses creation by a pauser's word until the admin's", async () => {
    const pauser = ben.address as Address;
    await run(addPauser(admin(), { pauser }));
    await run(pauseCreation(sandbox.connect(ben)));
    await expectRevert(() => sandbox.createMarket(), "Paused", {});
    await expectRevert(() => unpauseCreation(sandbox.connect(ben)).simulate(), "NotAdmin", {
      caller: ben.address,
    });
    await run(unpauseCreation(admin()));
    await run(removePauser(admin(), { pauser }));
    await expectRevert(() => pauseCreation(sandbox.connect(ben)).simulate(), "NotPauser", {
      caller: ben.address,
    });
  });

  it("tells what holders would be paid while the results come in", async () => {
    const [first, second] = sandbox.resolvers.map((resolver) => sandbox.connect(resolver));
    if (first === undefined || second === undefined) throw new Error("two resolvers");
    for (const account of [ada, ben]) {
      for (const { conditionId: id } of markets) {
        const params = { conditionId: id, amount: 7_000_001n };
        await run(splitPosition(sandbox.connect(account), params));
      }
    }
    expect(await expected(0)).to.deep.equal([0n, 0n]);
    await run(cancelMarket(admin(), market(2)));
    expect(await expected(2)).to.deep.equal([1n, 1n]);

    const [{ endTimeSeconds }] = params as [NewMarketParams];
    await sandbox.setTime(endTimeSeconds);
    await run(proposeResolution(first, { questionId: market(0).questionId, result: "YES" }));
    await run(proposeResolution(first, { questionId: market(1).questionId, result: "NO" }));
    expect(await expected(0)).to.deep.equal([1n, 0n]);
    expect(await expected(1)).to.deep.equal([0n, 1n]);

    await run(disputeResolution(second, market(0)));
    expect(await expected(0)).to.deep.equal([0n, 0n]);
    await sandbox.setTime(endTimeSeconds + 2n * DAY);
    await run(finalizeResolution(sandbox.connect(ada), market(1)));
    expect(await expected(1)).to.deep.equal([0n, 1n]);
  });

  it("redeems what is decided in one transaction, exactly as one by one would", async () => {
    const ids = markets.map((one) => one.conditionId);
    const decided = ids.slice(1);
    const as = sandbox.connect(ada);
    await expectRevert(() => redeemMany(as, { conditionIds: decided }).simulate(), "NotApproved", {
      account: ada.address,
    });
    await run(approveRedeemer(as));
    await expectRevert(
      () => redeemMany(as, { conditionIds: ids }).simulate(),
      "ConditionNotResolved",
      { conditionId: ids[0] },
    );

    const together = await run(redeemMany(as, { conditionIds: decided }));
    const oneByOne: bigint[] = [];
    for (const id of decided) {
      const { payout } = await run(redeemPositions(sandbox.connect(ben), { conditionId: id }));
      oneByOne.push(payout);
    }

    expect(together.redemptions).to.deep.equal(
      decided.map((id, i) => ({ conditionId: id, payout: oneByOne[i] })),
    );
    expect(together.payout).to.equal(14_000_001n);
    const accounts = [ada.address, ben.address] as Address[];
    for (const one of markets.slice(1)) {
      const [adas, bens] = await readBalances(admin(), { accounts, market: one });
      expect(adas).to.include({ yes: 0n, no: 0n });
      expect(adas?.collateral).to.equal(bens?.collateral);
    }
    const again = await run(redeemMany(as, { conditionIds: decided }));
    expect(again).to.deep.include({ payout: 0n, redemptions: [] });
  });
});
