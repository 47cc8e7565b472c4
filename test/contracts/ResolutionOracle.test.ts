import { loadFixture, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  DAY,
  DISPUTE_TIMEOUT,
  DISPUTE_WINDOW,
  MAX_DISPUTE_WINDOW,
  MIN_DISPUTE_WINDOW,
  NO_WINS,
  Outcome,
  ResolutionState,
  Role,
  SILENCE_TIMEOUT,
  SPLIT,
  YES_WINS,
  disputedFixture,
  expectRefusal,
  finalizedFixture,
  impersonate,
  marketFixture,
  marketParams,
  newMarket,
  openFixture,
  proposedFixture,
  stateOf,
  uncalledFunctions,
  unprovokedErrors,
} from "../helpers/market";

// ResolutionOracle
// ├── at deployment: given no outcome tokens: ZeroAddress
// ├── setMarketFactory
// │   ├── when the admin sets it first: questions are taken from it
// │   ├── when set again: MarketFactoryAlreadySet; to zero: ZeroAddress
// │   └── when anyone else sets it: NotAdmin
// ├── setDisputeWindow
// │   ├── given 1 to 30 days: new questions have it, opened ones keep theirs
// │   ├── given a second less or more: InvalidDisputeWindow
// │   └── when anyone else sets it: NotAdmin
// ├── openQuestion
// │   ├── given no window: the default of now
// │   ├── given a window of 1 to 30 days: it holds for this question alone, to the second
// │   └── given a second less or more: InvalidQuestionWindow
// ├── openQuestion, cancelQuestion
// │   ├── when anyone but the factory calls, even the admin: NotMarketFactory
// │   ├── given an opened question: MarketAlreadyOpened
// │   └── given an unknown question (OR-10): UnknownMarket
// ├── proposeResolution
// │   ├── given the second before endTime (OR-1): TooEarly; given endTime or later: PROPOSED
// │   ├── when a non-resolver or a removed resolver proposes (OR-2): NotResolver
// │   ├── given other payouts than [1,0], [0,1], [1,1] (OR-3): InvalidPayouts
// │   ├── given a proposal, disputed or not (OR-4): AlreadyProposed
// │   └── given a final result: AlreadyFinalized
// ├── disputeResolution and finalizeResolution
// │   ├── given any second: exactly one of the two is possible (OR-5, OR-6)
// │   ├── when the proposer disputes itself (OR-7): SelfDispute
// │   ├── when a non-resolver or a removed resolver disputes (OR-2): NotResolver
// │   ├── given a proposer removed inside the window (OR-2): its proposal stands and becomes final
// │   ├── given a disputer removed after its dispute (OR-2): the dispute stands
// │   ├── given a dispute (OR-8): Disputed
// │   ├── given no proposal: NotProposed
// │   └── given a final result: AlreadyFinalized
// ├── adminFinalizeResolution
// │   ├── given a dispute: the admin's payouts are final, the proposed ones or others
// │   ├── given other payouts (OR-3): InvalidPayouts
// │   ├── given no dispute (OR-9): NotDisputed
// │   ├── given a final result: AlreadyFinalized
// │   └── when anyone else decides: NotAdmin
// ├── finalizeByTimeout
// │   ├── given silence until resolutionTime + 90 days: [1,1], a second earlier TimeoutNotReached
// │   ├── given a dispute without decision for 30 days (OR-11): the same
// │   ├── given an undisputed proposal: AlreadyProposed, whatever the time
// │   └── given a final result: AlreadyFinalized
// ├── expectedPayouts
// │   ├── given a final result: it; given a proposal: the proposal, inside its window and after
// │   ├── given a time-out that has come: [1,1]; a second before: [0,0]
// │   └── given silence till the end: what was expected is what is reported
// └── every call on an unknown question (OR-10): UnknownMarket

const INVALID_PAYOUTS: { name: string; payouts: bigint[] }[] = [
  { name: "[]", payouts: [] },
  { name: "[1]", payouts: [1n] },
  { name: "[0,0]", payouts: [0n, 0n] },
  { name: "[2,1]", payouts: [2n, 1n] },
  { name: "[1,2]", payouts: [1n, 2n] },
  { name: "[1,0,0]", payouts: [1n, 0n, 0n] },
  { name: "[2^256-1,1]", payouts: [ethers.MaxUint256, 1n] },
];

const RESULTS = [
  { name: "[1,0]", payouts: YES_WINS, outcome: Outcome.YES },
  { name: "[0,1]", payouts: NO_WINS, outcome: Outcome.NO },
  { name: "[1,1]", payouts: SPLIT, outcome: Outcome.SPLIT },
];

const UNKNOWN = ethers.id("a question nobody opened");

type OpenSystem = Awaited<ReturnType<typeof openFixture>>;

/** The payout vector ConditionalTokens holds for the market; zeroes while it has none. */
async function reported({ conditionalTokens, market }: OpenSystem): Promise<bigint[]> {
  return Promise.all([
    conditionalTokens.payoutNumerators(market.conditionId, 0),
    conditionalTokens.payoutNumerators(market.conditionId, 1),
  ]);
}

async function expectFinal(system: OpenSystem, payouts: bigint[], outcome: number): Promise<void> {
  const { oracle, market } = system;
  const { state, outcome: final } = await oracle.getResolution(market.questionId);
  expect(state, "state").to.equal(ResolutionState.FINALIZED);
  expect(final, "outcome").to.equal(outcome);
  expect(await reported(system), "reported payouts").to.deep.equal(payouts);
  expect(await oracle.timeoutOf(market.questionId), "timeout").to.equal(0n);
}

describe("ResolutionOracle", function () {
  describe("at deployment", function () {
    it("stands for these outcome tokens, with a window of seven days and the stated bounds", async function () {
      const { oracle, conditionalTokens } = await loadFixture(marketFixture);

      expect(await oracle.conditionalTokens()).to.equal(await conditionalTokens.getAddress());
      expect(await oracle.disputeWindow()).to.equal(DISPUTE_WINDOW);
      expect(await oracle.MIN_DISPUTE_WINDOW()).to.equal(MIN_DISPUTE_WINDOW);
      expect(await oracle.MAX_DISPUTE_WINDOW()).to.equal(MAX_DISPUTE_WINDOW);
      expect(await oracle.SILENCE_TIMEOUT()).to.equal(SILENCE_TIMEOUT);
      expect(await oracle.DISPUTE_TIMEOUT()).to.equal(DISPUTE_TIMEOUT);
    });

    it("refuses to be deployed without outcome tokens", async function () {
      const { oracle } = await loadFixture(marketFixture);

      await expect(
        ethers.deployContract("ResolutionOracle", [ethers.ZeroAddress]),
      ).to.be.revertedWithCustomError(oracle, "ZeroAddress");
    });

    it("names the payout vector of every outcome", async function () {
      const { oracle } = await loadFixture(marketFixture);

      expect(await oracle.payoutsOf(Outcome.NONE)).to.deep.equal([0n, 0n]);
      for (const { payouts, outcome } of RESULTS) {
        expect(await oracle.payoutsOf(outcome)).to.deep.equal(payouts);
      }
    });

    it("has no record and no time-out for a question nobody opened", async function () {
      const { oracle } = await loadFixture(marketFixture);

      expect([...(await oracle.getResolution(UNKNOWN))]).to.deep.equal([
        ...[0n, 0n, ethers.ZeroAddress, ethers.ZeroAddress],
        ...[0n, 0n, 0n, 0n, 0n],
      ]);
      expect(await oracle.timeoutOf(UNKNOWN)).to.equal(0n);
    });
  });

  describe("setMarketFactory", function () {
    /** An oracle that has no factory yet, beside the linked system. */
    async function unlinkedFixture() {
      const system = await marketFixture();
      const unlinked = await ethers.deployContract("ResolutionOracle", [system.conditionalTokens]);
      return { ...system, unlinked };
    }

    it("takes questions from the factory from then on", async function () {
      const { unlinked, heir } = await loadFixture(unlinkedFixture);
      expect(await unlinked.marketFactory()).to.equal(ethers.ZeroAddress);

      await expect(unlinked.setMarketFactory(heir))
        .to.emit(unlinked, "MarketFactorySet")
        .withArgs(heir.address);

      expect(await unlinked.marketFactory()).to.equal(heir.address);
      await unlinked.connect(heir).openQuestion(UNKNOWN, 1, 2, 0);
      expect((await unlinked.getResolution(UNKNOWN)).state).to.equal(ResolutionState.OPEN);
    });

    it("refuses the zero address", async function () {
      const { unlinked } = await loadFixture(unlinkedFixture);

      await expect(unlinked.setMarketFactory(ethers.ZeroAddress)).to.be.revertedWithCustomError(
        unlinked,
        "ZeroAddress",
      );
      expect(await unlinked.marketFactory()).to.equal(ethers.ZeroAddress);
    });

    it("refuses a second factory, and the same one again", async function () {
      const system = await loadFixture(marketFixture);
      const { oracle, factory, heir } = system;
      const current = await factory.getAddress();

      for (const next of [heir.address, current]) {
        await expectRefusal(
          system,
          () => oracle.setMarketFactory(next),
          oracle,
          "MarketFactoryAlreadySet",
          [current],
        );
      }
    });

    it("refuses anyone but the admin", async function () {
      const { unlinked, stranger } = await loadFixture(unlinkedFixture);

      await expect(unlinked.connect(stranger).setMarketFactory(stranger))
        .to.be.revertedWithCustomError(unlinked, "NotAdmin")
        .withArgs(stranger.address);
      expect(await unlinked.marketFactory()).to.equal(ethers.ZeroAddress);
    });
  });

  describe("setDisputeWindow", function () {
    for (const window of [MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW]) {
      it(`gives questions opened from then on ${window} seconds`, async function () {
        const { oracle, createMarket } = await loadFixture(marketFixture);

        await expect(oracle.setDisputeWindow(window))
          .to.emit(oracle, "DisputeWindowSet")
          .withArgs(window);
        const { questionId } = await createMarket();

        expect(await oracle.disputeWindow()).to.equal(window);
        expect((await oracle.getResolution(questionId)).disputeWindow).to.equal(window);
      });
    }

    for (const window of [0, MIN_DISPUTE_WINDOW - 1, MAX_DISPUTE_WINDOW + 1, 2 ** 40]) {
      it(`refuses ${window} seconds`, async function () {
        const system = await loadFixture(marketFixture);
        const { oracle } = system;

        await expectRefusal(
          system,
          () => oracle.setDisputeWindow(window),
          oracle,
          "InvalidDisputeWindow",
          [window, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW],
        );
      });
    }

    it("refuses anyone but the admin", async function () {
      const system = await loadFixture(marketFixture);
      const { oracle, resolver } = system;

      await expectRefusal(
        system,
        () => oracle.connect(resolver).setDisputeWindow(DAY),
        oracle,
        "NotAdmin",
        [resolver.address],
      );
    });

    it("leaves the window of an opened question as it was", async function () {
      const { oracle, resolver, market } = await loadFixture(openFixture);
      await oracle.setDisputeWindow(MIN_DISPUTE_WINDOW);

      await time.setNextBlockTimestamp(market.endTime);
      await expect(oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS))
        .to.emit(oracle, "ResolutionProposed")
        .withArgs(market.questionId, resolver.address, YES_WINS, market.endTime + DISPUTE_WINDOW);
    });

    it("neither shortens nor stretches a window that is running", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, stranger, market, deadline } = system;
      await oracle.setDisputeWindow(MIN_DISPUTE_WINDOW);

      await time.setNextBlockTimestamp(deadline - 1);
      await expectRefusal(
        system,
        () => oracle.connect(stranger).finalizeResolution(market.questionId),
        oracle,
        "DisputeWindowOpen",
        [market.questionId, deadline, deadline - 1],
      );
      await oracle.setDisputeWindow(MAX_DISPUTE_WINDOW);
      await oracle.connect(stranger).finalizeResolution(market.questionId);

      await expectFinal(system, YES_WINS, Outcome.YES);
    });
  });

  describe("openQuestion", function () {
    it("records the times and the current window, and tells so", async function () {
      const { oracle, factory, market } = await loadFixture(openFixture);
      const { questionId, endTime, resolutionTime } = market;

      const resolution = await oracle.getResolution(questionId);

      expect([...resolution]).to.deep.equal([
        ...[BigInt(ResolutionState.OPEN), BigInt(Outcome.NONE)],
        ...[ethers.ZeroAddress, ethers.ZeroAddress],
        ...[BigInt(endTime), BigInt(resolutionTime), 0n, 0n, BigInt(DISPUTE_WINDOW)],
      ]);
      const another = ethers.id("another");
      await expect(oracle.connect(await impersonate(factory)).openQuestion(another, 1, 2, 0))
        .to.emit(oracle, "QuestionOpened")
        .withArgs(another, 1, 2, DISPUTE_WINDOW);
    });

    for (const window of [MIN_DISPUTE_WINDOW, 3 * DAY, MAX_DISPUTE_WINDOW]) {
      it(`OR-5 OR-6 gives a question its own window of ${window} seconds, and no other`, async function () {
        const system = await loadFixture(marketFixture);
        const { oracle, factory, creator, resolver, watcher, stranger, createMarket } = system;
        const params = await marketParams({ questionId: ethers.id("own window") });
        const { questionId, endTime, resolutionTime } = params;
        await expect(factory.connect(creator).createBinaryMarkets([newMarket(params, window)]))
          .to.emit(oracle, "QuestionOpened")
          .withArgs(questionId, endTime, resolutionTime, window);
        const other = await createMarket();
        expect((await oracle.getResolution(other.questionId)).disputeWindow).to.equal(
          DISPUTE_WINDOW,
        );
        expect(await oracle.disputeWindow(), "default").to.equal(DISPUTE_WINDOW);
        const deadline = endTime + DAY + window;
        await time.setNextBlockTimestamp(endTime + DAY);
        await expect(oracle.connect(resolver).proposeResolution(questionId, YES_WINS))
          .to.emit(oracle, "ResolutionProposed")
          .withArgs(questionId, resolver.address, YES_WINS, deadline);
        const proposed = await takeSnapshot();

        for (const offset of [-1, 0, 1]) {
          await proposed.restore();
          await time.setNextBlockTimestamp(deadline + offset);
          const [open, shut] =
            offset < 0 ? ["Disputed", "DisputeWindowOpen"] : ["Finalized", "DisputeWindowClosed"];
          const dispute = () => oracle.connect(watcher).disputeResolution(questionId);
          const finalize = () => oracle.connect(stranger).finalizeResolution(questionId);
          await expectRefusal(system, offset < 0 ? finalize : dispute, oracle, shut, [
            ...[questionId, deadline, deadline + offset],
          ]);
          await proposed.restore();
          await time.setNextBlockTimestamp(deadline + offset);
          await expect((offset < 0 ? dispute : finalize)()).to.emit(oracle, `Resolution${open}`);
        }
      });
    }

    for (const window of [
      1n,
      BigInt(MIN_DISPUTE_WINDOW - 1),
      BigInt(MAX_DISPUTE_WINDOW + 1),
      2n ** 32n + BigInt(DAY),
      ethers.MaxUint256,
    ]) {
      it(`refuses a question with a window of ${window} seconds`, async function () {
        const system = await loadFixture(marketFixture);
        const { oracle, factory } = system;
        const asFactory = oracle.connect(await impersonate(factory));

        await expectRefusal(
          system,
          () => asFactory.openQuestion(UNKNOWN, 1, 2, window),
          oracle,
          "InvalidQuestionWindow",
          [UNKNOWN, window, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW],
        );
        expect((await oracle.getResolution(UNKNOWN)).state).to.equal(ResolutionState.UNKNOWN);
      });
    }

    it("refuses a question that was opened before", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, factory, market } = system;
      const asFactory = oracle.connect(await impersonate(factory));

      await expectRefusal(
        system,
        () => asFactory.openQuestion(market.questionId, 1, 2, 0),
        oracle,
        "MarketAlreadyOpened",
        [market.questionId],
      );
    });

    it("refuses to open or cancel for anyone but the factory, even the admin", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, admin, resolver, stranger, market } = system;

      for (const caller of [admin, resolver, stranger]) {
        await expectRefusal(
          system,
          () => oracle.connect(caller).openQuestion(UNKNOWN, 1, 2, 0),
          oracle,
          "NotMarketFactory",
          [caller.address],
        );
        await expectRefusal(
          system,
          () => oracle.connect(caller).cancelQuestion(market.questionId),
          oracle,
          "NotMarketFactory",
          [caller.address],
        );
      }
    });
  });

  describe("cancelQuestion", function () {
    it("ends an open question as [1,1]", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, factory, market } = system;
      const asFactory = await impersonate(factory);

      await expect(oracle.connect(asFactory).cancelQuestion(market.questionId))
        .to.emit(oracle, "ResolutionFinalized")
        .withArgs(market.questionId, asFactory.address, SPLIT);

      await expectFinal(system, SPLIT, Outcome.SPLIT);
    });

    for (const { state, fixture, error } of [
      { state: "a proposal stands", fixture: proposedFixture, error: "AlreadyProposed" },
      { state: "a dispute stands", fixture: disputedFixture, error: "AlreadyProposed" },
      { state: "the result is final", fixture: finalizedFixture, error: "AlreadyFinalized" },
    ]) {
      it(`refuses once ${state}`, async function () {
        const system = await loadFixture<OpenSystem>(fixture);
        const { oracle, factory, market } = system;
        const asFactory = await impersonate(factory);

        await expectRefusal(
          system,
          () => oracle.connect(asFactory).cancelQuestion(market.questionId),
          oracle,
          error,
          [market.questionId],
        );
      });
    }
  });

  describe("proposeResolution", function () {
    it("OR-1 refuses in the second before endTime", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, resolver, market } = system;

      await time.setNextBlockTimestamp(market.endTime - 1);
      await expectRefusal(
        system,
        () => oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS),
        oracle,
        "TooEarly",
        [market.questionId, market.endTime, market.endTime - 1],
      );
    });

    it("OR-1 takes a proposal in the second after endTime too", async function () {
      const { oracle, resolver, market } = await loadFixture(openFixture);

      await time.setNextBlockTimestamp(market.endTime + 1);
      await oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS);

      const { proposedAt } = await oracle.getResolution(market.questionId);
      expect(proposedAt).to.equal(market.endTime + 1);
    });

    for (const { name, payouts, outcome } of RESULTS) {
      it(`OR-1 takes ${name} in the second of endTime, and reports nothing yet`, async function () {
        const system = await loadFixture(openFixture);
        const { oracle, resolver, market } = system;
        const { questionId, endTime, resolutionTime } = market;

        await time.setNextBlockTimestamp(endTime);
        await expect(oracle.connect(resolver).proposeResolution(questionId, payouts))
          .to.emit(oracle, "ResolutionProposed")
          .withArgs(questionId, resolver.address, payouts, endTime + DISPUTE_WINDOW);

        expect([...(await oracle.getResolution(questionId))]).to.deep.equal([
          ...[BigInt(ResolutionState.PROPOSED), BigInt(outcome)],
          ...[resolver.address, ethers.ZeroAddress],
          ...[BigInt(endTime), BigInt(resolutionTime), BigInt(endTime), 0n, BigInt(DISPUTE_WINDOW)],
        ]);
        expect(await reported(system)).to.deep.equal([0n, 0n]);
        expect(await oracle.timeoutOf(questionId)).to.equal(0n);
      });
    }

    it("OR-1 takes a proposal long after the silence time-out, while nobody ended the question", async function () {
      const { oracle, resolver, market } = await loadFixture(openFixture);

      await time.setNextBlockTimestamp(market.resolutionTime + SILENCE_TIMEOUT + DAY);
      await oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS);

      const { state } = await oracle.getResolution(market.questionId);
      expect(state).to.equal(ResolutionState.PROPOSED);
    });

    it("OR-2 refuses a stranger, the admin and a removed resolver", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, admin, resolver, stranger, market } = system;
      await oracle.removeResolver(resolver);
      await time.increaseTo(market.endTime);

      for (const caller of [stranger, admin, resolver]) {
        await expectRefusal(
          system,
          () => oracle.connect(caller).proposeResolution(market.questionId, YES_WINS),
          oracle,
          "NotResolver",
          [caller.address],
        );
      }
    });

    it("OR-2 takes a proposal of a resolver added later", async function () {
      const { oracle, heir, market } = await loadFixture(openFixture);
      await oracle.addResolver(heir);
      await time.increaseTo(market.endTime);

      await oracle.connect(heir).proposeResolution(market.questionId, NO_WINS);

      expect((await oracle.getResolution(market.questionId)).proposer).to.equal(heir.address);
    });

    for (const { name, payouts } of INVALID_PAYOUTS) {
      it(`OR-3 refuses the payouts ${name}`, async function () {
        const system = await loadFixture(openFixture);
        const { oracle, resolver, market } = system;
        await time.increaseTo(market.endTime);

        await expectRefusal(
          system,
          () => oracle.connect(resolver).proposeResolution(market.questionId, payouts),
          oracle,
          "InvalidPayouts",
          [payouts],
        );
      });
    }

    for (const { state, fixture, error } of [
      { state: "a proposal stands", fixture: proposedFixture, error: "AlreadyProposed" },
      { state: "a dispute stands", fixture: disputedFixture, error: "AlreadyProposed" },
      { state: "the result is final", fixture: finalizedFixture, error: "AlreadyFinalized" },
    ]) {
      it(`OR-4 refuses once ${state}, the same resolver and another`, async function () {
        const system = await loadFixture<OpenSystem>(fixture);
        const { oracle, resolver, watcher, market } = system;

        for (const caller of [resolver, watcher]) {
          await expectRefusal(
            system,
            () => oracle.connect(caller).proposeResolution(market.questionId, NO_WINS),
            oracle,
            error,
            [market.questionId],
          );
        }
      });
    }
  });

  describe("disputeResolution and finalizeResolution", function () {
    for (const { when, offset, disputable } of [
      { when: "one second after the proposal", offset: 1 - DISPUTE_WINDOW, disputable: true },
      { when: "in the second before the deadline", offset: -1, disputable: true },
      { when: "in the second of the deadline", offset: 0, disputable: false },
      { when: "in the second after the deadline", offset: 1, disputable: false },
      { when: "a year after the deadline", offset: 365 * DAY, disputable: false },
    ]) {
      it(`OR-5 OR-6 leave exactly one of the two possible ${when}: ${disputable ? "dispute" : "finalize"}`, async function () {
        const system = await loadFixture(proposedFixture);
        const { oracle, watcher, stranger, market, deadline } = system;
        const { questionId } = market;
        const now = deadline + offset;
        const dispute = () => oracle.connect(watcher).disputeResolution(questionId);
        const finalize = () => oracle.connect(stranger).finalizeResolution(questionId);
        const proposed = await takeSnapshot();

        await time.setNextBlockTimestamp(now);
        if (disputable) {
          await expectRefusal(system, finalize, oracle, "DisputeWindowOpen", [
            questionId,
            deadline,
            now,
          ]);
        } else {
          await expectRefusal(system, dispute, oracle, "DisputeWindowClosed", [
            questionId,
            deadline,
            now,
          ]);
        }

        await proposed.restore();
        await time.setNextBlockTimestamp(now);
        if (disputable) {
          await expect(dispute())
            .to.emit(oracle, "ResolutionDisputed")
            .withArgs(questionId, watcher.address, now + DISPUTE_TIMEOUT);
        } else {
          await expect(finalize())
            .to.emit(oracle, "ResolutionFinalized")
            .withArgs(questionId, stranger.address, YES_WINS);
        }
      });
    }

    it("record the dispute and leave the proposal as it was", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, resolver, watcher, market, proposedAt, disputedAt } = system;

      const resolution = await oracle.getResolution(market.questionId);

      expect(resolution.state).to.equal(ResolutionState.DISPUTED);
      expect(resolution.outcome).to.equal(Outcome.YES);
      expect(resolution.proposer).to.equal(resolver.address);
      expect(resolution.disputer).to.equal(watcher.address);
      expect(resolution.proposedAt).to.equal(proposedAt);
      expect(resolution.disputedAt).to.equal(disputedAt);
      expect(await reported(system)).to.deep.equal([0n, 0n]);
    });

    for (const { name, payouts, outcome } of RESULTS) {
      it(`report ${name} when it was proposed and nobody disputed`, async function () {
        const system = await loadFixture(openFixture);
        const { oracle, resolver, stranger, conditionalTokens, market } = system;
        await time.setNextBlockTimestamp(market.endTime);
        await oracle.connect(resolver).proposeResolution(market.questionId, payouts);
        await time.setNextBlockTimestamp(market.endTime + DISPUTE_WINDOW);

        await expect(oracle.connect(stranger).finalizeResolution(market.questionId))
          .to.emit(conditionalTokens, "ConditionResolution")
          .withArgs(market.conditionId, await oracle.getAddress(), market.questionId, 2n, payouts);

        await expectFinal(system, payouts, outcome);
      });
    }

    it("OR-7 refuse a dispute by the proposer", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, resolver, market } = system;

      await expectRefusal(
        system,
        () => oracle.connect(resolver).disputeResolution(market.questionId),
        oracle,
        "SelfDispute",
        [market.questionId, resolver.address],
      );
    });

    it("OR-2 refuse a dispute by a stranger, the admin and a removed resolver", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, admin, watcher, stranger, market } = system;
      await oracle.removeResolver(watcher);

      for (const caller of [stranger, admin, watcher]) {
        await expectRefusal(
          system,
          () => oracle.connect(caller).disputeResolution(market.questionId),
          oracle,
          "NotResolver",
          [caller.address],
        );
      }
    });

    it("OR-2 let the proposal of a resolver removed inside the window stand and become final", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, resolver, stranger, market, deadline } = system;
      const before = await oracle.getResolution(market.questionId);
      await oracle.removeResolver(resolver);

      expect(await oracle.getResolution(market.questionId)).to.deep.equal(before);
      await time.setNextBlockTimestamp(deadline);
      await oracle.connect(stranger).finalizeResolution(market.questionId);

      await expectFinal(system, YES_WINS, Outcome.YES);
    });

    it("OR-2 OR-7 let others dispute the proposal of a resolver that resigned, but not itself", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, resolver, watcher, market } = system;
      await oracle.connect(resolver).renounceRole(Role.RESOLVER);

      await expectRefusal(
        system,
        () => oracle.connect(resolver).disputeResolution(market.questionId),
        oracle,
        "NotResolver",
        [resolver.address],
      );
      await oracle.connect(watcher).disputeResolution(market.questionId);

      const { state } = await oracle.getResolution(market.questionId);
      expect(state).to.equal(ResolutionState.DISPUTED);
    });

    it("OR-2 OR-8 let the dispute of a removed resolver stand", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, watcher, stranger, market, deadline } = system;
      await oracle.removeResolver(watcher);
      await time.increaseTo(deadline + 1);

      await expectRefusal(
        system,
        () => oracle.connect(stranger).finalizeResolution(market.questionId),
        oracle,
        "Disputed",
        [market.questionId],
      );
      await oracle.adminFinalizeResolution(market.questionId, NO_WINS);

      await expectFinal(system, NO_WINS, Outcome.NO);
    });

    it("OR-8 refuse both while the proposal is disputed, whatever the time", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, admin, watcher, market, deadline } = system;
      const { questionId } = market;

      for (const now of [deadline, deadline + DAY, deadline + 365 * DAY]) {
        await time.increaseTo(now);
        for (const call of [
          () => oracle.connect(watcher).disputeResolution(questionId),
          () => oracle.connect(admin).finalizeResolution(questionId),
        ]) {
          await expectRefusal(system, call, oracle, "Disputed", [questionId]);
        }
      }
    });

    it("refuse both while nothing is proposed", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, watcher, market } = system;
      await time.increaseTo(market.endTime);

      for (const call of [
        () => oracle.connect(watcher).disputeResolution(market.questionId),
        () => oracle.connect(watcher).finalizeResolution(market.questionId),
      ]) {
        await expectRefusal(system, call, oracle, "NotProposed", [market.questionId]);
      }
    });

    it("refuse both once the result is final", async function () {
      const system = await loadFixture(finalizedFixture);
      const { oracle, watcher, market } = system;

      for (const call of [
        () => oracle.connect(watcher).disputeResolution(market.questionId),
        () => oracle.connect(watcher).finalizeResolution(market.questionId),
      ]) {
        await expectRefusal(system, call, oracle, "AlreadyFinalized", [market.questionId]);
      }
    });
  });

  describe("adminFinalizeResolution", function () {
    for (const { name, payouts, outcome } of RESULTS) {
      it(`ends a disputed question as ${name}, whatever was proposed`, async function () {
        const system = await loadFixture(disputedFixture);
        const { oracle, admin, market } = system;

        await expect(oracle.adminFinalizeResolution(market.questionId, payouts))
          .to.emit(oracle, "ResolutionFinalized")
          .withArgs(market.questionId, admin.address, payouts);

        await expectFinal(system, payouts, outcome);
      });
    }

    for (const { name, payouts } of INVALID_PAYOUTS) {
      it(`OR-3 refuses the payouts ${name}`, async function () {
        const system = await loadFixture(disputedFixture);
        const { oracle, market } = system;

        await expectRefusal(
          system,
          () => oracle.adminFinalizeResolution(market.questionId, payouts),
          oracle,
          "InvalidPayouts",
          [payouts],
        );
      });
    }

    it("OR-9 refuses to decide an open question", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, market } = system;
      await time.increaseTo(market.resolutionTime + SILENCE_TIMEOUT);

      await expectRefusal(
        system,
        () => oracle.adminFinalizeResolution(market.questionId, YES_WINS),
        oracle,
        "NotDisputed",
        [market.questionId],
      );
    });

    for (const { when, offset } of [
      { when: "inside its window", offset: -1 },
      { when: "after its window", offset: 0 },
    ]) {
      it(`OR-9 refuses to touch an undisputed proposal ${when}`, async function () {
        const system = await loadFixture(proposedFixture);
        const { oracle, market, deadline } = system;
        await time.setNextBlockTimestamp(deadline + offset);

        await expectRefusal(
          system,
          () => oracle.adminFinalizeResolution(market.questionId, NO_WINS),
          oracle,
          "NotDisputed",
          [market.questionId],
        );
      });
    }

    it("refuses to touch a final result, of whatever origin", async function () {
      const system = await loadFixture(finalizedFixture);
      const { oracle, factory, market, createMarket } = system;
      const cancelled = await createMarket({ questionId: ethers.id("cancelled") });
      await factory.cancelMarket(cancelled.questionId);

      for (const { questionId } of [market, cancelled]) {
        await expectRefusal(
          system,
          () => oracle.adminFinalizeResolution(questionId, NO_WINS),
          oracle,
          "AlreadyFinalized",
          [questionId],
        );
      }
    });

    it("decides a dispute once", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, market } = system;
      await oracle.adminFinalizeResolution(market.questionId, NO_WINS);

      await expectRefusal(
        system,
        () => oracle.adminFinalizeResolution(market.questionId, YES_WINS),
        oracle,
        "AlreadyFinalized",
        [market.questionId],
      );
    });

    it("still decides after the dispute's time-out, while nobody ended the question", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, market, disputedAt } = system;
      await time.increaseTo(disputedAt + DISPUTE_TIMEOUT);

      await oracle.adminFinalizeResolution(market.questionId, NO_WINS);

      await expectFinal(system, NO_WINS, Outcome.NO);
    });

    it("refuses anyone but the admin, even the two in dispute", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, resolver, watcher, stranger, market } = system;

      for (const caller of [resolver, watcher, stranger]) {
        await expectRefusal(
          system,
          () => oracle.connect(caller).adminFinalizeResolution(market.questionId, YES_WINS),
          oracle,
          "NotAdmin",
          [caller.address],
        );
      }
    });
  });

  describe("finalizeByTimeout", function () {
    it("OR-11 ends a silent question as [1,1] from resolutionTime + 90 days on, and not a second earlier", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, stranger, market } = system;
      const { questionId } = market;
      const timeout = market.resolutionTime + SILENCE_TIMEOUT;
      const end = () => oracle.connect(stranger).finalizeByTimeout(questionId);
      expect(await oracle.timeoutOf(questionId)).to.equal(timeout);

      await time.setNextBlockTimestamp(timeout - 1);
      await expectRefusal(system, end, oracle, "TimeoutNotReached", [
        questionId,
        timeout,
        timeout - 1,
      ]);
      await time.setNextBlockTimestamp(timeout);
      await expect(end())
        .to.emit(oracle, "ResolutionFinalized")
        .withArgs(questionId, stranger.address, SPLIT);

      await expectFinal(system, SPLIT, Outcome.SPLIT);
    });

    it("OR-11 ends an undecided dispute as [1,1] from 30 days after it on, and not a second earlier", async function () {
      const system = await loadFixture(disputedFixture);
      const { oracle, stranger, market, disputedAt } = system;
      const { questionId } = market;
      const timeout = disputedAt + DISPUTE_TIMEOUT;
      const end = () => oracle.connect(stranger).finalizeByTimeout(questionId);
      expect(await oracle.timeoutOf(questionId)).to.equal(timeout);

      await time.setNextBlockTimestamp(timeout - 1);
      await expectRefusal(system, end, oracle, "TimeoutNotReached", [
        questionId,
        timeout,
        timeout - 1,
      ]);
      await time.setNextBlockTimestamp(timeout);
      await expect(end())
        .to.emit(oracle, "ResolutionFinalized")
        .withArgs(questionId, stranger.address, SPLIT);

      await expectFinal(system, SPLIT, Outcome.SPLIT);
    });

    for (const { what, fixture } of [
      { what: "a silent question", fixture: openFixture },
      { what: "an undecided dispute", fixture: disputedFixture },
    ]) {
      it(`OR-11 ends ${what} in the second after its time-out too`, async function () {
        const system = await loadFixture<OpenSystem>(fixture);
        const { oracle, stranger, market } = system;
        const timeout = await oracle.timeoutOf(market.questionId);

        await time.setNextBlockTimestamp(timeout + 1n);
        await oracle.connect(stranger).finalizeByTimeout(market.questionId);

        await expectFinal(system, SPLIT, Outcome.SPLIT);
      });
    }

    it("refuses an undisputed proposal whatever the time: finalizing is open to anyone", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, stranger, market, deadline } = system;

      for (const now of [deadline - 1, deadline, deadline + 365 * DAY]) {
        await time.setNextBlockTimestamp(now);
        await expectRefusal(
          system,
          () => oracle.connect(stranger).finalizeByTimeout(market.questionId),
          oracle,
          "AlreadyProposed",
          [market.questionId],
        );
      }
    });

    it("refuses once the result is final", async function () {
      const system = await loadFixture(finalizedFixture);
      const { oracle, stranger, market } = system;
      await time.increase(365 * DAY);

      await expectRefusal(
        system,
        () => oracle.connect(stranger).finalizeByTimeout(market.questionId),
        oracle,
        "AlreadyFinalized",
        [market.questionId],
      );
    });
  });

  describe("an unknown question", function () {
    it("OR-10 is refused by every call", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, factory, resolver, stranger } = system;
      const asFactory = await impersonate(factory);

      for (const call of [
        () => oracle.connect(asFactory).cancelQuestion(UNKNOWN),
        () => oracle.connect(resolver).proposeResolution(UNKNOWN, YES_WINS),
        () => oracle.connect(resolver).disputeResolution(UNKNOWN),
        () => oracle.connect(stranger).finalizeResolution(UNKNOWN),
        () => oracle.adminFinalizeResolution(UNKNOWN, YES_WINS),
        () => oracle.connect(stranger).finalizeByTimeout(UNKNOWN),
        () => oracle.expectedPayouts(UNKNOWN),
      ]) {
        await expectRefusal(system, call, oracle, "UnknownMarket", [UNKNOWN]);
      }
    });
  });

  describe("expectedPayouts", function () {
    const UNDECIDED = [0n, 0n];

    for (const { what, fixture } of [
      { what: "a silent question", fixture: openFixture },
      { what: "an undecided dispute", fixture: disputedFixture },
    ]) {
      it(`are undecided of ${what} up to its time-out, then [1,1], as it then ends`, async function () {
        const system = await loadFixture<OpenSystem>(fixture);
        const { oracle, stranger, market } = system;
        const { questionId } = market;
        const timeout = await oracle.timeoutOf(questionId);
        expect(await oracle.expectedPayouts(questionId)).to.deep.equal(UNDECIDED);

        for (const offset of [-1n, 0n, 1n]) {
          await time.increaseTo(timeout + offset);
          expect(await oracle.expectedPayouts(questionId), `at ${offset}`).to.deep.equal(
            offset < 0n ? UNDECIDED : SPLIT,
          );
        }
        await oracle.connect(stranger).finalizeByTimeout(questionId);

        expect(await oracle.expectedPayouts(questionId)).to.deep.equal(SPLIT);
        expect(await reported(system)).to.deep.equal(SPLIT);
      });
    }

    for (const { name, payouts } of RESULTS) {
      it(`are the proposed ${name}, inside the window, after it and once final`, async function () {
        const system = await loadFixture(openFixture);
        const { oracle, resolver, stranger, market } = system;
        const { questionId, endTime } = market;
        await time.setNextBlockTimestamp(endTime);
        await oracle.connect(resolver).proposeResolution(questionId, payouts);
        expect(await oracle.expectedPayouts(questionId)).to.deep.equal(payouts);

        for (const at of [-1, 0, 1, 365 * DAY]) {
          await time.increaseTo(endTime + DISPUTE_WINDOW + at);
          expect(await oracle.expectedPayouts(questionId), `at ${at}`).to.deep.equal(payouts);
        }
        await oracle.connect(stranger).finalizeResolution(questionId);

        expect(await oracle.expectedPayouts(questionId)).to.deep.equal(payouts);
        expect(await reported(system)).to.deep.equal(payouts);
      });
    }

    it("are the admin's once a dispute is decided, and [1,1] of a cancelled market", async function () {
      const { oracle, factory, market, createMarket } = await loadFixture(disputedFixture);
      const cancelled = await createMarket({ questionId: ethers.id("cancelled") });
      await oracle.adminFinalizeResolution(market.questionId, NO_WINS);
      await factory.cancelMarket(cancelled.questionId);

      expect(await oracle.expectedPayouts(market.questionId)).to.deep.equal(NO_WINS);
      expect(await oracle.expectedPayouts(cancelled.questionId)).to.deep.equal(SPLIT);
    });
  });

  describe("questions beside each other", function () {
    it("are decided each on its own", async function () {
      const system = await loadFixture(openFixture);
      const { oracle, resolver, stranger, market, createMarket } = system;
      const other = await createMarket({ questionId: ethers.id("other") });
      const silent = await createMarket({ questionId: ethers.id("silent") });
      const untouched = await oracle.getResolution(silent.questionId);
      await time.increaseTo(other.endTime);
      await oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS);
      await oracle.connect(resolver).proposeResolution(other.questionId, NO_WINS);
      await time.increase(DISPUTE_WINDOW);

      await oracle.connect(stranger).finalizeResolution(market.questionId);
      await oracle.connect(stranger).finalizeResolution(other.questionId);

      await expectFinal(system, YES_WINS, Outcome.YES);
      await expectFinal({ ...system, market: other }, NO_WINS, Outcome.NO);
      expect(await oracle.getResolution(silent.questionId)).to.deep.equal(untouched);
    });
  });

  describe("these tests", function () {
    it("provoke every error and call every function of IResolutionOracle", async function () {
      const { oracle } = await loadFixture(marketFixture);
      const files = [__filename, require.resolve("./Administered.test")];

      expect(unprovokedErrors(oracle.interface, files), "errors").to.deep.equal([]);
      expect(uncalledFunctions(oracle.interface, files), "functions").to.deep.equal([]);
    });

    it("would see a change of state that a refusal left behind", async function () {
      const system = await loadFixture(proposedFixture);
      const { oracle, stranger, market, deadline } = system;
      const before = await stateOf(system);

      await time.setNextBlockTimestamp(deadline);
      await oracle.connect(stranger).finalizeResolution(market.questionId);

      expect(await stateOf(system)).to.not.deep.equal(before);
    });
  });
});
