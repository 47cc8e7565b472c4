import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  MarketStatus,
  SPLIT,
  YES_WINS,
  creationArguments,
  expectRefusal,
  marketFixture,
  marketParams,
  newMarket,
  openFixture,
} from "../helpers/market";

// MarketFactory: pausing creation
// ├── pauseCreation
// │   ├── when a pauser or the admin pauses: nothing can be created, by anyone
// │   ├── when anyone else pauses, or a removed pauser: NotPauser
// │   └── given a pause: Paused
// ├── unpauseCreation
// │   ├── when the admin unpauses: creation works again
// │   ├── when anyone else unpauses, even a pauser: NotAdmin
// │   └── given no pause: NotPaused
// └── given a pause: cancelling, clarifying, proposing, disputing, finalizing, time-out and redeeming go on

async function pauserFixture() {
  const system = await openFixture();
  await system.factory.addPauser(system.alice);
  return { ...system, pauser: system.alice };
}

describe("MarketFactory: pausing creation", function () {
  for (const who of ["pauser", "admin"] as const) {
    it(`stops creation of one and of many, for everyone, when a ${who} says so`, async function () {
      const system = await loadFixture(pauserFixture);
      const { factory, creator, admin } = system;
      const params = await marketParams({ questionId: ethers.id("next") });
      expect(await factory.creationPaused()).to.equal(false);

      await expect(factory.connect(system[who]).pauseCreation())
        .to.emit(factory, "CreationPaused")
        .withArgs(system[who].address);

      expect(await factory.creationPaused()).to.equal(true);
      for (const caller of [creator, admin]) {
        const as = factory.connect(caller);
        for (const create of [
          () => as.createBinaryMarket(...creationArguments(params)),
          () => as.createBinaryMarkets([newMarket(params)]),
        ]) {
          await expectRefusal(system, create, factory, "Paused", []);
        }
      }
    });
  }

  it("starts creation again when the admin says so", async function () {
    const { factory, admin, pauser, createMarket } = await loadFixture(pauserFixture);
    await factory.connect(pauser).pauseCreation();

    await expect(factory.unpauseCreation())
      .to.emit(factory, "CreationUnpaused")
      .withArgs(admin.address);

    expect(await factory.creationPaused()).to.equal(false);
    const { questionId } = await createMarket({ questionId: ethers.id("next") });
    expect(await factory.getStatus(questionId)).to.equal(MarketStatus.ACTIVE);
  });

  it("is refused to anyone but pausers and the admin, a pauser of the exchange included", async function () {
    const system = await loadFixture(pauserFixture);
    const { factory, exchange, creator, stranger, pauser } = system;
    await exchange.addPauser(stranger);
    await factory.removePauser(pauser);

    for (const caller of [creator, stranger, pauser]) {
      await expectRefusal(
        system,
        () => factory.connect(caller).pauseCreation(),
        factory,
        "NotPauser",
        [caller.address],
      );
    }
  });

  it("is refused a second time", async function () {
    const system = await loadFixture(pauserFixture);
    const { factory, pauser } = system;
    await factory.pauseCreation();

    await expectRefusal(
      system,
      () => factory.connect(pauser).pauseCreation(),
      factory,
      "Paused",
      [],
    );
  });

  it("is ended by the admin alone, and only when it is on", async function () {
    const system = await loadFixture(pauserFixture);
    const { factory, pauser } = system;
    await expectRefusal(system, () => factory.unpauseCreation(), factory, "NotPaused", []);
    await factory.pauseCreation();

    await expectRefusal(
      system,
      () => factory.connect(pauser).unpauseCreation(),
      factory,
      "NotAdmin",
      [pauser.address],
    );
  });

  it("stops neither cancelling nor clarifying nor resolving nor redeeming", async function () {
    const { factory, oracle, resolver, watcher, creator, alice, stranger, ...system } =
      await loadFixture(pauserFixture);
    const { market, split, redeem, createMarket } = system;
    const names = ["cancelled", "disputed", "silent"];
    const [cancelled, disputed, silent] = (await Promise.all(
      names.map((name) => createMarket({ questionId: ethers.id(name) })),
    )) as [typeof market, typeof market, typeof market];
    const all = [market, cancelled, disputed, silent];
    for (const one of all) await split(alice, one, 100n);
    await factory.pauseCreation();

    await factory.connect(creator).clarifyMarket(market.questionId, "Local time counts.");
    await factory.cancelMarket(cancelled.questionId);
    await time.increaseTo(silent.endTime);
    for (const one of [market, disputed]) {
      await oracle.connect(resolver).proposeResolution(one.questionId, YES_WINS);
    }
    await oracle.connect(watcher).disputeResolution(disputed.questionId);
    await oracle.adminFinalizeResolution(disputed.questionId, SPLIT);
    await time.increaseTo(await oracle.timeoutOf(silent.questionId));
    await oracle.connect(stranger).finalizeResolution(market.questionId);
    await oracle.connect(stranger).finalizeByTimeout(silent.questionId);

    for (const one of all) expect(await redeem(alice, one)).to.equal(100n);
    expect(await factory.creationPaused()).to.equal(true);
  });

  it("leaves what the exchange's pause stops alone, and the other way round", async function () {
    const { factory, exchange, createMarket } = await loadFixture(marketFixture);
    await exchange.pause();
    await createMarket();
    await exchange.unpause();

    await factory.pauseCreation();

    expect(await exchange.paused()).to.equal(false);
  });
});
