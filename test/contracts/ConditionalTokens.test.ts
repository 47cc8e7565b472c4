import fs from "node:fs";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { expect } from "chai";
import { artifacts, ethers } from "hardhat";
import { NO_WINS, PARTITION, SPLIT, YES_WINS, marketFixture } from "../helpers/market";

// ConditionalTokens
// ├── our build
// │   └── it is the published build, but for the 32 bytes that hash its metadata
// ├── prepareCondition: given anyone: it opens the condition, once
// ├── splitPosition
// │   ├── given no condition: it refuses
// │   └── given a condition: it takes the collateral and mints as much of both tokens
// ├── mergePositions
// │   ├── given pairs: it burns them and returns the collateral
// │   └── given fewer pairs than asked: it refuses
// ├── reportPayouts
// │   ├── when the oracle reports: the payouts stand, once
// │   └── when anyone else reports: it refuses, for that is another condition
// └── redeemPositions
//     ├── given no result: it refuses (RD-1)
//     ├── given [1,0], [0,1], [1,1]: it pays the floor of each side's share and burns all
//     ├── when redeemed again, or by losers: it pays nothing (RD-2)
//     ├── given index set 0 or 3: it refuses (RD-3)
//     └── given splits and merges after the result: the collateral still covers everything (RD-4)

const PUBLISHED = "@gnosis.pm/conditional-tokens-contracts/build/contracts/ConditionalTokens.json";

interface Build {
  bytecode: string;
  deployedBytecode: string;
}

/**
 * Where the metadata hash stands: bytes [start, end). The last two bytes of solc's output are the
 * length of the CBOR map before them, {"bzzr0": 32 bytes, "solc": 3 bytes}.
 */
function metadataHashRange(code: Buffer): { start: number; end: number } {
  const trailerEnd = code.length - 2;
  const trailer = trailerEnd - code.readUInt16BE(trailerEnd);
  const key = Buffer.concat([
    Buffer.from([0xa2, 0x65]), // a map of two; a text of five
    Buffer.from("bzzr0"),
    Buffer.from([0x58, 32]), // a byte string of 32
  ]);
  expect(code.subarray(trailer, trailer + key.length), "start of the trailer").to.deep.equal(key);
  const start = trailer + key.length;
  return { start, end: start + 32 };
}

async function builds(): Promise<{ ours: Build; published: Build }> {
  return {
    ours: await artifacts.readArtifact("ConditionalTokens"),
    published: JSON.parse(fs.readFileSync(require.resolve(PUBLISHED), "utf8")) as Build,
  };
}

/** A prepared condition whose oracle is a person, and helpers that act on it. */
async function conditionFixture() {
  const system = await marketFixture();
  const { conditionalTokens, usdc, admin: oracle, alice, bob } = system;
  const questionId = ethers.id("Did the fair coin land heads?");
  const conditionId = await conditionalTokens.getConditionId(oracle, questionId, 2);
  await conditionalTokens.prepareCondition(oracle, questionId, 2);
  const [yes, no] = await Promise.all([tokenId(1), tokenId(2)]);
  for (const person of [alice, bob]) {
    await usdc.mint(person, 1000n);
    await usdc.connect(person).approve(conditionalTokens, 1000n);
  }

  async function tokenId(indexSet: number): Promise<bigint> {
    const collection = conditionalTokens.getCollectionId(ethers.ZeroHash, conditionId, indexSet);
    return conditionalTokens.getPositionId(usdc, await collection);
  }

  const split = (person: HardhatEthersSigner, amount: bigint) =>
    conditionalTokens
      .connect(person)
      .splitPosition(usdc, ethers.ZeroHash, conditionId, PARTITION, amount);
  const merge = (person: HardhatEthersSigner, amount: bigint) =>
    conditionalTokens
      .connect(person)
      .mergePositions(usdc, ethers.ZeroHash, conditionId, PARTITION, amount);
  const redeem = (person: HardhatEthersSigner, indexSets = PARTITION) =>
    conditionalTokens
      .connect(person)
      .redeemPositions(usdc, ethers.ZeroHash, conditionId, indexSets);
  const give = (from: HardhatEthersSigner, to: HardhatEthersSigner, id: bigint, amount: bigint) =>
    conditionalTokens.connect(from).safeTransferFrom(from, to, id, amount, "0x");
  const report = (payouts: bigint[]) => conditionalTokens.reportPayouts(questionId, payouts);
  const holdings = async (person: HardhatEthersSigner) => ({
    yes: await conditionalTokens.balanceOf(person, yes),
    no: await conditionalTokens.balanceOf(person, no),
    usdc: await usdc.balanceOf(person),
  });
  const locked = () => usdc.balanceOf(conditionalTokens);

  return {
    ...{ ...system, oracle, questionId, conditionId, yes, no },
    ...{ split, merge, redeem, give, report, holdings, locked },
  };
}

describe("ConditionalTokens", function () {
  describe("our build", function () {
    for (const { code, start } of [
      { code: "deployedBytecode", start: 14_728 },
      { code: "bytecode", start: 15_065 },
    ] as const) {
      it(`differs from the published ${code} in the metadata hash only, bytes ${start} to ${start + 31}`, async function () {
        const { ours, published } = await builds();
        const our = Buffer.from(ours[code].slice(2), "hex");
        const their = Buffer.from(published[code].slice(2), "hex");
        const hash = { start, end: start + 32 };

        expect(our.length, "length").to.equal(their.length);
        expect(metadataHashRange(our), "our metadata hash").to.deep.equal(hash);
        expect(metadataHashRange(their), "their metadata hash").to.deep.equal(hash);

        const same = (from: number, to: number) =>
          our.subarray(from, to).equals(their.subarray(from, to));
        expect(same(0, hash.start), "all bytes before the hash").to.equal(true);
        expect(same(hash.end, our.length), "all bytes after the hash").to.equal(true);
      });
    }

    it("deploys exactly the runtime code of its artifact", async function () {
      const { conditionalTokens } = await loadFixture(conditionFixture);
      const { ours } = await builds();

      expect(await conditionalTokens.getDeployedCode()).to.equal(ours.deployedBytecode);
    });
  });

  describe("prepareCondition", function () {
    it("binds oracle, question and number of outcomes into the condition's id", async function () {
      const { conditionalTokens, oracle, questionId, conditionId } =
        await loadFixture(conditionFixture);

      expect(conditionId).to.equal(
        ethers.solidityPackedKeccak256(
          ["address", "bytes32", "uint256"],
          [oracle.address, questionId, 2],
        ),
      );
      expect(await conditionalTokens.getOutcomeSlotCount(conditionId)).to.equal(2n);
      expect(await conditionalTokens.payoutDenominator(conditionId)).to.equal(0n);
    });

    it("lets anyone open a condition, once", async function () {
      const { conditionalTokens, oracle, stranger } = await loadFixture(conditionFixture);
      const question = ethers.id("another");
      const id = await conditionalTokens.getConditionId(oracle, question, 2);

      await expect(conditionalTokens.connect(stranger).prepareCondition(oracle, question, 2))
        .to.emit(conditionalTokens, "ConditionPreparation")
        .withArgs(id, oracle.address, question, 2n);
      await expect(conditionalTokens.prepareCondition(oracle, question, 2)).to.be.revertedWith(
        "condition already prepared",
      );
    });
  });

  describe("splitPosition", function () {
    it("takes the collateral and mints as much of both tokens", async function () {
      const { split, holdings, locked, alice } = await loadFixture(conditionFixture);

      await split(alice, 100n);

      expect(await holdings(alice)).to.deep.equal({ yes: 100n, no: 100n, usdc: 900n });
      expect(await locked()).to.equal(100n);
    });

    it("refuses a condition nobody prepared", async function () {
      const { conditionalTokens, usdc, alice, holdings } = await loadFixture(conditionFixture);

      await expect(
        conditionalTokens
          .connect(alice)
          .splitPosition(usdc, ethers.ZeroHash, ethers.id("nothing"), PARTITION, 1n),
      ).to.be.revertedWith("condition not prepared yet");

      expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
    });
  });

  describe("mergePositions", function () {
    it("burns pairs and returns the collateral", async function () {
      const { split, merge, holdings, locked, alice } = await loadFixture(conditionFixture);
      await split(alice, 100n);

      await merge(alice, 30n);

      expect(await holdings(alice)).to.deep.equal({ yes: 70n, no: 70n, usdc: 930n });
      expect(await locked()).to.equal(70n);
    });

    it("refuses to merge more pairs than the holder has", async function () {
      const { split, merge, give, holdings, locked, no, alice, bob } =
        await loadFixture(conditionFixture);
      await split(alice, 100n);
      await give(alice, bob, no, 1n);

      await expect(merge(alice, 100n)).to.be.revertedWith("SafeMath: subtraction overflow");

      expect(await holdings(alice)).to.deep.equal({ yes: 100n, no: 99n, usdc: 900n });
      expect(await locked()).to.equal(100n);
    });
  });

  describe("reportPayouts", function () {
    it("takes the result of the condition's oracle, once", async function () {
      const { conditionalTokens, conditionId, report } = await loadFixture(conditionFixture);

      await report(NO_WINS);

      expect(await conditionalTokens.payoutNumerators(conditionId, 0)).to.equal(0n);
      expect(await conditionalTokens.payoutNumerators(conditionId, 1)).to.equal(1n);
      expect(await conditionalTokens.payoutDenominator(conditionId)).to.equal(1n);
      await expect(report(YES_WINS)).to.be.revertedWith("payout denominator already set");
      expect(await conditionalTokens.payoutNumerators(conditionId, 0)).to.equal(0n);
    });

    it("refuses everybody else, whose condition it is not", async function () {
      const { conditionalTokens, questionId, conditionId, stranger } =
        await loadFixture(conditionFixture);

      await expect(
        conditionalTokens.connect(stranger).reportPayouts(questionId, YES_WINS),
      ).to.be.revertedWith("condition not prepared or found");

      expect(await conditionalTokens.payoutDenominator(conditionId)).to.equal(0n);
    });

    it("refuses a result of another length, and one that pays nobody", async function () {
      const { conditionalTokens, conditionId, report } = await loadFixture(conditionFixture);

      await expect(report([1n, 0n, 0n])).to.be.revertedWith("condition not prepared or found");
      await expect(report([1n])).to.be.revertedWith("there should be more than one outcome slot");
      await expect(report([0n, 0n])).to.be.revertedWith("payout is all zeroes");

      expect(await conditionalTokens.payoutDenominator(conditionId)).to.equal(0n);
    });
  });

  describe("redeemPositions", function () {
    it("RD-1 refuses while there is no result", async function () {
      const { split, redeem, holdings, alice } = await loadFixture(conditionFixture);
      await split(alice, 100n);

      await expect(redeem(alice)).to.be.revertedWith("result for condition not received yet");

      expect(await holdings(alice)).to.deep.equal({ yes: 100n, no: 100n, usdc: 900n });
    });

    // Alice keeps 7 YES and 5 NO of nine pairs, bob holds the other 2 YES and 4 NO.
    const PAYMENTS = [
      { result: "[1,0]", payouts: YES_WINS, alice: 7n, bob: 2n, dust: 0n },
      { result: "[0,1]", payouts: NO_WINS, alice: 5n, bob: 4n, dust: 0n },
      { result: "[1,1]", payouts: SPLIT, alice: 3n + 2n, bob: 1n + 2n, dust: 1n },
    ];
    for (const { result, payouts, alice: toAlice, bob: toBob, dust } of PAYMENTS) {
      it(`pays the floor of each side's share under ${result} and leaves ${dust} units`, async function () {
        const { split, give, report, redeem, holdings, locked, yes, no, alice, bob } =
          await loadFixture(conditionFixture);
        await split(alice, 9n);
        await give(alice, bob, yes, 2n);
        await give(alice, bob, no, 4n);
        await report(payouts);

        await redeem(alice);
        await redeem(bob);

        expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 0n, usdc: 991n + toAlice });
        expect(await holdings(bob)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n + toBob });
        expect(await locked(), "dust").to.equal(dust);
      });
    }

    it("pays one odd unit under [1,1] nothing at all, and burns it", async function () {
      const { split, give, report, redeem, holdings, locked, no, alice, bob } =
        await loadFixture(conditionFixture);
      await split(alice, 1n);
      await give(alice, bob, no, 1n);
      await report(SPLIT);

      await redeem(alice);
      await redeem(bob);

      expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 0n, usdc: 999n });
      expect(await holdings(bob)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
      expect(await locked()).to.equal(1n);
    });

    it("RD-2 pays nothing the second time", async function () {
      const { conditionalTokens, usdc, conditionId, split, report, redeem, holdings, alice } =
        await loadFixture(conditionFixture);
      await split(alice, 100n);
      await report(YES_WINS);
      await redeem(alice);

      await expect(redeem(alice))
        .to.emit(conditionalTokens, "PayoutRedemption")
        .withArgs(
          alice.address,
          await usdc.getAddress(),
          ethers.ZeroHash,
          conditionId,
          PARTITION,
          0n,
        );

      expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
    });

    it("RD-2 pays a holder of the losing side nothing, and burns what it holds", async function () {
      const { split, give, report, redeem, holdings, locked, no, alice, bob } =
        await loadFixture(conditionFixture);
      await split(alice, 100n);
      await give(alice, bob, no, 100n);
      await report(YES_WINS);

      await redeem(bob);

      expect(await holdings(bob)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
      expect(await locked()).to.equal(100n);
    });

    for (const indexSet of [0n, 3n]) {
      it(`RD-3 refuses index set ${indexSet}`, async function () {
        const { split, report, redeem, holdings, alice } = await loadFixture(conditionFixture);
        await split(alice, 100n);
        await report(YES_WINS);

        await expect(redeem(alice, [indexSet])).to.be.revertedWith("got invalid index set");

        expect(await holdings(alice)).to.deep.equal({ yes: 100n, no: 100n, usdc: 900n });
      });
    }

    it("burns only the index sets it was asked for", async function () {
      const { split, report, redeem, holdings, alice } = await loadFixture(conditionFixture);
      await split(alice, 100n);
      await report(YES_WINS);

      await redeem(alice, [1n]);

      expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 100n, usdc: 1000n });
    });

    it("RD-4 keeps all redeemable tokens covered through splits and merges after the result", async function () {
      const { split, merge, give, report, redeem, holdings, locked, no, alice, bob } =
        await loadFixture(conditionFixture);
      await split(alice, 100n);
      await give(alice, bob, no, 100n);
      await report(YES_WINS);

      await split(bob, 50n); // bob: 50 YES, 150 NO
      expect(await locked(), "after the split").to.equal(150n);
      await merge(bob, 20n); // bob: 30 YES, 130 NO
      expect(await locked(), "after the merge").to.equal(130n);
      await redeem(alice);
      await redeem(bob);

      expect(await holdings(alice)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
      expect(await holdings(bob)).to.deep.equal({ yes: 0n, no: 0n, usdc: 1000n });
      expect(await locked(), "all paid out").to.equal(0n);
    });
  });
});
