import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  DAY,
  DISPUTE_WINDOW,
  MAX_DISPUTE_WINDOW,
  MIN_DISPUTE_WINDOW,
  MarketStatus,
  creationArguments,
  expectRefusal,
  marketFixture,
  marketParams,
  newMarket,
} from "../helpers/market";

// MarketFactory.createBinaryMarkets
// ├── when a creator or the admin creates many
// │   ├── each is what createBinaryMarket makes of it, in the order given
// │   ├── given a window: it has that one; given zero: the oracle's default
// │   └── given none at all: nothing happens
// ├── given one that cannot be created: nothing is, and the error names its question
// │   ├── used before, or twice in the list (FA-1): MarketExists
// │   ├── times (FA-2): InvalidTimes; a text (FA-4): InvalidText
// │   └── a window outside its bounds: InvalidQuestionWindow
// └── when anyone else creates (FA-3): NotCreator

/** Three markets that can be created, one a day after the other. */
async function threeMarkets() {
  const { endTime: first } = await marketParams();
  return Promise.all(
    ["first", "second", "third"].map((name, i) =>
      marketParams({ questionId: ethers.id(name), question: `${name}?`, endTime: first + i * DAY }),
    ),
  );
}

describe("MarketFactory.createBinaryMarkets", function () {
  it("creates each as createBinaryMarket does, in order", async function () {
    const { factory, oracle, exchange, creator } = await loadFixture(marketFixture);
    const markets = await threeMarkets();
    const list = markets.map((market) => newMarket(market));
    const as = factory.connect(creator);
    const returned = await as.createBinaryMarkets.staticCall(list);
    const single = await Promise.all(
      markets.map((market) => as.createBinaryMarket.staticCall(...creationArguments(market))),
    );
    expect(returned).to.deep.equal(single);

    const created = await as.createBinaryMarkets(list);

    expect(await factory.marketCount()).to.equal(3n);
    for (const [i, market] of (await factory.getMarkets(0, 3)).entries()) {
      const { questionId, question, description, category, endTime, resolutionTime } = markets[
        i
      ] as (typeof markets)[number];
      expect(market.questionId).to.equal(questionId);
      expect(market.conditionId).to.equal(returned[i]);
      expect(market.creator).to.equal(creator.address);
      expect(market.status).to.equal(MarketStatus.ACTIVE);
      expect([market.endTime, market.resolutionTime]).to.deep.equal(
        [endTime, resolutionTime].map(BigInt),
      );
      expect(await factory.verifyText(questionId, question, description, category)).to.equal(true);
      expect(await exchange.getComplement(market.token0)).to.equal(market.token1);
      await expect(created)
        .to.emit(factory, "MarketCreated")
        .withArgs(
          ...[questionId, market.conditionId, creator.address, market.token0, market.token1],
          ...[question, description, category, endTime, resolutionTime],
        )
        .and.to.emit(oracle, "QuestionOpened")
        .withArgs(questionId, endTime, resolutionTime, DISPUTE_WINDOW);
    }
  });

  it("gives each the window it chooses, and the oracle's default to one that chooses none", async function () {
    const { factory, oracle } = await loadFixture(marketFixture);
    const markets = await threeMarkets();
    const windows = [MIN_DISPUTE_WINDOW, 0, MAX_DISPUTE_WINDOW];
    await oracle.setDisputeWindow(2 * DAY);

    await factory.createBinaryMarkets(markets.map((one, i) => newMarket(one, windows[i])));

    const created = await factory.getMarkets(0, 3);
    expect(created.map(({ disputeWindow }) => disputeWindow)).to.deep.equal(
      [MIN_DISPUTE_WINDOW, 2 * DAY, MAX_DISPUTE_WINDOW].map(BigInt),
    );
  });

  it("gives a market created alone the oracle's default", async function () {
    const { factory, oracle, createMarket } = await loadFixture(marketFixture);
    await oracle.setDisputeWindow(2 * DAY);

    const { questionId } = await createMarket();

    expect((await factory.getMarket(questionId)).disputeWindow).to.equal(2 * DAY);
  });

  it("creates nothing from an empty list", async function () {
    const { factory } = await loadFixture(marketFixture);

    expect(await factory.createBinaryMarkets.staticCall([])).to.deep.equal([]);
    await factory.createBinaryMarkets([]);

    expect(await factory.marketCount()).to.equal(0n);
  });

  for (const place of [0, 1, 2]) {
    describe(`given that number ${place} of three cannot be created`, function () {
      async function load() {
        const system = await loadFixture(marketFixture);
        const list = (await threeMarkets()).map((market) => newMarket(market));
        return { system, list, bad: list[place] as (typeof list)[number] };
      }

      it("FA-1 refuses all when its question was used before", async function () {
        const { system, list, bad } = await load();
        await system.createMarket({ questionId: bad.questionId });

        await expectRefusal(
          system,
          () => system.factory.createBinaryMarkets(list),
          system.factory,
          "MarketExists",
          [bad.questionId],
        );
      });

      it("FA-1 refuses all when its question stands twice in the list", async function () {
        const { system, list, bad } = await load();

        await expectRefusal(
          system,
          () => system.factory.createBinaryMarkets([...list, { ...bad, question: "Again?" }]),
          system.factory,
          "MarketExists",
          [bad.questionId],
        );
      });

      it("FA-2 refuses all when its times are wrong", async function () {
        const { system, list, bad } = await load();
        bad.resolutionTime = bad.endTime - 1;
        const now = (await time.latest()) + 10;

        await time.setNextBlockTimestamp(now);
        await expectRefusal(
          system,
          () => system.factory.createBinaryMarkets(list),
          system.factory,
          "InvalidTimes",
          [bad.questionId, bad.endTime, bad.resolutionTime, now],
        );
      });

      it("FA-4 refuses all when a text of it is too long", async function () {
        const { system, list, bad } = await load();
        bad.category = "a".repeat(65);

        await expectRefusal(
          system,
          () => system.factory.createBinaryMarkets(list),
          system.factory,
          "InvalidText",
          [bad.questionId, "category", 65, 64],
        );
      });

      for (const window of [MIN_DISPUTE_WINDOW - 1, MAX_DISPUTE_WINDOW + 1]) {
        it(`refuses all when it wants a window of ${window} seconds`, async function () {
          const { system, list, bad } = await load();
          bad.disputeWindow = window;

          await expectRefusal(
            system,
            () => system.factory.createBinaryMarkets(list),
            system.oracle,
            "InvalidQuestionWindow",
            [bad.questionId, window, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW],
          );
        });
      }
    });
  }

  it("FA-3 refuses a stranger and a removed creator, an empty list included", async function () {
    const system = await loadFixture(marketFixture);
    const { factory, creator, stranger } = system;
    const list = (await threeMarkets()).map((market) => newMarket(market));
    await factory.removeCreator(creator);

    for (const caller of [creator, stranger]) {
      for (const markets of [list, []]) {
        await expectRefusal(
          system,
          () => factory.connect(caller).createBinaryMarkets(markets),
          factory,
          "NotCreator",
          [caller.address],
        );
      }
    }
  });
});
