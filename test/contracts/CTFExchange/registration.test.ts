import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  prepareMarket,
} from "../../helpers/exchange";

/*
 * given a condition
 * ├── when it is registered by its id
 * │   ├── by the admin or a registrar .............. its two position ids are paired (I9)
 * │   ├── by anyone else ........................... refused: NotRegistrar (RG-1)
 * │   ├── again .................................... nothing changes, the same ids are returned (RG-3)
 * │   ├── and was never prepared ................... refused: ConditionNotBinary, 0 outcomes
 * │   └── and has three outcomes ................... refused: ConditionNotBinary, 3 outcomes
 * └── when two ids are registered by hand
 *     ├── by the admin ............................. they are paired, on trust
 *     ├── by a registrar or anyone else ............ refused: NotAdmin (RG-1)
 *     ├── one is zero, both are equal, no condition  refused: InvalidTokenPair (RG-2)
 *     ├── one is paired already .................... refused: AlreadyRegistered, naming it (RG-3)
 *     └── and stand in the way of registering the condition by its id
 *         ├── as the same pair and condition ....... nothing changes (RG-5)
 *         └── otherwise ............................ refused: AlreadyRegistered (RG-5)
 */
describe("CTFExchange: registration", () => {
  const CONDITION = ethers.id("a condition");

  /** A prepared binary condition that the exchange does not know. */
  function newMarket(f: ExchangeFixture, outcomes = 2) {
    return prepareMarket(f.usdc, f.ctf, f.oracle, "a new market", outcomes);
  }

  async function expectPaired(
    f: ExchangeFixture,
    token0: bigint,
    token1: bigint,
    conditionId: string,
  ): Promise<void> {
    expect(await f.exchange.getComplement(token0), "complement of token0").to.equal(token1);
    expect(await f.exchange.getComplement(token1), "complement of token1").to.equal(token0);
    expect(await f.exchange.getConditionId(token0), "condition of token0").to.equal(conditionId);
    expect(await f.exchange.getConditionId(token1), "condition of token1").to.equal(conditionId);
  }

  describe("by condition", () => {
    for (const actor of ["admin", "registrar"] as const) {
      it(`I9 pairs the position ids of index sets 1 and 2, for the ${actor}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const { conditionId, yes, no } = await newMarket(f);
        const asActor = f.exchange.connect(f[actor]);
        expect(await asActor.registerCondition.staticCall(conditionId)).to.deep.equal([yes, no]);
        await expect(asActor.registerCondition(conditionId))
          .to.emit(f.exchange, "TokenRegistered")
          .withArgs(yes, no, conditionId);
        await expectPaired(f, yes, no, conditionId);
      });
    }

    for (const actor of ["stranger", "operator", "pauser", "oracle"] as const) {
      it(`RG-1 refuses the ${actor}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const { conditionId } = await newMarket(f);
        await expectRefusal(
          f,
          () => f.exchange.connect(f[actor]).registerCondition(conditionId),
          "NotRegistrar",
          [f[actor].address],
        );
      });
    }

    it("RG-3 changes nothing when repeated, and returns the same ids", async () => {
      const f = await loadFixture(exchangeFixture);
      const { conditionId, yes, no } = f.market;
      const asRegistrar = f.exchange.connect(f.registrar);
      expect(await asRegistrar.registerCondition.staticCall(conditionId)).to.deep.equal([yes, no]);
      await expectUnchanged(f, async () => {
        await expect(asRegistrar.registerCondition(conditionId)).not.to.emit(
          f.exchange,
          "TokenRegistered",
        );
      });
    });

    it("refuses a condition that was never prepared", async () => {
      const f = await loadFixture(exchangeFixture);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.registrar).registerCondition(CONDITION),
        "ConditionNotBinary",
        [CONDITION, 0n],
      );
    });

    it("refuses a condition with three outcomes", async () => {
      const f = await loadFixture(exchangeFixture);
      const { conditionId } = await newMarket(f, 3);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.registrar).registerCondition(conditionId),
        "ConditionNotBinary",
        [conditionId, 3n],
      );
    });

    it("RG-5 accepts a pair that was registered by hand with the same ids and condition", async () => {
      const f = await loadFixture(exchangeFixture);
      const { conditionId, yes, no } = await newMarket(f);
      await f.exchange.registerToken(yes, no, conditionId);
      await expect(f.exchange.connect(f.registrar).registerCondition(conditionId)).not.to.emit(
        f.exchange,
        "TokenRegistered",
      );
      await expectPaired(f, yes, no, conditionId);
    });

    for (const [name, spoil] of Object.entries({
      "YES is paired with another id": (yes: bigint) => [yes, 77n, CONDITION] as const,
      "YES is paired with another id for the same condition": (
        yes: bigint,
        no: bigint,
        conditionId: string,
      ) => [yes, 77n, conditionId] as const,
      "YES is paired with NO for another condition": (yes: bigint, no: bigint) =>
        [yes, no, CONDITION] as const,
    })) {
      it(`RG-5 refuses when by hand ${name}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const { conditionId, yes, no } = await newMarket(f);
        await f.exchange.registerToken(...spoil(yes, no, conditionId));
        await expectRefusal(
          f,
          () => f.exchange.connect(f.registrar).registerCondition(conditionId),
          "AlreadyRegistered",
          [yes],
        );
      });
    }

    it("RG-5 refuses when by hand NO is paired with another id", async () => {
      const f = await loadFixture(exchangeFixture);
      const { conditionId, no } = await newMarket(f);
      await f.exchange.registerToken(77n, no, conditionId);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.registrar).registerCondition(conditionId),
        "AlreadyRegistered",
        [no],
      );
    });
  });

  describe("by hand", () => {
    it("pairs what the admin says", async () => {
      const f = await loadFixture(exchangeFixture);
      await expect(f.exchange.registerToken(11n, 22n, CONDITION))
        .to.emit(f.exchange, "TokenRegistered")
        .withArgs(11n, 22n, CONDITION);
      await expectPaired(f, 11n, 22n, CONDITION);
    });

    for (const actor of ["registrar", "operator", "pauser", "stranger"] as const) {
      it(`RG-1 refuses the ${actor}`, async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(
          f,
          () => f.exchange.connect(f[actor]).registerToken(11n, 22n, CONDITION),
          "NotAdmin",
          [f[actor].address],
        );
      });
    }

    for (const [name, pair] of Object.entries({
      "token0 is zero": [0n, 22n, CONDITION],
      "token1 is zero": [11n, 0n, CONDITION],
      "both ids are equal": [11n, 11n, CONDITION],
      "the condition is zero": [11n, 22n, ZeroHash],
    } as Record<string, [bigint, bigint, string]>)) {
      it(`RG-2 refuses when ${name}`, async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(f, () => f.exchange.registerToken(...pair), "InvalidTokenPair", pair);
      });
    }

    it("RG-3 refuses an id that is paired already, in either place, and names it", async () => {
      const f = await loadFixture(exchangeFixture);
      const register = (token0: bigint, token1: bigint) => () =>
        f.exchange.registerToken(token0, token1, CONDITION);
      const { yes, no } = f;
      await expectRefusal(f, register(yes, no), "AlreadyRegistered", [yes]);
      await expectRefusal(f, register(no, yes), "AlreadyRegistered", [no]);
      await expectRefusal(f, register(yes, 11n), "AlreadyRegistered", [yes]);
      await expectRefusal(f, register(11n, no), "AlreadyRegistered", [no]);
    });
  });

  it("knows no complement and no condition of an id that was never registered", async () => {
    const f = await loadFixture(exchangeFixture);
    expect(await f.exchange.getComplement(11n)).to.equal(0n);
    expect(await f.exchange.getConditionId(11n)).to.equal(ZeroHash);
    expect(await f.exchange.getComplement(0n)).to.equal(0n);
  });
});
