import path from "node:path";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { Result } from "ethers";
import { ethers } from "hardhat";
import {
  type CreatedMarket,
  DAY,
  DISPUTE_TIMEOUT,
  DISPUTE_WINDOW,
  MAX_DURATION,
  MarketStatus,
  NO_WINS,
  Role,
  SILENCE_TIMEOUT,
  SPLIT,
  YES_WINS,
  creationArguments,
  disputedFixture,
  expectRefusal,
  finalizedFixture,
  marketFixture,
  marketParams,
  openFixture,
  proposedFixture,
  uncalledFunctions,
  unprovokedErrors,
} from "../helpers/market";

// MarketFactory
// ├── at deployment: given no tokens, collateral or oracle: ZeroAddress
// ├── createBinaryMarket
// │   ├── when a creator or the admin creates: condition, question, record and registration exist
// │   ├── when anyone else, or a removed creator, creates (FA-3): NotCreator
// │   ├── given a question id used before (FA-1): MarketExists
// │   ├── given times out of order or too far (FA-2): InvalidTimes
// │   ├── given a text of 0 bytes or a byte too many (FA-4): InvalidText
// │   ├── given a condition that somebody prepared first: it is used as it is
// │   ├── given a factory that is not registrar, or no exchange: not registered; registerToken is
// │   └── given an oracle that does not take its questions: NotMarketFactory, and nothing is left
// ├── setExchange
// │   ├── given an exchange of the same assets, or zero: it is linked, or none is
// │   ├── given another collateral or other outcome tokens: ExchangeMismatch
// │   └── when anyone else sets it: NotAdmin
// ├── createBinaryMarkets, pauseCreation, clarifyMarket: each in a file beside this one
// ├── addCreator, addPauser and their reverses: the admin's alone; see Administered.test.ts
// ├── cancelMarket
// │   ├── given no proposal, before or after endTime: CANCELLED, [1,1]; holders redeem half (FA-7)
// │   ├── given a proposal: AlreadyProposed
// │   ├── given a final result, or a second time: AlreadyFinalized
// │   ├── given an unknown question: UnknownMarket
// │   └── when anyone else cancels: NotAdmin
// ├── status: derived, never pushed (FA-5); it moves forward only, and ends (FA-6); every state and call: see
// │   MarketFactory.states.test.ts
// └── views
//     ├── getMarket, getMarketByCondition: the market; else UnknownMarket, UnknownCondition
//     ├── getMarkets: pages in order of creation; empty past the end
//     └── verifyText: true for exactly the texts of the market

const UNKNOWN = ethers.id("a question nobody asked");
const MAXIMA = { question: 512, description: 8192, category: 64 } as const;

type TextField = keyof typeof MAXIMA;
const FIELDS = Object.keys(MAXIMA) as TextField[];

type OpenSystem = Awaited<ReturnType<typeof openFixture>>;

describe("MarketFactory", function () {
  describe("at deployment", function () {
    it("stands for these tokens, this collateral and this oracle", async function () {
      const { factory, conditionalTokens, usdc, oracle, exchange } =
        await loadFixture(marketFixture);

      expect(await factory.conditionalTokens()).to.equal(await conditionalTokens.getAddress());
      expect(await factory.collateral()).to.equal(await usdc.getAddress());
      expect(await factory.oracle()).to.equal(await oracle.getAddress());
      expect(await factory.exchange()).to.equal(await exchange.getAddress());
      expect(await factory.MAX_DURATION()).to.equal(MAX_DURATION);
      expect(await factory.marketCount()).to.equal(0n);
    });

    for (const [index, missing] of ["outcome tokens", "collateral", "oracle"].entries()) {
      it(`refuses to be deployed without ${missing}`, async function () {
        const { factory, conditionalTokens, usdc, oracle } = await loadFixture(marketFixture);
        const all = await Promise.all([conditionalTokens, usdc, oracle].map((c) => c.getAddress()));
        all[index] = ethers.ZeroAddress;

        await expect(ethers.deployContract("MarketFactory", all)).to.be.revertedWithCustomError(
          factory,
          "ZeroAddress",
        );
      });
    }
  });

  describe("createBinaryMarket", function () {
    it("opens the condition and the question, records the market and registers its tokens", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, oracle, conditionalTokens, exchange, usdc, creator } = system;
      const params = await marketParams();
      const { questionId, question, description, category, endTime, resolutionTime } = params;
      const conditionId = ethers.solidityPackedKeccak256(
        ["address", "bytes32", "uint256"],
        [await oracle.getAddress(), questionId, 2],
      );
      const [yes, no] = (await Promise.all(
        [1, 2].map(async (indexSet) =>
          conditionalTokens.getPositionId(
            usdc,
            await conditionalTokens.getCollectionId(ethers.ZeroHash, conditionId, indexSet),
          ),
        ),
      )) as [bigint, bigint];
      const create = () =>
        factory.connect(creator).createBinaryMarket(...creationArguments(params));
      expect(
        await factory.connect(creator).createBinaryMarket.staticCall(...creationArguments(params)),
        "returned condition",
      ).to.equal(conditionId);

      await expect(create())
        .to.emit(factory, "MarketCreated")
        .withArgs(
          ...[questionId, conditionId, creator.address, yes, no],
          ...[question, description, category, endTime, resolutionTime],
        )
        .and.to.emit(conditionalTokens, "ConditionPreparation")
        .withArgs(conditionId, await oracle.getAddress(), questionId, 2)
        .and.to.emit(oracle, "QuestionOpened")
        .withArgs(questionId, endTime, resolutionTime, DISPUTE_WINDOW)
        .and.to.emit(exchange, "TokenRegistered")
        .withArgs(yes, no, conditionId);

      const market = await factory.getMarket(questionId);
      expect((market as unknown as Result).toObject()).to.deep.equal({
        questionId,
        conditionId,
        token0: yes,
        token1: no,
        textHash: ethers.keccak256(
          ethers.AbiCoder.defaultAbiCoder().encode(
            ["string", "string", "string"],
            [question, description, category],
          ),
        ),
        creator: creator.address,
        createdAt: BigInt(await time.latest()),
        endTime: BigInt(endTime),
        resolutionTime: BigInt(resolutionTime),
        disputeWindow: BigInt(DISPUTE_WINDOW),
        clarifications: 0n,
        status: BigInt(MarketStatus.ACTIVE),
        payouts: [0n, 0n],
      });
      expect(await conditionalTokens.getOutcomeSlotCount(conditionId)).to.equal(2n);
      expect(await exchange.getComplement(yes)).to.equal(no);
      expect(await exchange.getComplement(no)).to.equal(yes);
      expect(await exchange.getConditionId(yes)).to.equal(conditionId);
      expect(await factory.marketCount()).to.equal(1n);
    });

    it("lets the admin create without the creator role", async function () {
      const { factory, admin } = await loadFixture(marketFixture);
      const params = await marketParams();

      await factory.createBinaryMarket(...creationArguments(params));

      expect(await factory.hasRole(Role.CREATOR, admin)).to.equal(false);
      expect((await factory.getMarket(params.questionId)).creator).to.equal(admin.address);
    });

    it("takes any question id, zero included", async function () {
      const { factory, createMarket } = await loadFixture(marketFixture);

      const market = await createMarket({ questionId: ethers.ZeroHash });

      expect(await factory.getStatus(ethers.ZeroHash)).to.equal(MarketStatus.ACTIVE);
      expect((await factory.getMarketByCondition(market.conditionId)).questionId).to.equal(
        ethers.ZeroHash,
      );
    });

    it("FA-1 refuses a question id twice, whatever the rest says and however the first ended", async function () {
      const system = await loadFixture(openFixture);
      const { factory, creator, market } = system;
      const again = creationArguments(
        await marketParams({ questionId: market.questionId, question: "Another?" }),
      );
      const create = () => factory.connect(creator).createBinaryMarket(...again);

      await expectRefusal(system, create, factory, "MarketExists", [market.questionId]);
      await factory.cancelMarket(market.questionId);
      await expectRefusal(system, create, factory, "MarketExists", [market.questionId]);
    });

    for (const { rule, end, resolution } of [
      { rule: "an end long past", end: -DAY, resolution: DAY },
      { rule: "an end in the second of creation", end: 0, resolution: DAY },
      { rule: "a resolution a second before the end", end: DAY, resolution: DAY - 1 },
      {
        rule: "a resolution a second beyond the longest duration",
        end: DAY,
        resolution: MAX_DURATION + 1,
      },
      { rule: "times in milliseconds", end: 1e15, resolution: 1e15 },
    ]) {
      it(`FA-2 refuses ${rule}`, async function () {
        const system = await loadFixture(marketFixture);
        const { factory, creator } = system;
        const now = (await time.latest()) + 100_000;
        const endTime = now + end;
        const resolutionTime = now + resolution;
        const params = await marketParams({ endTime, resolutionTime });

        await time.setNextBlockTimestamp(now);
        await expectRefusal(
          system,
          () => factory.connect(creator).createBinaryMarket(...creationArguments(params)),
          factory,
          "InvalidTimes",
          [params.questionId, endTime, resolutionTime, now],
        );
      });
    }

    it("FA-2 refuses the highest numbers there are without an overflow", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, creator } = system;
      const now = (await time.latest()) + 100_000;
      const [questionId, question, description, category] = creationArguments(await marketParams());
      const forever = ethers.MaxUint256;

      await time.setNextBlockTimestamp(now);
      await expectRefusal(
        system,
        () =>
          factory
            .connect(creator)
            .createBinaryMarket(questionId, question, description, category, forever, forever),
        factory,
        "InvalidTimes",
        [questionId, forever, forever, now],
      );
    });

    for (const { rule, end, resolution } of [
      { rule: "an end in the next second, and a resolution at once", end: 1, resolution: 1 },
      { rule: "a resolution at the longest duration", end: DAY, resolution: MAX_DURATION },
      { rule: "an end at the longest duration", end: MAX_DURATION, resolution: MAX_DURATION },
    ]) {
      it(`FA-2 takes ${rule}`, async function () {
        const { factory, creator } = await loadFixture(marketFixture);
        const now = (await time.latest()) + 100_000;
        const params = await marketParams({
          endTime: now + end,
          resolutionTime: now + resolution,
        });

        await time.setNextBlockTimestamp(now);
        await factory.connect(creator).createBinaryMarket(...creationArguments(params));

        const market = await factory.getMarket(params.questionId);
        expect(market.createdAt).to.equal(now);
        expect(market.endTime).to.equal(now + end);
        expect(market.resolutionTime).to.equal(now + resolution);
      });
    }

    it("FA-3 refuses a stranger, a resolver and a removed creator", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, resolver, creator, stranger } = system;
      const params = creationArguments(await marketParams());
      await factory.removeCreator(creator);

      for (const caller of [stranger, resolver, creator]) {
        await expectRefusal(
          system,
          () => factory.connect(caller).createBinaryMarket(...params),
          factory,
          "NotCreator",
          [caller.address],
        );
      }
    });

    it("FA-3 lets a creator added later create, and no admin of old", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, admin, heir, alice } = system;
      const params = creationArguments(await marketParams());
      await factory.addCreator(alice);
      await factory.offerAdmin(heir);
      await factory.connect(heir).acceptAdmin();

      await expectRefusal(
        system,
        () => factory.connect(admin).createBinaryMarket(...params),
        factory,
        "NotCreator",
        [admin.address],
      );
      await factory.connect(alice).createBinaryMarket(...params);

      expect(await factory.marketCount()).to.equal(1n);
    });

    for (const field of FIELDS) {
      const maximum = MAXIMA[field];

      for (const length of [0, maximum + 1]) {
        it(`FA-4 refuses a ${field} of ${length} bytes`, async function () {
          const system = await loadFixture(marketFixture);
          const { factory, creator } = system;
          const params = await marketParams({ [field]: "a".repeat(length) });

          await expectRefusal(
            system,
            () => factory.connect(creator).createBinaryMarket(...creationArguments(params)),
            factory,
            "InvalidText",
            [params.questionId, field, length, maximum],
          );
        });
      }

      for (const length of [1, maximum]) {
        it(`FA-4 takes a ${field} of ${length} bytes`, async function () {
          const { factory, createMarket } = await loadFixture(marketFixture);

          const market = await createMarket({ [field]: "a".repeat(length) });

          const { questionId, question, description, category } = market;
          expect(await factory.verifyText(questionId, question, description, category)).to.equal(
            true,
          );
        });
      }
    }

    it("FA-4 counts bytes, not characters", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, creator } = system;
      const params = await marketParams({ category: "é".repeat(33) });

      await expectRefusal(
        system,
        () => factory.connect(creator).createBinaryMarket(...creationArguments(params)),
        factory,
        "InvalidText",
        [params.questionId, "category", 66, 64],
      );
    });

    it("uses a condition that somebody prepared first", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, oracle, conditionalTokens, exchange, stranger, createMarket } = system;
      const { questionId } = await marketParams();
      await conditionalTokens.connect(stranger).prepareCondition(oracle, questionId, 2);

      const market = await createMarket({ questionId });

      expect(await conditionalTokens.getOutcomeSlotCount(market.conditionId)).to.equal(2n);
      expect(await exchange.getComplement(market.yes)).to.equal(market.no);
      expect(await factory.getStatus(questionId)).to.equal(MarketStatus.ACTIVE);
    });

    it("is not disturbed by a condition of the same question with three outcomes", async function () {
      const system = await loadFixture(marketFixture);
      const { oracle, conditionalTokens, stranger, createMarket } = system;
      const { questionId } = await marketParams();
      await conditionalTokens.connect(stranger).prepareCondition(oracle, questionId, 3);

      const { conditionId } = await createMarket({ questionId });

      expect(await conditionalTokens.getOutcomeSlotCount(conditionId)).to.equal(2n);
    });

    it("is not disturbed by a pair that was registered first", async function () {
      const system = await loadFixture(marketFixture);
      const { oracle, conditionalTokens, exchange, createMarket } = system;
      const { questionId } = await marketParams();
      await conditionalTokens.prepareCondition(oracle, questionId, 2);
      await exchange.registerCondition(
        await conditionalTokens.getConditionId(oracle, questionId, 2),
      );

      const market = await createMarket({ questionId });

      expect(await exchange.getComplement(market.yes)).to.equal(market.no);
    });

    for (const { given, prepare } of [
      {
        given: "the factory is no registrar",
        prepare: ({ exchange, factory }: Awaited<ReturnType<typeof marketFixture>>) =>
          exchange.removeRegistrar(factory),
      },
      {
        given: "no exchange is linked",
        prepare: ({ factory }: Awaited<ReturnType<typeof marketFixture>>) =>
          factory.setExchange(ethers.ZeroAddress),
      },
    ]) {
      it(`registers nothing when ${given}; the exchange's admin then registers the pair`, async function () {
        const system = await loadFixture(marketFixture);
        const { exchange, createMarket } = system;
        await prepare(system);

        const market = await createMarket();

        expect(await exchange.getComplement(market.yes)).to.equal(0n);
        await exchange.registerToken(market.yes, market.no, market.conditionId);
        expect(await exchange.getComplement(market.yes)).to.equal(market.no);
        expect(await exchange.getConditionId(market.no)).to.equal(market.conditionId);
      });
    }

    it("leaves nothing behind when the oracle does not take its questions", async function () {
      const { oracle, conditionalTokens, usdc } = await loadFixture(marketFixture);
      const orphan = await ethers.deployContract("MarketFactory", [
        conditionalTokens,
        usdc,
        oracle,
      ]);
      const params = await marketParams();

      await expect(orphan.createBinaryMarket(...creationArguments(params)))
        .to.be.revertedWithCustomError(oracle, "NotMarketFactory")
        .withArgs(await orphan.getAddress());

      const conditionId = await conditionalTokens.getConditionId(oracle, params.questionId, 2);
      expect(await conditionalTokens.getOutcomeSlotCount(conditionId)).to.equal(0n);
      expect(await orphan.marketCount()).to.equal(0n);
      expect(await orphan.getStatus(params.questionId)).to.equal(MarketStatus.NONE);
    });
  });

  describe("setExchange", function () {
    it("links an exchange of the same assets, and zero unlinks it", async function () {
      const { factory, usdc, conditionalTokens } = await loadFixture(marketFixture);
      const next = await ethers.deployContract("CTFExchange", [usdc, conditionalTokens]);

      await expect(factory.setExchange(next))
        .to.emit(factory, "ExchangeSet")
        .withArgs(await next.getAddress());
      expect(await factory.exchange()).to.equal(await next.getAddress());

      await expect(factory.setExchange(ethers.ZeroAddress))
        .to.emit(factory, "ExchangeSet")
        .withArgs(ethers.ZeroAddress);
      expect(await factory.exchange()).to.equal(ethers.ZeroAddress);
    });

    it("registers new markets at the new exchange only", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, exchange, usdc, conditionalTokens, createMarket } = system;
      const next = await ethers.deployContract("CTFExchange", [usdc, conditionalTokens]);
      await next.addRegistrar(factory);
      await factory.setExchange(next);

      const market = await createMarket();

      expect(await next.getComplement(market.yes)).to.equal(market.no);
      expect(await exchange.getComplement(market.yes)).to.equal(0n);
    });

    it("refuses an exchange of another collateral", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, conditionalTokens } = system;
      const otherUsdc = await ethers.deployContract("MockUSDC");
      const wrong = await ethers.deployContract("CTFExchange", [otherUsdc, conditionalTokens]);

      await expectRefusal(system, () => factory.setExchange(wrong), factory, "ExchangeMismatch", [
        await wrong.getAddress(),
      ]);
    });

    it("refuses an exchange of other outcome tokens", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, usdc } = system;
      const otherTokens = await ethers.deployContract("ConditionalTokens");
      const wrong = await ethers.deployContract("CTFExchange", [usdc, otherTokens]);

      await expectRefusal(system, () => factory.setExchange(wrong), factory, "ExchangeMismatch", [
        await wrong.getAddress(),
      ]);
    });

    it("refuses what is no exchange at all", async function () {
      const { factory, exchange, usdc, stranger } = await loadFixture(marketFixture);

      await expect(factory.setExchange(stranger))
        .to.be.revertedWithCustomError(factory, "ExchangeMismatch")
        .withArgs(stranger);
      await expect(factory.setExchange(usdc)).to.be.revertedWithoutReason();

      expect(await factory.exchange()).to.equal(await exchange.getAddress());
    });

    it("refuses anyone but the admin", async function () {
      const system = await loadFixture(marketFixture);
      const { factory, creator } = system;

      await expectRefusal(
        system,
        () => factory.connect(creator).setExchange(ethers.ZeroAddress),
        factory,
        "NotAdmin",
        [creator.address],
      );
    });
  });

  describe("cancelMarket", function () {
    /** A market on which alice holds 7 YES and 4 NO, and bob 3 NO, when it is cancelled. */
    async function heldFixture() {
      const system = await openFixture();
      const { conditionalTokens, alice, bob, market, split } = system;
      await split(alice, market, 7n);
      await conditionalTokens.connect(alice).safeTransferFrom(alice, bob, market.no, 3n, "0x");
      return system;
    }

    for (const { when, offset } of [
      { when: "at once", offset: -DAY / 2 },
      { when: "in the second before endTime", offset: -1 },
      { when: "in the second of endTime", offset: 0 },
      { when: "after the silence time-out", offset: DAY + SILENCE_TIMEOUT },
    ]) {
      it(`ends a market without a proposal as [1,1] ${when}`, async function () {
        const { factory, oracle, conditionalTokens, market } = await loadFixture(openFixture);
        const { questionId, conditionId, endTime } = market;

        await time.setNextBlockTimestamp(endTime + offset);
        await expect(factory.cancelMarket(questionId))
          .to.emit(factory, "MarketCancelled")
          .withArgs(questionId, conditionId)
          .and.to.emit(oracle, "ResolutionFinalized")
          .withArgs(questionId, await factory.getAddress(), SPLIT);

        expect(await factory.getStatus(questionId)).to.equal(MarketStatus.CANCELLED);
        expect((await factory.getMarket(questionId)).payouts).to.deep.equal(SPLIT);
        expect(await conditionalTokens.payoutDenominator(conditionId)).to.equal(2n);
      });
    }

    it("FA-7 lets the holders redeem half a unit per token, rounded down per side", async function () {
      const system = await loadFixture(heldFixture);
      const { factory, usdc, conditionalTokens, alice, bob, market, redeem } = system;
      await factory.cancelMarket(market.questionId);

      expect(await redeem(alice, market), "alice: floor(7/2) + floor(4/2)").to.equal(5n);
      expect(await redeem(bob, market), "bob: floor(3/2)").to.equal(1n);
      expect(await redeem(alice, market), "alice again").to.equal(0n);
      expect(await usdc.balanceOf(conditionalTokens), "dust").to.equal(1n);
    });

    for (const { state, fixture, error } of [
      { state: "a proposal stands", fixture: proposedFixture, error: "AlreadyProposed" },
      { state: "a dispute stands", fixture: disputedFixture, error: "AlreadyProposed" },
      { state: "the result is final", fixture: finalizedFixture, error: "AlreadyFinalized" },
    ]) {
      it(`refuses once ${state}, and the market is not marked cancelled`, async function () {
        const system = await loadFixture<OpenSystem>(fixture);
        const { factory, oracle, market } = system;
        const status = await factory.getStatus(market.questionId);

        await expectRefusal(system, () => factory.cancelMarket(market.questionId), oracle, error, [
          market.questionId,
        ]);

        expect(await factory.getStatus(market.questionId)).to.equal(status);
      });
    }

    it("refuses a second time", async function () {
      const system = await loadFixture(openFixture);
      const { factory, oracle, market } = system;
      await factory.cancelMarket(market.questionId);

      await expectRefusal(
        system,
        () => factory.cancelMarket(market.questionId),
        oracle,
        "AlreadyFinalized",
        [market.questionId],
      );
    });

    it("refuses an unknown question", async function () {
      const system = await loadFixture(openFixture);
      const { factory } = system;

      await expectRefusal(system, () => factory.cancelMarket(UNKNOWN), factory, "UnknownMarket", [
        UNKNOWN,
      ]);
    });

    it("refuses anyone but the admin, even the market's creator", async function () {
      const system = await loadFixture(openFixture);
      const { factory, creator, stranger, market } = system;

      for (const caller of [creator, stranger]) {
        await expectRefusal(
          system,
          () => factory.connect(caller).cancelMarket(market.questionId),
          factory,
          "NotAdmin",
          [caller.address],
        );
      }
    });
  });

  describe("status", function () {
    it("FA-5 cannot be pushed: these are all the calls that change anything", async function () {
      const { factory } = await loadFixture(marketFixture);

      const calls: string[] = [];
      factory.interface.forEachFunction(({ name, constant }) => {
        if (!constant) calls.push(name);
      });

      expect(calls).to.have.members([
        ...["createBinaryMarket", "createBinaryMarkets", "clarifyMarket", "cancelMarket"],
        ...["pauseCreation", "unpauseCreation", "setExchange", "addCreator", "removeCreator"],
        ...["addPauser", "removePauser", "offerAdmin", "acceptAdmin", "renounceRole"],
      ]);
    });

    it("FA-6 goes NONE, ACTIVE, ENDED, PROPOSED, RESOLVED when nobody disputes", async function () {
      const { factory, oracle, resolver, stranger, createMarket } =
        await loadFixture(marketFixture);
      const { questionId, ...params } = await marketParams();
      const status = () => factory.getStatus(questionId);

      expect(await status()).to.equal(MarketStatus.NONE);
      await createMarket({ questionId, ...params });
      expect(await status()).to.equal(MarketStatus.ACTIVE);
      await time.increaseTo(params.endTime - 1);
      expect(await status(), "a second before endTime").to.equal(MarketStatus.ACTIVE);
      await time.increaseTo(params.endTime);
      expect(await status(), "in the second of endTime").to.equal(MarketStatus.ENDED);
      await time.increaseTo(params.resolutionTime + SILENCE_TIMEOUT);
      expect(await status(), "after the time-out").to.equal(MarketStatus.ENDED);
      await oracle.connect(resolver).proposeResolution(questionId, NO_WINS);
      expect(await status()).to.equal(MarketStatus.PROPOSED);
      expect((await factory.getMarket(questionId)).payouts).to.deep.equal([0n, 0n]);
      await time.increase(DISPUTE_WINDOW);
      expect(await status(), "after the window").to.equal(MarketStatus.PROPOSED);
      await oracle.connect(stranger).finalizeResolution(questionId);
      expect(await status()).to.equal(MarketStatus.RESOLVED);
      expect((await factory.getMarket(questionId)).payouts).to.deep.equal(NO_WINS);
    });

    it("FA-6 goes PROPOSED, DISPUTED, RESOLVED when the admin decides", async function () {
      const { factory, oracle, market } = await loadFixture(disputedFixture);

      expect(await factory.getStatus(market.questionId)).to.equal(MarketStatus.DISPUTED);
      expect((await factory.getMarket(market.questionId)).payouts).to.deep.equal([0n, 0n]);
      await oracle.adminFinalizeResolution(market.questionId, NO_WINS);

      expect(await factory.getStatus(market.questionId)).to.equal(MarketStatus.RESOLVED);
      expect((await factory.getMarket(market.questionId)).payouts).to.deep.equal(NO_WINS);
    });

    it("FA-6 goes from DISPUTED and from ENDED to RESOLVED by time-out, with [1,1]", async function () {
      const { factory, oracle, market, createMarket } = await loadFixture(disputedFixture);
      const silent = await createMarket({ questionId: ethers.id("silent") });
      await time.increaseTo(silent.resolutionTime + SILENCE_TIMEOUT + DISPUTE_TIMEOUT);
      expect(await factory.getStatus(silent.questionId)).to.equal(MarketStatus.ENDED);

      for (const { questionId } of [market, silent]) {
        await oracle.finalizeByTimeout(questionId);

        expect(await factory.getStatus(questionId)).to.equal(MarketStatus.RESOLVED);
        expect((await factory.getMarket(questionId)).payouts).to.deep.equal(SPLIT);
      }
    });

    for (const { name, status, end } of [
      { name: "RESOLVED", status: MarketStatus.RESOLVED, end: finalizedFixture },
      {
        name: "CANCELLED",
        status: MarketStatus.CANCELLED,
        end: async function cancelledFixture() {
          const system = await openFixture();
          await system.factory.cancelMarket(system.market.questionId);
          return system;
        },
      },
    ]) {
      it(`FA-6 never leaves ${name}: every call is refused, whatever the time`, async function () {
        const system = await loadFixture<OpenSystem>(end);
        const { factory, oracle, resolver, watcher, market } = system;
        const { questionId } = market;
        const payouts = (await factory.getMarket(questionId)).payouts;
        const create = creationArguments(await marketParams({ questionId }));

        for (const wait of [1, 365 * DAY]) {
          await time.increase(wait);
          for (const call of [
            () => oracle.connect(resolver).proposeResolution(questionId, YES_WINS),
            () => oracle.connect(watcher).disputeResolution(questionId),
            () => oracle.finalizeResolution(questionId),
            () => oracle.adminFinalizeResolution(questionId, YES_WINS),
            () => oracle.finalizeByTimeout(questionId),
            () => factory.cancelMarket(questionId),
          ]) {
            await expectRefusal(system, call, oracle, "AlreadyFinalized", [questionId]);
          }
          await expectRefusal(
            system,
            () => factory.createBinaryMarket(...create),
            factory,
            "MarketExists",
            [questionId],
          );
        }

        expect(await factory.getStatus(questionId)).to.equal(status);
        expect((await factory.getMarket(questionId)).payouts).to.deep.equal(payouts);
      });
    }
  });

  describe("redeeming", function () {
    it("pays the winners of a resolved market all of it", async function () {
      const { conditionalTokens, usdc, oracle, alice, bob, market, ...system } =
        await loadFixture(proposedFixture);
      const { split, redeem, deadline } = system;
      await split(alice, market, 100n);
      await conditionalTokens.connect(alice).safeTransferFrom(alice, bob, market.no, 100n, "0x");
      await time.setNextBlockTimestamp(deadline);
      await oracle.finalizeResolution(market.questionId);

      expect(await redeem(alice, market), "YES").to.equal(100n);
      expect(await redeem(bob, market), "NO").to.equal(0n);
      expect(await usdc.balanceOf(conditionalTokens)).to.equal(0n);
    });
  });

  describe("views", function () {
    /** Five markets, in order. */
    async function pagesFixture() {
      const system = await marketFixture();
      const created: CreatedMarket[] = [];
      for (const name of ["first", "second", "third", "fourth", "fifth"]) {
        created.push(await system.createMarket({ questionId: ethers.id(name), question: name }));
      }
      return { ...system, ids: created.map(({ questionId }) => questionId) };
    }

    for (const { page, offset, limit, from, to } of [
      { page: "all of them", offset: 0n, limit: 5n, from: 0, to: 5 },
      { page: "a page in the middle", offset: 1n, limit: 3n, from: 1, to: 4 },
      { page: "the last one", offset: 4n, limit: 1n, from: 4, to: 5 },
      { page: "what is left when the limit goes beyond", offset: 3n, limit: 10n, from: 3, to: 5 },
      { page: "all for the highest limit", offset: 0n, limit: ethers.MaxUint256, from: 0, to: 5 },
      {
        page: "what is left for the highest limit",
        offset: 4n,
        limit: ethers.MaxUint256,
        from: 4,
        to: 5,
      },
      { page: "none for a limit of zero", offset: 0n, limit: 0n, from: 0, to: 0 },
      { page: "none at the end", offset: 5n, limit: 1n, from: 5, to: 5 },
      { page: "none past the end", offset: 6n, limit: 1n, from: 5, to: 5 },
      {
        page: "none for the highest offset",
        offset: ethers.MaxUint256,
        limit: ethers.MaxUint256,
        from: 5,
        to: 5,
      },
    ]) {
      it(`page the markets in order of creation: ${page}`, async function () {
        const { factory, ids } = await loadFixture(pagesFixture);

        const markets = await factory.getMarkets(offset, limit);

        expect(markets.map(({ questionId }) => questionId)).to.deep.equal(ids.slice(from, to));
        expect(await factory.marketCount()).to.equal(5n);
      });
    }

    it("are empty while there is no market", async function () {
      const { factory } = await loadFixture(marketFixture);

      expect(await factory.getMarkets(0, 10)).to.deep.equal([]);
      expect(await factory.marketCount()).to.equal(0n);
    });

    it("find the same market by question, by condition and in a page", async function () {
      const { factory, ids } = await loadFixture(pagesFixture);
      const byQuestion = await factory.getMarket(ids[2] as string);

      expect(await factory.getMarketByCondition(byQuestion.conditionId)).to.deep.equal(byQuestion);
      expect((await factory.getMarkets(2, 1))[0]).to.deep.equal(byQuestion);
    });

    it("refuse an unknown question and an unknown condition, and its status is NONE", async function () {
      const { factory } = await loadFixture(openFixture);

      await expect(factory.getMarket(UNKNOWN))
        .to.be.revertedWithCustomError(factory, "UnknownMarket")
        .withArgs(UNKNOWN);
      await expect(factory.getMarketByCondition(UNKNOWN))
        .to.be.revertedWithCustomError(factory, "UnknownCondition")
        .withArgs(UNKNOWN);
      await expect(factory.getMarketByCondition(ethers.ZeroHash))
        .to.be.revertedWithCustomError(factory, "UnknownCondition")
        .withArgs(ethers.ZeroHash);
      expect(await factory.getStatus(UNKNOWN)).to.equal(MarketStatus.NONE);
    });

    it("refuse the condition of question zero while that question was never asked", async function () {
      const { factory, oracle, conditionalTokens } = await loadFixture(openFixture);
      const conditionId = await conditionalTokens.getConditionId(oracle, ethers.ZeroHash, 2);

      await expect(factory.getMarketByCondition(conditionId))
        .to.be.revertedWithCustomError(factory, "UnknownCondition")
        .withArgs(conditionId);
    });

    it("refuse an unknown condition though question zero has a market", async function () {
      const { factory, createMarket } = await loadFixture(openFixture);
      await createMarket({ questionId: ethers.ZeroHash });

      await expect(factory.getMarketByCondition(UNKNOWN))
        .to.be.revertedWithCustomError(factory, "UnknownCondition")
        .withArgs(UNKNOWN);
    });

    it("refuse a condition that somebody prepared without a market", async function () {
      const { factory, oracle, conditionalTokens } = await loadFixture(openFixture);
      await conditionalTokens.prepareCondition(oracle, UNKNOWN, 2);
      const conditionId = await conditionalTokens.getConditionId(oracle, UNKNOWN, 2);

      await expect(factory.getMarketByCondition(conditionId))
        .to.be.revertedWithCustomError(factory, "UnknownCondition")
        .withArgs(conditionId);
    });

    it("verify the texts of a market", async function () {
      const { factory, market } = await loadFixture(openFixture);
      const { questionId, question, description, category } = market;

      expect(await factory.verifyText(questionId, question, description, category)).to.equal(true);
    });

    for (const field of FIELDS) {
      it(`do not verify another ${field}`, async function () {
        const { factory, market } = await loadFixture(openFixture);
        const changed: CreatedMarket = { ...market, [field]: `${market[field]} ` };
        const { questionId, question, description, category } = changed;

        expect(await factory.verifyText(questionId, question, description, category)).to.equal(
          false,
        );
      });
    }

    it("do not verify the same bytes cut at other places, nor texts of no market", async function () {
      const { factory, market } = await loadFixture(openFixture);
      const { questionId, question, description, category } = market;

      expect(
        await factory.verifyText(
          questionId,
          question + description.slice(0, 1),
          description.slice(1),
          category,
        ),
        "moved",
      ).to.equal(false);
      expect(
        await factory.verifyText(UNKNOWN, question, description, category),
        "unknown",
      ).to.equal(false);
      expect(await factory.verifyText(UNKNOWN, "", "", ""), "nothing").to.equal(false);
    });
  });

  describe("these tests", function () {
    it("provoke every error and call every function of IMarketFactory", async function () {
      const { factory } = await loadFixture(marketFixture);
      const beside = [
        "Administered",
        ...["batch", "pause", "clarify"].map((n) => `MarketFactory.${n}`),
      ];
      const files = [__filename, ...beside.map((name) => path.join(__dirname, `${name}.test.ts`))];

      expect(unprovokedErrors(factory.interface, files), "errors").to.deep.equal([]);
      expect(uncalledFunctions(factory.interface, files), "functions").to.deep.equal([]);
    });
  });
});
