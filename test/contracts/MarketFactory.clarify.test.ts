import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  MarketStatus,
  Role,
  disputedFixture,
  expectRefusal,
  finalizedFixture,
  marketParams,
  creationArguments,
  openFixture,
  proposedFixture,
} from "../helpers/market";

// MarketFactory.clarifyMarket
// ├── when the creator or the admin clarifies
// │   ├── the note is logged with author and place, and counted
// │   ├── the market's own text still verifies
// │   └── given any state before the end: it is taken
// ├── when anyone else clarifies: NotClarifier
// │   ├── another creator, a resolver, a stranger
// │   ├── the creator, once its role is removed or renounced; given it back, it may again
// │   └── an admin of old, of a market it created as the admin
// ├── given a text of 0 or 2049 bytes: InvalidText
// ├── given a resolved or cancelled market: MarketOver
// └── given an unknown question: UnknownMarket

const MAXIMUM = 2048;
const UNKNOWN = ethers.id("a question nobody asked");

type Open = Awaited<ReturnType<typeof openFixture>>;

const STATES = [
  { state: "ACTIVE", fixture: openFixture },
  { state: "ENDED", fixture: endedFixture },
  { state: "PROPOSED", fixture: proposedFixture },
  { state: "DISPUTED", fixture: disputedFixture },
] as const;

async function endedFixture() {
  const system = await openFixture();
  await time.increaseTo(system.market.endTime);
  return system;
}

async function cancelledFixture() {
  const system = await openFixture();
  await system.factory.cancelMarket(system.market.questionId);
  return system;
}

async function countOf({ factory, market }: Open): Promise<bigint> {
  return (await factory.getMarket(market.questionId)).clarifications;
}

describe("MarketFactory.clarifyMarket", function () {
  it("logs the notes of creator and admin in one sequence, and counts them", async function () {
    const system = await loadFixture(openFixture);
    const { factory, admin, creator, market } = system;
    const { questionId, question, description, category } = market;

    for (const [index, author] of [creator, admin, creator].entries()) {
      const text = `Note ${index}: «0,1 mm» is enough.`;
      await expect(factory.connect(author).clarifyMarket(questionId, text))
        .to.emit(factory, "MarketClarified")
        .withArgs(questionId, author.address, index, text);
      expect(await countOf(system)).to.equal(index + 1);
    }

    expect(await factory.verifyText(questionId, question, description, category)).to.equal(true);
  });

  it("counts each market's notes on its own", async function () {
    const system = await loadFixture(openFixture);
    const { factory, market, createMarket } = system;
    const other = await createMarket({ questionId: ethers.id("other") });
    await factory.clarifyMarket(market.questionId, "One.");

    await expect(factory.clarifyMarket(other.questionId, "Two."))
      .to.emit(factory, "MarketClarified")
      .withArgs(other.questionId, await factory.admin(), 0, "Two.");

    expect(await countOf(system)).to.equal(1n);
  });

  it("finds the log of a market again by its question alone", async function () {
    const { factory, creator, market } = await loadFixture(openFixture);
    const texts = ["First.", "Second."];
    for (const text of texts) {
      await factory.connect(creator).clarifyMarket(market.questionId, text);
    }

    const logs = await factory.queryFilter(factory.filters.MarketClarified(market.questionId));

    expect(logs.map(({ args }) => [args.index, args.text])).to.deep.equal(
      texts.map((text, i) => [BigInt(i), text]),
    );
  });

  for (const { state, fixture } of STATES) {
    it(`takes a note while the market is ${state}, and changes nothing else`, async function () {
      const system = await loadFixture<Open>(fixture);
      const { factory, oracle, creator, market } = system;
      const before = await oracle.getResolution(market.questionId);

      await factory.connect(creator).clarifyMarket(market.questionId, "A note.");

      expect(await countOf(system)).to.equal(1n);
      expect(await factory.getStatus(market.questionId)).to.equal(MarketStatus[state]);
      expect(await oracle.getResolution(market.questionId)).to.deep.equal(before);
    });
  }

  for (const { state, fixture } of [
    { state: "RESOLVED", fixture: finalizedFixture },
    { state: "CANCELLED", fixture: cancelledFixture },
  ] as const) {
    it(`refuses a note once the market is ${state}, even the admin's`, async function () {
      const system = await loadFixture<Open>(fixture);
      const { factory, admin, creator, market } = system;

      for (const author of [creator, admin]) {
        await expectRefusal(
          system,
          () => factory.connect(author).clarifyMarket(market.questionId, "Too late."),
          factory,
          "MarketOver",
          [market.questionId, MarketStatus[state]],
        );
      }
    });
  }

  it("refuses another creator, a resolver and a stranger", async function () {
    const system = await loadFixture(openFixture);
    const { factory, alice, resolver, stranger, market } = system;
    await factory.addCreator(alice);

    for (const caller of [alice, resolver, stranger]) {
      await expectRefusal(
        system,
        () => factory.connect(caller).clarifyMarket(market.questionId, "Mine."),
        factory,
        "NotClarifier",
        [market.questionId, caller.address],
      );
    }
  });

  for (const { how, lose } of [
    { how: "was removed", lose: ({ factory, creator }: Open) => factory.removeCreator(creator) },
    {
      how: "resigned",
      lose: ({ factory, creator }: Open) => factory.connect(creator).renounceRole(Role.CREATOR),
    },
  ]) {
    it(`refuses a creator that ${how}, until it is one again`, async function () {
      const system = await loadFixture(openFixture);
      const { factory, creator, market } = system;
      const clarify = () => factory.connect(creator).clarifyMarket(market.questionId, "Still me.");
      await lose(system);

      await expectRefusal(system, clarify, factory, "NotClarifier", [
        market.questionId,
        creator.address,
      ]);
      await factory.addCreator(creator);
      await clarify();

      expect(await countOf(system)).to.equal(1n);
    });
  }

  it("refuses an admin of old in a market it created; the new one may", async function () {
    const system = await loadFixture(openFixture);
    const { factory, admin, heir } = system;
    const params = await marketParams({ questionId: ethers.id("the admin's") });
    await factory.createBinaryMarket(...creationArguments(params));
    await factory.offerAdmin(heir);
    await factory.connect(heir).acceptAdmin();

    await expectRefusal(
      system,
      () => factory.connect(admin).clarifyMarket(params.questionId, "As I said."),
      factory,
      "NotClarifier",
      [params.questionId, admin.address],
    );
    await factory.connect(heir).clarifyMarket(params.questionId, "As it was said.");

    expect((await factory.getMarket(params.questionId)).clarifications).to.equal(1n);
  });

  for (const length of [0, MAXIMUM + 1]) {
    it(`refuses a note of ${length} bytes`, async function () {
      const system = await loadFixture(openFixture);
      const { factory, creator, market } = system;

      await expectRefusal(
        system,
        () => factory.connect(creator).clarifyMarket(market.questionId, "a".repeat(length)),
        factory,
        "InvalidText",
        [market.questionId, "clarification", length, MAXIMUM],
      );
    });
  }

  for (const length of [1, MAXIMUM]) {
    it(`takes a note of ${length} bytes`, async function () {
      const system = await loadFixture(openFixture);
      const { factory, creator, market } = system;

      await factory.connect(creator).clarifyMarket(market.questionId, "a".repeat(length));

      expect(await countOf(system)).to.equal(1n);
    });
  }

  it("refuses an unknown question", async function () {
    const system = await loadFixture(openFixture);
    const { factory } = system;

    await expectRefusal(
      system,
      () => factory.clarifyMarket(UNKNOWN, "About nothing."),
      factory,
      "UnknownMarket",
      [UNKNOWN],
    );
  });
});
